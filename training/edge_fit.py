"""Fits the edge perceptrons (postprocessing/refine.py) to the mattes of one network.

They learn from composites with exact alpha, in the usual sizes of photos. They also learn from photos with masks drawn by hand, and from the panes
in these, which have the shadows, reflections and lenses that composites lack; photos weigh less, because their masks are less exact. The loss is
absolute error, which makes edges sharp, plus squared error, which avoids confident mistakes. The second perceptron learns from the first one's answers.
"""
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from model.localise import Network, localise
from model.space_to_depth import CELL
from postprocessing import band
from postprocessing.edge_features import FEATURES, context_features, edge_features
from postprocessing.refine import Layers, first_answers, undecided
from preprocessing.letterbox import resize
from training.data.exact_composites import exact_composites, through_jpeg
from training.data.sources import read_photos

SEED = 11
SCALES = (1.0, 0.75, 0.5, 0.32)  # of the composites, in turn
BY_HAND, PANE = ("street", "web", "studio"), "pane"
PHOTO_WEIGHT = 0.5   # of a pixel of a photo; 1 of a composite
PIXELS = 5000        # of a picture, at most
HIDDEN = (32, 16)    # units
EPOCHS, BATCH, RATE = 10, 2048, 3e-3


def fit_edges(data: Path, network: Network, number: int, seed: int = SEED, unused: Sequence[int] = ()) -> dict[str, np.ndarray]:
    """Prints the mean absolute error in the band, by kind of picture, before and after each perceptron; returns weights and constants by name.

    number: of composites. unused: edge features that get no weight. Raises DataError where there is nothing to make composites of.
    """
    kept: dict[str, np.ndarray] = {}
    first: Layers | None = None
    for name in ("first", "second"):
        rows = [(kind, *known_pixels(kind, rgb, alpha, ignore, network, count, first))
                for count, (kind, rgb, alpha, ignore) in enumerate(pictures(data, number))]
        kinds = np.concatenate([np.full(len(truth), kind) for kind, _, truth in rows])
        features, truth = (np.concatenate([row[place] for row in rows]) for place in (1, 2))
        features[:, list(unused)] = 0
        first = layers = learn(name, kinds, features, truth, seed)
        kept |= {f"{name}_{part}{place}": value for place, layer in enumerate(layers) for part, value in zip(("weights", "constant"), layer)}
    return kept


def learn(name: str, kinds: np.ndarray, features: np.ndarray, truth: np.ndarray, seed: int) -> Layers:
    """A perceptron from float32 features (n, inputs) to known alphas, float32 (n,)."""
    import keras

    def error(truth, guess):
        off = keras.ops.abs(truth - guess)
        return keras.ops.mean(off + off * off, -1)

    keras.utils.set_random_seed(seed)
    mean, spread = features.mean(0), features.std(0) + 1e-6
    model = keras.Sequential([keras.Input(features.shape[1:]), *(keras.layers.Dense(units, "relu") for units in HIDDEN), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * -(-len(truth) // BATCH))), error)
    model.fit((features - mean) / spread, truth, BATCH, EPOCHS, verbose=0, sample_weight=np.where(kinds == "composite", 1.0, PHOTO_WEIGHT))
    guess, before = model.predict((features - mean) / spread, 65536, verbose=0)[:, 0], features[:, 0 if name == "first" else FEATURES]
    for kind in dict.fromkeys(kinds):
        plain, fitted = (np.abs(alpha - truth)[kinds == kind].mean() for alpha in (before, guess))
        print(f"{name:6} {kind:10} {np.count_nonzero(kinds == kind):8} pixels: before {plain:.4f}, fitted {fitted:.4f}")
    layers = [layer.get_weights() for layer in model.layers]
    slopes = np.where(features.any(0), 1 / spread, 0)  # folds the normalisation in; 0 of features that are not used
    layers[0] = [layers[0][0] * slopes[:, None], layers[0][1] - (mean * slopes) @ layers[0][0]]
    return [(weights.astype(np.float32), constant.astype(np.float32)) for weights, constant in layers]


def pictures(data: Path, number: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Kind, uint8 photo (height, width, 3), float32 alpha (height, width) in 0..1, and uint8 (height, width), 255 where that is not known; None: all known."""
    for count, scene in enumerate(exact_composites(data, "train", SEED, number)):
        height, width = (round(side * SCALES[count % len(SCALES)]) for side in scene.alpha.shape)
        yield "composite", through_jpeg(resize(scene.photo, (height, width)))[0], resize(scene.alpha, (height, width)), None
    for photo in read_photos(data, "train"):
        if photo.set in BY_HAND:
            yield photo.set, photo.rgb, photo.mask.astype(np.float32) / 255, photo.ignore
            if photo.glass is not None:
                yield PANE, photo.rgb, photo.glass.astype(np.float32) / 255, photo.ignore


def known_pixels(kind: str, rgb: np.ndarray, alpha: np.ndarray, ignore: np.ndarray | None, network: Network, seed: int,
                 first: Layers | None) -> tuple[np.ndarray, np.ndarray]:
    """Edge features, float32 (n, inputs), and true alpha, float32 (n,), of some pixels where the network's matte of a photo, or of its panes, is undecided.

    With the first perceptron's layers: of pixels that it leaves undecided, and with its answers around them.
    """
    prediction = localise(rgb, network)
    layer = cv2.resize(prediction.glass, None, fx=CELL, fy=CELL) if kind == PANE else prediction.matte
    photo = prediction.cropped(rgb)
    if first:
        answers, points, features = first_answers(layer, prediction.photo, photo, first)
        features = context_features(features, answers, points)
    else:
        matte, points, plain = undecided(layer, photo.shape[:2])
        features = edge_features(matte, prediction.photo, photo, points, plain)
    here = band.flat_indices(points, photo.shape[:2])
    known = np.flatnonzero(prediction.cropped(ignore).reshape(-1)[here] < 128) if ignore is not None else np.arange(len(points))
    chosen = np.random.default_rng((SEED, seed)).permutation(known)[:PIXELS]
    return features.T[chosen], prediction.cropped(alpha).reshape(-1)[here[chosen]]
