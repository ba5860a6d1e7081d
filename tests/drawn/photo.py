"""Car and street put together as a camera would take them."""
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from tests.drawn.backdrop import over
from tests.drawn.car import hatchback
from tests.drawn.render import place
from tests.drawn.street import street

Angle = Literal["side", "front", "three_quarter", "rear"]

POSES: dict[Angle, tuple[float, float]] = {  # heading in degrees, distance in metres
    "side": (180, 7.7),
    "front": (-98, 6.9),
    "three_quarter": (218, 7.7),
    "rear": (98, 6.9),
}
NEIGHBOUR_COLOUR, NEIGHBOUR_HEADING, NEIGHBOUR_POSITION = (58, 84, 122), 180, (2.5, 10.6)  # RGB, degrees, metres
BLUR, GRAIN = 0.55, 1.8  # sigma in pixels, sigma in grey levels


@dataclass(frozen=True)
class DrawnPhoto:
    """A drawn photo with its true matte."""

    rgb: np.ndarray         # uint8 (height, width, 3)
    alpha: np.ndarray       # float32 (height, width) in 0..1
    foreground: np.ndarray  # uint8 (height, width, 3), the car's own colour where alpha > 0


@lru_cache(64)  # many tests look at the same photo
def draw_photo(width: int = 1280, height: int = 960, *, angle: Angle = "three_quarter", colour: tuple[int, int, int] = (168, 28, 34),
               seed: int = 0, neighbour: bool = False) -> DrawnPhoto:
    """A car on the street of `draw_street`; the neighbour is a second, half hidden car that is background. Its arrays are read-only."""
    camera, scene = street(width, height, seed)
    mesh, (heading, distance) = hatchback(), POSES[angle]
    if neighbour:
        scene = over(*place(scene, camera, mesh, NEIGHBOUR_COLOUR, NEIGHBOUR_HEADING, NEIGHBOUR_POSITION), scene)
    foreground, alpha = place(scene, camera, mesh, colour, heading, (0.0, distance))
    photo = DrawnPhoto(develop(over(foreground, alpha, scene), seed), alpha, foreground)
    for array in (photo.rgb, photo.alpha, photo.foreground):
        array.flags.writeable = False
    return photo


def draw_street(width: int, height: int, seed: int = 0) -> np.ndarray:
    """The same street with no car in it: uint8 (height, width, 3)."""
    return develop(street(width, height, seed)[1], seed)


def develop(scene: np.ndarray, seed: int) -> np.ndarray:
    """What a camera does to a scene, float32 (height, width, 3) in 0..255 -> uint8 alike: a little blur, then grain."""
    rng = np.random.default_rng((seed, 1))
    grain = rng.standard_normal(scene.shape, np.float32) + rng.standard_normal((*scene.shape[:2], 1), np.float32)
    return np.clip(cv2.GaussianBlur(scene, (0, 0), BLUR) + GRAIN * grain + 0.5, 0, 255).astype(np.uint8)


def encode(rgb: np.ndarray, format: Literal["jpeg", "png", "webp"] = "jpeg", quality: int = 92) -> bytes:
    """uint8 (height, width, 3) to the bytes of an image file; PNG has no quality."""
    flags = {"jpeg": [cv2.IMWRITE_JPEG_QUALITY, quality], "webp": [cv2.IMWRITE_WEBP_QUALITY, quality], "png": []}[format]
    return cv2.imencode(f".{format}", rgb[..., ::-1], flags)[1].tobytes()
