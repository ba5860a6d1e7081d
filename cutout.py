"""The core: photo bytes in, cut-out bytes out. It does no input or output of its own."""
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from exceptions import CutOutError, FileTooLarge, NoCar, RegionEmpty, RegionOutside, ResolutionTooHigh
from model.confidence import ConfidenceModel
from model.flags import flags
from model.kind import Kind, KindModel
from model.localise import Prediction, localise
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
TRANSPARENT = 0.05  # share of transparent pixels from which a picture is a cut-out without surroundings: a screenshot's round corners are less
OVERSAMPLED = 4  # times the answer's pixels that are kept of a photo whose car is framed: the car fills a quarter of most photos
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


@dataclass(frozen=True)
class Source:
    """A decoded photo, no larger than the answer needs."""

    rgb: np.ndarray           # uint8 (height, width, 3)
    alpha: np.ndarray | None  # float32 (height, width) in 0..1, which the file has; None: it is opaque
    seen: np.ndarray          # uint8 (height, width, 3), over white: what lies under transparent pixels is not seen
    full: tuple[int, int]     # height, width of the file's picture, of which this one may be reduced
    dpi: float | None

    @property
    def size(self) -> tuple[int, int]:
        return framing.size_of(self.rgb)

    @property
    def shows_scene(self) -> bool:
        """Whether it has surroundings: a cut-out has none, and may be cropped to its car already."""
        return self.alpha is None or bool(np.count_nonzero(self.alpha < 0.5) < TRANSPARENT * self.alpha.size)


@dataclass
class Layer:
    """A car and nothing behind it. Steps replace its arrays, so that few copies are held: at 50 megapixels one takes 150 or 200 MB."""

    rgb: np.ndarray    # uint8 (height, width, 3)
    alpha: np.ndarray  # float32 (height, width) in 0..1, straight
    car: Box           # around all of the car that is seen, without its shadow


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
    clock = Clock()
    try:
        return timed_cut_out(photo, options, backdrop, watermark, clock)
    except CutOutError as refusal:
        refusal.milliseconds = clock.milliseconds
        raise


def timed_cut_out(photo: bytes, options: Options, backdrop: compose.Backdrop | None, watermark: Picture | None, clock: "Clock") -> CutOut:
    """`cut_out`, whose stages the clock adds up, also where the photo is refused."""
    if len(photo) > MAX_FILE:
        raise FileTooLarge(f"at most {MAX_FILE:,} bytes")
    with clock("decode"):
        source = read(photo, options)
    size, full, dpi, scene = source.size, source.full, source.dpi, source.shows_scene
    region = region_box(options.region, full, size)
    with clock("predict"):
        prediction = localise(source.seen[framing.window(region)], predictor())
        confidence, kind = confidence_model().confidence(prediction), kind_model().classify(prediction)
        unsuitable = why_unsuitable(confidence, kind)
        found = () if unsuitable else flags(prediction, confidence, kind.flaws, full[0] / size[0], (region, size), scene)
    layer = None
    if not unsuitable:
        with clock("refine"):
            layer = car_layer(source, region, prediction, options)
    if layer is None:
        if options.unsuitable == "error":
            raise NoCar(unsuitable or ("no vehicle was found" if source.alpha is None else "the vehicle is transparent already"), kind.kind)
        with clock("compose"):
            own = np.ones(size, np.float32) if source.alpha is None else source.alpha
            layers = over_background(source.rgb, own, options, backdrop, watermark)
        with clock("encode"):
            data, format = encode(*layers, options, dpi)
        return CutOut(data, format, size, full, False, (0, 0, *size), 0.0, kind, (), clock.milliseconds)
    del source  # of the largest photos half a gigabyte, which a shadow's room may need
    with clock("compose"):
        put_on_canvas(layer, size, full, prediction.quarter_turns, scene, options)
        canvas = framing.size_of(layer.alpha)
        layer.rgb, layer.alpha = over_background(layer.rgb, layer.alpha, options, backdrop, watermark)
    with clock("encode"):
        data, format = encode(layer.rgb, layer.alpha, options, dpi)
    return CutOut(data, format, canvas, full, True, layer.car, confidence, kind, found, clock.milliseconds)


