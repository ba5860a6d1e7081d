"""Composites whose alpha and colours are known exactly: to judge edges by, and to learn them from.

A picture is car * matte + background * (1 - matte), rounded and then saved as a JPEG, and nothing else: no shadow, no light, no neighbours. So
matte and car are the exact truth. The cars are cut-outs at least LEAST pixels wide; their matte is the filled one; where their own alpha left no
colour, the nearest colour is continued.
"""
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.data.sources import Cutout, cutout_paths, in_threads, matte_of, read_backgrounds, read_raw

FRAMES = (1066, 1600), (1200, 1600), (900, 1600), (1600, 1200)  # height, width
LEAST = 600        # pixels of a cut-out's width
QUALITY = 92       # of the JPEG


@dataclass(frozen=True)
class Scene:
    name: str
    photo: np.ndarray  # uint8 (height, width, 3), as decoded from the JPEG
    jpeg: bytes
    alpha: np.ndarray  # float32 (height, width) in 0..1, the truth
    car: np.ndarray    # uint8 (height, width, 3), its own colours wherever alpha > 0


def scenes(data: Path, seed: int, number: int, held_back: bool) -> Iterator[Scene]:
    """Always the same pictures, made one after another, of what is held back from training or of what is not.

    Raises FileNotFoundError where there are no cut-outs or no backgrounds.
    """
    cars, backgrounds = read_cars(data, held_back), read_backgrounds(data, held_back)
    if not (cars and backgrounds):
        raise FileNotFoundError(f"{data}: no {'held-out ' if held_back else ''}cut-outs of {LEAST} pixels, or no backgrounds")
    for count in range(number):
        rng = np.random.default_rng((seed, count))
        car, background = cars[rng.integers(len(cars))], backgrounds[rng.integers(len(backgrounds))]
        yield made(rng, f"{count:02}", car, background, FRAMES[rng.integers(len(FRAMES))])


def made(rng: np.random.Generator, name: str, car: Cutout, background: np.ndarray, frame: tuple[int, int]) -> Scene:
    """One picture: the car upright, whole, at half to nine tenths of the frame, in the lower half; the background covers the frame."""
    height, width = frame
    x, y, w, h = cv2.boundingRect(car.matte)
    scale = rng.uniform(0.5, 0.9) * min(width / w, height / h)
    left, top = rng.uniform(0, width - w * scale), (height - h * scale) * rng.uniform(0.4, 0.95)
    flip = rng.random() < 0.5
    place = np.array([[scale, 0, left - x * scale], [0, scale, top - y * scale]])
    if flip:
        place[0] = (-scale, 0, left + (x + w) * scale)
    place[:, 2] += 0.5 * place[:, :2].sum(1) - 0.5  # pixel centres lie at +0.5
    colours, alpha = (cv2.warpAffine(layer, place, (width, height), flags=cv2.INTER_CUBIC) for layer in (car.rgba, car.matte))
    cover = max(height / background.shape[0], width / background.shape[1]) * rng.uniform(1, 1.3)
    behind = cv2.resize(background, None, fx=cover, fy=cover, interpolation=cv2.INTER_CUBIC)
    first = [rng.integers(whole - side + 1) for whole, side in zip(behind.shape, frame)]
    behind = behind[first[0]:first[0] + height, first[1]:first[1] + width]
    alpha = alpha.astype(np.float32) / 255
    photo = np.rint(colours * alpha[..., None] + behind * (1 - alpha[..., None])).astype(np.uint8)
    return Scene(name, *through_jpeg(photo), alpha, colours)


def through_jpeg(rgb: np.ndarray) -> tuple[np.ndarray, bytes]:
    """A uint8 picture (height, width, 3) as it comes out of a JPEG, and the file."""
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), jpeg.tobytes()


def read_cars(data: Path, held_back: bool) -> list[Cutout]:
    """The cut-outs that are wide enough, their `rgba` reduced to straight colours everywhere."""
    def read(path: Path) -> Cutout:
        rgba = cv2.cvtColor(read_raw(path, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
        return Cutout(path.stem, path.parent.parent.name, continued(rgba), matte_of(path, rgba))
    cars = in_threads(read, cutout_paths(data, held_back))
    return [car for car in cars if cv2.boundingRect(car.matte)[2] >= LEAST]


def continued(rgba: np.ndarray, faint: int = 32) -> np.ndarray:
    """uint8 (height, width, 3): the straight colours, and where alpha is under `faint`, whose colours are rounded away, those of the nearest pixel."""
    clear = (rgba[..., 3] < faint).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(clear, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((nearest.max() + 1, 3), np.uint8)
    colours[nearest[clear == 0]] = rgba[clear == 0][:, :3]
    return colours[nearest]
