"""Fits what the kind model (model/kind.py) says of a photo's flaws, from pictures of cars made with and without them (training/data/flaws.py).

The roll is a ridge regression (Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634) of the angle by which a photo was turned: photos count as
upright as they are. Something before the car and another vehicle as large are logistic regressions; each counts the pictures with the other as without.
Photos of unlabelled/ count as without a flaw: few of a dealer's have one.
"""
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.kind import FLAWS, kind_features, view_features
from model.localise import Network
from training.data.camera import degrade, noise_bank
from training.data.flaws import STEEPEST, Scene, composed, pictures, turned
from training.data.sources import (
    Cutout,
    beside,
    in_threads,
    is_held_out,
    is_picture,
    name_of,
    photo_paths,
    read_backgrounds,
    read_cutouts,
    read_mask,
    read_occluders,
    read_rgb,
    shrink,
)
from training.errors import DataError
from training.linear_probe import coarse_prediction, fit, upright_prediction

LONGEST = 576            # pixels; more than the coarse pass sees, and the roll does not gain by more
PHOTOS, COMPOSITES = {"train": 900, "val": 300}, {"train": 400, "val": 60}  # at most
TURNS = 3                # turned copies of a photo
LEFT_OUT = {"closeup", "voc", "carvana", "video"}  # sets of photos with no room or things before the car, or of few backgrounds
HALVES = np.array([0.5, 0.5])
RIDGE = 3000             # penalty, of standardised features
SEED = 7
COMPOSED = "cutouts/"    # what names of composites start with
UNLABELLED = "unlabelled"
LIMITS = (0.5, 0.7, 0.8, 0.85, 0.9)
TILTS = (3, 4, 5)        # degrees

Make = Callable[[np.random.Generator], Scene]


class Row(NamedTuple):
    source: str
    change: str          # of training.data.flaws.CHANGES, "turned", UNLABELLED, or "" for none
    degrees: float       # by which it is turned, anticlockwise
    features: np.ndarray  # those of views where it is turned, else those of kinds


