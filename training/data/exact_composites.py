"""Composites whose alpha and colours are known exactly. Edges are measured and learnt on them.

A picture is car * matte + background * (1 - matte), rounded and saved as a JPEG, without shadow, light or neighbours. So matte and car are the
exact truth. The cars are cut-outs at least LEAST pixels wide; their matte is the filled one; where their own alpha left no colour, the nearest
colour is continued.
"""
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.data.sources import Cutout, cutout_paths, in_threads, matte_of, read_backgrounds, read_rgba
from training.errors import DataError

FRAMES = (1066, 1600), (1200, 1600), (900, 1600), (1600, 1200)  # height, width
LEAST = 600        # pixels of a cut-out's width
FAINT = 32         # alpha below which a colour has been rounded away
QUALITY = 92       # of the JPEG


@dataclass(frozen=True)
class ExactComposite:
    name: str
    photo: np.ndarray  # uint8 (height, width, 3), as decoded from the JPEG
    jpeg: bytes
    alpha: np.ndarray  # float32 (height, width) in 0..1, the truth
    car: np.ndarray    # uint8 (height, width, 3), its own colours wherever alpha > 0


def exact_composites(data: Path, split: str, seed: int, number: int) -> Iterator[ExactComposite]:
    """Always the same pictures, made one after another, of the cut-outs of a split.

    Raises DataError where there are no cut-outs or no backgrounds.
    """
    cars, backgrounds = read_large_cutouts(data, split), read_backgrounds(data, split)
    if not (cars and backgrounds):
        raise DataError(f"{data}: no cut-outs of {LEAST} pixels or more in cutouts/SET/rgba, or no backgrounds, for '{split}'")
    for count in range(number):
        rng = np.random.default_rng((seed, count))
        car, background = cars[rng.integers(len(cars))], backgrounds[rng.integers(len(backgrounds))]
        yield make_composite(rng, f"{count:02}", car, background, FRAMES[rng.integers(len(FRAMES))])


def make_composite(rng: np.random.Generator, name: str, car: Cutout, background: np.ndarray, frame: tuple[int, int]) -> ExactComposite:
    """One picture: the car upright, whole, at half to nine tenths of the frame, in the lower half; the background covers the frame."""
    height, width = frame
    x, y, w, h = cv2.boundingRect(car.matte)
    scale = rng.uniform(0.5, 0.9) * min(width / w, height / h)
    left, top = rng.uniform(0, width - w * scale), (height - h * scale) * rng.uniform(0.4, 0.95)
    flip = rng.random() < 0.5
    matrix = np.array([[scale, 0, left - x * scale], [0, scale, top - y * scale]])
    if flip:
        matrix[0] = (-scale, 0, left + (x + w) * scale)
    matrix[:, 2] += 0.5 * matrix[:, :2].sum(1) - 0.5  # pixel centres lie at +0.5
    colours, alpha = (cv2.warpAffine(layer, matrix, (width, height), flags=cv2.INTER_CUBIC) for layer in (car.rgba, car.matte))
    cover = max(height / background.shape[0], width / background.shape[1]) * rng.uniform(1, 1.3)
    behind = cv2.resize(background, None, fx=cover, fy=cover, interpolation=cv2.INTER_CUBIC)
    first = [rng.integers(whole - side + 1) for whole, side in zip(behind.shape, frame)]
    behind = behind[first[0]:first[0] + height, first[1]:first[1] + width]
    alpha = alpha.astype(np.float32) / 255
    photo = np.rint(colours * alpha[..., None] + behind * (1 - alpha[..., None])).astype(np.uint8)
    return ExactComposite(name, *through_jpeg(photo), alpha, colours)


def through_jpeg(rgb: np.ndarray) -> tuple[np.ndarray, bytes]:
    """A uint8 picture (height, width, 3) as decoded from a JPEG of it, and the file."""
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), jpeg.tobytes()


def read_large_cutouts(data: Path, split: str) -> list[Cutout]:
    """The cut-outs that are wide enough, with straight colours everywhere (uint8, height x width x 3) in place of `rgba`."""
    def read(path: Path) -> Cutout:
        rgba = read_rgba(path)
        return Cutout(path.stem, path.parent.parent.name, extended_colours(rgba), matte_of(path, rgba))
    cars = in_threads(read, cutout_paths(data, split))
    return [car for car in cars if cv2.boundingRect(car.matte)[2] >= LEAST]


def extended_colours(rgba: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3) of a straight picture (height, width, 4): its colours, and where alpha is below FAINT those of the nearest pixel that is not."""
    clear = (rgba[..., 3] < FAINT).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(clear, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((nearest.max() + 1, 3), np.uint8)
    colours[nearest[clear == 0]] = rgba[clear == 0][:, :3]
    return colours[nearest]
