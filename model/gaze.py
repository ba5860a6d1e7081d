"""Where the network looks: a glance at the whole photo finds the car, then a look at its surroundings finds its edges.

A car fills but a part of most photos; looked at alone it is a third to a half larger, for the same cost. One network does both.
Where the look says that the glance took too much or too little for the car, it is followed by another.
A matte that is full of doubt gets a second opinion, the network's own of the mirror image: the mean of both errs less (Krizhevsky et al. 2012,
"ImageNet Classification with Deep Convolutional Neural Networks", section 4.1), most of all where the first erred much. Where the two
are at odds, the car is shown smaller, twice as much around it, and seen so if that leaves less doubt: of what it sees large the network knows less.
What still is full of doubt may lie on its side, as photos do whose orientation was lost: it is glanced at from all sides.
"""
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from model.frames import GLANCE, frame_for
from postprocessing.pieces import one_piece
from preprocessing.letterbox import Letterbox

MARGIN = 0.2      # of the car's box, kept on every side of it
CUT_OFF = 0.02    # of a window's side inside the photo: so much car along it says that the window cuts the car
ALIKE = 0.75      # IoU of the boxes that glance and look give the car: where they are less alike, the look's is looked at
DOUBT = 0.02      # expected error of a matte: above it, the mirror image is asked as well
LOST = 0.03       # the same, after the second opinion: above it, the car is shown smaller, and then from all sides
STANDING = 0.06   # less of it must a turned glance have, for a car and not just anything to stand there,
SURER = 0.6       # and less than this share of the glance's own
SMALLEST = 0.002  # share of the photo: a smaller shape is a speck

Window = tuple[slice, slice]  # rows and columns
Box = tuple[float, float, float, float]  # top, bottom, left, right in the photo's pixels


class Network(Protocol):
    """What can be looked through: a frame, uint8 (height, width, 3), to its alpha (height, width) and its share of glass (height/2, width/2)."""

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


class Prediction(NamedTuple):
    size: tuple[int, int]  # height, width of the photo in pixels
    glance: np.ndarray  # float32 (h, w) in 0..1, a small matte of the whole photo
    window: Window      # the part of the photo that was looked at; outside of it there is no car
    photo: np.ndarray   # uint8 (height, width, 3), the window as it was looked at
    matte: np.ndarray   # float32 (height, width) in 0..1, of the window's shape at the frame's size
    glass: np.ndarray   # the same at half of that: how much of it is a window pane
    quarters: int = 0   # turns anticlockwise after which the photo stands upright

    def in_photo(self, layer: np.ndarray) -> np.ndarray:
        """A layer of the window's size as one of the photo's: 0 outside of the window."""
        whole = np.zeros(self.size, layer.dtype)
        whole[self.window] = layer
        return whole

    def turned_back(self, quarters: int) -> "Prediction":
        """The same of the photo as it was before it was turned by so many quarters anticlockwise."""
        size, (rows, columns) = self.size, self.window
        for _ in range(quarters):
            rows, columns = columns, slice(size[0] - rows.stop, size[0] - rows.start)
            size = size[::-1]
        layers = (np.ascontiguousarray(np.rot90(layer, -quarters)) for layer in (self.glance, self.photo, self.matte, self.glass))
        return Prediction(size, next(layers), (rows, columns), *layers, quarters)


class Seen(NamedTuple):
    photo: np.ndarray
    matte: np.ndarray
    glass: np.ndarray


def look(rgb: np.ndarray, network: Network) -> Prediction:
    """What a network says of a uint8 photo (height, width, 3)."""
    glance = through(GLANCE, rgb, network)
    seen = looked(rgb, glance.matte, network)
    if doubt(seen.matte) <= LOST:
        return seen
    turns = {quarters: through(GLANCE, np.rot90(glance.photo, quarters), network).matte for quarters in (1, 2, 3)}
    quarters = min(turns, key=lambda turn: doubt(turns[turn]))
    if doubt(turns[quarters]) >= min(STANDING, SURER * doubt(glance.matte)):
        return seen
    return looked(np.rot90(rgb, quarters), turns[quarters], network).turned_back(quarters)


def looked(rgb: np.ndarray, glance: np.ndarray, network: Network) -> Prediction:
    """What a network says of a photo that stands as it should, after a glance (its matte) at the whole."""
    size, whole = rgb.shape[:2], (slice(0, rgb.shape[0]), slice(0, rgb.shape[1]))
    box = around(glance, whole, size)
    window = framed(box, size) if box else whole
    seen = at(window, rgb, network)
    if (better := reconsidered(box, window, seen.matte, size)) != window:
        window, seen = better, at(better, rgb, network)
    if expected_error(seen.matte[::2, ::2]) > DOUBT:  # every fourth pixel tells as much
        seen = with_second_opinion(seen, window, network)
        wide = twice_as_wide(window, size)
        if doubt(seen.matte) > LOST and wide != window:
            smaller = with_second_opinion(at(wide, rgb, network), wide, network)
            if doubt(smaller.matte) < doubt(seen.matte):
                window, seen = wide, smaller
    return Prediction(size, glance, window, *seen)


