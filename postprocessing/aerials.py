"""Aerials, which the network sees but will not vouch for: lines that stand on the car and end in the open.

Its matte is some 0.1 to 0.4 along most of them and 0.01 beside them, since in photos most lines above cars are poles and wires. So where a line of the
photo stands on the car, straight, thin and no taller than aerials are, and the matte has a faint one at the same place, it is taken for the car's: what
belongs to something strong may itself be weak (hysteresis, Canny 1986, doi 10.1109/TPAMI.1986.4767851).
"""
from functools import reduce
from typing import NamedTuple

import cv2
import numpy as np

from postprocessing import band

FAINT = 0.02     # of the matte on a line above what is beside it, at least
SEEN = 16        # levels of a channel in which the photo's line differs from both its sides, at least
WIDEST = 9       # pixels across, measured level: what is wider is no line
FEWEST = 4       # rows of a piece that may be of a line
FLATTEST = 2.0   # columns a row
REACH = 7        # pixels on both sides of a line, of which the outer SIDE are what is beside it
SIDE = 3
SHORTEST = 7     # pixels
TALLEST = 0.4    # of the car's height
BEYOND = 8       # rows of the picture above its tip, at least: else it may go on
SUPPORT = 0.5    # of its length that the matte has a line as well, at least
PROMISE = 0.1    # mean of the matte along it, at least
OPEN = 0.09      # mean of the matte beside it, at most
THICKEST = 5     # pixels
SLENDER = 3      # its length for one of its thickness, at least
UNDECIDED = 0.6  # the matte that it is given, so that refinement asks the photo about each of its pixels


class Line(NamedTuple):
    """A line from its foot upwards, in rows and columns: column = start + slope * row."""

    slope: float
    start: float
    row: int  # one that is on it

    @property
    def stretch(self) -> float:
        """Its length for each of its rows."""
        return float(np.hypot(1, self.slope))


def with_aerials(matte: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 and its uint8 photo (h, w, 3) -> the matte, no less than UNDECIDED on aerials."""
    car = (matte > 0.5).astype(np.uint8)
    _, top, _, height = cv2.boundingRect(car)
    tallest = TALLEST * height
    if tallest < SHORTEST:
        return matte
    above = slice(max(0, top - int(tallest) - BEYOND), top + height // 2)
    roof = np.where(car.any(0), car.argmax(0) - above.start, 0)  # where a column has none of the car, nothing stands on it
    drawn, colours = np.zeros_like(car[above]), photo[above].astype(np.float32)
    for line in lines(matte[above], photo[above], roof):
        if aerial := ends_of(line, matte[above], colours, roof, tallest):
            foot, tip, thickness = aerial
            cv2.line(drawn, foot, tip, 255, thickness, cv2.LINE_AA, 4)
    if not drawn.any():
        return matte
    matte = matte.copy()
    matte[above] = np.maximum(matte[above], drawn * np.float32(UNDECIDED / 255))
    return matte


def lines(matte: np.ndarray, photo: np.ndarray, roof: np.ndarray) -> list[Line]:
    """Through each piece above the roof's rows (w,) that is a line in both matte (h, w) and photo (h, w, 3)."""
    open_ = np.arange(len(matte))[:, None] < roof
    pieces = ((crosswise(matte) > FAINT) & (crosswise(photo) > SEEN) & open_).astype(np.uint8)
    _, labels = cv2.connectedComponents(pieces, connectivity=8)
    columns, rows = band.pixels(pieces).T
    order = np.argsort(labels[rows, columns], kind="stable")  # by piece, each from its top down
    starts = np.flatnonzero(np.diff(labels[rows, columns][order], prepend=0))
    ends = np.append(starts[1:], len(order))
    found = []
    for start, end in zip(starts, ends):
        row, column = rows[order[start:end]], columns[order[start:end]]
        if row[-1] - row[0] < FEWEST - 1:
            continue
        away = row - row.mean()
        slope = float(away @ column / (away @ away))  # least squares
        if abs(slope) <= FLATTEST:
            found.append(Line(slope, float(column.mean() - slope * row.mean()), int(row[0])))
    return found


def crosswise(layer: np.ndarray) -> np.ndarray:
    """(h, w): how much lighter or darker than both its sides each pixel of a layer (h, w[, channels]) is, in the channel where that is most; by top-hats."""
    level = np.ones((1, WIDEST), np.uint8)
    return reduce(cv2.max, cv2.split(cv2.max(*(cv2.morphologyEx(layer, way, level) for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)))))


def ends_of(line: Line, matte: np.ndarray, colours: np.ndarray, roof: np.ndarray, tallest: float) -> tuple[tuple, tuple, int] | None:
    """Foot and tip of an aerial in a float32 matte (h, w) and photo (h, w, 3), column and row in sixteenths of a pixel, and its thickness in pixels; None where the line is none."""
    rows = np.arange(len(matte))[::-1]
    columns = line.start + line.slope * rows
    within = (columns >= 0) & (columns <= len(roof) - 1)
    rows, columns = rows[within], columns[within]
    open_ = rows < roof[np.rint(columns).astype(int)]
    closed = np.flatnonzero(~open_[:np.searchsorted(-rows, -line.row)])
    if not len(closed):  # it does not stand on the car
        return None
    rows, columns = rows[closed[-1] + 1:], columns[closed[-1] + 1:]
    if len(rows) <= BEYOND:
        return None
    across = columns[:, None] + line.stretch * np.arange(-REACH, REACH + 1)
    places = np.clip(across, 0, len(roof) - 1).astype(np.float32), np.broadcast_to(rows[:, None], across.shape).astype(np.float32)
    alpha, colour = (cv2.remap(layer, *places, cv2.INTER_LINEAR) for layer in (matte, colours))
    middle = slice(REACH - 1, REACH + 2)
    left, here, right = colour[:, :SIDE].mean(1), colour[:, middle].mean(1), colour[:, -SIDE:].mean(1)
    seen = np.maximum(np.minimum(here - left, here - right), np.minimum(left - here, right - here)).max(1) > SEEN
    along, beside = alpha[:, middle].max(1), (alpha[:, :SIDE].mean(1) + alpha[:, -SIDE:].mean(1)) / 2
    felt = seen & (along > FAINT + beside)
    tip = extent(seen)
    length = tip * line.stretch
    if not SHORTEST <= length <= tallest or len(rows) < tip + BEYOND or extent(felt) < SUPPORT * tip:
        return None
    if np.mean(along[:tip] * felt[:tip]) < PROMISE or beside[:tip].mean() > OPEN:
        return None
    apart = np.abs(colour[:tip] - (left + right)[:tip, None] / 2).max(2)
    thickness = int(np.median((apart > apart[:, middle].max(1, keepdims=True) / 2).sum(1)))
    if thickness > THICKEST or length < SLENDER * thickness:
        return None
    foot, end = ((round(16 * float(columns[at])), round(16 * float(rows[at]))) for at in (0, tip - 1))
    return foot, end, thickness + 1


def extent(there: np.ndarray) -> int:
    """How many of the first rows a line takes: those in which what is there outweighs twice what is missing by most."""
    run = np.cumsum(np.where(there, 1, -2))
    return int(run.argmax()) + 1 if run.max(initial=0) > 0 else 0
