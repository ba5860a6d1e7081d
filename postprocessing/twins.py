"""What a car seen from its front or rear has on both sides, where the network is sure of one and in doubt about the other: mirrors above all.

Before another car or dark trees one of the two mirrors is at times lost, its matte 0.1 to 0.5. Cars are symmetric: where the mirror image of what sticks out
on one side is felt on the other too, it becomes undecided there, so that refinement asks the photo about each of its pixels.
"""
from collections.abc import Iterator

import cv2
import numpy as np

from postprocessing.aerials import UNDECIDED
from postprocessing.pieces import labelled

ALIKE = 0.93      # IoU of the car and its mirror image, at least: else it is not seen from its front or rear
NARROW = 0.1      # of the car's width: what is narrower sticks out
WIDER = 0.16      # and what is narrower than this, where it is asked whether there is a twin already
SMALL, LARGE = 0.001, 0.02  # of the car's area
LOWEST = 0.6      # of the car's height from its top: further down are tyres and shadows
SURE = 0.82       # mean of the matte on a part whose twin is looked for, at least
TAKEN = 0.3       # of its area: where so much sticks out around the twin's place, it is there already
FELT, THERE = 0.1, 0.7  # mean of the matte at its place: of less nothing is known, with more it is there already
FEWEST = 3        # rows and columns of a part
ROUNDED = 5       # pixels: by so wide a square a twin found at half of the size grows


def with_twins(matte: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 -> the same, no less than UNDECIDED where a part's twin is felt. Works at half of the size."""
    half = matte[::2, ::2]
    twins = np.zeros(half.shape, np.uint8)
    for rows, columns, shape in places(half):
        twins[rows, columns] |= shape
    if not twins.any():
        return matte
    wide = cv2.dilate(cv2.resize(twins, matte.shape[::-1], interpolation=cv2.INTER_NEAREST), np.ones((ROUNDED, ROUNDED), np.uint8))
    return np.where(wide > 0, np.maximum(matte, np.float32(UNDECIDED)), matte)


def places(matte: np.ndarray) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Rows, columns and uint8 shape of each twin that a matte (h, w) feels without being sure of it."""
    car, (_, top, width, height) = largest(matte > 0.5)
    if min(height, width) < FEWEST:
        return
    axis = axis_of(car)
    mirrored = cv2.warpAffine(car, np.float32([[-1, 0, 2 * axis], [0, 1, 0]]), car.shape[::-1], flags=cv2.INTER_NEAREST)
    if cv2.countNonZero(mirrored & car) < ALIKE * cv2.countNonZero(mirrored | car):
        return
    ground, wider = np.where(car > 0, np.float32(0), matte), sticking_out(car, WIDER * width)
    for part, row, column in parts(sticking_out(car, NARROW * width), cv2.countNonZero(car), top + LOWEST * height):
        size = cv2.countNonZero(part)
        if (matte[row:row + part.shape[0], column:column + part.shape[1]] * part).sum() < SURE * size:
            continue
        opposite = round(2 * axis) - column - part.shape[1] + 1
        if cv2.countNonZero(around(wider, row, opposite, part.shape, 1.0)[0]) > TAKEN * size:
            continue
        zone, first_row, first_column = around(ground, row, opposite, part.shape, 0.5)
        if zone.shape[0] < part.shape[0] or zone.shape[1] < part.shape[1]:  # it would be out of the picture
            continue
        twin = np.ascontiguousarray(part[:, ::-1])
        _, felt, _, (across, down) = cv2.minMaxLoc(cv2.matchTemplate(zone, twin.astype(np.float32), cv2.TM_CCORR) / size)
        if FELT <= felt <= THERE:
            row, column = first_row + down, first_column + across
            yield slice(row, row + twin.shape[0]), slice(column, column + twin.shape[1]), twin


def parts(outer: np.ndarray, car: int, lowest: float) -> Iterator[tuple[np.ndarray, int, int]]:
    """Pieces of what sticks out of a car of so many pixels, as large as mirrors are and centred no lower than a row: shape, first row and column."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(outer, connectivity=4)
    for label in range(1, count):
        left, top, width, height, size = stats[label]
        if SMALL * car < size < LARGE * car and centres[label][1] <= lowest and min(width, height) >= FEWEST:
            yield (labels[top:top + height, left:left + width] == label).astype(np.uint8), top, left


def largest(there: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The largest piece of a bool layer, uint8, and its box (x, y, width, height)."""
    labels, areas = labelled(there.astype(np.uint8), 8)
    if len(areas) == 1:
        return np.zeros(there.shape, np.uint8), (0, 0, 0, 0)
    shape = (labels == 1 + areas[1:].argmax()).astype(np.uint8)
    return shape, cv2.boundingRect(shape)


def axis_of(car: np.ndarray) -> float:
    """The column about which a uint8 car is most likely symmetric: the median of its rows' middles."""
    rows = car[car.any(1)]
    return float(np.median(rows.argmax(1) + rows.shape[1] - 1 - rows[:, ::-1].argmax(1)) / 2)


def sticking_out(car: np.ndarray, width: float) -> np.ndarray:
    """What of a uint8 car is narrower than so many pixels."""
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, int(width)),) * 2)
    return car - cv2.morphologyEx(car, cv2.MORPH_OPEN, round_)


def around(layer: np.ndarray, row: int, column: int, shape: tuple[int, int], reach: float) -> tuple[np.ndarray, int, int]:
    """What a layer has in a box of that shape and `reach` of its sides around it, and its first row and column."""
    down, across = (int(reach * side) for side in shape)
    rows, columns = max(0, row - down), max(0, column - across)
    return layer[rows:max(0, row + shape[0] + down), columns:max(0, column + shape[1] + across)], rows, columns
