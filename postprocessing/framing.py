"""Where the car stands in the answer: cropped, scaled and placed as remove.bg's crop, crop_margin, scale and position do, or on a line.

Without crop the canvas keeps the photo's size. What remove.bg's documentation leaves open follows public tests of that service: a percentage
of margin is of the car's own width or height; scale measures the car, without its margin, against the canvas with it; position divides
all of the canvas that the car leaves free, margin included. A side at which the photo cuts the car off stays at the canvas's edge,
without margin, and a car that is cut off at two opposite sides keeps its size: a straight cut would be visible inside the canvas.

All of them place the car itself, without its shadow, so that cars of a whole lot have one size and stand on one line.
"""
import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np

from preprocessing.letterbox import resize
from preprocessing.orientation import Box

MAX_MARGIN = {"px": 500, "%": 50}  # margin on one side
CENTRE = (50.0, 50.0)
KEPT_AT_EDGE = 0.2  # share of the car's width or height that lies on the photo's edge, from which the photo cuts the car off


@dataclass(frozen=True)
class Length:
    """A margin on one side, in pixels (0..500) or in percent of the car's size in that direction (0..50); else ValueError."""

    value: float
    unit: Literal["px", "%"] = "px"

    def __post_init__(self) -> None:
        if self.unit not in MAX_MARGIN:
            raise ValueError(f"takes margins in px or %, not in {self.unit!r}")
        if not 0 <= self.value <= MAX_MARGIN[self.unit]:
            raise ValueError(f"takes margins of 0 to {MAX_MARGIN[self.unit]}{self.unit}, not {self.value:g}{self.unit}")

    def of(self, side: int) -> float:
        """Pixels beside a car that is `side` pixels wide or high."""
        return self.value if self.unit == "px" else side * self.value / 100


class Sides(NamedTuple):
    """At which sides the photo cuts the car off."""

    top: bool = False
    right: bool = False
    bottom: bool = False
    left: bool = False

    def turned(self, quarter_turns: int) -> "Sides":
        """The same after so many anticlockwise quarter turns of the photo."""
        return Sides(*(self[(side + quarter_turns) % 4] for side in range(4)))

    @property
    def through(self) -> bool:
        """Whether two opposite sides are cut off."""
        return self.top and self.bottom or self.left and self.right


WHOLE = Sides()


