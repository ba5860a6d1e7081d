"""The endless stream of training samples: real photos, composites, a few scenes with no car at all."""
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from model.space_to_depth import CELL, space_to_depth
from model.frames import COARSE_FRAME, FINE_FRAMES, best_frame
from training.data import camera as augment, accessories as fitted, background_lines as lines, sources, scenes as staging, synthesis
from preprocessing.letterbox import PAD, Letterbox, resize
from training.data.augmentation import STRONG, Augmentation
from training.data.open_panels import opened

RIM = 7                     # width in pixels of the band at the edge of a photo's car before another background that is not scored: its mask is not that exact
ONE = 0.97                  # least share of a photo's mask in one piece, for its car to be lent: it might be two
ASPECTS = ((4 / 3, 0.4), (3 / 2, 0.2), (16 / 9, 0.15), (1.0, 0.05), (3 / 4, 0.12), (9 / 16, 0.08))  # of composites, and how many of each
EDGE = 13                   # width of the edge band in pixels
WEIGHT, HEAVY, THIN = 32, 160, 255  # the edge band, and what is seen of other vehicles, count five times; thin parts of a car eight times
GROUND = 25                 # what is neither glass nor vehicle counts a tenth of what is, for the outputs that tell these
THICK = 15                  # pixels: a part, or a gap, that a square of these does not fit into is thin
GLANCES = 0.2               # share of batches that glance at whole photos
FINER = 3                   # a glance is made so much larger first, and shrunk as serving does it
ALONE, BESIDE = 0.6, 0.4    # least part of a look's side that a composite's car has, alone and beside neighbours, which a glance may take along
WIDE_MARGIN = 1.0           # the same for photos: the largest of the car's box, around a look at it and its neighbour
LONGEST = 1100              # pixels; sources are kept no larger
STEP = 32                   # pixels: the network's stride
AHEAD = 4                   # batches made in advance


@dataclass(frozen=True)
class Sources:
    photos: list[sources.Photo]
    cutouts: list[sources.Cutout]
    backgrounds: list[np.ndarray]
    occluders: list[np.ndarray] = field(default_factory=list)
    often: np.ndarray | None = None  # (cut-outs,), how often each is drawn; None: all alike

    @classmethod
    def read(cls, data: Path, left_out: Collection[str] = (), longest: int = LONGEST, often: Mapping[str, float] | None = None) -> "Sources":
        """left_out: photos not to train on; often: how often each cut-out is drawn; both by SET/STEM. Raises ValueError where one is not there."""
        photos, cutouts = without(sources.read_photos(data, "train", longest), left_out), sources.read_cutouts(data, False, longest)
        if often is not None and (unlike := set(often) ^ {name_of(car) for car in cutouts}):
            raise ValueError(f"weighed or there, but not both: {', '.join(sorted(unlike))}")
        return cls(photos, cutouts, sources.read_backgrounds(data, False, longest), sources.read_occluders(data, False, longest),
                   None if often is None else np.array([often[name_of(car)] for car in cutouts]))


@dataclass(frozen=True)
class Made:
    """A sample at the frame's size, before the camera: uint8 (height, width[, 3]), but for `outside`."""

    rgb: np.ndarray
    matte: np.ndarray
    others: np.ndarray          # what is seen of other vehicles, as far as it is known
    unknown: np.ndarray         # not to be scored
    glass: np.ndarray | None    # None: not known
    outside: np.ndarray         # bool, the letterbox's pad
    all_known: bool             # whether the ground holds no other vehicles than those
    coarse: bool = False        # whether the matte's edge is no more exact than its inside is worth

    def shrunk(self, size: tuple[int, int]) -> "Made":
        """The same at (height, width), by area as serving does it."""
        if self.matte.shape == size:
            return self
        glass = None if self.glass is None else resize(self.glass, size)
        outside = resize(self.outside.astype(np.uint8), size) > 0
        return Made(*(resize(layer, size) for layer in (self.rgb, self.matte, self.others, self.unknown)), glass, outside, self.all_known, self.coarse)


