"""Composites to validate by, with exact mattes and colours, and scenes without a car: always the same, of cut-outs and backgrounds that are not trained on."""
import copy
from pathlib import Path

import cv2
import numpy as np

from training.data.camera import degrade, noise_bank
from training.data.exact_composites import extended_colours
from training.data.sources import Photo, read_backgrounds, read_cutouts, read_occluders
from training.data.synthesis import composite

FRAME = (720, 960)  # height, width
NUMBER, SEED = 90, 2026
KINDS = ("neighbour", "alone", "occluder")  # sets, in turn
PARKED_CARS = "places_with_cars"  # backgrounds with parked cars in view


def composites(data: Path, split: str, seed: int = SEED, number: int = NUMBER, with_colours: bool = False) -> list[Photo]:
    """A third each of cars beside a neighbour, alone, and behind a person or an object (or alone, where there are no occluders).

    None where there are no cut-outs of the split, or no backgrounds. with_colours: also with the cars' own colours, which takes time.
    """
    cutouts, backgrounds, occluders = (read(data, split) for read in (read_cutouts, read_backgrounds, read_occluders))
    if not (cutouts and backgrounds):
        return []
    noise, photos = noise_bank(0), []
    for count in range(number):
        rng = np.random.default_rng((seed, count))
        car, other = (cutouts[i] for i in rng.choice(len(cutouts), 2, replace=len(cutouts) < 2))
        scene, texture = (backgrounds[i] for i in rng.integers(len(backgrounds), size=2))
        kind = KINDS[count % len(KINDS)]
        if kind == "occluder" and not occluders:
            kind = "alone"
        in_front = [occluders[rng.integers(len(occluders))]] if kind == "occluder" else []
        made = composite(rng, car, [other] if kind == "neighbour" else [], scene, texture, FRAME, occluders_in_front=in_front, hard_ground=False)
        same = copy.deepcopy(rng)  # the same camera for the car's own colours
        colours = degrade(same, extended_colours(straight(made.rgba)), noise) if with_colours else None
        photos.append(Photo(f"{count:02}", kind, degrade(rng, made.rgb, noise), made.matte, None, made.glass, colours))
    return photos


def straight(rgba: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 4), premultiplied -> straight; colours of faint pixels are inexact."""
    alpha = cv2.merge([np.maximum(rgba[..., 3], 1)] * 3)
    return np.dstack([cv2.divide(rgba[..., :3], alpha, scale=255), rgba[..., 3]])


def empty_scenes(data: Path) -> list[np.ndarray]:
    """Backgrounds that are not trained on, but for those that show parked cars."""
    sets = [path.name for path in sorted(data.glob("backgrounds/*")) if path.name != PARKED_CARS]
    return [scene for name in sets for scene in read_backgrounds(data, "val", sets=name)]