class Margin(NamedTuple):
    top: Length = Length(0)
    right: Length = Length(0)
    bottom: Length = Length(0)
    left: Length = Length(0)

    @classmethod
    def sides(cls, *lengths: Length) -> "Margin":
        """CSS order: all; vertical and horizontal; or top, right, bottom and left. ValueError for another number of lengths."""
        if len(lengths) not in (1, 2, 4):
            raise ValueError(f"takes one, two or four margins, not {len(lengths)}")
        return cls(*lengths * (4 // len(lengths)))

    def at(self, scale: float) -> "Margin":
        """The same around a photo that was reduced by so much, 0..1."""
        return Margin(*(Length(side.value * scale) if side.unit == "px" else side for side in self))

    def without(self, cut: Sides) -> "Margin":
        """The same with none at the sides that are cut."""
        return Margin(*(Length(0) if is_cut else side for side, is_cut in zip((self.top, self.right, self.bottom, self.left), cut)))

    def around(self, size: tuple[int, int], car: tuple[int, int]) -> Box:
        """Where something of a size (height, width) stands on a canvas around it, and the canvas's size. Percentages are of the car in it.

        The canvas is rounded as a whole, so that it is never more than half a pixel off.
        """
        top, bottom, left, right = (side.of(length) for side, length in zip((self.top, self.bottom, self.left, self.right), (car[0], car[0], car[1], car[1])))
        return round_half_up(top), round_half_up(left), round_half_up(top + size[0] + bottom), round_half_up(left + size[1] + right)


@dataclass(frozen=True)
class Framing:
    """How to frame the car. The default leaves the photo's frame as it is. ValueError outside of the ranges."""

    crop: bool = False                             # cut off everything empty around the car
    margin: Margin = Margin()                      # put back around a cropped car; may reach beyond the photo
    scale: float | None = None                     # 10..100: percent of the canvas that the car fills in its tighter direction; None: as it is
    position: tuple[float, float] | None = None    # 0..100: percent of the free space left of and above the car; None: CENTRE if scaled, else as it is
    car_width: float | None = None                 # 10..100: percent of the canvas's width that the car takes, instead of scale
    ground: float | None = None                    # 10..100: percent of the canvas's height at which its tyres stand, instead of position

    def at(self, scale: float) -> "Framing":
        """The same for a photo that was reduced by so much, 0..1: margins in pixels are given in those of the whole photo."""
        return replace(self, margin=self.margin.at(scale))

    @property
    def moves(self) -> bool:
        """Whether the car may leave its place in the photo."""
        return self.crop or self.places

    @property
    def places(self) -> bool:
        """Whether the car's size or place on the canvas is asked for."""
        return any(value is not None for value in (self.scale, self.position, self.car_width, self.ground))

    def __post_init__(self) -> None:
        for name in ("scale", "car_width", "ground"):
            if (share := getattr(self, name)) is not None and not 10 <= share <= 100:
                raise ValueError(f"{name} is 10 to 100 %, not {share:g}")
        if None not in (self.scale, self.car_width) or None not in (self.position, self.ground):
            raise ValueError("car_width takes the place of scale, and ground that of position")
        if self.position is not None and not all(0 <= share <= 100 for share in self.position):
            raise ValueError("position is 0 to 100 % in each direction, not {:g} {:g}".format(*self.position))


class Placement(NamedTuple):
    """A rectangle of the photo and where it goes."""

    canvas: tuple[int, int]  # height, width in pixels
    source: Box              # in the photo
    target: Box              # on the canvas; a shadow may reach beyond it

    def moved(self, box: Box) -> Box:
        """Where a box within `source` goes on the canvas, to the nearest pixel."""
        top, height = self._moved_side(box, 0)
        left, width = self._moved_side(box, 1)
        return top, left, height, width

    def _moved_side(self, box: Box, axis: Literal[0, 1]) -> tuple[int, int]:
        """First pixel and length of a box on the canvas, along one axis."""
        start, whole, now = self.source[axis], self.source[2 + axis], self.target[2 + axis]
        first, last = (min(max(0, round_half_up(self.target[axis] + (at - start) * now / whole)), self.canvas[axis])
                       for at in (box[axis], box[axis] + box[2 + axis]))
        return first, max(1, last - first)

    def within(self, most: int) -> "Placement":
        """The same on a canvas of at most so many pixels."""
        canvas = fit_pixels(self.canvas, most)
        rows, columns = ([round_half_up(at * now / whole) for at in (first, first + side)]
                         for first, side, whole, now in zip(self.target[:2], self.target[2:], self.canvas, canvas))
        return Placement(canvas, self.source, (rows[0], columns[0], max(1, rows[1] - rows[0]), max(1, columns[1] - columns[0])))

    def apply(self, rgb: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A layer of the photo's size, uint8 (height, width, 3) and float32 (height, width) in 0..1, straight alpha, -> the same on the canvas.

        What lies outside of `source` stays behind, and what reaches beyond the canvas is lost. The result is transparent black around `target`,
        and may share its pixels with the layer.
        """
        if alpha.shape == self.canvas and self.source == self.target:
            return rgb, alpha
        rgb, alpha = resample(rgb[window(self.source)], alpha[window(self.source)], self.target[2:])
        if self.target == (0, 0, *self.canvas):
            return rgb, alpha
        framed_rgb, framed_alpha = np.zeros((*self.canvas, 3), np.uint8), np.zeros(self.canvas, np.float32)
        there, here = zip(*(overlap(first, side, whole) for first, side, whole in zip(self.target[:2], self.target[2:], self.canvas)))
        framed_rgb[there], framed_alpha[there] = rgb[here], alpha[here]
        return framed_rgb, framed_alpha


def box_of(alpha: np.ndarray) -> Box | None:
    """The box around all that can be seen of a float32 alpha (height, width) in 0..1, that is where it rounds to more than 0 of 255."""
    left, top, width, height = cv2.boundingRect(cv2.convertScaleAbs(alpha, alpha=255))
    return (top, left, height, width) if width else None


def cut_sides(alpha: np.ndarray) -> Sides:
    """At which sides the photo cuts off the car of a float32 alpha (height, width) in 0..1."""
    box = box_of(alpha)
    if box is None:
        return WHOLE
    edges, lengths = (alpha[0], alpha[:, -1], alpha[-1], alpha[:, 0]), (box[3], box[2]) * 2
    return Sides(*(bool(np.count_nonzero(edge > 0.5) > KEPT_AT_EDGE * length) for edge, length in zip(edges, lengths)))


def place(photo_size: tuple[int, int], car: Box, framing: Framing, cut: Sides = WHOLE, shadowed: Box | None = None) -> Placement:
    """Where a photo's car goes, cut off at these sides. photo_size: (height, width); shadowed: the box of car and shadow, if it has one.

    A cropped canvas holds the shadow, too; all else is measured by the car. No pixel is touched yet: large margins make large canvases.
    """
    source = shadowed or car
    top, left, height, width = framing.margin.without(cut).around(source[2:], car[2:]) if framing.crop else (*source[:2], *photo_size)
    target = target_of(source, car, (height, width), framing, cut) if framing.places else (top, left, *source[2:])
    return Placement((height, width), source, target)


def target_of(source: Box, car: Box, canvas: tuple[int, int], framing: Framing, cut: Sides) -> Box:
    """Where `source` goes on a canvas of (height, width), so that the car in it has the size and place that are asked for.

    A car too high for the canvas, or for what lies above the ground, becomes smaller.
    """
    across, down = framing.position or CENTRE
    ground = canvas[0] if framing.ground is None or cut.bottom else framing.ground / 100 * canvas[0]
    factor = 1.0
    if framing.car_width is not None:
        factor = framing.car_width / 100 * canvas[1] / car[3]
    elif framing.scale is not None:
        factor = framing.scale / 100 * min(canvas[0] / car[2], canvas[1] / car[3])
    factor = 1.0 if cut.through else min(factor, ground / car[2])
    height, width = (max(1, round_half_up(side * factor)) for side in source[2:])
    tall, wide = car[2] * height / source[2], car[3] * width / source[3]
    car_top = max(0.0, offset(ground - tall, down if framing.ground is None else 100, cut.top, cut.bottom))  # its roof is kept, if not the ground
    car_left = offset(canvas[1] - wide, across, cut.left, cut.right)
    top = round_half_up(car_top - (car[0] - source[0]) * height / source[2])
    left = round_half_up(car_left - (car[1] - source[1]) * width / source[3])
    return top, left, height, width


def offset(free: float, percent: float, cut_before: bool, cut_behind: bool) -> float:
    """Pixels before the car of those that are free on the canvas."""
    if cut_before:
        return 0
    return free if cut_behind else free * percent / 100


def overlap(first: int, length: int, whole: int) -> tuple[slice, slice]:
    """The part of a stretch from `first` on that lies in 0..whole, there and counted from the stretch's own start."""
    start, stop = max(0, first), max(0, min(whole, first + length))
    return slice(start, stop), slice(start - first, stop - first)


def fit_pixels(size: tuple[int, int], most: int) -> tuple[int, int]:
    """The largest (height, width) of the same shape with at most so many pixels; never larger than `size`."""
    height, width = size
    if height * width <= most:
        return size
    height, width = math.isqrt(most * height // width), math.isqrt(most * width // height)
    return max(1, min(height, most)), max(1, min(width, most))


def resample(rgb: np.ndarray, alpha: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Resizes uint8 (height, width, 3) with float32 straight alpha (height, width) to a (height, width).

    Colours count by their alpha, so that transparent pixels add no colour to the edge.
    """
    if alpha.shape == size:
        return rgb, alpha
    smaller = resize(alpha, size)
    channels = (cv2.extractChannel(rgb, number) for number in range(3))  # one after the other: a quarter of the memory
    colours = cv2.merge([cv2.divide(resize(cv2.multiply(channel, alpha, dtype=cv2.CV_32F), size), smaller, dtype=cv2.CV_8U) for channel in channels])
    smaller[smaller > 1 - 1e-6], smaller[smaller < 1e-6] = 1, 0  # the resize's rounding; whole pixels stay whole
    return colours, smaller


def size_of(layer: np.ndarray) -> tuple[int, int]:
    """Height and width of a layer (height, width[, channels])."""
    return layer.shape[0], layer.shape[1]


def window(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box."""
    top, left, height, width = box
    return slice(top, top + height), slice(left, left + width)


def round_half_up(value: float) -> int:
    """The nearest whole number; halves go up."""
    return math.floor(value + 0.5)