def targets(made: Made) -> tuple[np.ndarray, np.ndarray]:
    """Truth and weight of the matte, of the glass and of other vehicles, in cells."""
    weight = np.where(made.others > 127, HEAVY, WEIGHT).astype(np.uint8)
    if not made.coarse:
        weight[edge_of(made.matte, EDGE) > 0] = HEAVY
        weight[thin(made.matte)] = THIN
    weight[made.unknown > 0] = 0
    cells = made.matte.shape[0] // CELL, made.matte.shape[1] // CELL
    car, others, unknown = (resize(layer, cells) for layer in (made.matte, made.others, made.unknown))
    glass = clear = np.zeros(cells, np.uint8)
    if made.glass is not None:
        glass, clear = resize(made.glass, cells), np.maximum(car, GROUND)
    apart = np.maximum(np.maximum(car, others), GROUND if made.all_known else 0)
    clear, apart = (np.where(unknown > 0, 0, counted).astype(np.uint8) for counted in (clear, apart))
    return np.dstack([space_to_depth(made.matte), glass, others]), np.dstack([space_to_depth(weight), clear, apart])


def edge_of(matte: np.ndarray, width: int) -> np.ndarray:
    """uint8 (height, width), 255 in a band, so many pixels wide, around the edge of a uint8 matte."""
    return cv2.inRange(cv2.blur(matte, (width, width)), 9, 246)


def lifted(photo: sources.Photo) -> sources.Cutout:
    """The car of a photo as a cut-out; its rim holds some of the old ground."""
    return sources.Cutout(photo.name, photo.set, np.dstack([cv2.multiply(photo.rgb, cv2.merge([photo.mask] * 3), scale=1 / 255), photo.mask]), photo.mask)


def dressed(rng: np.random.Generator, photo: sources.Photo, fit: Callable[[np.random.Generator, sources.Cutout], sources.Cutout]) -> sources.Photo:
    """The same photo with something fitted to its car."""
    car = fit(rng, sources.Cutout(photo.name, photo.set, np.dstack([photo.rgb, photo.mask]), photo.mask))
    return replace(photo, rgb=np.ascontiguousarray(car.rgba[..., :3]), mask=car.matte)


def thin(matte: np.ndarray) -> np.ndarray:
    """Where a uint8 matte (height, width) has mirrors, aerials, spoilers, or a narrow gap between a car's parts."""
    square = np.ones((THICK, THICK), np.uint8)
    car = (matte > 127).astype(np.uint8)
    return (cv2.morphologyEx(car, cv2.MORPH_OPEN, square) != car) | (cv2.morphologyEx(car, cv2.MORPH_CLOSE, square) != car)