def fit_flaws(data: Path, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """The kind model's weights of flaws and roll. Prints the number of pictures and the measures on val. Raises DataError where a flaw has no pictures."""
    rows = rows_of(data, "train", network)
    counts = Counter(row.change for row in rows)
    print("training pictures: " + ", ".join(f"{change or 'as they are'} {count}" for change, count in sorted(counts.items())))
    if missing := [change for change in (*FLAWS, "turned") if not counts[change]]:
        raise DataError(f"{data}: no training pictures that are {' or '.join(missing)}; they need photos with masks, occluders/ and cutouts/")
    pasted, rolled = pasted_and_turned(rows)
    features, changes, sources = (np.array(column) for column in zip(*((row.features, row.change, row.source) for row in pasted)))
    weights = []
    for flaw in FLAWS:
        of_both, _ = fit(features, (changes == flaw).astype(int), HALVES, sources)
        weights.append(of_both[:, 1] - of_both[:, 0])
    flaws, roll = np.stack(weights, 1).astype(np.float32), fit_roll(rolled)
    report(flaws, roll, rows_of(data, "val", network))
    return flaws, roll


def pasted_and_turned(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Those with a flaw or none, and those that are turned."""
    return [row for row in rows if row.change != "turned"], [row for row in rows if row.change == "turned"]


def fit_roll(rows: Sequence[Row]) -> np.ndarray:
    from sklearn.linear_model import Ridge

    features = np.array([row.features[:-1] for row in rows])
    mean, spread = features.mean(0), features.std(0) + 1e-3 * features.std()
    ridge = Ridge(RIDGE).fit((features - mean) / spread, [row.degrees for row in rows])
    weights = ridge.coef_ / spread
    return np.append(weights, ridge.intercept_ - mean @ weights).astype(np.float32)[:, None]


def rows_of(data: Path, split: str, network: Network) -> list[Row]:
    """Of a split's photos and composites."""
    others, occluders = read_cutouts(data, split, LONGEST), read_occluders(data, split, LONGEST)
    noise = noise_bank(0)

    def rows(numbered: tuple[int, tuple[str, Make]]) -> list[Row]:
        number, (source, make) = numbered
        rng = np.random.default_rng((SEED, number))
        scene = make(rng)
        made = [(change, 0.0, rgb) for change, rgb in pictures(rng, scene, occluders, others)]
        if not source.startswith(COMPOSED):
            made += [("turned", degrees, turned(scene.rgb, degrees)) for degrees in rng.uniform(-STEEPEST, STEEPEST, TURNS)]
        else:
            made = [(change, degrees, degrade(rng, rgb, noise)) for change, degrees, rgb in made]
        return [row(source, change, degrees, rgb, network) for change, degrees, rgb in made]
    unlabelled = [path for path in sorted(data.glob(f"{UNLABELLED}/*/*")) if is_picture(path) and is_held_out(path) == (split == "val")]
    made = in_threads(rows, enumerate(scenes(data, split, others))) + in_threads(partial(unlabelled_rows, network), enumerate(unlabelled))
    return [row for some in made for row in some]


def unlabelled_rows(network: Network, numbered: tuple[int, Path]) -> list[Row]:
    """Of a photo without a mask, which counts as one without a flaw, its mirror image, and turned copies."""
    number, path = numbered
    rgb = shrink(read_rgb(path), LONGEST)
    copies = [(UNLABELLED, 0.0, rgb), (UNLABELLED, 0.0, np.ascontiguousarray(rgb[:, ::-1]))]
    copies += [("turned", degrees, turned(rgb, degrees)) for degrees in np.random.default_rng((SEED, number)).uniform(-STEEPEST, STEEPEST, TURNS)]
    return [row(f"{UNLABELLED}/{path.stem}", change, degrees, picture, network) for change, degrees, picture in copies]


def row(source: str, change: str, degrees: float, rgb: np.ndarray, network: Network) -> Row:
    features = view_features(upright_prediction(rgb, network)) if change == "turned" else kind_features(coarse_prediction(rgb, network))
    return Row(source, change, degrees, features)


def scenes(data: Path, split: str, cars: Sequence[Cutout]) -> Iterator[tuple[str, Make]]:
    """Sources, and what makes a scene of each."""
    rng = np.random.default_rng(SEED)
    photos = [(name, path) for name, path in photo_paths(data, split) if name not in LEFT_OUT]
    for number in rng.permutation(len(photos))[:PHOTOS[split]]:
        name, path = photos[number]
        yield f"{name}/{path.stem}", partial(scene_of, path)
    if backgrounds := read_backgrounds(data, split, LONGEST):
        for number in rng.integers(len(cars), size=COMPOSITES[split] if cars else 0):
            scene = backgrounds[rng.integers(len(backgrounds))]
            yield COMPOSED + name_of(cars[number]), lambda rng, car=cars[number], scene=scene: composed(rng, car, scene)


def scene_of(path: Path, rng: np.random.Generator) -> Scene:
    return Scene(shrink(read_rgb(path), LONGEST), shrink(read_mask(beside(path, "masks")), LONGEST))


def report(flaws: np.ndarray, roll: np.ndarray, rows: Sequence[Row]) -> None:
    """Prints the shares of val that have each flaw, by what was done to the picture, at several limits."""
    pasted, rolled = pasted_and_turned(rows)
    changes = np.array([row.change for row in pasted])
    probabilities = 1 / (1 + np.exp(-np.array([row.features for row in pasted]) @ flaws))
    names = np.unique(changes)
    for number, flaw in enumerate(FLAWS):
        print(f"val, {flaw}:  " + "".join(f"{name or 'as it is':>12}" for name in names))
        for limit in LIMITS:
            print(f"  over {limit:.2f}   " + "".join(f"{(probabilities[changes == name, number] > limit).mean():12.3f}" for name in names))
    found, degrees = np.abs(np.array([row.features for row in rolled]) @ roll)[:, 0], np.abs([row.degrees for row in rolled])
    for tilt in TILTS:
        parts = ", ".join(f"{(found[(degrees >= low) & (degrees < high)] > tilt).mean():.1%} of those turned by {low} to {high}" for low, high in
                          ((0, 1), (1, 3), (3, 5), (5, 7), (7, 10)))
        print(f"val, found to be turned by over {tilt} degrees: {parts}")
