"""Confidence in a prediction: whether there is a car at all, and how likely the cut-out can be published untouched.

Two logistic regressions (Platt 1999, "Probabilistic outputs for support vector machines") on a few features of the fine pass's matte, before
refinement. Presence also counts how far the coarse pass disagrees. `train.py calibrate` fits them and writes confidence.json.
"""
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from model.localise import SMALLEST_CAR, Prediction
from postprocessing.pieces import labelled

UNCERTAINTY_FEATURES = range(4)  # of matte_features, those that grow as a matte gets worse
FITTED = Path(__file__).with_name("confidence.json")


@dataclass(frozen=True)
class ConfidenceModel:
    """Weights of the features, the constant last, and the presence below which there is no car.

    The coarse pass's disagreement counts for presence alone: among cut-outs of cars it adds nothing to the matte's features.
    """

    presence: tuple[float, ...]
    deliverable: tuple[float, ...]
    min_presence: float

    @classmethod
    def read(cls, path: Path = FITTED) -> "ConfidenceModel":
        fitted = json.loads(path.read_text())
        return cls(tuple(fitted["presence"]), tuple(fitted["deliverable"]), fitted["min_presence"])

    def write(self, path: Path = FITTED) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def confidence(self, prediction: Prediction) -> float:
        """0..1: how likely the cut-out can be published untouched; 0 where there is no car."""
        features = features_of(prediction)
        if features is None or logistic(self.presence, features) < self.min_presence:
            return 0.0
        return logistic(self.deliverable, features[:-1])


def logistic(weights: tuple[float, ...], features: np.ndarray) -> float:
    *slopes, constant = weights
    return float(1 / (1 + np.exp(-(np.dot(slopes, features) + constant))))


def features_of(prediction: Prediction) -> np.ndarray | None:
    """float64 (6,): the features of the fine pass's matte, and how far the coarse pass's differs; None where it holds no car of any size."""
    features = matte_features(prediction.matte[::2, ::2])  # every fourth pixel suffices
    return None if features is None else np.append(features, (1 - agreement(prediction)) ** 0.5)


def agreement(prediction: Prediction) -> float:
    """IoU of the cars of both passes, in the coarse pass's pixels."""
    scales = [have / whole for have, whole in zip(prediction.coarse.shape, prediction.size)]
    rows, columns = (slice(first := int(edge.start * scale), max(first + 1, round(edge.stop * scale))) for edge, scale in zip(prediction.window, scales))
    coarse, fine = prediction.coarse > 0.5, np.zeros(prediction.coarse.shape, bool)
    part = fine[rows, columns]
    part[:] = cv2.resize(prediction.matte, part.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return float((coarse & fine).sum() / max(1, (coarse | fine).sum()))


def matte_features(matte: np.ndarray) -> np.ndarray | None:
    """float64 (5,) of a float32 matte (height, width) in 0..1; None where it holds no car of any size.

    Undecided area (soft and wider than an edge), uncertainty inside of the car, soft pixels a pixel of outline, pieces and holes beside the main piece,
    and area. The second is a square root and the others are logarithms, so that none dominates.
    """
    car = matte > 0.5
    area = int(car.sum())
    if area < SMALLEST_CAR * matte.size:
        return None
    inside = float(matte[car].sum())
    outline = max(1, cv2.countNonZero(cv2.morphologyEx(car.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))))  # 0: a car all over
    soft = cv2.inRange(matte, 0.1, 0.9)
    undecided = cv2.countNonZero(cv2.erode(soft, np.ones((3, 3), np.uint8))) / area
    loose = (outside_main_piece(car) + outside_main_piece(~car, framed=True)) / area
    return np.array([np.log(undecided + 1e-3), (1 - inside / area) ** 0.5, np.log((cv2.countNonZero(soft) + 1) / outline),
                     np.log(loose + 1e-3), np.log(area / matte.size)])


def outside_main_piece(shape: np.ndarray, framed: bool = False) -> int:
    """Pixels outside of the largest connected piece of a boolean shape; if framed, outside of all pieces that reach the frame."""
    labels, areas = labelled(shape.astype(np.uint8), 4)
    if not framed or len(areas) == 1:
        return int(areas[1:].sum() - areas[1:].max(initial=0))
    reaching = np.zeros(len(areas), bool)  # np.unique would import numpy.ma, a fifth of a cold start's first photo
    reaching[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    return int(areas[1:][~reaching[1:]].sum())
