"""A contact sheet of training samples with the outlines of their mattes."""
from pathlib import Path

from model.space_to_depth import depth_to_space
from training.contact_sheet import outlined, write_sheet
from training.data.augmentation import Augmentation
from training.data.samples import Samples, Sources

NUMBER = 24


def preview(data: Path, out: Path, scale: float, augmentation: Augmentation, seed: int) -> None:
    samples = Samples(Sources.read(data), seed, scale, augmentation)
    made = (samples.make(number, samples.frame_of(number)) for number in range(NUMBER))
    write_sheet(out, [outlined(rgb, depth_to_space(truth[..., :-2])) for rgb, truth, _ in made])
