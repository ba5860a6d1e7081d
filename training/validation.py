"""Validation during training: the network's mattes without refinement, against photos and composites."""
from dataclasses import dataclass

import numpy as np

from model.localise import localise
from training.data.sources import Photo, in_threads
from training.metrics import overlap, score
from training.pipeline import FloatPredictor

NEAR_ZERO = 0.01      # IoU below which something is wrong, or training has hardly begun
FIRST_CARS = 1000     # steps after which a network from ImageNet weights finds cars


@dataclass(frozen=True)
class Validation:
    """Means over the sets' means."""

    iou: float
    boundary_iou: float
    publishable: float
    empty: float          # share of photos in which nothing was predicted
    inverted_iou: float   # with the masks inverted

    def explanation(self, steps: int) -> str | None:
        """Why the IoU is near 0, if it is, after so many steps."""
        if self.iou >= NEAR_ZERO:
            return None
        if self.inverted_iou > 0.5:
            return "IoU 0: the masks seem inverted; 255 must be the car"
        if self.empty > 0.5 and steps < FIRST_CARS:
            return f"IoU 0: after {steps} steps the network predicts no car yet; from ImageNet weights it takes about {FIRST_CARS}"
        if self.empty > 0.5:
            return "IoU 0: the network predicts no car; are the masks empty, or do they belong to other photos?"
        return "IoU 0: the network predicts shapes elsewhere; do masks and photos of the same name belong together?"


def validate(network, photos: list[Photo]) -> Validation:
    """network: a float network."""
    predictor = FloatPredictor(network)

    def measured(photo: Photo) -> tuple[float, ...]:
        alpha = localise(photo.rgb, predictor).unrefined()
        found = score(np.rint(255 * alpha).astype(np.uint8), photo.mask, photo.ignore)
        return found.iou, found.boundary_iou, found.publishable, not (alpha > 0.5).any(), overlap(alpha > 0.5, photo.mask < 128)

    sets: dict[str, list[tuple[float, ...]]] = {}
    for photo, row in zip(photos, in_threads(measured, photos)):
        sets.setdefault(photo.set, []).append(row)
    return Validation(*map(float, np.mean([np.mean(rows, 0) for rows in sets.values()], 0)))
