"""The core: photo bytes in, cut-out bytes out. It does no input or output of its own."""
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from exceptions import FileTooLarge, NoCar, RegionEmpty, RegionOutside, ResolutionTooHigh
from model.confidence import ConfidenceModel
from model.flags import flags
from model.kind import Kind, KindModel
from model.localise import localise
from model.predictor import Predictor
from model.refiner import Refiner
from once import once
from options import Options, Region
from postprocessing import compose, framing
from postprocessing.encode import encode_alpha, encode_jpeg, encode_png, encode_webp, encode_zip, in_8_bits, is_opaque
from postprocessing.foreground import foreground
from postprocessing.full_size import full_size_alpha
from postprocessing.glass import see_through
from postprocessing.shadow import cast, with_room
from postprocessing.watermark import stamp
from preprocessing.decode import MAX_FILE, MAX_PIXELS, Picture, decode
from preprocessing.letterbox import resize
from preprocessing.orientation import Box, turn, turn_box

cv2.setNumThreads(1)  # an instance has about one core, and requests already run side by side

WHITE = (255, 255, 255, 255)
TRANSPARENT = 0.05  # share of a picture from which it is a cut-out without a scene: a screenshot's round corners are less
OVERSAMPLED = 4  # times the answer's pixels that are kept of a photo where its car is framed: in most photos it is a quarter
PARTS = {"interior": "an interior", "boot": "a boot", "engine": "an engine", "detail": "a detail of a vehicle"}  # kinds that show a part of a vehicle


@dataclass(frozen=True)
class CutOut:
    data: bytes                      # a file of `format`
    format: str                      # png, jpg, webp or zip
    size: tuple[int, int]            # height, width in pixels
    full: tuple[int, int]            # height, width that size=full would have given, without framing
    is_cut: bool                     # False: the photo as it is, because it shows no vehicle from outside
    car: Box                         # of the car in the answer; all of it where nothing was cut out
    confidence: float                # 0..1, how likely it can be published untouched; 0 where nothing was cut out
    kind: Kind                       # what the photo shows, and the view of the car
    flags: tuple[str, ...]           # of model.flags.FLAGS: what is wrong with the photo; none where nothing was cut out
    milliseconds: dict[str, float]   # by stage


@once
def predictor() -> Predictor:
    """The bundled network, loaded at its first use and then shared."""
    return Predictor()


@once
def refiner() -> Refiner:
    """The bundled refiner of edges."""
    return Refiner()


@once
def confidence_model() -> ConfidenceModel:
    """What calibration of the bundled network found."""
    return ConfidenceModel.read()


@once
def kind_model() -> KindModel:
    """What tells an exterior from an interior or a detail, and its view."""
    return KindModel.read()


def cut_out(photo: bytes, options: Options = Options(), backdrop: compose.Backdrop | None = None, watermark: Picture | None = None) -> CutOut:
    """Cuts the car out of a photo and puts it where and on what the options say.

    Raises a CutOutError (see exceptions).
    """
    if len(photo) > MAX_FILE:
        raise FileTooLarge(f"at most {MAX_FILE:,} bytes")
    clock = Clock()
    with clock("decode"):
        most = min(MAX_PIXELS, options.pixels * (OVERSAMPLED if options.framing.moves else 1)) if options.pixels else MAX_PIXELS
        picture = decode(photo, most)
        full, dpi = picture.size, picture.dpi
        size = framing.fit_pixels(full, most)
        if (own_alpha := picture.float_alpha) is None:
            photo_rgb = seen = resize(picture.rgb, size)
        else:  # whatever colour is hidden where the picture is transparent, white is seen
            photo_rgb, own_alpha = framing.resample(picture.rgb, own_alpha, size)
            seen = compose.over_colour(photo_rgb, own_alpha, WHITE)[0]
        del picture
    scene = own_alpha is None or bool(np.count_nonzero(own_alpha < 0.5) < TRANSPARENT * own_alpha.size)
    region = region_box(options.region, full, size)
    with clock("predict"):
        prediction = localise(seen[framing.window(region)], predictor())
        confidence, kind = confidence_model().confidence(prediction), kind_model().classify(prediction)

    def as_it_is(why: str) -> CutOut:
        """The photo over its background, where that is wanted instead of an error."""
        if options.unsuitable == "error":
            raise NoCar(why, kind.kind)
        with clock("compose"):
            own = np.ones(size, np.float32) if own_alpha is None else own_alpha
            layers = over_background(photo_rgb, own, options, backdrop, watermark)  # noqa: F821  deleted only after the last call
        with clock("encode"):
            data, format = encode(*layers, options, dpi)
        return CutOut(data, format, size, full, False, (0, 0, *size), 0.0, kind, (), clock.milliseconds)

    if unsuitable := why_unsuitable(confidence, kind):
        return as_it_is(unsuitable)
    with clock("predict"):
        found = flags(prediction, confidence, kind.flaws, full[0] / size[0], (region, size), scene)
    turns = prediction.quarter_turns  # from here on until it is framed, the photo stands upright
    rgb, seen, part = turn(photo_rgb, turns), turn(seen, turns), framing.window(turn_box(region, size, turns))
    with clock("refine"):
        alpha = np.zeros(rgb.shape[:2], np.float32)
        car_alpha, car_rgb = alpha[part][prediction.window], seen[part][prediction.window]
        car_alpha[:] = full_size_alpha(prediction.matte, car_rgb, refiner())
        colours = foreground(seen, alpha)
        if own_alpha is not None:  # what is soft there has the car's own colour already
            known = turn(own_alpha, turns)
            colours = np.where(((known > 0) & (known < 1))[..., None], rgb, colours)
        if options.semitransparency:
            panes_rgb, car_alpha[:] = see_through(colours[part][prediction.window], car_alpha, prediction.glass, prediction.photo)
            colours = colours.copy()  # where nothing is soft, it is the photo itself
            colours[part][prediction.window] = panes_rgb
        if own_alpha is not None:  # what was transparent before stays so
            np.minimum(alpha, turn(own_alpha, turns), out=alpha)
    car = framing.box_of(alpha)
    if car is None:
        return as_it_is("no vehicle was found" if own_alpha is None else "the vehicle is transparent already")
    del photo_rgb, rgb, seen, car_rgb, car_alpha  # of the largest photos half a gigabyte, which a shadow's room may need
    with clock("compose"):
        cut = framing.cut_sides(alpha) if scene else framing.WHOLE  # a cut-out may be cropped to its car already
        if options.framing.moves:  # what is empty around the car plays no part any more
            colours, alpha, car = colours[framing.window(car)], alpha[framing.window(car)], (0, 0, *car[2:])
        shadowed = None
        if options.shadow:
            colours, alpha, car = with_room(colours, alpha, car, options.shadow, cut) if options.framing.moves else (colours.copy(), alpha, car)
            matte = alpha.copy() if options.channels == "alpha" else alpha
            cast(colours, alpha, car, options.shadow)
            shadowed, alpha = turn_box(framing.box_of(alpha) or car, framing.size_of(alpha), -turns), matte
        car = turn_box(car, framing.size_of(alpha), -turns)
        colours, alpha = turn(colours, -turns), turn(alpha, -turns)
        placement = framing.place(size, car, options.framing.at(size[0] / full[0]), cut.turned(-turns), shadowed)
        if options.pixels:
            placement = placement.within(options.pixels)
        if placement.canvas[0] * placement.canvas[1] > MAX_PIXELS:
            raise ResolutionTooHigh(f"with its margin the answer would have more than {MAX_PIXELS:,} pixels")
        colours, alpha = placement.apply(colours, alpha)  # first, since nobody needs the layers before any more
        colours, alpha = over_background(colours, alpha, options, backdrop, watermark)
    with clock("encode"):
        data, format = encode(colours, alpha, options, dpi)
    return CutOut(data, format, placement.canvas, full, True, placement.moved(car), confidence, kind, found, clock.milliseconds)


