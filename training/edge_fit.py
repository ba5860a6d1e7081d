"""Fits the perceptrons that weigh edge features (postprocessing/refine.py), for the mattes of one network.

From composites of the training side with exact alpha, in the sizes that photos come in, and, counting less since their masks are but nearly exact, from its
photos with masks by hand, and the panes in them: they have the shadows, reflections and lenses that composites lack. Absolute error makes edges sharp,
squared error keeps them from being surely wrong: their sum is what is made small. The second perceptron learns from the first one's answers.
"""
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from model.localise import localise
from model.space_to_depth import CELL
from postprocessing import band
from postprocessing.edge_features import FEATURES, context_features, edge_features
from postprocessing.refine import first_answers, undecided
from preprocessing.letterbox import resize
from training.data.exact_composites import scenes, through_jpeg
from training.data.sources import read_photos

SEED = 11
SIZES = (1.0, 0.75, 0.5, 0.32)  # of the composites, in turn
BY_HAND, PANE = ("street", "web", "studio"), "pane"
PHOTO = 0.5        # weight of a pixel of a photo; 1 of a composite
EACH = 5000        # pixels of a picture, at most
HIDDEN = (32, 16)
EPOCHS, BATCH, RATE = 10, 2048, 3e-3


def fit_edges(data: Path, network, made: int) -> dict[str, np.ndarray]:
    """Prints the mean absolute error in the band, by kind of picture, before and after each perceptron; returns weights and constants by name.

    network: anything with `predict` (model.localise.Network). Raises FileNotFoundError where there is nothing to make composites of.
    """
    kept: dict[str, np.ndarray] = {}
    layers = None
    for name in ("first", "second"):
        rows = [(kind, *known_pixels(kind, rgb, alpha, ignore, network, number, layers)) for number, (kind, rgb, alpha, ignore) in enumerate(pictures(data, made))]
        kinds = np.concatenate([np.full(len(truth), kind) for kind, _, truth in rows])
        layers = learnt(name, kinds, *(np.concatenate([row[place] for row in rows]) for place in (1, 2)))
        kept |= {f"{name}_{part}{place}": value for place, layer in enumerate(layers) for part, value in zip(("weights", "constant"), layer)}
    return kept


def learnt(name: str, kinds: np.ndarray, features: np.ndarray, truth: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """A perceptron's layers, from the features, float32 (n, measures), for alphas that are known, float32 (n,)."""
    import keras

    def error(truth, guess):
        off = keras.ops.abs(truth - guess)
        return keras.ops.mean(off + off * off, -1)

    keras.utils.set_random_seed(SEED)
    mean, spread = features.mean(0), features.std(0) + 1e-6
    model = keras.Sequential([keras.Input(features.shape[1:]), *(keras.layers.Dense(units, "relu") for units in HIDDEN), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * -(-len(truth) // BATCH))), error)
    model.fit((features - mean) / spread, truth, BATCH, EPOCHS, verbose=0, sample_weight=np.where(kinds == "composite", 1.0, PHOTO))
    guess, before = model.predict((features - mean) / spread, 65536, verbose=0)[:, 0], features[:, 0 if name == "first" else FEATURES]
    for kind in dict.fromkeys(kinds):
        plain, fitted = (np.abs(alpha - truth)[kinds == kind].mean() for alpha in (before, guess))
        print(f"{name:6} {kind:10} {np.count_nonzero(kinds == kind):8} pixels: before {plain:.4f}, fitted {fitted:.4f}")
    layers = [layer.get_weights() for layer in model.layers]
    layers[0] = [layers[0][0] / spread[:, None], layers[0][1] - (mean / spread) @ layers[0][0]]  # takes the measures as they are
    return [(weights.astype(np.float32), constant.astype(np.float32)) for weights, constant in layers]


def pictures(data: Path, made: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Kind, uint8 photo (height, width, 3), its float32 alpha (height, width) in 0..1, and uint8 of the same shape where that is not known, if anywhere."""
    for number, scene in enumerate(scenes(data, SEED, made, held_back=False)):
        size = tuple(round(side * SIZES[number % len(SIZES)]) for side in scene.alpha.shape)
        yield "composite", through_jpeg(resize(scene.photo, size))[0], resize(scene.alpha, size), None
    for photo in read_photos(data, "train"):
        if photo.set in BY_HAND:
            yield photo.set, photo.rgb, photo.mask.astype(np.float32) / 255, photo.ignore
            if photo.glass is not None:
                yield PANE, photo.rgb, photo.glass.astype(np.float32) / 255, photo.ignore


def known_pixels(kind: str, rgb: np.ndarray, alpha: np.ndarray, ignore: np.ndarray | None, network, seed: int, first: list | None) -> tuple[np.ndarray, np.ndarray]:
    """Evidence, float32 (n, measures), and true alpha, float32 (n,), of some pixels where the network's matte of a photo, or its panes, is undecided;
    with a first perceptron's layers, of those where it is in doubt, and with what their neighbours answered."""
    prediction = localise(rgb, network)
    layer = cv2.resize(prediction.glass, None, fx=CELL, fy=CELL) if kind == PANE else prediction.matte
    photo = rgb[prediction.window]
    if first:
        answers, points, features = first_answers(layer, prediction.photo, photo, first)
        features = context_features(features, answers, points)
    else:
        matte, points, plain = undecided(layer, photo.shape[:2])
        features = edge_features(matte, prediction.photo, photo, points, plain)
    here = band.flat_indices(points, photo.shape)
    known = np.flatnonzero(ignore[prediction.window].reshape(-1)[here] < 128) if ignore is not None else np.arange(len(points))
    chosen = np.random.default_rng((SEED, seed)).permutation(known)[:EACH]
    return features.T[chosen], alpha[prediction.window].reshape(-1)[here[chosen]]
