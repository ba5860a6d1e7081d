"""How often each flag of a photo is right: validation photos with masks, as they are and made wrong on purpose.

    python -m benchmarks.flags --data DIR

Every other photo is there to choose a flag's least value by (model/flags.py): the value printed there has the best F1. The others report. A photo as it
is has a flag where its mask says so: a car on the edge, or one of few pixels; or, for low_confidence, where its cut-out can't be published by the mask.
"""
import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from model.flags import FLAGS, LEAST, measures
from model.kind import KindModel
from model.localise import Prediction
from model.predictor import NETWORK
from training.data.degradations import transformed
from training.data.flaws import STEEPEST, Scene, composed, occluded, several, turned
from training.data.sources import LOW_RESOLUTION, Cutout, Photo, read_backgrounds, read_cutouts, read_occluders, read_photos
from training.metrics import score
from training.pipeline import Pipeline

PHOTOS = 30        # of each kind and half
SEED = 1

LONGEST = 576      # pixels of a cut-out and a background
TURNED = 5         # degrees, the least of a tilted photo

Make = Callable[[Photo, np.random.Generator], Photo | None]  # None: the photo can't be made so
Measured = dict[str, list[tuple[float, bool]]]  # by flag, of each photo: its measure, and whether it has the flag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pipeline, rng = Pipeline.load(NETWORK), np.random.default_rng(SEED)
    photos = [photo for photo in read_photos(args.data, "val") if photo.set not in LOW_RESOLUTION]
    rng.shuffle(photos)  # type: ignore[arg-type]  # numpy shuffles lists, too
    cars, backgrounds = (read(args.data, "val", LONGEST) for read in (read_cutouts, read_backgrounds))
    makes = MADE | {"occluded": with_occluder(read_occluders(args.data, "val")), "several": with_another(cars, backgrounds)}
    choosing, reporting = (measured(half, makes, pipeline, rng) for half in (photos[::2], photos[1::2]))
    print(f"{'':14}  best by one half      precision  recall  as set by the other half: precision  recall  photos with it  without")
    for flag in FLAGS:
        best = best_least(choosing[flag])
        rows = reporting[flag]
        print(f"{flag:14}  {best:16.3f}      {judged(choosing[flag], best)}  {LEAST[flag]:22.3f}  {judged(rows, LEAST[flag]):>20}"
              f"  {sum(wrong for _, wrong in rows):14}  {sum(not wrong for _, wrong in rows):7}")


def measured(photos: Sequence[Photo], makes: Mapping[str, Make], pipeline: Pipeline, rng: np.random.Generator) -> Measured:
    kinds = KindModel.read()

    def values_of(prediction: Prediction) -> dict[str, float]:
        return measures(prediction, pipeline.confidence(prediction), kinds.classify(prediction).flaws, 1)

    found: Measured = {flag: [] for flag in FLAGS}
    for photo in photos:
        prediction = pipeline.localise(photo.rgb)
        values = values_of(prediction)
        deliverable = score(pipeline.refined(prediction, photo.rgb), photo.mask, photo.ignore).deliverable
        for flag, wrong in (("cut_off", on_edge(photo) > 1 - LEAST["cut_off"]), ("small", length(photo) < LEAST["small"]), ("low_confidence", not deliverable)):
            found[flag].append((values[flag], wrong))
        for flag in ("dark", "blurred", "tilted", "occluded", "several"):
            found[flag].append((values[flag], False))
    for flag, make in makes.items():
        made = (wrong for photo in photos if (wrong := make(photo, rng)) is not None)
        for photo in islice(made, PHOTOS):
            found[flag].append((values_of(pipeline.localise(photo.rgb))[flag], True))
    return found


def best_least(rows: Sequence[tuple[float, bool]]) -> float:
    """The least value with the best F1, midway between two measures."""
    values = sorted({value for value, _ in rows})
    between = [(one + other) / 2 for one, other in zip(values, values[1:])]
    return max(between, key=lambda least: f1(*precision_recall(rows, least)))


def precision_recall(rows: Sequence[tuple[float, bool]], least: float) -> tuple[float, float]:
    flagged, right = sum(value < least for value, _ in rows), sum(value < least and wrong for value, wrong in rows)
    return right / max(1, flagged), right / max(1, sum(wrong for _, wrong in rows))


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(1e-9, precision + recall)


def judged(rows: Sequence[tuple[float, bool]], least: float) -> str:
    return "{:9.2f}  {:6.2f}".format(*precision_recall(rows, least))


