"""Photos as poor cameras and the web give them: small, blurred, grainy, compressed, dark or bright. Masks change as the photos do."""
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from training.data.sources import Photo

Change = Callable[[Photo], Photo]


def recoloured(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Changes the colours alone: uint8 (height, width, 3) to the same shape."""
    return lambda photo: replace(photo, rgb=change(photo.rgb))


def transformed(change: Callable[[np.ndarray, int], np.ndarray]) -> Change:
    """Changes photo, mask and what is ignored alike; the change is given the interpolation."""
    return lambda photo: replace(photo, rgb=change(photo.rgb, cv2.INTER_AREA), mask=change(photo.mask, cv2.INTER_AREA),
                                 ignore=None if photo.ignore is None else change(photo.ignore, cv2.INTER_NEAREST))


def gamma(power: float) -> Change:
    """Darker above 1, brighter below."""
    return recoloured(lambda rgb: np.rint(255 * (rgb / 255) ** power).astype(np.uint8))


def jpeg(quality: int) -> Change:
    return recoloured(lambda rgb: cv2.imdecode(cv2.imencode(".jpg", rgb, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], cv2.IMREAD_COLOR))


def grain(spread: float) -> Change:
    """Gaussian noise; spread: its standard deviation, in levels of 255."""
    return recoloured(lambda rgb: np.clip(rgb + np.random.default_rng(0).normal(0, spread, rgb.shape), 0, 255).astype(np.uint8))


def motion(length: float) -> Change:
    """Blurred level by a share of the photo's width."""
    return recoloured(lambda rgb: cv2.blur(rgb, (max(1, round(length * rgb.shape[1])), 1)))


def longest(side: int) -> Change:
    """Shrunk until the longest side has so many pixels."""
    return transformed(lambda layer, way: cv2.resize(layer, None, fx=(scale := side / max(layer.shape[:2])), fy=scale, interpolation=way))


def degraded(photo: Photo, rng: np.random.Generator) -> Photo:
    """The photo degraded in one of these ways, by a random strength."""
    ways = (gamma(rng.uniform(0.5, 4)), jpeg(int(rng.integers(4, 40))), grain(rng.uniform(5, 40)), motion(rng.uniform(0.003, 0.015)),
            longest(int(rng.integers(160, 480))))
    return ways[rng.integers(len(ways))](photo)
