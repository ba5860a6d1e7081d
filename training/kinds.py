"""Fits the kind model (model/kind.py) to the encoder's features of one network, and says how well it tells photos of a listing apart.

Every picture counts with its mirror image. Kinds weigh as a listing mixes them. What is chosen, how strongly weights are pulled to zero, the temperatures
and the least probability of an exterior, is chosen by predictions over folds of the training pictures; copies of one picture share a fold.
"""
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.frames import COARSE_FRAME
from model.kind import KINDS, VIEWS, KindModel, car_box, kind_features, softmax, view_features
from model.localise import Network, Prediction, predict
from training.data.listing import BY_EYE, Example, examples, mirrored
from training.errors import DataError

MIX = {"exterior": 0.35, "interior": 0.3, "boot": 0.06, "engine": 0.06, "detail": 0.15, "other": 0.08}  # of a listing's photos
GROUPS = {"exterior": "exterior", "interior": "interior", "boot": "part", "engine": "part", "detail": "part", "other": "other"}
LOST = 500      # one training exterior in so many is taken for another kind
FOLDS = 5
PENALTIES = (1e-2, 3e-2)  # inverse of scikit-learn's C, a picture
COMPONENTS = 300  # of the features (principal component analysis)
TEMPERATURES = np.geomspace(0.4, 2.5, 41)
AT_ONCE = 64    # pictures in memory


class Row(NamedTuple):
    source: str
    kind: int
    view: int          # -1 where it is not known
    kind_row: np.ndarray
    view_row: np.ndarray


def fit_kinds(data: Path, network: Network) -> KindModel:
    """Prints the number of pictures and the measures on val. Raises DataError where a kind or a view has no training pictures."""
    rows = list(rows_of(examples(data, "train"), network))
    kinds, views = (np.array([row[place] for row in rows]) for place in (1, 2))
    for name, labels, names in (("kind", kinds, KINDS), ("view", views, VIEWS)):
        counts = np.bincount(labels[labels >= 0], minlength=len(names)) // 2  # without mirror images
        print(f"training pictures by {name}: " + ", ".join(f"{each} {count}" for each, count in zip(names, counts)))
        if not counts.all():
            raise DataError(f"{data}: no training pictures of the {name} {names[int(counts.argmin())]}")
    sources = np.array([row.source for row in rows])
    shares = np.array([MIX[kind] for kind in KINDS])
    kind_weights, found = fit(np.array([row.kind_row for row in rows]), kinds, shares, sources)
    least = float(np.quantile(found[kinds == 0, 0], 1 / LOST))
    seen = views >= 0
    view_weights, _ = fit(np.array([row.view_row for row in rows if row.view >= 0]), views[seen], np.full(len(VIEWS), 1 / len(VIEWS)), sources[seen])
    model = KindModel(kind_weights, view_weights, least)
    print(f"an exterior needs {least:.4f}")
    report(model, list(rows_of(examples(data, "val"), network)))
    return model


def rows_of(pictures: Iterator[Example], network: Network) -> Iterator[Row]:
    """Each picture and its mirror image as rows of features."""
    def rows(example: Example) -> list[Row]:
        rgb = example.read()
        view = mirrored(example.view)
        return [row(example, example.view, rgb, network), row(example, view, np.ascontiguousarray(rgb[:, ::-1]), network)]
    with ThreadPoolExecutor() as pool:
        while some := list(islice(pictures, AT_ONCE)):
            for both in pool.map(rows, some):
                yield from both


def row(example: Example, view: str | None, rgb: np.ndarray, network: Network) -> Row:
    coarse = predict(COARSE_FRAME, rgb, network)
    size = rgb.shape[0], rgb.shape[1]
    prediction = Prediction(size, coarse.matte, (slice(0, size[0]), slice(0, size[1])), coarse.photo, coarse.matte, coarse.glass, coarse.features)
    box = car_box(coarse.matte)
    number = -1 if view is None else VIEWS.index(view)
    return Row(example.source, KINDS.index(example.kind), number, kind_features(prediction, box), view_features(prediction, box))


