"""The core: photo bytes in, cut-out bytes out. It knows nothing of networks, buckets or requests."""
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from model.predictor import Predictor
from postprocessing.encode import encode_png
from postprocessing.foreground import foreground
from postprocessing.refine import refine
from preprocessing.decode import decode
from preprocessing.letterbox import Letterbox

cv2.setNumThreads(1)  # an instance has about one core, and requests already run side by side

LEAST_CAR = 0.004     # share of the picture: less is no listing photo's car
LEAST_CERTAINTY = 0.8


class NoCar(ValueError):
    """The picture shows no vehicle."""


@dataclass(frozen=True)
class CutOut:
    data: bytes                        # RGBA PNG of the photo's size
    width: int
    height: int
    confidence: float                  # 0..1
    milliseconds: dict[str, float]     # by stage


@cache
def predictor() -> Predictor:
    """The bundled network, loaded at its first use and then shared."""
    return Predictor()


def cut_out(photo: bytes) -> CutOut:
    """Cuts the car out of a JPEG, PNG or WebP photo.

    Raises UnreadablePicture or ResolutionTooHigh (see preprocessing.decode), or NoCar.
    """
    clock = Clock()
    with clock("decode"):
        rgb = decode(photo)
    with clock("predict"):
        coarse = predict(rgb, predictor())
        confidence = certainty(coarse)
    if confidence == 0:
        raise NoCar("no vehicle was found in the picture")
    with clock("refine"):
        alpha = refine(coarse, rgb)
        colours = foreground(rgb, alpha)
    with clock("encode"):
        data = encode_png(colours, alpha)
    return CutOut(data, rgb.shape[1], rgb.shape[0], confidence, clock.milliseconds)


def predict(rgb: np.ndarray, network) -> np.ndarray:
    """uint8 photo (height, width, 3) -> float32 matte in 0..1 of the photo's shape, at the network's own coarse size.

    network: anything with a `frame` (height, width) and a `predict` from such a frame to its matte at half the size.
    """
    box = Letterbox.fit(rgb.shape[:2], network.frame)
    return box.crop(network.predict(box.apply(rgb)))


def certainty(matte: np.ndarray) -> float:
    """How sure the network is of a matte (float32, 0..1): the mean alpha of what it takes for the car; 0 where that is no car."""
    car = matte > 0.5
    if car.mean() < LEAST_CAR:
        return 0.0
    mean = float(matte[car].mean())
    return mean if mean >= LEAST_CERTAINTY else 0.0


class Clock:
    """Adds up the milliseconds of named stages."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + 1000 * (time.perf_counter() - began)