def why_unsuitable(confidence: float, kind: Kind) -> str | None:
    """Why a photo can't be cut out, None where it can: it shows a vehicle from outside."""
    if kind.kind in PARTS:
        return f"this is {PARTS[kind.kind]}, not a vehicle from outside"
    return "no vehicle was found" if confidence == 0 or kind.kind == "other" else None


def over_background(colours: np.ndarray, alpha: np.ndarray, options: Options, backdrop: compose.Backdrop | None,
                  watermark: Picture | None) -> tuple[np.ndarray, np.ndarray]:
    """A layer over the colour or the backdrop, and under the watermark, that are asked for. A matte alone stays as it is."""
    if options.channels == "alpha":
        return colours, alpha
    if options.colour:
        colours, alpha = compose.over_colour(colours, alpha, options.colour)
    if backdrop:
        colours, alpha = compose.over_backdrop(colours, alpha, backdrop)
    if watermark:
        colours, alpha = (np.require(layer, requirements="W") for layer in (colours, alpha))
        stamp(colours, alpha, watermark, options.watermark)
    return colours, alpha


def region_box(region: Region | None, full: tuple[int, int], size: tuple[int, int]) -> Box:
    """A region given in the pixels of a photo's `full` size (height, width), in those of its `size`. Raises RegionOutside or RegionEmpty."""
    if region is None:
        return 0, 0, *size
    height, width = full
    left, top, right, bottom = (value if unit == "px" else value / 100 * side for (value, unit), side in zip(region.edges, (width, height) * 2))
    if max(left, right) > width or max(top, bottom) > height:
        raise RegionOutside(f"the photo is {width} pixels wide and {height} high")
    if round(bottom) <= round(top) or round(right) <= round(left):
        raise RegionEmpty("left must be less than right, and top less than bottom")
    (first_row, rows), (first_column, columns) = scaled(top, bottom, height, size[0]), scaled(left, right, width, size[1])
    return first_row, first_column, rows, columns


def scaled(first: float, last: float, whole: int, now: int) -> tuple[int, int]:
    """Start and length, at least a pixel, of a stretch of a side that had `whole` pixels and has `now`."""
    start = min(round(first * now / whole), now - 1)
    return start, max(1, round(last * now / whole) - start)


def encode(rgb: np.ndarray, alpha: np.ndarray, options: Options, dpi: float | None = None) -> tuple[bytes, str]:
    """The file and its format; JPEG has no transparency: its background is white. dpi: of the photo, kept by all formats but WebP."""
    format = options.format
    if options.channels == "alpha":
        grey = cv2.merge([in_8_bits(alpha)] * 3)
        if format == "jpg":
            return encode_jpeg(grey, dpi=dpi), format
        return (encode_webp(grey), format) if format == "webp" else (encode_alpha(alpha, dpi), "png")
    whole = is_opaque(alpha)
    if format == "auto":
        format = "jpg" if whole else "png"
    if format == "jpg":
        return encode_jpeg(rgb if whole else compose.over_colour(rgb, alpha, WHITE)[0], dpi=dpi), format
    if format == "zip":
        return encode_zip(rgb, alpha, dpi=dpi), format
    if format == "webp":
        return encode_webp(rgb, None if whole else alpha), format
    return encode_png(rgb, None if whole else alpha, dpi), format


class Clock:
    """Adds up the milliseconds of named stages."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + 1000 * (time.perf_counter() - began)