def on_edge(photo: Photo) -> float:
    """The largest share of the mask's width or height on an edge of the photo."""
    car = photo.mask > 127
    wide, tall = (int(np.ptp(np.flatnonzero(car.any(axis)))) + 1 for axis in (0, 1))
    return max(car[0].sum() / wide, car[-1].sum() / wide, car[:, 0].sum() / tall, car[:, -1].sum() / tall)


def length(photo: Photo) -> int:
    """Of the mask's longer side, in pixels."""
    car = photo.mask > 127
    return max(int(np.ptp(np.flatnonzero(car.any(axis)))) + 1 for axis in (0, 1))


def cut_off(photo: Photo, rng: np.random.Generator) -> Photo:
    """Without 5 to 40 % of the car's width or height, at the left, the right or the bottom."""
    car, share, side = photo.mask > 127, rng.uniform(0.05, 0.4), rng.choice(["left", "right", "bottom"])
    lines = np.flatnonzero(car.any(0 if side != "bottom" else 1))
    first, last = int(lines[0] + share * np.ptp(lines)), int(lines[-1] - share * np.ptp(lines))
    part = {"left": np.s_[:, first:], "right": np.s_[:, :last], "bottom": np.s_[:last]}[str(side)]
    return transformed(lambda layer, way: np.ascontiguousarray(layer[part]))(photo)


def small(photo: Photo, rng: np.random.Generator) -> Photo:
    """The car 150 to 350 pixels long."""
    scale = rng.uniform(150, 350) / length(photo)
    return transformed(lambda layer, way: cv2.resize(layer, None, fx=scale, fy=scale, interpolation=way))(photo)


def dark(photo: Photo, rng: np.random.Generator) -> Photo:
    """Under-exposed by 2.5 to 4 stops, with grain."""
    light = (photo.rgb / 255) ** 2.2 * 2 ** -rng.uniform(2.5, 4)
    return replace(photo, rgb=as_sent(255 * light ** (1 / 2.2) + rng.normal(0, 3, photo.rgb.shape)))


def blurred(photo: Photo, rng: np.random.Generator) -> Photo:
    """Out of focus by a standard deviation of 0.3 to 0.8 % of the car's length, or moved by 1 to 2 % of it in any direction."""
    if rng.random() < 0.5:
        return replace(photo, rgb=as_sent(cv2.GaussianBlur(photo.rgb, (0, 0), rng.uniform(0.003, 0.008) * length(photo))))
    reach, angle = rng.uniform(0.01, 0.02) * length(photo) / 2, rng.uniform(0, np.pi)
    centre = int(np.ceil(reach))
    path = np.zeros((2 * centre + 1,) * 2, np.float32)
    (x, y) = np.rint(centre + reach * np.array((np.cos(angle), np.sin(angle)))).astype(int)
    cv2.line(path, (2 * centre - x, 2 * centre - y), (x, y), 1)
    return replace(photo, rgb=as_sent(cv2.filter2D(photo.rgb, -1, path / path.sum())))


def tilted(photo: Photo, rng: np.random.Generator) -> Photo:
    """Turned by 5 to 10 degrees."""
    degrees = rng.uniform(TURNED, STEEPEST) * rng.choice([-1, 1])
    return replace(photo, rgb=turned(photo.rgb, degrees))


def with_occluder(occluders: Sequence[np.ndarray]) -> Make:
    """With a person or an object before the car."""
    def make(photo: Photo, rng: np.random.Generator) -> Photo | None:
        rgb = occluded(rng, Scene(photo.rgb, photo.mask), occluders[rng.integers(len(occluders))])
        return None if rgb is None else replace(photo, rgb=rgb)
    return make


def with_another(cars: Sequence[Cutout], backgrounds: Sequence[np.ndarray]) -> Make:
    """Instead of the photo, in which there is hardly room: a cut-out before a background, with another vehicle as large."""
    def make(photo: Photo, rng: np.random.Generator) -> Photo | None:
        car, other = (cars[number] for number in rng.choice(len(cars), 2, replace=False))
        scene = composed(rng, car, backgrounds[rng.integers(len(backgrounds))])
        rgb = several(rng, scene, other)
        return None if rgb is None else replace(photo, rgb=as_sent(rgb))
    return make


def as_sent(rgb: np.ndarray) -> np.ndarray:
    """Colours in 0..255 after a JPEG of quality 85."""
    file = cv2.imencode(".jpg", np.clip(np.rint(rgb), 0, 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, 85))[1]
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))


MADE: dict[str, Make] = {"cut_off": cut_off, "small": small, "dark": dark, "blurred": blurred, "tilted": tilted}


if __name__ == "__main__":
    main()
