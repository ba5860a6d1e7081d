"""A sample at the frame's size, and what the network shall answer to it: truth and weight of the matte, of the glass and of other vehicles."""
from dataclasses import dataclass

import cv2
import numpy as np

from model.space_to_depth import CELL, space_to_depth
from preprocessing.letterbox import resize

EDGE = 13                              # width of the edge band in pixels
WEIGHT, HEAVY, HEAVIEST = 32, 160, 255  # of a pixel: any; in the edge band, or of another vehicle (5 times); of thin parts of a car (8 times)
GROUND = 25                            # weight of the ground for the outputs that tell glass and other vehicles: a tenth
THICK = 15                             # pixels: a part, or a gap, that a square of these does not fit into is thin
MIRROR, WINDOWS = 0.09, (0.1, 0.6)     # largest width of a mirror, share of the car's width; where its height has mirrors, from its top
OUTLINE = 3                            # pixels beside an outline that are scored all the same


@dataclass(frozen=True)
class Sample:
    """Before the camera: uint8 (height, width[, 3]) each, but for `outside`."""

    rgb: np.ndarray
    matte: np.ndarray
    others: np.ndarray          # what is seen of other vehicles, as far as it is known
    unknown: np.ndarray         # not to be scored
    glass: np.ndarray | None    # None: not known
    outside: np.ndarray         # bool, the letterbox's pad
    others_known: bool          # whether all other vehicles are in `others`
    exact_edge: bool = True     # whether the mask is exact enough for its edge to count more than the rest

    def shrunk(self, size: tuple[int, int]) -> "Sample":
        """The same at (height, width), by area as in serving."""
        if self.matte.shape == size:
            return self
        glass = None if self.glass is None else resize(self.glass, size)
        outside = resize(self.outside.astype(np.uint8), size) > 0
        return Sample(*(resize(layer, size) for layer in (self.rgb, self.matte, self.others, self.unknown)), glass, outside, self.others_known, self.exact_edge)


def targets(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Truth and weight, uint8 (height/2, width/2, 6) each: the matte in a cell's four pixels, the glass, other vehicles. A weight of 0 is not scored."""
    weight = np.where(sample.others > 127, HEAVY, WEIGHT).astype(np.uint8)
    if sample.exact_edge:
        weight[edge_band(sample.matte, EDGE) > 0] = HEAVY
        weight[thin_parts(sample.matte)] = HEAVIEST
    weight[sample.unknown > 0] = 0
    cells = sample.matte.shape[0] // CELL, sample.matte.shape[1] // CELL
    car, others, unknown = (resize(layer, cells) for layer in (sample.matte, sample.others, sample.unknown))
    glass = glass_weight = np.zeros(cells, np.uint8)
    if sample.glass is not None:
        glass, glass_weight = resize(sample.glass, cells), np.maximum(car, GROUND)
    others_weight = np.maximum(np.maximum(car, others), GROUND if sample.others_known else 0)
    glass_weight, others_weight = (np.where(unknown > 0, 0, layer).astype(np.uint8) for layer in (glass_weight, others_weight))
    return np.dstack([space_to_depth(sample.matte), glass, others]), np.dstack([space_to_depth(weight), glass_weight, others_weight])


def mirror_zone(mask: np.ndarray) -> np.ndarray:
    """uint8 (height, width), 255 on the ground beside a car (uint8 mask) where it may have mirrors: at the height of its windows, near its outline."""
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    reach = max(3, round(MIRROR * min(w, 2 * h)))
    near = cv2.dilate(mask, np.ones((1, 2 * reach + 1), np.uint8))
    at_edge = cv2.dilate(mask, np.ones((1, 2 * OUTLINE + 1), np.uint8))
    zone = cv2.inRange(cv2.subtract(near, at_edge), 128, 255)
    zone[:max(0, y + round(WINDOWS[0] * h))], zone[y + round(WINDOWS[1] * h):] = 0, 0
    return zone


def edge_band(matte: np.ndarray, width: int) -> np.ndarray:
    """uint8 (height, width), 255 in a band, so many pixels wide, around the edge of a uint8 matte."""
    return cv2.inRange(cv2.blur(matte, (width, width)), 9, 246)


def thin_parts(matte: np.ndarray) -> np.ndarray:
    """bool (height, width): where a uint8 matte has mirrors, aerials, spoilers, or a narrow gap between a car's parts."""
    square = np.ones((THICK, THICK), np.uint8)
    car = (matte > 127).astype(np.uint8)
    return (cv2.morphologyEx(car, cv2.MORPH_OPEN, square) != car) | (cv2.morphologyEx(car, cv2.MORPH_CLOSE, square) != car)
