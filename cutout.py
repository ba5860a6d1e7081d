"""The core: photo bytes in, cut-out bytes out. It knows nothing of networks, buckets or requests."""
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from model.confidence import Judge
from model.gaze import look
from model.predictor import Predictor
from options import Options, Region
from postprocessing import compose
from postprocessing.encode import encode_alpha, encode_jpeg, encode_png, encode_webp, encode_zip, is_opaque, opacity
from postprocessing.foreground import foreground
from postprocessing.framing import Box, box_of, fit_pixels, place
from postprocessing.glass import see_through
from postprocessing.refine import refine
from postprocessing.shadow import cast, with_room
from postprocessing.watermark import configured, stamp
from preprocessing.decode import MAX_PIXELS, Picture, ResolutionTooHigh, UnreadablePicture, decode
from preprocessing.letterbox import resize

cv2.setNumThreads(1)  # an instance has about one core, and requests already run side by side

WHITE = (255, 255, 255, 255)


class NoCar(ValueError):
    """The picture, or the region asked for, shows no vehicle."""


class UnreadableBackdrop(ValueError):
    """The backdrop's file is no readable picture."""


class UnreadableWatermark(ValueError):
    """The watermark's file is no readable picture."""


class BadRegion(ValueError):
    """The region asked for reaches beyond the photo, or is empty."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class CutOut:
    data: bytes                      # a file of `format`
    format: str                      # png, jpg, webp or zip
    size: tuple[int, int]            # height, width in pixels
    full: tuple[int, int]            # height, width that size=full would have given, without framing
    car: Box                         # top, left, height, width of the car in the answer
    confidence: float                # 0..1, how likely it can be published untouched
    milliseconds: dict[str, float]   # by stage


@cache
def predictor() -> Predictor:
    """The bundled network, loaded at its first use and then shared."""
    return Predictor()


@cache
def judge() -> Judge:
    """What calibration of the bundled network found."""
    return Judge.read()


def cut_out(photo: bytes, options: Options = Options(), backdrop: bytes | None = None, watermark: bytes | None = None) -> CutOut:
    """Cuts the car out of a photo and puts it where and on what the options say; backdrop and watermark are pictures' files.

    Raises UnreadablePicture or ResolutionTooHigh (see preprocessing.decode), TooLargeForFormat (postprocessing.encode), NoCar,
    BadRegion, UnreadableBackdrop or UnreadableWatermark.
    """
    clock = Clock()
    with clock("decode"):
        picture = decode(photo, options.pixels)
        size = fit_pixels(picture.size, options.pixels or MAX_PIXELS)
        rgb = resize(picture.rgb, size)
        behind = decode_beside(backdrop, UnreadableBackdrop) if backdrop is not None else None
        mark = decode_beside(watermark, UnreadableWatermark) if watermark is not None else logo(options.watermark.name)
    window = window_of(options.region, picture.size, size)
    with clock("predict"):
        seen = look(rgb[window], predictor())
        confidence = judge().confidence(seen)
    if confidence == 0:
        raise NoCar("no vehicle was found")
    with clock("refine"):
        alpha = np.zeros(size, np.float32)
        part, photo = alpha[window][seen.window], rgb[window][seen.window]
        part[:] = refine(seen.matte, seen.photo, photo, seen.quarters)
        colours = foreground(rgb, alpha)
        if options.semitransparency:
            part[:] = see_through(part, seen.glass, seen.photo, photo)
        if picture.alpha is not None:  # what was transparent before stays so
            alpha *= resize(picture.alpha, size).astype(np.float32) / 255
    with clock("compose"):
        box = box_of(alpha)
        if box is None:
            raise NoCar("the vehicle is transparent already")
        car, shadow = box, options.shadow
        if shadow and options.channels == "rgba":
            if options.framing.moves:
                colours, alpha, car = with_room(colours, alpha, car, shadow, seen.quarters)
            colours, alpha = cast(colours, alpha, car, shadow, seen.quarters)
            box = box_of(alpha)
        placement = place(size, box, options.framing)
        if placement.canvas[0] * placement.canvas[1] > MAX_PIXELS:
            raise ResolutionTooHigh(f"with its margin the answer would have more than {MAX_PIXELS:,} pixels")
        colours, alpha = placement.apply(colours, alpha)
        if options.channels == "rgba":
            if options.colour:
                colours, alpha = compose.over_colour(colours, alpha, options.colour)
            if behind is not None:
                colours, alpha = compose.over_picture(colours, alpha, behind.rgb, transparency(behind))
            if mark is not None:
                colours, alpha = stamp(colours, alpha, mark.rgb, transparency(mark), options.watermark)
    with clock("encode"):
        data, format = encode(colours, alpha, options)
    return CutOut(data, format, placement.canvas, picture.size, placement.moved(car), confidence, clock.milliseconds)


def decode_beside(data: bytes, unreadable: type[ValueError]) -> Picture:
    try:
        return decode(data)
    except UnreadablePicture as error:
        raise unreadable(str(error)) from error


@cache
def logo(name: str | None) -> Picture | None:
    """The configured watermark of that name."""
    return decode_beside(configured()[name].read_bytes(), UnreadableWatermark) if name else None


def transparency(picture: Picture) -> np.ndarray | None:
    """A picture's alpha as float32 in 0..1, None where it has none."""
    return None if picture.alpha is None else picture.alpha.astype(np.float32) / 255


def window_of(region: Region | None, full: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a photo at `size` for a region given in the pixels of its `full` size (height, width)."""
    if region is None:
        return slice(None), slice(None)
    height, width = full
    left, top, right, bottom = (value if unit == "px" else value / 100 * side for (value, unit), side in zip(region.edges, (width, height) * 2))
    if max(left, right) > width or max(top, bottom) > height:
        raise BadRegion("roi_exceeds_bounds", f"the photo is {width} pixels wide and {height} high")
    rows, columns = (slice(round(first * now / whole), round(last * now / whole))
                     for first, last, now, whole in ((top, bottom, size[0], height), (left, right, size[1], width)))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        raise BadRegion("roi_region_empty", "left must be less than right, and top less than bottom")
    return rows, columns


def encode(rgb: np.ndarray, alpha: np.ndarray, options: Options) -> tuple[bytes, str]:
    """The file and its format; JPEG, which knows no transparency, stands on white."""
    format = options.format
    if options.channels == "alpha":
        grey = cv2.merge([opacity(alpha)] * 3)
        writers = {"jpg": lambda: encode_jpeg(grey), "webp": lambda: encode_webp(grey)}
        return (writers[format](), format) if format in writers else (encode_alpha(alpha), "png")
    whole = is_opaque(alpha)
    if format == "auto":
        format = "jpg" if whole else "png"
    if format == "jpg":
        return encode_jpeg(rgb if whole else compose.over_colour(rgb, alpha, WHITE)[0]), format
    if format == "zip":
        return encode_zip(rgb, alpha), format
    return {"png": encode_png, "webp": encode_webp}[format](rgb, None if whole else alpha), format


class Clock:
    """Adds up the milliseconds of named stages."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + 1000 * (time.perf_counter() - began)
