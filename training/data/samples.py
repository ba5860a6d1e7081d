"""The endless stream of training samples: photos, composites, and a few scenes without a car."""
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from model.frames import COARSE_FRAME, FINE_FRAMES, best_frame
from preprocessing.letterbox import PAD, Letterbox
from training.data import accessories, background_lines, camera, scenes, synthesis
from training.data.augmentation import STRONG, Augmentation
from training.data.open_panels import open_panel
from training.data.sources import (
    CUTOUT_WEIGHTS,
    LOW_RESOLUTION,
    MADE_BY_NETWORKS,
    PHOTO_WEIGHTS,
    Cutout,
    Photo,
    name_of,
    read_backgrounds,
    read_cutouts,
    read_occluders,
    read_photos,
)
from training.data.targets import Sample, edge_band, mirror_zone, targets
from training.errors import DataError

RIM = 7                     # width in pixels of the band around a pasted car that is not scored: masks of photos are not that exact
ONE_PIECE = 0.97            # least share of a photo's mask in one piece, for its car to be pasted elsewhere: else it might be two cars
ASPECTS = ((4 / 3, 0.4), (3 / 2, 0.2), (16 / 9, 0.15), (1.0, 0.05), (3 / 4, 0.12), (9 / 16, 0.08))  # of composites, each with its probability
COARSE_SHARE = 0.2          # share of batches in the coarse frame
OVERSAMPLED = 3             # samples of the coarse frame are made so much larger and shrunk, as in serving
ALONE, BESIDE = 0.6, 0.4    # least part of a fine frame's side that a composite's car has: alone, and beside neighbours that the window may hold too
WIDE_MARGIN = 1.0           # the same for photos: largest margin around a car with a neighbour, in the car's box
LONGEST = 1100              # pixels; sources are kept no larger
STRIDE = 32                 # pixels, of the network
AHEAD = 4                   # batches made in advance


@dataclass(frozen=True)
class Sources:
    photos: list[Photo]
    cutouts: list[Cutout]
    backgrounds: list[np.ndarray]
    occluders: list[np.ndarray] = field(default_factory=list)
    sampling_weights: np.ndarray | None = None  # (cut-outs,); None: all alike

    @classmethod
    def read(cls, data: Path, excluded: Collection[str] = (), longest: int = LONGEST, sampling_weights: Mapping[str, float] | None = None) -> "Sources":
        """excluded: photos not to train on; sampling_weights: how often each cut-out is drawn; both by SET/STEM. Raises DataError where one is not there."""
        photos, cutouts = without(read_photos(data, "train", longest), excluded), read_cutouts(data, "train", longest)
        if sampling_weights is not None and (unmatched := set(sampling_weights) ^ {name_of(car) for car in cutouts}):
            raise DataError(f"sampling weights and cut-outs differ: {first_few(unmatched)}; `train.py mine` weighs those that are there")
        return cls(photos, cutouts, read_backgrounds(data, "train", longest), read_occluders(data, "train", longest),
                   None if sampling_weights is None else np.array([sampling_weights[name_of(car)] for car in cutouts]))


