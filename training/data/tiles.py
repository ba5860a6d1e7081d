"""Tiles that the refiner learns from: cut along the outlines of composites and of photos with masks by hand, with the matte that one network gives there."""
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import cv2
import numpy as np

from model.frames import FINE_FRAMES
from model.localise import FLIP_ABOVE, Network, expected_error
from model.refiner import TILE
from preprocessing.letterbox import PAD, resize
from training.data import background_lines, camera, scenes
from training.data.augmentation import STRONG
from training.data.samples import Samples, Sources
from training.data.sources import MADE_BY_NETWORKS
from training.data.targets import Sample, edge_band, thin_parts

SCALES = ((1.0, 0.15), (1.25, 0.2), (1.5, 0.35), (2.0, 0.3))  # pixels of a tile for one of the matte, each with its probability
PHOTO = 0.3             # share of pictures that are photos
LINES = 0.2             # share of pictures with posts, wires or twigs behind the car
LONGEST = 1400          # pixels; sources are kept no larger
LEAST = 500             # pixels of a cut-out's width
TILES, TRIES = 12, 60   # of a picture, at most
THIN = 5                # every so many tries, a tile is put on a thin part
JITTER = 40             # pixels from a tile's middle to the outline that it was cut for, at most
APART = 70              # pixels between tiles in at least one direction
UNDECIDED = 0.05        # a matte farther than this from 0 and 1
WRONG = 0.3             # error of alpha from which a pixel counts as wrong
SOFT_TRUTH = 20, 235    # true alpha, 0..255, between these
ANY, NEAR, SLIM = 16, 64, 160  # weight of a pixel: any; near an outline, or wrong; in a thin part


def tiles(data: Path, network: Network, seed: int) -> Iterator[np.ndarray]:
    """Endless. uint8 (TILE, TILE, 6) each: colours, the network's alpha, true alpha, weight (0: not known). Raises DataError where there are no photos."""
    found = Sources.read(data, longest=LONGEST)
    photos = [photo for photo in found.photos if photo.set not in MADE_BY_NETWORKS] or found.photos
    sources = replace(found, photos=photos, cutouts=[car for car in found.cutouts if cv2.boundingRect(car.matte)[2] >= LEAST])
    samples = [Samples(sources, seed, scale) for scale, _ in SCALES]
    chances = [chance for _, chance in SCALES]

    def picture(number: int) -> list[np.ndarray]:
        rng = np.random.default_rng((seed, number))
        chosen = samples[rng.choice(len(samples), p=chances)]
        index = int(rng.integers(len(FINE_FRAMES)))
        frame = chosen.fine_frames[index]
        is_photo = rng.random() < PHOTO or not (sources.cutouts and sources.backgrounds)
        sample = chosen.photo(rng, frame) if is_photo else chosen.composite(rng, frame)
        sample = replace(sample, rgb=seen(rng, sample, chosen.noise))
        matte = resize(predicted(resize(sample.rgb, FINE_FRAMES[index]), network), frame)
        return cut(rng, sample, matte, 2 if is_photo else 1)

    with ThreadPoolExecutor(2) as pool:
        for first in count(0, 16):
            for row in pool.map(picture, range(first, first + 16)):
                yield from row


def seen(rng: np.random.Generator, sample: Sample, noise: np.ndarray) -> np.ndarray:
    """The sample's picture as a camera gives it, with lines behind its car."""
    chance, rgb = STRONG, sample.rgb
    if rng.random() < LINES:
        rgb = background_lines.add_lines(rng, rgb, sample.matte)
    if rng.random() < chance.reflection:
        rgb = scenes.reflect_surroundings(rng, rgb, sample.matte)
    if rng.random() < chance.watermark:
        rgb = scenes.add_watermark(rng, rgb)
    if rng.random() < chance.night:
        rgb = scenes.night(rng, rgb, sample.matte)
    rgb = camera.relight(rng, rgb, chance.light_strength) if rng.random() < chance.light_only else camera.degrade(rng, rgb, noise)
    rgb[sample.outside] = PAD
    return rgb


def predicted(frame: np.ndarray, network: Network) -> np.ndarray:
    """The network's alpha of a frame, as the fine pass gives it (model/localise.py)."""
    matte = network.predict(frame)[0]
    if expected_error(matte[::2, ::2]) > FLIP_ABOVE:
        matte = (matte + network.predict(np.ascontiguousarray(frame[:, ::-1]))[0][:, ::-1]) / 2
    return matte


def cut(rng: np.random.Generator, sample: Sample, matte: np.ndarray, lighter: int) -> list[np.ndarray]:
    """Tiles of a sample along the outlines of its matte and of the network's, float32 of the same size. Weights are divided by `lighter`."""
    truth, size = sample.matte, sample.matte.shape
    thin = thin_parts(truth)
    soft = (matte > UNDECIDED) & (matte < 1 - UNDECIDED)
    wrong = np.abs(matte - truth.astype(np.float32) / 255) > WRONG
    near = cv2.dilate((soft | (edge_band(truth, 5) > 0)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    weight = np.where(near | wrong, np.uint8(NEAR), np.uint8(ANY))
    if sample.exact_edge:
        weight[thin] = SLIM
    else:
        weight //= 2
    weight //= lighter
    weight[(sample.unknown > 0) | sample.outside] = 0
    outline = (soft | wrong | ((truth > SOFT_TRUTH[0]) & (truth < SOFT_TRUTH[1]))) & (weight > 0)
    points, slim = np.argwhere(outline), np.argwhere(outline & thin & (truth > 127))
    layers = np.dstack([sample.rgb, np.rint(matte * 255).astype(np.uint8), truth, weight])
    found: list[np.ndarray] = []
    taken: list[np.ndarray] = []
    for number in range(TRIES if len(points) else 0):
        among = slim if number % THIN == 0 and len(slim) else points
        middle = among[rng.integers(len(among))] + rng.integers(-JITTER, JITTER + 1, 2)
        first = np.clip(middle - TILE // 2, 0, np.array(size) - TILE)
        if len(found) < TILES and all(np.abs(first - other).max() >= APART for other in taken):
            taken.append(first)
            found.append(layers[first[0]:first[0] + TILE, first[1]:first[1] + TILE])
    return found