def fit(features: np.ndarray, labels: np.ndarray, shares: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (features, classes) for features (n, features) whose last is 1, calibrated, and the probabilities (n, classes) over folds.

    shares: of the classes, to weigh them by. sources (n,): names that share a fold.
    """
    from sklearn.model_selection import GroupKFold

    weight = (shares / np.bincount(labels, minlength=len(shares)))[labels]
    directions, constants = principal(features)
    features = features[:, :-1] @ directions + constants
    folds = list(GroupKFold(FOLDS).split(features, groups=sources))
    best: tuple[float, float, np.ndarray, float] | None = None
    for penalty in PENALTIES:
        scores = np.empty((len(labels), len(shares)))
        for learnt, held in folds:
            scores[held] = scored(features[held], regression(features[learnt], labels[learnt], weight[learnt], penalty))
        losses = [log_loss(scores / temperature, labels, weight) for temperature in TEMPERATURES]
        temperature = float(TEMPERATURES[int(np.argmin(losses))])
        print(f"  penalty {penalty}: log loss {min(losses):.4f} at temperature {temperature:.2f}")
        if best is None or min(losses) < best[0]:
            best = min(losses), penalty, scores / temperature, temperature
    assert best
    weights = regression(features, labels, weight, best[1]) / best[3]
    return np.vstack([directions @ weights[:-1], weights[-1] + constants @ weights[:-1]]).astype(np.float32), softmax(best[2])


def principal(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (features, components) and the constants of the standardised features' principal components; the last feature, 1, is left out."""
    from sklearn.utils.extmath import randomized_svd

    mean, spread = features[:, :-1].mean(0), features[:, :-1].std(0)
    spread += 0.01 * features[:, :-1].std()
    components = min(COMPONENTS, *np.subtract(features.shape, 1))
    directions = randomized_svd((features[:, :-1] - mean) / spread, components, n_iter=2, random_state=0)[2].T / spread[:, None]
    return directions, -mean @ directions


def regression(features: np.ndarray, labels: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """Multinomial logistic regression: weights (features + 1, classes), the constant last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty / len(labels), max_iter=1000, tol=1e-3)
    model.fit(features, labels, weight / weight.mean())
    return np.vstack([model.coef_.T, model.intercept_])


def scored(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return features @ weights[:-1] + weights[-1]


def log_loss(scores: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
    return float(-(np.log(softmax(scores)[np.arange(len(labels)), labels] + 1e-12) * weight).sum() / weight.sum())


def report(model: KindModel, rows: list[Row]) -> None:
    """Prints, for val and without mirror images, what each kind is taken for, and how near the views are."""
    rows = rows[::2]
    kinds, views = (np.array([row[place] for row in rows]) for place in (1, 2))
    found = np.array([model.kind_of(softmax(row.kind_row @ model.kinds)) for row in rows])
    print(f"{'val':10}" + "".join(f"{kind:>9}" for kind in KINDS) + "   taken for")
    for number, kind in enumerate(KINDS):
        print(f"{kind:10}" + "".join(f"{count:9}" for count in np.bincount(found[kinds == number], minlength=len(KINDS))))
    groups, exteriors = np.array([GROUPS[kind] for kind in KINDS]), kinds == 0
    print(f"right group ({', '.join(dict.fromkeys(GROUPS.values()))}): {(groups[found] == groups[kinds]).mean():.1%} of {len(rows)}")
    answered = (f"{kind} {(found[kinds == number] == 0).sum()} of {(kinds == number).sum()}" for number, kind in enumerate(KINDS) if number)
    print("taken for exteriors: " + ", ".join(answered))
    sets = np.array([row.source.partition("/")[0] for row in rows])
    lost = (f"{name} {(found[part] > 0).sum()} of {part.sum()}" for name in dict.fromkeys(sets[exteriors]) if (part := exteriors & (sets == name)).any())
    print(f"exteriors taken for something else: {(found[exteriors] > 0).sum()} of {exteriors.sum()}: " + ", ".join(lost))
    taken = np.array([(row.view_row @ model.views).argmax() for row in rows])
    steps = np.abs((taken - views + 4) % 8 - 4)
    for name, part in (("with an angle in their name", sets != BY_EYE), ("labelled by eye", sets == BY_EYE)):
        if (part := part & (views >= 0)).any():
            print(f"views of photos {name}: {(steps[part] == 0).mean():.1%} exact, {(steps[part] <= 1).mean():.1%} within one of eight steps, of {part.sum()}")
