"""How often training samples show what."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Augmentation:
    """Shares, 0 to 1, of all samples where nothing else is said. Samples that are neither photos nor empty are composites."""

    real: float = 0.5             # photos
    empty: float = 0.06           # scenes without a car
    neighbour: float = 0.35       # of photos: another vehicle behind their car
    neighbours: tuple[float, float, float] = (0.3, 0.45, 0.25)  # of composites: none, one or two other vehicles
    stranger: float = 0.5         # of neighbours: the car of another photo
    twin: float = 0.15            # of a composite's neighbours: the subject once more
    moved: float = 0.15           # of composites: the subject is the car of a photo (copy-paste, Ghiasi et al. 2021, arXiv 2012.07177)
    paint: float = 0.5            # of cut-outs and moved cars: another paint
    livery: float = 0.12          # of these: a pattern
    longer: float = 0.15          # of these: a longer or shorter middle
    laden: float = 0.12           # of these: something that they carry
    open: float = 0.06            # of these: a door or lid open
    aerial: float = 0.25          # of photos and cut-outs: an aerial or rails that they came without
    mirror: float = 0.12          # of photos and cut-outs: another mirror
    full: float = 0.8             # of composites, when looked at: the car fills the frame
    small: float = 0.05           # of composites, when glanced at: seen from afar
    occluder: float = 0.15        # of photos and composites: people or objects in front of the car; of composites as many behind it
    studio: float = 0.12          # of composites and empty scenes: in a studio
    veil: float = 0.1             # of composites: behind glare or haze
    lens: float = 0.1             # of composites: through a bent lens
    lines: float = 0.12           # posts and wires behind the car
    mirroring: float = 0.12       # paint that mirrors its place
    plate: float = 0.15           # a hidden plate
    stamp: float = 0.08           # a seller's or an agency's
    night: float = 0.06
    as_taken: float = 0.5         # as a good camera takes them
    gentle: float = 0.12          # no share: how far the light of these differs (augment.relight)


STRONG = Augmentation()
# For the end of a training, as detectors are trained without mosaics then (YOLOX, Ge et al. 2021, arXiv 2107.08430).
FINETUNE = Augmentation(real=0.58, empty=0.04, neighbour=0.25, paint=0.25, livery=0.03, longer=0.04, laden=0.05, open=0.03, aerial=0.1, mirror=0.05, occluder=0.08, studio=0.08,
           small=0.03, veil=0.03, lens=0.03, lines=0.04, mirroring=0.04, plate=0.08, stamp=0.03, night=0.01, as_taken=0.85, gentle=0.08)
