"""Pictures of cars with and without a flaw: turned, something before the car, or another vehicle as large. The kind model is fitted and judged by them.

Each photo, and each cut-out before a background, comes as it is, turned, and with each of CHANGES, pasted. The changes without a flaw differ from those
with one in nothing else: what is pasted stands behind the car or next to it, or is a smaller vehicle.
"""
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from training.data.camera import warp
from training.data.sources import Cutout
from training.data.synthesis import SHADOW, add_neighbour, cast_shadow, fill, match_light, neighbour_placement, over, place_occluder, place_subject

FRAME = (432, 576)     # height, width of a composite
SHARE = (0.4, 0.85)    # of a composite's side, that the car has
HIDDEN = (0.03, 0.5)   # share of an occluded car that is hidden
HARDLY = 0.003         # share of the car that something next to it may hide
AS_LARGE = (0.65, 1.5)  # visible area of another vehicle as large, of the car's
SMALLER = 0.45         # the most of a smaller one
TRIES = 12             # to find a place
STEEPEST = 10          # degrees


class Scene(NamedTuple):
    rgb: np.ndarray   # uint8 (height, width, 3)
    matte: np.ndarray  # uint8 (height, width), the car

    @property
    def box(self) -> tuple:
        """Left, top, right, bottom of the car."""
        x, y, w, h = cv2.boundingRect((self.matte > 127).astype(np.uint8))
        return x, y, x + w, y + h

    def share(self, part: np.ndarray) -> float:
        """Pixels of a part (bool, height x width), of the car's."""
        return float(np.count_nonzero(part) / max(1, np.count_nonzero(self.matte > 127)))

    def before(self, behind: np.ndarray) -> np.ndarray:
        """The car over another picture of the same scene."""
        front = cv2.merge([self.matte] * 3)
        return cv2.add(cv2.multiply(self.rgb, front, scale=1 / 255), cv2.multiply(behind, 255 - front, scale=1 / 255))


def occluded(rng: np.random.Generator, scene: Scene, occluder: np.ndarray) -> np.ndarray | None:
    """With something before the car (uint8, premultiplied RGBA); None where no place was found."""
    for _ in range(TRIES):
        picture, clear = place_occluder(rng, scene.rgb, occluder, scene.box, in_front=True)
        if HIDDEN[0] <= scene.share((clear < 128) & (scene.matte > 127)) <= HIDDEN[1]:
            return picture
    return None


def beside(rng: np.random.Generator, scene: Scene, occluder: np.ndarray) -> np.ndarray:
    """With something next to the car, or behind it."""
    for _ in range(TRIES if rng.random() < 0.6 else 0):
        picture, clear = place_occluder(rng, scene.rgb, occluder, scene.box, in_front=True)
        if scene.share((clear < 128) & (scene.matte > 127)) < HARDLY and scene.share(clear < 128) > 0.02:
            return picture
    return scene.before(place_occluder(rng, scene.rgb, occluder, scene.box, in_front=False)[0])


def several(rng: np.random.Generator, scene: Scene, other: Cutout) -> np.ndarray | None:
    """With another vehicle as large; None where there is no room for it."""
    _, _, w, h = cv2.boundingRect(other.matte)
    left, top, right, bottom = scene.box
    for _ in range(TRIES):
        height = (bottom - top) * rng.uniform(0.8, 1.15)
        width = min(w * height / h, 1.5 * (right - left))
        gap = (right - left) * rng.uniform(-0.35, 0.15)
        start = right + gap if rng.random() < 0.5 else left - gap - width
        ground = bottom + (bottom - top) * rng.uniform(-0.15, 0.05)
        picture, seen = add_neighbour(rng, scene.rgb, other, (start, ground - height, start + width, ground), scene.matte, AS_LARGE[1])
        if scene.share(seen > 127) >= AS_LARGE[0]:
            return scene.before(picture)
    return None


def smaller(rng: np.random.Generator, scene: Scene, other: Cutout) -> np.ndarray:
    """With another vehicle of which less is seen."""
    place = neighbour_placement(rng)(rng, other, scene.box, int(rng.integers(2)))
    return scene.before(add_neighbour(rng, scene.rgb, other, place, scene.matte, SMALLER)[0])


def turned(rgb: np.ndarray, degrees: float) -> np.ndarray:
    """A photo turned anticlockwise about its centre, and cropped to its shape without the corners that this leaves empty."""
    height, width = rgb.shape[:2]
    sine, cosine = np.sin(np.deg2rad(abs(degrees))), np.cos(np.deg2rad(degrees))
    scale = cosine + sine * max(height / width, width / height)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    return cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)


CHANGES: dict[str, Callable] = {"occluded": occluded, "beside": beside, "several": several, "smaller": smaller}


def pictures(rng: np.random.Generator, scene: Scene, occluders: Sequence[np.ndarray], others: Sequence[Cutout]) -> Iterator[tuple[str, np.ndarray]]:
    """The scene as it is, named "", and with each of CHANGES that it has room for; without others, those of occluders alone."""
    yield "", scene.rgb
    for changes, pasted in ((("occluded", "beside"), occluders), (("several", "smaller"), others)):
        for name in changes if pasted else ():
            if (picture := CHANGES[name](rng, scene, pasted[rng.integers(len(pasted))])) is not None:
                yield name, picture


def composed(rng: np.random.Generator, car: Cutout, background: np.ndarray) -> Scene:
    """A cut-out alone before a background."""
    picture = fill(rng, background, FRAME)
    place, box = place_subject(rng, car.matte, FRAME, rng.uniform(*SHARE))
    rgba, matte = warp(car.rgba, place, FRAME), warp(car.matte, place, FRAME)
    if rng.random() < SHADOW:
        picture = cast_shadow(rng, picture, matte, box)
    picture, rgba = match_light(rng, picture, rgba, matte)
    return Scene(over(rgba, picture), matte)
