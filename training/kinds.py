"""Fits the kind model (model/kind.py) to the encoder's features of one network, and says how well it tells photos of a listing apart.

Every picture counts with its mirror image. Kinds weigh as a listing mixes them. The L2 penalty and the temperatures
are chosen by cross-validation on the training pictures; copies of one picture share a fold.
"""
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.kind import KINDS, LEAST_EXTERIOR, VIEWS, KindModel, kind_features, softmax, view_features
from model.localise import Network
from training.data.listing import BY_EYE, Example, examples, mirrored
from training.data.sources import pictures
from training.errors import DataError
from training.flaws import fit_flaws
from training.linear_probe import coarse_prediction, fit, upright_prediction

MIX = {"exterior": 0.35, "interior": 0.3, "boot": 0.06, "engine": 0.06, "detail": 0.15, "other": 0.08}  # of a listing's photos
GROUPS = {"exterior": "exterior", "interior": "interior", "boot": "part", "engine": "part", "detail": "part", "other": "other"}
AT_ONCE = 64    # pictures in memory


class Row(NamedTuple):
    source: str
    kind: int
    view: int          # -1 where it is not known
    kind_row: np.ndarray
    view_row: np.ndarray | None


def fit_kinds(data: Path, network: Network) -> KindModel:
    """Prints the number of pictures and the measures on val. Raises DataError, before any work, where a kind or a view has no training pictures."""
    listed = list(examples(data, "train"))  # not read yet
    there = {word for example in listed for word in (example.kind, example.view, mirrored(example.view))}
    missing = [name for name in (*KINDS, *VIEWS) if name not in there]
    missing += [name for name, pattern in (("occluders", "occluders/*/*"), ("cut-outs", "cutouts/*/rgba/*")) if not pictures(data, pattern)]
    if missing:
        raise DataError(f"{data}: no training pictures of: {', '.join(missing)}. Kinds are in kinds/KIND/; views are told by sets named studio or carvana, "
                        "with the angle in file names")
    rows = list(rows_of(iter(listed), network))
    kinds, views = (np.array([row[place] for row in rows]) for place in (1, 2))
    for name, labels, names in (("kind", kinds, KINDS), ("view", views, VIEWS)):
        counts = np.bincount(labels[labels >= 0], minlength=len(names)) // 2  # without mirror images
        print(f"training pictures by {name}: " + ", ".join(f"{each} {count}" for each, count in zip(names, counts)))
    sources = np.array([row.source for row in rows])
    shares = np.array([MIX[kind] for kind in KINDS])
    kind_weights, found = fit(np.array([row.kind_row for row in rows]), kinds, shares, sources)
    seen = views >= 0
    view_weights, _ = fit(np.array([row.view_row for row in rows if row.view >= 0]), views[seen], np.full(len(VIEWS), 1 / len(VIEWS)), sources[seen])
    model = KindModel(kind_weights, view_weights, *fit_flaws(data, network))
    print(f"training exteriors, some cut off on purpose, that are taken for something else: {(found[kinds == 0, 0] < LEAST_EXTERIOR).mean():.2%}")
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
    kind = KINDS.index(example.kind)
    if view is None:
        return Row(example.source, kind, -1, kind_features(coarse_prediction(rgb, network)), None)
    prediction = upright_prediction(rgb, network)
    return Row(example.source, kind, VIEWS.index(view), kind_features(prediction), view_features(prediction))


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
    seen = views >= 0
    taken = np.array([(row.view_row @ model.views).argmax() for row in rows if row.view_row is not None])
    steps, sets = np.abs((taken - views[seen] + 4) % 8 - 4), sets[seen]
    for name, part in (("with an angle in their name", sets != BY_EYE), ("labelled by eye", sets == BY_EYE)):
        if part.any():
            print(f"views of photos {name}: {(steps[part] == 0).mean():.1%} exact, {(steps[part] <= 1).mean():.1%} within one of eight steps, of {part.sum()}")
