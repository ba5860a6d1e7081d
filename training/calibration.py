"""Fits what a prediction says about itself (model/confidence.py) to what it turned out to be.

Presence: photos, composites and backgrounds of training against each other; the threshold is the one that refuses one car in
REFUSED of these, so that held-out backgrounds stay an honest test. Cleanness: the validation photos and as many composites of held-out cut-outs,
which are not those that `evaluate` scores.
"""
from pathlib import Path

import numpy as np

from model.confidence import UNCERTAINTY_FEATURES, ConfidenceModel, features_of, logistic
from model.localise import localise
from training.data.sources import Photo, in_threads, read_backgrounds, read_photos
from training.evaluation import composites, refined
from training.metrics import score

REFUSED = 1000     # one in so many cars
LONGEST = 1024     # pixels; more than the frame sees
SEED, MADE = 7, 120
FOLDS = 5


def calibrate(data: Path, network) -> ConfidenceModel:
    """Prints how well it separates, and returns what was found."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fit(found: np.ndarray, truth: np.ndarray, used: list[int]) -> tuple[float, ...]:
        """Weights for the measures as they are, 0 for those not used, and the constant. Raises ValueError where all are alike."""
        if truth.all() or not truth.any():
            raise ValueError(f"all of {len(truth)} pictures are {'good' if truth.all() else 'bad'}: nothing to tell apart; more data is needed")
        scaler, model = (fitted := make_pipeline(StandardScaler(), LogisticRegression()).fit(found[:, used], truth))[0], fitted[-1]
        slopes = np.zeros(found.shape[1])
        slopes[used] = model.coef_[0] / scaler.scale_
        return *map(float, slopes), float(model.intercept_[0] - slopes[used] @ scaler.mean_)

    def sensible(found: np.ndarray, truth: np.ndarray) -> list[int]:
        """The measures without those that would count doubt in a cut-out's favour, the worst taken out first: such a weight is luck."""
        used, spread = list(range(found.shape[1])), found.std(0)
        while True:
            pull = np.array(fit(found, truth, used)[:-1]) * spread
            worst = max(UNCERTAINTY_FEATURES, key=pull.__getitem__)
            if pull[worst] <= 0:
                return used
            used.remove(worst)

    def judged(photo: Photo) -> tuple[np.ndarray | None, bool]:
        seen = localise(photo.rgb, network)
        return features_of(seen), score(refined(seen, photo.rgb), photo.mask, photo.ignore).clean

    def measured(pictures: list[np.ndarray]) -> list[np.ndarray | None]:
        return in_threads(lambda rgb: features_of(localise(rgb, network)), pictures)

    empty = measured(read_backgrounds(data, False, LONGEST))
    if all(row is None for row in empty):  # before the cars, which take long
        raise ValueError(f"none of {len(empty)} empty scenes shows any shape: nothing to tell cars from; more data is needed")
    cars = measured([photo.rgb for photo in read_photos(data, "train", LONGEST) + composites(data, SEED + 1, 3 * MADE, held_back=False)])
    seen = [row for row in cars if row is not None], [row for row in empty if row is not None]
    found, truth = np.array([*seen[0], *seen[1]]), np.repeat([1, 0], [len(seen[0]), len(seen[1])])
    present = fit(found, truth, list(range(found.shape[1])))
    presence = sorted(0.0 if row is None else logistic(present, row) for row in cars)
    least = float(presence[len(presence) // REFUSED])
    print(f"presence: {len(cars)} cars, {len(empty)} empty scenes ({len(empty) - len(seen[1])} without any shape); least {least:.4f}")

    photos = read_photos(data, "val") + composites(data, SEED, MADE)
    rows = in_threads(judged, photos)
    found, truth = (np.array(part) for part in zip(*((row[:-1], clean) for row, clean in rows if row is not None)))
    used = sensible(found, truth)
    guessed = cross_val_predict(make_pipeline(StandardScaler(), LogisticRegression()), found[:, used], truth, cv=FOLDS, method="predict_proba")[:, 1]
    print(f"clean: {truth.sum()} of {len(truth)}, by measures {', '.join(map(str, used))}; over {FOLDS} folds AUC {roc_auc_score(truth, guessed):.3f}, Brier {brier_score_loss(truth, guessed):.3f}")
    for low, high in zip((0, 0.2, 0.4, 0.6, 0.8), (0.2, 0.4, 0.6, 0.8, 1.01)):
        inside = (guessed >= low) & (guessed < high)
        print(f"  confidence {low:.1f} to {min(high, 1):.1f}: {inside.sum():3} pictures, {truth[inside].mean() if inside.any() else float('nan'):4.0%} clean")
    return ConfidenceModel(present, fit(found, truth, used), least)
