"""Scene augmentation: plain studios, other paint, patterns and lengths of cars, night and flash, lens distortion, reflections in the paint,
hidden plates, watermarks."""
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from training.data.sources import Cutout
from training.data.synthesis import fill

STUDIO = (480, 640)  # height, width of a drawn studio
NAMED = 0.3          # share of studios with a name on the wall
SLANTED, GRID = 0.3, 0.4  # shares of watermarks that are not level, and that come with a grid of lines


def studio(rng: np.random.Generator) -> np.ndarray:
    """A wall that curves into the floor in one plain colour, lit from one side: uint8 (480, 640, 3). Often white, at times with a name on the wall."""
    height, width = STUDIO
    tone = 255.0 if rng.random() < 0.35 else rng.uniform(120, 255) if rng.random() < 0.7 else rng.uniform(10, 120)
    wall = np.full((height, width), tone, np.float32)
    horizon, slope = int(height * rng.uniform(0.35, 0.8)), int(height * rng.uniform(0.005, 0.3)) | 1
    wall[horizon:] *= rng.uniform(0.75, 1.1)
    wall = cv2.blur(wall, (1, slope), borderType=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((x / width - rng.uniform(0, 1)), (y / height - rng.uniform(0, 1)))
    wall *= 1 - rng.uniform(0, 0.35) * distance
    tint = 1 + rng.normal(0, 0.04 if rng.random() < 0.8 else 0.2, 3)
    ground = np.clip(wall[..., None] * tint, 0, 255).astype(np.uint8)
    return add_watermark(rng, ground) if rng.random() < NAMED else ground


def recolour(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out in another paint, at times only above or below a line along its side: hue rotated, tinted, darker or lighter."""
    colour, alpha = car.rgba[..., :3], cv2.merge([car.rgba[..., 3]] * 3)
    turn, _ = cv2.Rodrigues(np.full(3, rng.uniform(-np.pi, np.pi) / 3 ** 0.5))
    tint = np.exp(rng.normal(0, 0.2, (3, 1)))
    painted = cv2.transform(colour, tint * turn)
    light = rng.uniform(0.25, 1.0)
    white = rng.random() >= 0.5  # of premultiplied colours, alpha is white
    painted = cv2.addWeighted(painted, light, alpha, 1 - light, 0) if white else cv2.convertScaleAbs(painted, alpha=light)
    painted = cv2.min(painted, alpha)
    if rng.random() < 0.3:
        _, top, _, height = cv2.boundingRect(car.matte)
        line = top + int(height * rng.uniform(0.3, 0.7))
        kept = slice(line, None) if rng.random() < 0.5 else slice(0, line)
        painted[kept] = colour[kept]
    return replace(car, rgba=np.dstack([painted, car.rgba[..., 3]]))


def add_pattern(rng: np.random.Generator, car: Cutout, texture: np.ndarray) -> Cutout:
    """The same cut-out in a livery or camouflage: a pattern out of another picture (uint8, height x width x 3) on all of it, with its own light and shade."""
    x, y, w, h = cv2.boundingRect(car.matte)
    colour, alpha = (np.ascontiguousarray(layer[y:y + h, x:x + w]) for layer in (car.rgba[..., :3], cv2.merge([car.rgba[..., 3]] * 3)))
    pattern = fill(rng, texture, (h, w))
    if rng.random() < 0.5:  # in patches of few colours
        reach = max(3, int(w * rng.uniform(0.01, 0.08))) | 1
        pattern = cv2.blur(pattern, (reach, reach))
        pattern -= pattern % rng.integers(48, 128, dtype=np.uint8)
    lit = cv2.multiply(colour, pattern, scale=1 / 128)
    laid = cv2.multiply(pattern, alpha, scale=1 / 255)
    share = rng.uniform(0.0, 0.5)
    rgba = car.rgba.copy()
    rgba[y:y + h, x:x + w, :3] = cv2.min(cv2.addWeighted(lit, 1 - share, laid, share, 0), alpha)
    return replace(car, rgba=rgba)


def stretch(rng: np.random.Generator, car: Cutout) -> Cutout:
    """The same cut-out with its middle stretched or compressed, its ends as they are, or with a part of it repeated:
    a limousine, a crew cab, a city car, one with three axles."""
    x, _, w, _ = cv2.boundingRect(car.matte)
    if rng.random() < 0.3:
        first = x + int(w * rng.uniform(0.1, 0.6))
        last = first + int(w * rng.uniform(0.2, 0.35))
        return map_layers(car, lambda layer: np.hstack([layer[:, :last], layer[:, first:]]))
    first, last = (x + int(w * place) for place in (0.4, 0.6))
    if last <= first:
        return car
    length = max(1, round((last - first) * rng.uniform(0.4, 3.0)))

    def stretched(layer: np.ndarray) -> np.ndarray:
        middle = cv2.resize(layer[:, first:last], (length, layer.shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.hstack([layer[:, :first], middle, layer[:, last:]])

    return map_layers(car, stretched)


def map_layers(car: Cutout, change: Callable[[np.ndarray], np.ndarray]) -> Cutout:
    """The cut-out with the same change to each of its layers."""
    return replace(car, rgba=change(car.rgba), matte=change(car.matte), glass=None if car.glass is None else change(car.glass))


def add_part(car: Cutout, shape: np.ndarray, colour: np.ndarray, opaque: np.ndarray | None = None) -> Cutout:
    """A cut-out with a part more: its shape, uint8 (height, width), its colour, uint8 (height, width, 3), and its alpha (height, width); None: opaque."""
    opaque = shape if opaque is None else opaque
    layer = np.dstack([cv2.multiply(colour, cv2.merge([opaque] * 3), scale=1 / 255), opaque])
    rgba = cv2.add(layer, cv2.multiply(car.rgba, cv2.merge([255 - opaque] * 4), scale=1 / 255))
    glass = None if car.glass is None else cv2.min(car.glass, 255 - shape)
    return replace(car, rgba=rgba, matte=cv2.max(car.matte, shape), glass=glass)


def night(rng: np.random.Generator, rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The same scene in the dark, the car lit by a flash, a lamp or hardly at all. uint8 (height, width, 3) in and out."""
    dark, lit = rng.uniform(0.08, 0.45), rng.uniform(0.3, 1.0)
    reach = max(3, int(rgb.shape[1] * rng.uniform(0.01, 0.15))) | 1
    glow = cv2.blur(cv2.max(matte, cv2.blur(matte, (reach, reach))), (3, 3))
    light = cv2.convertScaleAbs(glow, alpha=max(lit - dark, 0), beta=255 * dark)
    tint = np.clip(np.array([1, 1, 1]) + rng.normal(0, 0.12, 3), 0.6, 1.4)
    return cv2.multiply(rgb, cv2.merge([cv2.convertScaleAbs(light, alpha=part) for part in tint]), scale=1 / 255)


def reflect_surroundings(rng: np.random.Generator, rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The same picture with what stands above the car reflected in a part of its paint or glass. uint8 (height, width, 3) in and out."""
    x, y, w, h = cv2.boundingRect(matte)
    if not w:
        return rgb
    panel = np.zeros(matte.shape, np.uint8)
    centre = (int(x + w * rng.uniform(0.1, 0.9)), int(y + h * rng.uniform(0.1, 0.7)))
    reach = (max(1, int(w * rng.uniform(0.08, 0.3))), max(1, int(h * rng.uniform(0.06, 0.3))))
    cv2.ellipse(panel, centre, reach, rng.normal(0, 20), 0, 360, int(255 * rng.uniform(0.3, 0.75)), -1)
    if rng.random() < 0.5:
        soft = max(3, int(w * 0.05)) | 1
        panel = cv2.blur(panel, (soft, soft))
    panel = cv2.merge([cv2.multiply(panel, matte, scale=1 / 255)] * 3)
    above = y + h * rng.uniform(-0.1, 0.2)  # what the panel's upper edge shows, and from there up
    place = np.array([[1, 0, rng.normal(0, 0.05) * w], [0, -1, centre[1] - reach[1] + above]])
    mirrored = cv2.warpAffine(rgb, place, rgb.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return cv2.add(cv2.multiply(rgb, 255 - panel, scale=1 / 255), cv2.multiply(mirrored, panel, scale=1 / 255))


def hide_plate(rng: np.random.Generator, rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """The same picture with a small box on the car blurred, pixelated or painted over, as sites hide number plates. uint8 (height, width, 3) in and out."""
    x, y, w, h = cv2.boundingRect(matte)
    width = max(2, int(w * rng.uniform(0.06, 0.3)))
    height = max(2, int(width * rng.uniform(0.18, 0.5)))
    left, top = int(x + (w - width) * rng.uniform(0, 1)), int(y + h * rng.uniform(0.4, 0.97) - height)
    place = slice(max(top, 0), top + height), slice(max(left, 0), left + width)
    if matte[place].size == 0 or matte[place].min() < 250:
        return rgb
    rgb, box = rgb.copy(), rgb[place]
    way = rng.random()
    if way < 0.4:
        size = max(3, int(width * rng.uniform(0.2, 0.7))) | 1
        rgb[place] = cv2.blur(box, (size, size))
    elif way < 0.6:
        coarse = cv2.resize(box, (int(rng.integers(2, 9)), int(rng.integers(1, 4))), interpolation=cv2.INTER_AREA)
        rgb[place] = cv2.resize(coarse, box.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    else:
        rgb[place] = rng.uniform(0, 255, 3) if rng.random() < 0.4 else 255 if rng.random() < 0.5 else rng.uniform(0, 255)
    return rgb


def add_watermark(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """The same picture with a seller's name over it, once or repeated, level or slanted, at times with a grid of lines, faint or opaque.
    uint8 (height, width, 3) in and out."""
    height, width = rgb.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    name = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWZaceimnorstuvw .-0123"), int(rng.integers(3, 16))))
    font, size = int(rng.integers(0, 8)), height / 22 * rng.uniform(0.03, 0.25) * (1 if rng.random() < 0.7 else 3)
    (wide, high), _ = cv2.getTextSize(name, font, size, max(1, round(size * 2)))
    spots = [(rng.uniform(-0.1, 0.9) * width, rng.uniform(0.05, 1.0) * height)]
    if rng.random() < 0.4:
        rows = np.arange(0, height, max(high, 1) * rng.uniform(3, 8))
        spots = [(column, row) for row in rows for column in np.arange(rng.uniform(-wide, 0), width, wide * rng.uniform(1.3, 3))][:80]
    for column, row in spots:
        cv2.putText(layer, name, (int(column), int(row)), font, size, 255, max(1, round(size * 2)), cv2.LINE_AA)
    if rng.random() < SLANTED:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-60, 60), 1.0)
        layer = cv2.warpAffine(layer, turn, (width, height), flags=cv2.INTER_LINEAR)
    if rng.random() < GRID:
        layer = cv2.max(layer, line_grid(rng, height, width))
    layer = cv2.merge([cv2.convertScaleAbs(layer, alpha=rng.uniform(0.15, 0.5) if rng.random() < 0.7 else 1.0)] * 3)
    white = 0.6 if cv2.mean(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))[0] < 200 else 0.1  # else it would not be seen
    ink = np.full_like(rgb, 255 if rng.random() < white else 0 if rng.random() < 0.3 else rng.uniform(0, 255, 3).astype(np.uint8))
    return cv2.add(cv2.multiply(rgb, 255 - layer, scale=1 / 255), cv2.multiply(ink, layer, scale=1 / 255))


def line_grid(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """uint8 (height, width), 255 on thin lines that cross all over the picture."""
    layer, reach = np.zeros((height, width), np.uint8), float(np.hypot(height, width))
    slope, gap, thick = np.radians(rng.uniform(20, 70)), width * rng.uniform(0.06, 0.35), max(1, round(width * rng.uniform(0.0005, 0.003)))
    for side in (-1, 1):
        along, across = np.array([np.cos(slope), side * np.sin(slope)]), np.array([-side * np.sin(slope), np.cos(slope)])
        for far in np.arange(-reach + rng.uniform(0, gap), reach, gap):
            middle = np.array([width, height]) / 2 + far * across
            cv2.line(layer, *(tuple(map(int, middle + end * reach * along)) for end in (-1, 1)), 255, thick, cv2.LINE_AA)
    return layer


def distort_lens(rng: np.random.Generator, layers: list[np.ndarray]) -> list[np.ndarray]:
    """Layers of one shape (uint8) through a wide-angle or fish-eye lens: radius r to r (1 + k r^2), Brown 1966, "Decentering distortion of lenses"."""
    height, width = layers[0].shape[:2]
    x, y, square = radial_grid(height, width)
    k = rng.uniform(-0.12, 0.3)
    factor = (1 + k * square) / (1 + max(k, 0.0))  # stays inside of the picture
    columns, rows = x * factor + (width - 1) / 2, y * factor + (height - 1) / 2
    maps = cv2.convertMaps(columns, rows, cv2.CV_16SC2)
    return [cv2.remap(layer, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for layer in layers]


@cache
def radial_grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets from the centre in pixels, and the square of the distance with the half diagonal as 1; float32 (height, width)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    square = (x * x + y * y) / ((width / 2) ** 2 + (height / 2) ** 2)
    return x, y, square