def read(photo: bytes, options: Options) -> Source:
    """Decodes a photo and reduces it to the pixels that the options need. Raises a CutOutError."""
    most = min(MAX_PIXELS, options.pixels * (OVERSAMPLED if options.framing.moves else 1)) if options.pixels else MAX_PIXELS
    picture = decode(photo, most)
    full, dpi, alpha = picture.size, picture.dpi, picture.float_alpha
    size = framing.fit_pixels(full, most)
    if alpha is None:
        rgb = resize(picture.rgb, size)
        return Source(rgb, None, rgb, full, dpi)
    rgb, alpha = framing.resample(picture.rgb, alpha, size)
    del picture
    return Source(rgb, alpha, compose.over_colour(rgb, alpha, WHITE)[0], full, dpi)


def car_layer(source: Source, region: Box, prediction: Prediction, options: Options) -> Layer | None:
    """The car of a photo, upright: its refined alpha and its own colours. None where nothing of it is seen."""
    turns = prediction.quarter_turns
    rgb, seen, part = turn(source.rgb, turns), turn(source.seen, turns), framing.window(turn_box(region, source.size, turns))
    own = None if source.alpha is None else turn(source.alpha, turns)
    alpha = np.zeros(rgb.shape[:2], np.float32)
    window_alpha, window_rgb = alpha[part][prediction.window], seen[part][prediction.window]
    window_alpha[:] = full_size_alpha(prediction.matte, window_rgb, refiner())
    colours = foreground(seen, alpha)
    if own is not None:  # what is soft there has the car's own colour already
        colours = np.where(((own > 0) & (own < 1))[..., None], rgb, colours)
    if options.semitransparency:
        panes_rgb, window_alpha[:] = see_through(colours[part][prediction.window], window_alpha, prediction.glass, prediction.rgb)
        colours = colours.copy()  # where nothing is soft, it is the photo itself
        colours[part][prediction.window] = panes_rgb
    if own is not None:  # what was transparent before stays so
        np.minimum(alpha, own, out=alpha)
    car = framing.box_of(alpha)
    return Layer(colours, alpha, car) if car else None


def put_on_canvas(layer: Layer, size: tuple[int, int], full: tuple[int, int], turns: int, scene: bool, options: Options) -> None:
    """Gives an upright layer its shadow, turns it back, and puts it on the answer's canvas.

    size, full: (height, width) of the photo as it was decoded and of the whole photo, not turned; turns: those that made it upright.
    Raises ResolutionTooHigh for a canvas of more than MAX_PIXELS.
    """
    cut = framing.cut_sides(layer.alpha) if scene else framing.WHOLE
    if options.framing.moves:  # what is empty around the car plays no part any more
        part = framing.window(layer.car)
        layer.rgb, layer.alpha, layer.car = layer.rgb[part], layer.alpha[part], (0, 0, *layer.car[2:])
    shadowed = None
    if options.shadow:
        if options.framing.moves:
            layer.rgb, layer.alpha, layer.car = with_room(layer.rgb, layer.alpha, layer.car, options.shadow, cut)
        else:
            layer.rgb = layer.rgb.copy()  # where nothing is soft, it is the photo itself
        matte = layer.alpha.copy() if options.channels == "alpha" else layer.alpha
        cast(layer.rgb, layer.alpha, layer.car, options.shadow)
        shadowed = turn_box(framing.box_of(layer.alpha) or layer.car, framing.size_of(layer.alpha), -turns)
        layer.alpha = matte
        del matte
    layer.car = turn_box(layer.car, framing.size_of(layer.alpha), -turns)
    layer.rgb, layer.alpha = turn(layer.rgb, -turns), turn(layer.alpha, -turns)
    placement = framing.place(size, layer.car, options.framing.at(size[0] / full[0]), cut.turned(-turns), shadowed)
    if options.pixels:
        placement = placement.within(options.pixels)
    if placement.canvas[0] * placement.canvas[1] > MAX_PIXELS:
        raise ResolutionTooHigh(f"with its margin the answer would have more than {MAX_PIXELS:,} pixels")
    layer.rgb, layer.alpha = placement.apply(layer.rgb, layer.alpha)  # before the background, since nobody needs what lies outside any more
    layer.car = placement.moved(layer.car)


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
        """Times the block, also where it raises."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add({stage: 1000 * (time.perf_counter() - began)})

    def add(self, milliseconds: Mapping[str, float]) -> None:
        for stage, duration in milliseconds.items():
            self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + duration