def at(window: Window, rgb: np.ndarray, network: Network) -> Seen:
    return through(frame_at(window), rgb[window], network)


def frame_at(window: Window) -> tuple[int, int]:
    return frame_for(tuple(part.stop - part.start for part in window))


def through(frame: tuple[int, int], rgb: np.ndarray, network: Network) -> Seen:
    box = Letterbox.fit(rgb.shape[:2], frame)
    shown = box.apply(rgb)
    return Seen(*map(box.crop, (shown, *network.predict(shown))))


def with_second_opinion(seen: Seen, window: Window, network: Network) -> Seen:
    """What was seen of a window, its matte and glass the mean with those of the mirror image."""
    other = through(frame_at(window), seen.photo[:, ::-1], network)
    return Seen(seen.photo, (seen.matte + other.matte[:, ::-1]) / 2, (seen.glass + other.glass[:, ::-1]) / 2)


def expected_error(matte: np.ndarray) -> float:
    """1 - the IoU that a float32 matte (height, width), taken as probabilities, promises its car; 0 where it holds none."""
    car = matte > 0.5
    area = np.count_nonzero(car)
    inside = float(matte[car].sum())
    return 1 - inside / (area + float(matte.sum()) - inside) if area else 0.0


def doubt(matte: np.ndarray) -> float:
    """Expected error of a float32 matte (height, width), 1 where it holds no car of any size."""
    return expected_error(matte) if np.count_nonzero(matte > 0.5) >= SMALLEST * matte.size else 1.0


def around(matte: np.ndarray, seen: Window, photo: tuple[int, int]) -> Box | None:
    """The car of a matte of the part that was seen of a photo (height, width), with its margin; None where there is no car."""
    car = (one_piece(matte) > 0.5).astype(np.uint8)
    if cv2.countNonZero(car) < SMALLEST * car.size:
        return None
    x, y, w, h = cv2.boundingRect(car)
    box: list[float] = []
    for start, length, part, have, whole in ((y, h, seen[0], car.shape[0], photo[0]), (x, w, seen[1], car.shape[1], photo[1])):
        scale = (part.stop - part.start) / have
        box += [max(0.0, part.start + (start - MARGIN * length) * scale), min(float(whole), part.start + (start + length + MARGIN * length) * scale)]
    return tuple(box)


def framed(box: Box, photo: tuple[int, int]) -> Window:
    """The part of a photo (height, width) that shows a box, of a frame's shape as far as the photo reaches."""
    top, bottom, left, right = box
    frame = frame_for((bottom - top, right - left))
    scale = max((bottom - top) / frame[0], (right - left) / frame[1])
    step = 1 << int(np.log2(max(1.0, scale)))  # windows of whole steps can be halved on their way into the frame: of 12 megapixels that takes a third of the time
    spans = widened(top, bottom, frame[0] * scale, photo[0]), widened(left, right, frame[1] * scale, photo[1])
    return tuple(slice(int(first // step) * step, min(whole, int(np.ceil(last / step)) * step)) for (first, last), whole in zip(spans, photo))


def widened(start: float, stop: float, length: float, whole: float) -> tuple[float, float]:
    """A stretch within 0..whole, brought to a length on both sides, or on one where the other ends."""
    length = min(max(length, stop - start), whole)
    start = min(max(0.0, (start + stop - length) / 2), whole - length)
    return start, start + length


def twice_as_wide(window: Window, photo: tuple[int, int]) -> Window:
    """What lies up to half of a window's sides around it as well, as far as the photo (height, width) reaches."""
    return tuple(slice(max(0, part.start - (part.stop - part.start) // 2), min(whole, part.stop + (part.stop - part.start) // 2)) for part, whole in zip(window, photo))


def reconsidered(box: Box | None, window: Window, matte: np.ndarray, photo: tuple[int, int]) -> Window:
    """The window that should have been looked at, now that its matte is known: the whole photo (height, width) where the window cuts the car,
    the surroundings of the look's car where they are another box than the glance's, or the same window."""
    if cuts(window, matte, photo):
        return slice(0, photo[0]), slice(0, photo[1])
    better = around(matte, window, photo)
    if better is None or alike(box or (0.0, float(photo[0]), 0.0, float(photo[1])), better) >= ALIKE:
        return window
    return framed(better, photo)


def alike(one: Box, other: Box) -> float:
    """IoU of two boxes."""
    both = area((max(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), min(one[3], other[3])))
    return both / (area(one) + area(other) - both)


def area(box: Box) -> float:
    top, bottom, left, right = box
    return max(0.0, bottom - top) * max(0.0, right - left)


def cuts(window: Window, matte: np.ndarray, photo: tuple[int, int]) -> bool:
    """Whether the car seems to go on outside of a window, in a photo (height, width)."""
    rows, columns = window
    edges = [edge for edge, inside in ((matte[0], rows.start > 0), (matte[-1], rows.stop < photo[0]),
                                       (matte[:, 0], columns.start > 0), (matte[:, -1], columns.stop < photo[1])) if inside]
    return any((edge > 0.5).mean() > CUT_OFF for edge in edges)
