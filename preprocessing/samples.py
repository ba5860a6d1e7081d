"""The endless stream of training samples: half real photos, half composites, a few scenes with no car at all."""
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from preprocessing import augment, sources, synthesis
from preprocessing.letterbox import PAD

REAL, EMPTY = 0.5, 0.04     # shares of real photos and of scenes without a car; the rest are composites
NEIGHBOUR = 0.4             # share of composites with a second vehicle
REAL_NEIGHBOUR = 0.2        # share of real photos that get one behind their car
EDGE = 7                    # width of the edge band in output cells
EDGE_WEIGHT, WEIGHT = 255, 51  # the band counts five times
ZOOM = 1.5                  # sources are kept this much larger than the frame, so that windows of them stay sharp
AHEAD = 4                   # batches made in advance


@dataclass(frozen=True)
class Sources:
    photos: list[sources.Photo]
    cutouts: list[sources.Cutout]
    backgrounds: list[np.ndarray]

    @classmethod
    def read(cls, data: Path, frame: tuple[int, int]) -> "Sources":
        longest = round(ZOOM * max(frame))
        return cls(sources.read_photos(data, "train", longest), sources.read_cutouts(data, False, longest),
                   sources.read_backgrounds(data, False, longest))


class Samples:
    """Samples by number: the same seed and number give the same sample, whatever thread makes it."""

    def __init__(self, kept: Sources, frame: tuple[int, int], seed: int):
        self.kept, self.frame, self.seed = kept, frame, seed
        sets = [photo.set for photo in kept.photos]
        share = np.array([sources.TRUST.get(name, 1.0) / sets.count(name) ** 0.5 for name in sets])
        self.chance = np.cumsum(share / share.sum())
        self.noise = augment.noise_bank(seed)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (height, width, 3), matte and weight (height/2, width/2), all uint8; a weight of 0 is not scored."""
        rng = np.random.default_rng((self.seed, number))
        draw = rng.random()
        ignore = outside = None
        if draw < REAL or not (self.kept.cutouts and self.kept.backgrounds):
            rgb, matte, ignore, outside = self.real(rng)
        elif draw < REAL + EMPTY:
            rgb = synthesis.fill(rng, self.pick(rng, self.kept.backgrounds), self.frame)
            matte = np.zeros(self.frame, np.uint8)
        else:
            car, other = self.pick(rng, self.kept.cutouts), self.pick(rng, self.kept.cutouts)
            scene, texture = self.pick(rng, self.kept.backgrounds), self.pick(rng, self.kept.backgrounds)
            rgb, matte = synthesis.composite(rng, car, other if rng.random() < NEIGHBOUR else None, scene, texture, self.frame)
        matte = augment.to_cells(matte)
        blurred = cv2.blur(matte, (EDGE, EDGE))
        weight = np.where((blurred > 8) & (blurred < 247), EDGE_WEIGHT, WEIGHT).astype(np.uint8)
        if ignore is not None:
            weight[augment.to_cells(ignore) > 0] = 0
        rgb = augment.develop(rng, rgb, self.noise)
        if outside is not None:
            rgb[outside] = PAD  # no camera ever sees the letterbox's pad
        return rgb, matte, weight

    def real(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
        """Picture and mask of a window of a photo, what of it is not known, and where it is pad."""
        photo = self.kept.photos[int(np.searchsorted(self.chance, rng.random()))]
        matrix = augment.random_window(rng, photo.mask, self.frame)
        rgb, matte = augment.warp_photo(photo.rgb, matrix, self.frame), augment.warp(photo.mask, matrix, self.frame)
        if photo.ignore is None and self.kept.cutouts and rng.random() < REAL_NEIGHBOUR:
            rgb = synthesis.paste_neighbour(rng, rgb, matte, self.pick(rng, self.kept.cutouts))
        inside = augment.warp(np.full(photo.mask.shape, 255, np.uint8), matrix, self.frame)
        return rgb, matte, None if photo.ignore is None else augment.warp(photo.ignore, matrix, self.frame), inside < 128

    @staticmethod
    def pick(rng: np.random.Generator, items: list):
        return items[rng.integers(len(items))]

    def batches(self, size: int, first: int = 0) -> Iterator[tuple[np.ndarray, ...]]:
        """Stacked batches in order from sample number `first`, made ahead in a thread beside the training step."""
        def make(number: int) -> tuple[np.ndarray, ...]:
            return tuple(np.stack(part) for part in zip(*(self[number + i] for i in range(size))))

        with ThreadPoolExecutor(1) as pool:
            waiting = deque(pool.submit(make, first + i * size) for i in range(AHEAD))
            try:
                while True:
                    first += size
                    waiting.append(pool.submit(make, first + (AHEAD - 1) * size))
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