class Samples:
    """Samples by number: the same seed and number give the same sample, whatever thread makes it.

    Those of one batch share a frame: that of glances, or one of those of looks (model.frames), which then holds cars of its shape.
    """

    def __init__(self, kept: Sources, seed: int, scale: float = 1.0, mix: Augmentation = STRONG):
        """scale: of the looks' frames, for quicker training on less detail; mix: how often what is shown."""
        self.kept, self.seed, self.mix = kept, seed, mix
        self.looks = [tuple(STEP * round(side * scale / STEP) for side in frame) for frame in FINE_FRAMES]
        sets = [photo.set for photo in kept.photos]
        share = np.array([sources.TRUST.get(name, 1.0) / sets.count(name) ** 0.5 for name in sets])
        self.photos = Shaped(kept.photos, [photo.mask for photo in kept.photos], share / share.sum())
        often = np.array([sources.CUTOUT_TRUST.get(car.set, 1.0) for car in kept.cutouts]) * (1.0 if kept.often is None else kept.often)
        self.cutouts = Shaped(kept.cutouts, [car.matte for car in kept.cutouts], often / max(often.sum(), 1e-9))
        free = [photo for photo in kept.photos if photo.set not in sources.COARSE and stands_free(photo)]
        self.strangers = Shaped(free, [photo.mask for photo in free], np.ones(len(free)))
        self.noise = augment.noise_bank(seed)

    def frame_of(self, batch: int) -> tuple[int, int]:
        """Height and width that a batch's pictures have."""
        rng = np.random.default_rng((self.seed, batch, 1))
        if rng.random() < GLANCES:
            return COARSE_FRAME
        chances = [sum(share[place] for share in (self.photos.shares, self.cutouts.shares) if share.sum()) for place in range(len(FINE_FRAMES))]
        return self.looks[rng.choice(len(FINE_FRAMES), p=np.array(chances) / sum(chances))]

    def make(self, number: int, frame: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (height, width, 3), truth and weight (height/2, width/2, 6), all uint8.

        The channels of truth and weight are the matte in a cell's four pixels, the glass and other vehicles; a weight of 0 is not scored.
        """
        rng = np.random.default_rng((self.seed, number))
        draw = rng.random()
        larger = tuple(FINER * side for side in frame) if frame == COARSE_FRAME else frame
        if draw < self.mix.real or not (self.kept.cutouts and self.kept.backgrounds):
            made = self.real(rng, larger)
        elif draw < self.mix.real + self.mix.empty:
            made = self.empty(rng, larger)
        else:
            made = self.made_up(rng, larger)
        made = made.shrunk(frame)
        if rng.random() < self.mix.lines:
            made = replace(made, rgb=lines.with_lines(rng, made.rgb, made.matte))
        if rng.random() < self.mix.mirroring:
            made = replace(made, rgb=staging.mirroring(rng, made.rgb, made.matte))
        if rng.random() < self.mix.plate:
            made = replace(made, rgb=staging.hidden_plate(rng, made.rgb, made.matte))
        if rng.random() < self.mix.stamp:
            made = replace(made, rgb=staging.stamped(rng, made.rgb))
        if rng.random() < self.mix.night:
            made = replace(made, rgb=staging.night(rng, made.rgb, made.matte))
        rgb = augment.relight(rng, made.rgb, self.mix.gentle) if rng.random() < self.mix.as_taken else augment.develop(rng, made.rgb, self.noise)
        rgb[made.outside] = PAD  # no camera ever sees the letterbox's pad
        return rgb, *targets(made)

    def real(self, rng: np.random.Generator, frame: tuple[int, int]) -> Made:
        """A photo, or the part of it around the car."""
        glance = frame not in self.looks
        photo = self.photos.pick(rng, None if glance else self.looks.index(frame))
        if rng.random() < self.mix.aerial:  # else they are seen on cut-outs alone, and lines above the cars of photos are ground
            photo = dressed(rng, photo, fitted.with_aerial)
        if rng.random() < self.mix.mirror:
            photo = dressed(rng, photo, fitted.with_mirror)
        beside = photo.ignore is None and bool(self.kept.cutouts) and rng.random() < self.mix.neighbour
        if glance:
            matrix = augment.random_window(rng, photo.mask, frame)
        else:
            matrix = augment.car_window(rng, photo.mask, frame, WIDE_MARGIN if beside else augment.MARGIN)
        rgb, matte = augment.warp_photo(photo.rgb, matrix, frame), augment.warp(photo.mask, matrix, frame)
        ignore, glass = (None if layer is None else augment.warp(layer, matrix, frame) for layer in (photo.ignore, photo.glass))
        outside = augment.warp(np.full(photo.mask.shape, 255, np.uint8), matrix, frame) < 128
        blank = np.zeros(frame, np.uint8)
        others = blank
        if beside:
            rgb, others = synthesis.paste_neighbour(rng, rgb, matte, self.neighbour(rng))
        if self.kept.occluders and rng.random() < self.mix.occluder:
            rgb, clear = synthesis.place_occluder(rng, rgb, self.pick(rng, self.kept.occluders), boxed(matte), in_front=True)
            matte, others = (cv2.multiply(layer, clear, scale=1 / 255) for layer in (matte, others))
            glass = None if glass is None else cv2.multiply(glass, clear, scale=1 / 255)
        return Made(rgb, matte, others, blank if ignore is None else ignore, glass, outside, False, photo.set in sources.COARSE)

    def empty(self, rng: np.random.Generator, frame: tuple[int, int]) -> Made:
        """A scene without a car."""
        scene = staging.studio(rng) if rng.random() < self.mix.studio else self.pick(rng, self.kept.backgrounds)
        blank = np.zeros(frame, np.uint8)
        return Made(synthesis.fill(rng, scene, frame), blank, blank, blank, blank, blank > 0, True)

    def made_up(self, rng: np.random.Generator, frame: tuple[int, int]) -> Made:
        """A composite of a listing photo's shape in the frame's upper left, as the letterbox puts it, or that fills the frame with its car."""
        glance = frame not in self.looks
        content = frame
        if glance or rng.random() >= self.mix.full:
            shapes, chances = zip(*ASPECTS)
            content = Letterbox.fit((round(1200 / rng.choice(shapes, p=chances)), 1200), frame).content
        moved = bool(self.strangers.items) and rng.random() < self.mix.moved
        look = None if glance else self.looks.index(frame)
        found = lifted(self.strangers.pick(rng, look)) if moved else self.cutouts.pick(rng, look)
        car = self.other_make(rng, found)
        scene, texture = self.pick(rng, self.kept.backgrounds), self.pick(rng, self.kept.backgrounds)
        if not moved and rng.random() < self.mix.aerial:  # a moved car's would lie in the band that is not scored
            car = fitted.with_aerial(rng, car)
        if not moved and rng.random() < self.mix.mirror:
            car = fitted.with_mirror(rng, car)
        if rng.random() < self.mix.studio:
            scene = staging.studio(rng)
        neighbours = [self.other_make(rng, found) if rng.random() < self.mix.twin else self.neighbour(rng) for _ in range(rng.choice(len(self.mix.neighbours), p=self.mix.neighbours))]
        if glance:
            share = rng.uniform(0.12, 0.3) if rng.random() < self.mix.small else None
        else:
            share = rng.uniform(BESIDE if neighbours else ALONE, 0.98) if rng.random() < 0.9 else rng.uniform(0.95, 1.3)
        made = synthesis.composite(rng, car, neighbours, scene, texture, content, synthesis.some_place(rng), share,
                                   rng.uniform(0.3, 0.85) if rng.random() < self.mix.veil else 0.0, self.things(rng), self.things(rng))
        layers = [made.rgb, made.matte, made.others, *([] if made.glass is None else [made.glass])]
        if rng.random() < self.mix.lens:
            layers = staging.bend(rng, layers)
        sides = (0, frame[0] - content[0], 0, frame[1] - content[1])
        rgb, matte, others, *glass = (cv2.copyMakeBorder(layer, *sides, cv2.BORDER_CONSTANT, value=0) for layer in layers)
        outside = np.ones(frame, bool)
        outside[:content[0], :content[1]] = False
        unknown = edge_of(matte, RIM) if moved else np.zeros(frame, np.uint8)
        return Made(rgb, matte, others, unknown, glass[0] if glass else None, outside, True)

    def things(self, rng: np.random.Generator) -> list[np.ndarray]:
        """An occluder, now and then two, mostly none."""
        if not self.kept.occluders or rng.random() >= self.mix.occluder:
            return []
        return [self.pick(rng, self.kept.occluders) for _ in range(1 + (rng.random() < 0.3))]

    def neighbour(self, rng: np.random.Generator) -> sources.Cutout:
        """Another vehicle: a cut-out, or the car of another photo, whose rim of old ground does no harm where it is no car to be kept."""
        if self.strangers.items and rng.random() < self.mix.stranger:
            return lifted(self.strangers.pick(rng, None))
        return self.other_make(rng, self.pick(rng, self.kept.cutouts))

    def other_make(self, rng: np.random.Generator, car: sources.Cutout) -> sources.Cutout:
        """A cut-out as it is, or changed into a car that nobody has photographed: there are but a few hundred."""
        if rng.random() < self.mix.paint:
            car = staging.repainted(rng, car)
        if self.kept.backgrounds and rng.random() < self.mix.livery:
            car = staging.wrapped(rng, car, self.pick(rng, self.kept.backgrounds))
        if rng.random() < self.mix.longer:
            car = staging.lengthened(rng, car)
        if rng.random() < self.mix.laden:
            car = fitted.laden(rng, car)
        return opened(rng, car) if rng.random() < self.mix.open else car

    @staticmethod
    def pick(rng: np.random.Generator, items: list):
        return items[rng.integers(len(items))]

    def batches(self, size: int, first: int = 0) -> Iterator[tuple[np.ndarray, ...]]:
        """Stacked batches in order from batch number `first`, made ahead in a thread beside the training step."""
        def make(batch: int) -> tuple[np.ndarray, ...]:
            frame = self.frame_of(batch)
            return tuple(np.stack(part) for part in zip(*(self.make(batch * size + i, frame) for i in range(size))))

        with ThreadPoolExecutor(1) as pool:
            waiting = deque(pool.submit(make, first + i) for i in range(AHEAD))
            try:
                while True:
                    first += 1
                    waiting.append(pool.submit(make, first + AHEAD - 1))
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def name_of(item: sources.Photo | sources.Cutout) -> str:
    return f"{item.set}/{item.name}"


def without(photos: list[sources.Photo], left_out: Collection[str]) -> list[sources.Photo]:
    """The photos but those left out, by SET/STEM. Raises ValueError where one is not there."""
    if strangers := set(left_out) - {name_of(photo) for photo in photos}:
        raise ValueError(f"to be left out, but not there: {', '.join(sorted(strangers))}")
    return [photo for photo in photos if name_of(photo) not in left_out]


def stands_free(photo: sources.Photo) -> bool:
    """Whether all of a photo's car is known and in view, and it is one."""
    car = (photo.mask > 127).astype(np.uint8)
    if photo.ignore is not None or any(edge.any() for edge in (car[0], car[-1], car[:, 0], car[:, -1])):
        return False
    sizes = cv2.connectedComponentsWithStats(car)[2][1:, cv2.CC_STAT_AREA]
    return bool(sizes.max(initial=0) >= ONE * max(1, sizes.sum()))


class Shaped:
    """Things to draw from, each with its chance, and apart by the look's frame that their car fills best."""

    def __init__(self, items: list, mattes: list[np.ndarray], chances: np.ndarray):
        self.items = items
        fits = np.array([FINE_FRAMES.index(best_frame(car_shape(matte))) for matte in mattes], int)
        self.sums = [np.cumsum(np.where(fits == place, chances, 0)) for place in range(len(FINE_FRAMES))]
        self.shares = np.array([total[-1] if total.size else 0.0 for total in self.sums])
        self.all = np.cumsum(chances)

    def pick(self, rng: np.random.Generator, look: int | None):
        """One of all, or of those that fill a look's frame, if there are any."""
        total = self.all if look is None or not self.shares[look] else self.sums[look]
        return self.items[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]


def boxed(matte: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the car in a uint8 matte; of the whole matte where it has none."""
    x, y, w, h = cv2.boundingRect((matte > 127).astype(np.uint8))
    return (x, y, x + w, y + h) if w else (0, 0, matte.shape[1], matte.shape[0])


def car_shape(matte: np.ndarray) -> tuple[int, int]:
    """Height and width of the car's box in a uint8 matte; of the whole matte where it has none."""
    _, _, w, h = cv2.boundingRect((matte > 127).astype(np.uint8))
    return (h, w) if w else matte.shape