class Samples:
    """Samples by number: the same seed and number give the same sample, whatever thread makes it.

    Those of one batch share a frame: the coarse one, or one of the fine ones (model.frames), which then hold cars of its shape.
    """

    def __init__(self, sources: Sources, seed: int, scale: float = 1.0, augmentation: Augmentation = STRONG):
        """scale: of the fine frames, for quicker training on less detail."""
        self.sources, self.seed, self.augmentation = sources, seed, augmentation
        self.fine_frames = [tuple(STRIDE * round(side * scale / STRIDE) for side in frame) for frame in FINE_FRAMES]
        sets = [photo.set for photo in sources.photos]
        weights = np.array([PHOTO_WEIGHTS.get(name, 1.0) / sets.count(name) ** 0.5 for name in sets])
        self.photos = WeightedChoice(sources.photos, [photo.mask for photo in sources.photos], weights / weights.sum())
        weights = np.array([CUTOUT_WEIGHTS.get(car.set, 1.0) for car in sources.cutouts])
        if sources.sampling_weights is not None:
            weights = weights * sources.sampling_weights
        self.cutouts = WeightedChoice(sources.cutouts, [car.matte for car in sources.cutouts], weights / max(weights.sum(), 1e-9))
        whole = [photo for photo in sources.photos if photo.set not in LOW_RESOLUTION and is_one_whole_car(photo)]
        self.pasteable = WeightedChoice(whole, [photo.mask for photo in whole], np.ones(len(whole)))
        self.noise = camera.noise_bank(seed)

    def frame_of(self, batch: int) -> tuple[int, int]:
        """Height and width that a batch's pictures have."""
        rng = np.random.default_rng((self.seed, batch, 1))
        if rng.random() < COARSE_SHARE:
            return COARSE_FRAME
        shares = [sum(choice.shares[index] for choice in (self.photos, self.cutouts) if choice.shares.sum()) for index in range(len(FINE_FRAMES))]
        return self.fine_frames[rng.choice(len(FINE_FRAMES), p=np.array(shares) / sum(shares))]

    def make(self, number: int, frame: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (height, width, 3), truth and weight (height/2, width/2, 6; see `targets`), all uint8."""
        rng = np.random.default_rng((self.seed, number))
        chance, draw = self.augmentation, rng.random()
        larger = (OVERSAMPLED * frame[0], OVERSAMPLED * frame[1]) if frame == COARSE_FRAME else frame
        if draw < chance.photo or not (self.sources.cutouts and self.sources.backgrounds):
            sample = self.photo(rng, larger)
        elif draw < chance.photo + chance.empty_scene:
            sample = self.empty_scene(rng, larger)
        else:
            sample = self.composite(rng, larger)
        sample = sample.shrunk(frame)
        if rng.random() < chance.background_lines:
            sample = replace(sample, rgb=background_lines.add_lines(rng, sample.rgb, sample.matte))
        if rng.random() < chance.reflection:
            sample = replace(sample, rgb=scenes.reflect_surroundings(rng, sample.rgb, sample.matte))
        if rng.random() < chance.plate:
            sample = replace(sample, rgb=scenes.hide_plate(rng, sample.rgb, sample.matte))
        if rng.random() < chance.watermark:
            sample = replace(sample, rgb=scenes.add_watermark(rng, sample.rgb))
        if rng.random() < chance.night:
            sample = replace(sample, rgb=scenes.night(rng, sample.rgb, sample.matte))
        rgb = camera.relight(rng, sample.rgb, chance.light_strength) if rng.random() < chance.light_only else camera.degrade(rng, sample.rgb, self.noise)
        rgb[sample.outside] = PAD  # the letterbox's pad is always of this colour
        return rgb, *targets(sample)

    def photo(self, rng: np.random.Generator, frame: tuple[int, int]) -> Sample:
        """A photo, or the part of it around the car."""
        index = self.fine_frame_index(frame)
        photo = self.photos.pick(rng, index)
        if rng.random() < self.augmentation.aerial:  # else only cut-outs have aerials, and lines above the cars of photos are background
            photo = with_accessory(rng, photo, accessories.add_aerial)
        if rng.random() < self.augmentation.mirror:
            photo = with_accessory(rng, photo, accessories.add_mirror)
        beside = photo.ignore is None and bool(self.sources.cutouts) and rng.random() < self.augmentation.photo_neighbour
        if index is None:
            matrix = camera.random_window(rng, photo.mask, frame)
        else:
            matrix = camera.car_window(rng, photo.mask, frame, WIDE_MARGIN if beside else camera.MARGIN)
        rgb, matte = camera.warp_photo(photo.rgb, matrix, frame), camera.warp(photo.mask, matrix, frame)
        ignore, glass = (None if layer is None else camera.warp(layer, matrix, frame) for layer in (photo.ignore, photo.glass))
        unknown = np.zeros(frame, np.uint8) if ignore is None else ignore
        if photo.set in MADE_BY_NETWORKS:
            unknown = cv2.max(unknown, camera.warp(mirror_zone(photo.mask), matrix, frame))
        outside = camera.warp(np.full(photo.mask.shape, 255, np.uint8), matrix, frame) < 128
        blank = np.zeros(frame, np.uint8)
        others = blank
        if beside:
            rgb, others = synthesis.paste_neighbour(rng, rgb, matte, self.neighbour(rng))
        if self.sources.occluders and rng.random() < self.augmentation.occluder:
            rgb, visible = synthesis.place_occluder(rng, rgb, pick(rng, self.sources.occluders), box_of(matte), in_front=True)
            matte, others = (cv2.multiply(layer, visible, scale=1 / 255) for layer in (matte, others))
            glass = None if glass is None else cv2.multiply(glass, visible, scale=1 / 255)
        return Sample(rgb, matte, others, unknown, glass, outside, False, photo.set not in LOW_RESOLUTION)

    def empty_scene(self, rng: np.random.Generator, frame: tuple[int, int]) -> Sample:
        """A scene without a car."""
        scene = scenes.studio(rng) if rng.random() < self.augmentation.studio else pick(rng, self.sources.backgrounds)
        blank = np.zeros(frame, np.uint8)
        return Sample(synthesis.fill(rng, scene, frame), blank, blank, blank, blank, blank > 0, True)

    def composite(self, rng: np.random.Generator, frame: tuple[int, int]) -> Sample:
        """A composite of a listing photo's shape in the frame's upper left, as the letterbox puts it, or one that fills the frame with its car."""
        chance, index = self.augmentation, self.fine_frame_index(frame)
        content = frame
        if index is None or rng.random() >= chance.fill_frame:
            aspects, probabilities = zip(*ASPECTS)
            content = Letterbox.fit((round(1200 / rng.choice(aspects, p=probabilities)), 1200), frame).content
        pasted = bool(self.pasteable.items) and rng.random() < chance.copy_paste
        source = cutout_of(self.pasteable.pick(rng, index)) if pasted else self.cutouts.pick(rng, index)
        car = self.varied(rng, source)
        scene, texture = pick(rng, self.sources.backgrounds), pick(rng, self.sources.backgrounds)
        if not pasted and rng.random() < chance.aerial:  # a pasted car's would lie in the band that is not scored
            car = accessories.add_aerial(rng, car)
        if not pasted and rng.random() < chance.mirror:
            car = accessories.add_mirror(rng, car)
        if rng.random() < chance.studio:
            scene = scenes.studio(rng)
        neighbours = [self.varied(rng, source) if rng.random() < chance.same_car else self.neighbour(rng)
                      for _ in range(rng.choice(len(chance.neighbours), p=chance.neighbours))]
        if index is None:
            share = rng.uniform(0.12, 0.3) if rng.random() < chance.distant else None
        else:
            share = rng.uniform(BESIDE if neighbours else ALONE, 0.98) if rng.random() < 0.9 else rng.uniform(0.95, 1.3)
        made = synthesis.composite(rng, car, neighbours, scene, texture, content, synthesis.neighbour_placement(rng), share,
                                   rng.uniform(0.3, 0.85) if rng.random() < chance.haze else 0.0, self.occluders(rng), self.occluders(rng))
        layers = [made.rgb, made.matte, made.others, *([] if made.glass is None else [made.glass])]
        if rng.random() < chance.lens:
            layers = scenes.distort_lens(rng, layers)
        sides = (0, frame[0] - content[0], 0, frame[1] - content[1])
        rgb, matte, others, *glass = (cv2.copyMakeBorder(layer, *sides, cv2.BORDER_CONSTANT, value=0) for layer in layers)
        outside = np.ones(frame, bool)
        outside[:content[0], :content[1]] = False
        unknown = edge_band(matte, RIM) if pasted else np.zeros(frame, np.uint8)
        return Sample(rgb, matte, others, unknown, glass[0] if glass else None, outside, True)

    def fine_frame_index(self, frame: tuple[int, int]) -> int | None:
        """Which of the fine frames a frame is; None for the coarse one."""
        return self.fine_frames.index(frame) if frame in self.fine_frames else None

    def occluders(self, rng: np.random.Generator) -> list[np.ndarray]:
        """None, one or two."""
        if not self.sources.occluders or rng.random() >= self.augmentation.occluder:
            return []
        return [pick(rng, self.sources.occluders) for _ in range(1 + (rng.random() < 0.3))]

    def neighbour(self, rng: np.random.Generator) -> Cutout:
        """Another vehicle: a cut-out, or the car of another photo, whose inexact mask does no harm where the car is not to be kept."""
        if self.pasteable.items and rng.random() < self.augmentation.neighbour_from_photo:
            return cutout_of(self.pasteable.pick(rng, None))
        return self.varied(rng, pick(rng, self.sources.cutouts))

    def varied(self, rng: np.random.Generator, car: Cutout) -> Cutout:
        """A cut-out as it is, or with another paint, pattern, length, load, or an open panel."""
        chance = self.augmentation
        if rng.random() < chance.recolour:
            car = scenes.recolour(rng, car)
        if self.sources.backgrounds and rng.random() < chance.pattern:
            car = scenes.add_pattern(rng, car, pick(rng, self.sources.backgrounds))
        if rng.random() < chance.stretch:
            car = scenes.stretch(rng, car)
        if rng.random() < chance.load:
            car = accessories.add_load(rng, car)
        return open_panel(rng, car) if rng.random() < chance.open_panel else car

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


class WeightedChoice:
    """Draws items, each with its weight: of all, or of those whose car fills a fine frame best."""

    def __init__(self, items: list, mattes: list[np.ndarray], weights: np.ndarray):
        self.items = items
        frames = np.array([FINE_FRAMES.index(best_frame(shape_of(matte))) for matte in mattes], int)
        self.sums = [np.cumsum(np.where(frames == index, weights, 0)) for index in range(len(FINE_FRAMES))]
        self.shares = np.array([total[-1] if total.size else 0.0 for total in self.sums])  # of the items of each fine frame
        self.all = np.cumsum(weights)

    def pick(self, rng: np.random.Generator, index: int | None):
        """One of all, or of those of a fine frame, if there are any."""
        total = self.all if index is None or not self.shares[index] else self.sums[index]
        return self.items[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]


def pick(rng: np.random.Generator, items: list):
    return items[rng.integers(len(items))]


def cutout_of(photo: Photo) -> Cutout:
    """The car of a photo as a cut-out; its rim holds some of the photo's background."""
    return Cutout(photo.name, photo.set, np.dstack([cv2.multiply(photo.rgb, cv2.merge([photo.mask] * 3), scale=1 / 255), photo.mask]), photo.mask)


def with_accessory(rng: np.random.Generator, photo: Photo, add: Callable[[np.random.Generator, Cutout], Cutout]) -> Photo:
    """The same photo with something added to its car."""
    car = add(rng, Cutout(photo.name, photo.set, np.dstack([photo.rgb, photo.mask]), photo.mask))
    return replace(photo, rgb=np.ascontiguousarray(car.rgba[..., :3]), mask=car.matte)


def without(photos: list[Photo], excluded: Collection[str]) -> list[Photo]:
    """The photos but those excluded, by SET/STEM. Raises DataError where one is not there."""
    if missing := set(excluded) - {name_of(photo) for photo in photos}:
        raise DataError(f"excluded, but not among the photos to train on (SET/STEM, without an ending; val's photos can't be excluded): {first_few(missing)}")
    kept = [photo for photo in photos if name_of(photo) not in excluded]
    if not kept:
        raise DataError("all photos are excluded")
    return kept


def first_few(names: Collection[str], most: int = 5) -> str:
    """The first few of a set of names, for a message."""
    return ", ".join(sorted(names)[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def is_one_whole_car(photo: Photo) -> bool:
    """Whether all of a photo's car is known and in view, and its mask is in one piece."""
    car = (photo.mask > 127).astype(np.uint8)
    if photo.ignore is not None or any(edge.any() for edge in (car[0], car[-1], car[:, 0], car[:, -1])):
        return False
    sizes = cv2.connectedComponentsWithStats(car)[2][1:, cv2.CC_STAT_AREA]
    return bool(sizes.max(initial=0) >= ONE_PIECE * max(1, sizes.sum()))


def box_of(matte: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the car in a uint8 matte; of the whole matte where it has none."""
    x, y, w, h = cv2.boundingRect((matte > 127).astype(np.uint8))
    return (x, y, x + w, y + h) if w else (0, 0, matte.shape[1], matte.shape[0])


def shape_of(matte: np.ndarray) -> tuple[int, int]:
    """Height and width of that box."""
    left, top, right, bottom = box_of(matte)
    return bottom - top, right - left
