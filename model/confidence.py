"""What a prediction says about itself: whether there is a car at all, and how likely the cut-out can be published untouched.

Two logistic regressions on a few measures of the matte, that of presence also on how far glance and look agree (Platt 1999, "Probabilistic outputs"), fitted by
`train.py calibrate`, which writes confidence.json; the mattes that are measured are the network's own, before refinement.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from model.gaze import SMALLEST, Prediction, expected_error
from postprocessing.pieces import labelled

DOUBTS = range(4)  # the measures that are the greater the worse a matte is
FITTED = Path(__file__).with_name("confidence.json")


@dataclass(frozen=True)
class Judge:
    """What calibration found: weights of the measures, the constant, and below which presence there is no car.

    How far the glance agrees tells of presence alone: among cut-outs of cars it tells nothing that the matte does not.
    """

    present: tuple[float, ...]
    clean: tuple[float, ...]
    least: float

    @classmethod
    def read(cls, path: Path = FITTED) -> "Judge":
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(path.read_text()).items()})

    def write(self, path: Path = FITTED) -> None:
        path.write_text(json.dumps(self.__dict__, indent=1) + "\n")

    def presence(self, seen: Prediction) -> float:
        """0..1: how likely there is a vehicle."""
        found = measures_of(seen)
        return 0.0 if found is None else logistic(self.present, found)

    def confidence(self, seen: Prediction) -> float:
        """0..1: how likely the cut-out needs no hand; 0 where there is no car."""
        found = measures_of(seen)
        if found is None or logistic(self.present, found) < self.least:
            return 0.0
        return logistic(self.clean, found[:-1])


def logistic(weights: tuple[float, ...], found: np.ndarray) -> float:
    *slopes, constant = weights
    return float(1 / (1 + np.exp(-(np.dot(slopes, found) + constant))))


def measures_of(seen: Prediction) -> np.ndarray | None:
    """float64 (6,): the measures of the look's matte, and how far the glance's differs; None where there is no car of any size."""
    found = measures(seen.matte[::2, ::2])  # every fourth pixel tells as much
    return None if found is None else np.append(found, (1 - agreement(seen)) ** 0.5)


def agreement(seen: Prediction) -> float:
    """IoU of the cars of glance and look, in the glance's pixels."""
    scales = [have / whole for have, whole in zip(seen.glance.shape, seen.size)]
    rows, columns = (slice(int(edge.start * scale), max(int(edge.start * scale) + 1, round(edge.stop * scale))) for edge, scale in zip(seen.window, scales))
    glance, look = seen.glance > 0.5, np.zeros(seen.glance.shape, bool)
    part = look[rows, columns]
    part[:] = cv2.resize(seen.matte, part.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return float((glance & look).sum() / max(1, (glance | look).sum()))


def measures(matte: np.ndarray) -> np.ndarray | None:
    """float64 (5,) of a float32 matte (height, width) in 0..1; None where it holds no car of any size.

    Expected error (1 - the IoU that alpha, taken as a probability, promises), doubt inside of the car, soft pixels a pixel of outline, pieces
    and holes beside the main piece, and area; all as logarithms but the first two's square roots, so that none of them runs away.
    """
    car = matte > 0.5
    area = int(car.sum())
    if area < SMALLEST * matte.size:
        return None
    inside = float(matte[car].sum())
    outline = cv2.countNonZero(cv2.morphologyEx(car.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    soft = int(((matte > 0.1) & (matte < 0.9)).sum())
    loose = (stray(car) + stray(~car, framed=True)) / area
    return np.array([expected_error(matte) ** 0.5, (1 - inside / area) ** 0.5, np.log((soft + 1) / outline),
                     np.log(loose + 1e-3), np.log(area / matte.size)])


def stray(shape: np.ndarray, framed: bool = False) -> int:
    """Pixels outside of the largest connected piece of a boolean shape, or of all pieces that reach the frame."""
    labels, areas = labelled(shape.astype(np.uint8), 4)
    if not framed or len(areas) == 1:
        return int(areas[1:].sum() - areas[1:].max(initial=0))
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return int(areas[1:].sum() - areas[border[border > 0]].sum())
