"""Calibration: fits the confidence model (model/confidence.py) to a pipeline's mattes.

Presence: photos and composites of training against backgrounds and interiors of training; the threshold refuses one car in REFUSED of these, so that
held-out backgrounds stay an honest test. Deliverable: the validation photos, and composites of validation cut-outs that are not those that
`evaluate` scores; each as it is and degraded, since among good photos alone too few cut-outs are bad for every feature to show what it says.
"""
from pathlib import Path

import numpy as np

from model.confidence import UNCERTAINTY_FEATURES, ConfidenceModel, features_of, logistic
from training.data.composites import composites
from training.data.degradations import degraded
from training.data.sources import Photo, in_threads, read_backgrounds, read_interiors, read_photos
from training.errors import DataError
from training.metrics import score
from training.pipeline import Pipeline

REFUSED = 200      # one car in so many is refused
LONGEST = 1024     # pixels; more than the coarse frame sees
SEED, MADE = 7, 120  # of the composites
FOLDS = 5          # of the cross-validation that is printed


def calibrate(data: Path, pipeline: Pipeline) -> ConfidenceModel:
    """Prints how well the fit separates, and returns it. Raises DataError where there are no backgrounds, or too few pictures of a kind."""
    scenes = read_backgrounds(data, "train", LONGEST) + read_interiors(data, "train", LONGEST)
    if not scenes:
        raise DataError(f"{data}: calibration needs pictures without a car (backgrounds/SET)")
    empty = features(pipeline, scenes)
    if all(row is None for row in empty):  # before the cars, which take long
        raise DataError(f"{data}: none of {len(empty)} pictures without a car shows any shape; calibration needs more backgrounds")
    cars = features(pipeline, [photo.rgb for photo in read_photos(data, "train", LONGEST) + composites(data, "train", SEED + 1, 3 * MADE)])
    found = [row for row in cars if row is not None], [row for row in empty if row is not None]
    presence = fit(np.array([*found[0], *found[1]]), np.repeat([True, False], [len(found[0]), len(found[1])]))
    scores = sorted(0.0 if row is None else logistic(presence, row) for row in cars)
    least = float(scores[len(scores) // REFUSED])
    print(f"presence: {len(cars)} cars, {len(empty)} pictures without a car ({len(empty) - len(found[1])} without any shape); least {least:.4f}")
    return ConfidenceModel(presence, fit_deliverable(data, pipeline), least)


def fit_deliverable(data: Path, pipeline: Pipeline) -> tuple[float, ...]:
    """Weights of the features, the constant last."""
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    def labelled(photo: Photo) -> tuple[np.ndarray | None, bool]:
        prediction = pipeline.localise(photo.rgb)
        return features_of(prediction), score(pipeline.refined(prediction, photo.rgb), photo.mask, photo.ignore).deliverable

    clean = read_photos(data, "val") + composites(data, "val", SEED, MADE)
    photos = clean + [degraded(photo, np.random.default_rng((SEED, number))) for number, photo in enumerate(clean)]
    rows = in_threads(labelled, photos)
    kept = np.array([index for index, (row, _) in enumerate(rows) if row is not None])
    found, truth = np.array([rows[index][0][:-1] for index in kept]), np.array([rows[index][1] for index in kept])
    for label in (True, False):
        if (count := np.count_nonzero(truth == label)) < FOLDS:
            kind = "deliverable" if label else "not deliverable"
            raise DataError(f"{data}: {count} of {len(truth)} validation pictures are {kind}; calibration needs {FOLDS} or more of either kind")
    used = sensible_features(found, truth)
    folds = StratifiedGroupKFold(FOLDS).split(found, truth, kept % len(clean))  # a photo and its degraded copy are in one fold
    guessed = cross_val_predict(regression(), found[:, used], truth, cv=folds, method="predict_proba")[:, 1]
    print(f"deliverable: by features {', '.join(map(str, used))}, over {FOLDS} folds")
    for name, part in (("as they are", kept < len(clean)), ("degraded", kept >= len(clean))):
        print(f"  {name}: {truth[part].sum()} of {part.sum()} pictures, mean confidence {guessed[part].mean():.0%}, "
              f"AUC {roc_auc_score(truth[part], guessed[part]):.3f}, Brier {brier_score_loss(truth[part], guessed[part]):.3f}")
        for low, high in zip((0, 0.2, 0.4, 0.6, 0.8), (0.2, 0.4, 0.6, 0.8, 1.01)):
            inside = part & (guessed >= low) & (guessed < high)
            if inside.any():
                print(f"    confidence {low:.1f} to {min(high, 1):.1f}: {inside.sum():3} pictures, {truth[inside].mean():4.0%} deliverable")
    return fit(found, truth, used)


def features(pipeline: Pipeline, pictures: list[np.ndarray]) -> list[np.ndarray | None]:
    return in_threads(lambda rgb: features_of(pipeline.localise(rgb)), pictures)


def regression():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression())


def fit(found: np.ndarray, truth: np.ndarray, used: list[int] | None = None) -> tuple[float, ...]:
    """Logistic regression of features (n, features) to labels (n,): weights of the features as they are, 0 for those not used, and the constant."""
    used = list(range(found.shape[1])) if used is None else used
    scaler, model = (fitted := regression().fit(found[:, used], truth))[0], fitted[-1]
    slopes = np.zeros(found.shape[1])
    slopes[used] = model.coef_[0] / scaler.scale_
    return *map(float, slopes), float(model.intercept_[0] - slopes[used] @ scaler.mean_)


def sensible_features(found: np.ndarray, truth: np.ndarray) -> list[int]:
    """The features without those by which more uncertainty would mean more confidence, the worst taken out first: such a weight is noise."""
    used, spread = list(range(found.shape[1])), found.std(0)
    while True:
        pull = np.array(fit(found, truth, used)[:-1]) * spread
        worst = max(UNCERTAINTY_FEATURES, key=pull.__getitem__)
        if pull[worst] <= 0:
            return used
        used.remove(worst)
