"""The endless stream of training samples: real photos, composites, a few scenes with no car at all."""
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from model.cells import SIDE, fold
from preprocessing import augment, sources, staging, synthesis
from preprocessing.letterbox import PAD, Letterbox, resize

REAL, EMPTY = 0.6, 0.06     # shares of real photos and of scenes without a car; the rest are composites
NEIGHBOURS = (0.3, 0.45, 0.25)  # chances of a composite to have none, one or two other vehicles
ROW = 0.35                  # share of those that stand in line with the subject
REAL_NEIGHBOUR = 0.35       # share of real photos that get one behind their car
STUDIO, AERIAL, LENS, NIGHT, SMALL = 0.12, 0.12, 0.1, 0.06, 0.05
ASPECTS = ((4 / 3, 0.4), (3 / 2, 0.2), (16 / 9, 0.15), (1.0, 0.05), (3 / 4, 0.12), (9 / 16, 0.08))  # of composites, and how many of each
EDGE = 13                   # width of the edge band in pixels
AS_TAKEN = 0.5              # share of pictures that come as a good camera takes them
GENTLE = 0.12               # how far their light differs
HEAVY, WEIGHT = 255, 51     # the edge band, and what is seen of other vehicles, count five times
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


@dataclass(frozen=True)
class Made:
    """A sample at the frame's size, before the camera: uint8 (height, width[, 3]), but for `outside`."""

    rgb: np.ndarray
    matte: np.ndarray
    others: np.ndarray          # what is seen of other vehicles
    unknown: np.ndarray         # not to be scored
    glass: np.ndarray | None    # None: not known
    outside: np.ndarray         # bool, the letterbox's pad


class Samples:
    """Samples by number: the same seed and number give the same sample, whatever thread makes it."""

    def __init__(self, kept: Sources, frame: tuple[int, int], seed: int):
        self.kept, self.frame, self.seed = kept, frame, seed
        sets = [photo.set for photo in kept.photos]
        share = np.array([sources.TRUST.get(name, 1.0) / sets.count(name) ** 0.5 for name in sets])
        self.chance = np.cumsum(share / share.sum())
        self.noise = augment.noise_bank(seed)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (height, width, 3), truth and weight (height/2, width/2, 5), all uint8.

        The channels of truth and weight are the matte in a cell's four pixels and the glass; a weight of 0 is not scored.
        """
        rng = np.random.default_rng((self.seed, number))
        draw = rng.random()
        if draw < REAL or not (self.kept.cutouts and self.kept.backgrounds):
            made = self.real(rng)
        elif draw < REAL + EMPTY:
            made = self.empty(rng)
        else:
            made = self.made_up(rng)
        if rng.random() < NIGHT:
            made = replace(made, rgb=staging.night(rng, made.rgb, made.matte))
        rgb = augment.relight(rng, made.rgb, GENTLE) if rng.random() < AS_TAKEN else augment.develop(rng, made.rgb, self.noise)
        rgb[made.outside] = PAD  # no camera ever sees the letterbox's pad
        return rgb, *self.targets(made)

    def targets(self, made: "Made") -> tuple[np.ndarray, np.ndarray]:
        """Truth and weight of the matte and of the glass, in cells."""
        blurred = cv2.blur(made.matte, (EDGE, EDGE))
        weight = np.where((blurred > 8) & (blurred < 247) | (made.others > 127), HEAVY, WEIGHT).astype(np.uint8)
        weight[made.unknown > 0] = 0
        cells = self.frame[0] // SIDE, self.frame[1] // SIDE
        if made.glass is None:
            glass = counted = np.zeros(cells, np.uint8)
        else:
            glass, car, unknown = (resize(layer, cells) for layer in (made.glass, made.matte, made.unknown))
            counted = np.where(unknown > 0, 0, np.maximum(car, 25)).astype(np.uint8)
        return np.dstack([fold(made.matte), glass]), np.dstack([fold(weight), counted])

    def real(self, rng: np.random.Generator) -> "Made":
        """A window of a photo."""
        photo = self.kept.photos[int(np.searchsorted(self.chance, rng.random()))]
        matrix = augment.random_window(rng, photo.mask, self.frame)
        rgb, matte = augment.warp_photo(photo.rgb, matrix, self.frame), augment.warp(photo.mask, matrix, self.frame)
        ignore, glass = (None if layer is None else augment.warp(layer, matrix, self.frame) for layer in (photo.ignore, photo.glass))
        outside = augment.warp(np.full(photo.mask.shape, 255, np.uint8), matrix, self.frame) < 128
        blank = np.zeros(self.frame, np.uint8)
        others = blank
        if ignore is None and self.kept.cutouts and rng.random() < REAL_NEIGHBOUR:
            rgb, others = synthesis.paste_neighbour(rng, rgb, matte, self.pick(rng, self.kept.cutouts))
        return Made(rgb, matte, others, blank if ignore is None else ignore, glass, outside)

    def empty(self, rng: np.random.Generator) -> "Made":
        """A scene without a car."""
        scene = staging.studio(rng) if rng.random() < STUDIO else self.pick(rng, self.kept.backgrounds)
        blank = np.zeros(self.frame, np.uint8)
        return Made(synthesis.fill(rng, scene, self.frame), blank, blank, blank, blank, blank > 0)

    def made_up(self, rng: np.random.Generator) -> "Made":
        """A composite of a listing photo's shape in the frame's upper left, as the letterbox puts it."""
        shapes, chances = zip(*ASPECTS)
        aspect = rng.choice(shapes, p=chances)
        content = Letterbox.fit((round(1200 / aspect), 1200), self.frame).content
        car, scene, texture = self.pick(rng, self.kept.cutouts), self.pick(rng, self.kept.backgrounds), self.pick(rng, self.kept.backgrounds)
        if rng.random() < AERIAL:
            car = staging.with_aerial(rng, car)
        if rng.random() < STUDIO:
            scene = staging.studio(rng)
        neighbours = [self.pick(rng, self.kept.cutouts) for _ in range(rng.choice(len(NEIGHBOURS), p=NEIGHBOURS))]
        share = rng.uniform(0.12, 0.3) if rng.random() < SMALL else None
        made = synthesis.composite(rng, car, neighbours, scene, texture, content, rng.random() < ROW, share)
        layers = [made.rgb, made.matte, made.others, *([] if made.glass is None else [made.glass])]
        if rng.random() < LENS:
            layers = staging.bend(rng, layers)
        sides = (0, self.frame[0] - content[0], 0, self.frame[1] - content[1])
        rgb, matte, others, *glass = (cv2.copyMakeBorder(layer, *sides, cv2.BORDER_CONSTANT, value=0) for layer in layers)
        outside = np.ones(self.frame, bool)
        outside[:content[0], :content[1]] = False
        return Made(rgb, matte, others, np.zeros(self.frame, np.uint8), glass[0] if glass else None, outside)

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
