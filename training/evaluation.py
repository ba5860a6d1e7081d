"""Evaluates a network as served, or a folder of mattes made by any other tool, against the masks of a split.

For networks also against composites with exact mattes, and against pictures that no car should be found in.
"""
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from postprocessing.foreground import foreground
from training.aerials import AerialScore, aerial_score
from training.contact_sheet import captioned, outlined, write_sheet
from training.data.composites import composites, empty_scenes
from training.data.sources import Photo, in_threads, name_of, read_grey, read_interiors, read_photos
from training.errors import DataError
from training.matting import EdgeScore, edge_score
from training.metrics import Score, score
from training.pipeline import Pipeline

WORST = 24  # photos on the sheet of the worst
COLUMNS = {"iou": ("IoU", "6.4f"), "boundary_iou": ("bIoU", "6.4f"), "f1": ("F1", "6.3f"), "f2": ("F2", "6.3f"), "mae": ("MAE", "6.4f"), "sad": ("SAD", "6.3f"),
           "halo": ("halo", "6.3f"), "loose": ("loose", "6.1%"), "wreck": ("wrecks", "6.1%"), "publishable": ("publ.", "6.1%"), "refused": ("refus.", "6.1%"),
           "covered": ("aerial", "6.1%"), "stray": ("sticks", "6.1%")}


@dataclass(frozen=True)
class Evaluated:
    photo: Photo
    alpha: np.ndarray               # uint8 (height, width)
    score: Score
    aerials: AerialScore
    refused: bool | None = None     # whether presence is too low; None: not known
    edge: EdgeScore | None = None   # None: the true colours are not known

    def measures(self) -> dict[str, float]:
        """All that is known, by the names of COLUMNS and of Score."""
        found = {key: float(value) for key, value in (asdict(self.score) | asdict(self.aerials)).items() if value is not None}
        if self.edge:
            found |= {"sad": self.edge.sad, "halo": self.edge.halo}
        return found if self.refused is None else found | {"refused": float(self.refused)}


@dataclass(frozen=True)
class Evaluation:
    sets: dict[str, list[Evaluated]]
    answered: dict[str, list[bool]]  # by kind of picture without a car: whether presence lets it pass

    def means(self) -> dict[str, dict[str, float]]:
        """By set, each measure's mean over the photos that have it."""
        every = {name: [row.measures() for row in rows] for name, rows in self.sets.items()}
        return {name: {key: float(np.mean([row[key] for row in rows if key in row])) for key in dict.fromkeys(chain(*rows))} for name, rows in every.items()}

    def mean(self, key: str) -> float:
        """The mean over the sets' means."""
        return float(np.mean([row[key] for row in self.means().values()]))

    def print(self) -> None:
        print(f"{'set':10} {'n':>3}  " + "  ".join(f"{title:>6}" for title, _ in COLUMNS.values()) + "  worst")
        for name, means in self.means().items():
            low = min(self.sets[name], key=lambda row: row.score.iou)
            cells = "  ".join(format(means[key], form) if key in means else " " * 6 for key, (_, form) in COLUMNS.items())
            print(f"{name:10} {len(self.sets[name]):3}  {cells}  {low.photo.name} {low.score.iou:.3f}")
        for kind, answers in self.answered.items():
            print(f"passed by presence without a car, {kind}: {sum(answers)} of {len(answers)}" + (f", {np.mean(answers):.1%}" if answers else ""))
        every = [row for rows in self.sets.values() for row in rows]
        stray = [name_of(row.photo) for row in every if row.aerials.stray]
        print(f"stray sticks: {len(stray)} of {len(every)}", *stray)
        known = [row for row in every if row.refused is not None]
        if known:
            print(f"vehicles refused by presence: {sum(row.refused for row in known)} of {len(known)}")

    def write_json(self, path: Path) -> None:
        """Means by set, all measures by photo, and the answers without a car."""
        means = self.means()
        sets = {name: {"n": len(rows), "mean": means[name], "photos": {row.photo.name: row.measures() for row in rows}} for name, rows in self.sets.items()}
        answered = {kind: {"n": len(answers), "answered": sum(answers)} for kind, answers in self.answered.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"sets": sets, "answered": answered}, indent=1) + "\n")

    def write_worst(self, path: Path) -> None:
        """A contact sheet of the photos with the lowest IoU."""
        rows = sorted((row for rows in self.sets.values() for row in rows), key=lambda row: row.score.iou)[:WORST]
        write_sheet(path, [captioned(outlined(row.photo.rgb, row.alpha), f"{row.photo.set} {row.photo.name} {row.score.iou:.3f}") for row in rows])


def evaluate(data: Path, pipeline: Pipeline, split: str = "val") -> Evaluation:
    """Photos and composites of "val" or "test", empty scenes and interiors. Raises DataError where the split has no photos."""
    photos = [*read_photos(data, split), *composites(data, split, with_colours=True)]
    answered = {"empty scenes": found_cars(pipeline, empty_scenes(data)), "interiors": found_cars(pipeline, read_interiors(data, split))}
    return Evaluation(by_set(in_threads(lambda photo: evaluated(photo, pipeline), photos)), answered)


def evaluate_mattes(data: Path, mattes: Path, split: str = "val") -> Evaluation:
    """A folder of SET/STEM.png. Raises DataError where a matte is missing or not of its photo's size."""
    def read(photo: Photo) -> Evaluated:
        path = mattes / photo.set / f"{photo.name}.png"
        alpha = read_grey(path)
        if alpha.shape != photo.mask.shape:
            raise DataError(f"{path}: {alpha.shape[1]}x{alpha.shape[0]} pixels, but the photo has {photo.mask.shape[1]}x{photo.mask.shape[0]}")
        return compared(photo, alpha)
    return Evaluation(by_set(in_threads(read, read_photos(data, split))), {})


def evaluated(photo: Photo, pipeline: Pipeline) -> Evaluated:
    prediction = pipeline.localise(photo.rgb)
    alpha = pipeline.refined(prediction, photo.rgb)
    colours = None if photo.colours is None else foreground(photo.rgb, alpha.astype(np.float32) / 255)
    return compared(photo, alpha, colours, pipeline.confidence(prediction) == 0)


def compared(photo: Photo, alpha: np.ndarray, colours: np.ndarray | None = None, refused: bool | None = None) -> Evaluated:
    """A cut-out, alpha (height, width) and straight colours (height, width, 3), both uint8, against a photo's mask and, where it has them, its true colours."""
    edge = None
    if photo.colours is not None and colours is not None:
        edge = edge_score(alpha.astype(np.float32) / 255, colours, photo.mask.astype(np.float32) / 255, photo.colours)
    pictures = alpha, photo.mask, photo.ignore
    return Evaluated(photo, alpha, score(*pictures), aerial_score(*pictures), refused, edge)


def found_cars(pipeline: Pipeline, pictures: Iterable[np.ndarray]) -> list[bool]:
    """Of each uint8 picture (height, width, 3), whether presence lets it pass."""
    return in_threads(lambda rgb: pipeline.confidence(pipeline.localise(rgb)) > 0, pictures)


def by_set(rows: Iterable[Evaluated]) -> dict[str, list[Evaluated]]:
    sets: dict[str, list[Evaluated]] = {}
    for row in rows:
        sets.setdefault(row.photo.set, []).append(row)
    return sets
