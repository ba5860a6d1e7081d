"""Aerials: what a matte covers of a mask's, and sticks on its roof that the mask lacks.

They are the white top-hat of a car's shape (Soille 2003, Morphological Image Analysis, doi 10.1007/978-3-662-05088-0): what an opening by a
level line takes away, so what is narrower than the line, here on the skyline, where it stands up tall and slim. Shark fins are too wide to count.
"""
from dataclasses import dataclass

import cv2
import numpy as np

WIDTH = 0.01   # widest aerial, share of the car's length
HEIGHT = 0.02  # lowest, likewise
SLIM = 3       # height over mean width, at least
LACKING = 0.5  # share of a stick near which the mask has nothing, from which it is stray


@dataclass(frozen=True)
class AerialScore:
    covered: float | None  # share of the mask's aerials that the matte covers, 0..1; None: the mask has none
    stray: bool            # whether the matte has a stick that the mask lacks


def aerial_score(alpha: np.ndarray, truth: np.ndarray, ignore: np.ndarray | None = None) -> AerialScore:
    """Compares mattes, uint8 (height, width) with 255 = car, at the photo's own size. Where ignore (same form) is 128 or more, nothing is scored."""
    scored = np.full(truth.shape, True) if ignore is None else ignore < 128
    predicted, true = (alpha > 127) & scored, (truth > 127) & scored
    length = max(cv2.boundingRect(true.astype(np.uint8))[2:])
    aerials, found = sticks(true, length) > 0, sticks(predicted, length)
    near = cv2.dilate(true.astype(np.uint8), np.ones((line(length),) * 2, np.uint8)) > 0
    lacking = np.bincount(found[~near], minlength=found.max() + 1) / np.maximum(np.bincount(found.ravel()), 1)
    return AerialScore(float(predicted[aerials].mean()) if aerials.any() else None, bool((lacking[1:] > LACKING).any()))


def sticks(car: np.ndarray, length: int) -> np.ndarray:
    """bool (height, width) and the car's length in pixels -> int32 (height, width): the number of the stick that a pixel belongs to, 0 for none."""
    solid = cv2.morphologyEx(car.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, line(length)), np.uint8)) > 0
    above, below = (np.logical_or.accumulate(solid[::step])[::step] for step in (1, -1))
    thin = car & ~above & below
    joined = cv2.morphologyEx(thin.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * line(length) + 1, 3), np.uint8))  # one pixel wide, they have gaps
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    heights, areas = stats[:, cv2.CC_STAT_HEIGHT], np.bincount(labels[thin], minlength=count)
    kept = (heights >= HEIGHT * length) & (heights ** 2 >= SLIM * areas)
    return np.where(thin & kept[labels], labels, 0)


def line(length: int) -> int:
    """Pixels of the shortest line that no aerial holds; odd, so that it is opened about its middle."""
    return 2 * max(1, round(WIDTH * length / 2)) + 1
