"""Refinement: the network's matte, some hundred pixels wide, brought to the photo's own edges.

The refiner (model/refiner.py) sees tiles of the photo along the outline, with the enlarged matte in them, and answers with their alpha: boundary patch
refinement (BPR, Tang et al. 2021, arXiv 2104.05239). Tiles have the photo's own pixels, or at most LARGEST times as many a side as the matte.
"""
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from model.refiner import TILE
from postprocessing.pieces import one_piece

LARGEST = 2      # pixels of a tile for one of the matte, at most
CERTAIN = 0.05   # a matte this near to 0 or 1 has no outline
SEEN = 0.02      # a matte over this, or within REACH of it, may be the car: a line that the matte does not see at all is none of its parts
REACH = np.ones((5, 5), np.uint8)  # matte pixels
SNAP = np.float32(0.02)  # an alpha this near to 0 or 1 becomes exactly that; those between are spread
MARGIN = 12      # pixels of a tile's rim, where it fades into what is around it
CORE = TILE - 2 * MARGIN
FADE = np.minimum(1, (np.minimum(np.arange(TILE), np.arange(TILE)[::-1]) + np.float32(0.5)) / MARGIN).astype(np.float32)
WEIGHT = np.outer(FADE, FADE)  # of a tile's pixels


class TileNetwork(Protocol):
    """What model.refiner.Refiner does."""

    def predict(self, tiles: Sequence[np.ndarray]) -> list[np.ndarray]: ...


def refine(matte: np.ndarray, rgb: np.ndarray, refiner: TileNetwork) -> np.ndarray:
    """Refines a soft mask of an upright photo.

    matte: float32 (h, w) in 0..1; rgb: uint8 (height, width, 3), the photo. Returns float32 alpha in 0..1 at the tiles' scale (see tile_scale_size),
    exactly 0 or 1 away from the matte's outline.
    """
    matte = one_piece(matte)
    height, width = size = tile_scale_size(matte.shape, rgb.shape)
    photo, coarse = at_least_a_tile(cv2.resize(rgb, size[::-1], interpolation=interpolation(rgb.shape[0] / height))), at_least_a_tile(enlarged(matte, size))
    alpha = (coarse > 0.5).astype(np.float32)
    coarse = cv2.convertScaleAbs(coarse, alpha=255)
    places = tile_places(matte, size)
    tiles = [np.dstack([photo[place], coarse[place]]) for place in places]
    for place, answer in zip(places, refiner.predict(tiles), strict=True):
        exact = np.clip((answer - SNAP) / (1 - 2 * SNAP), 0, 1)
        alpha[place] += WEIGHT * (exact - alpha[place])
    seen = cv2.dilate(cv2.inRange(matte, SEEN, 1), REACH)
    return cv2.copyTo(alpha[:height, :width], cv2.resize(seen, (width, height), interpolation=cv2.INTER_NEAREST))


def tile_scale_size(matte: tuple[int, ...], photo: tuple[int, ...]) -> tuple[int, int]:
    """Height and width at which tiles are cut: the photo's own, but no less than the matte's, and no more than LARGEST times these."""
    scale = photo[0] / matte[0]
    if 1 <= scale <= LARGEST:
        return photo[0], photo[1]
    factor = LARGEST if scale > LARGEST else 1
    return factor * matte[0], factor * matte[1]


def interpolation(shrinks: float) -> int:
    """How a photo is resized: by area only where it shrinks to half or less, since that takes five times as long."""
    return cv2.INTER_AREA if shrinks >= 2 else cv2.INTER_LINEAR


def enlarged(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(layer, size[::-1], interpolation=cv2.INTER_LINEAR)


def at_least_a_tile(layer: np.ndarray) -> np.ndarray:
    """A layer (height, width[, channels]), continued on the right and below where it is smaller than a tile."""
    rims = 0, max(0, TILE - layer.shape[0]), 0, max(0, TILE - layer.shape[1])
    return cv2.copyMakeBorder(layer, *rims, cv2.BORDER_REPLICATE) if any(rims) else layer


def tile_places(matte: np.ndarray, size: tuple[int, int]) -> list[tuple[slice, slice]]:
    """Rows and columns, at the tiles' scale of size (height, width), of tiles whose cores together hold all of a float32 matte's outline, from the top."""
    outline = cv2.dilate(cv2.inRange(matte, CERTAIN, 1 - CERTAIN), np.ones((3, 3), np.uint8))
    scale = [side / cells for side, cells in zip(size, matte.shape)]
    cells = [int(CORE / part) for part in scale]
    places = []
    for top in core_starts(outline.max(1), cells[0]):
        for left in core_starts(outline[top:top + cells[0]].max(0), cells[1]):
            first = [min(max(0, int(start * part) - MARGIN), max(0, side - TILE)) for start, part, side in zip((top, left), scale, size)]
            places.append((slice(first[0], first[0] + TILE), slice(first[1], first[1] + TILE)))
    return places


def core_starts(line: np.ndarray, length: int) -> list[int]:
    """First places of stretches of a length, each as far on as possible, that together hold all places of a line (n,) that are not 0."""
    starts: list[int] = []
    for place in np.flatnonzero(line).tolist():
        if not starts or place >= starts[-1] + length:
            starts.append(place)
    return starts
