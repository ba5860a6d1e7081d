"""What a photo of a listing shows, from which side, and what is wrong with its scene: linear models over the encoder's features.

Those of the coarse pass, averaged over the whole photo and over the car's box, tell the kind and FLAWS. Those of the fine pass, averaged over a grid in the
car's box, tell the view and the roll (RoI pooling, Girshick 2015, arXiv 1504.08083, with the exact overlaps of He et al. 2017, arXiv 1703.06870).
Multinomial logistic regressions, made calibrated by a temperature (Guo et al. 2017, arXiv 1706.04599), turn them into probabilities. The roll is a
ridge regression. `train.py kinds` fits them and writes kind.npz.
"""
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from model.localise import Bounds, Prediction, uncertainty
from postprocessing.pieces import one_piece

KINDS = ("exterior", "interior", "boot", "engine", "detail", "other")  # detail: a part of a vehicle; other: no vehicle, a document, a screenshot, a collage
VIEWS = ("front", "front-left", "left", "rear-left", "rear", "rear-right", "right", "front-right")  # left and right as the driver sees them
FITTED = Path(__file__).with_name("kind.npz")
FLAWS = ("occluded", "several")  # something stands before the car; another vehicle is as large
STRIDES, CHANNELS = (32, 16), (320, 112)  # of the encoder's features
BOX_GRID = (4, 8)      # rows, columns in the car's box
PLACES = 6             # numbers that say where the car is, and how certain its matte
LEAST_EXTERIOR = 0.5   # probability: as much as all other kinds together
WEIGHTS = "kinds", "views", "flaws", "roll"


class Flaws(NamedTuple):
    """Of an exterior."""

    roll: float = 0.0      # degrees by which the photo is turned anticlockwise
    occluded: float = 0.0  # probability of each of FLAWS
    several: float = 0.0


class Kind(NamedTuple):
    kind: str         # of KINDS; exterior is what can be cut out
    confidence: float  # 0..1, the probability of the kind
    view: str | None  # of VIEWS, for exteriors
    flaws: Flaws = Flaws()


@dataclass(frozen=True)
class KindModel:
    """Weights of the features, float32 (features + 1, classes), the constant last.

    kinds and flaws: of `kind_features`; views and roll: of `view_features`.

    Raises ValueError where their shapes are not those of the features.
    """

    kinds: np.ndarray
    views: np.ndarray
    flaws: np.ndarray
    roll: np.ndarray

    def __post_init__(self) -> None:
        of_kinds, of_views = 2 * sum(CHANNELS) + PLACES + 1, CHANNELS[1] * BOX_GRID[0] * BOX_GRID[1] + 2
        for name, shape in {"kinds": (of_kinds, len(KINDS)), "views": (of_views, len(VIEWS)), "flaws": (of_kinds, len(FLAWS)), "roll": (of_views, 1)}.items():
            if (weights := getattr(self, name)).shape != shape:
                raise ValueError(f"the weights of {name} have shape {weights.shape}, not {shape}: fit them with train.py kinds")

    @classmethod
    def read(cls, path: Path = FITTED) -> "KindModel":
        with np.load(path) as fitted:
            return cls(*(fitted[name].astype(np.float32) for name in WEIGHTS))

    def write(self, path: Path = FITTED) -> None:
        np.savez(path, **{name: getattr(self, name).astype(np.float16) for name in WEIGHTS})

    def classify(self, prediction: Prediction) -> Kind:
        """An exterior where that is as probable as all other kinds together, else the most probable of those."""
        of_kind = kind_features(prediction)
        probabilities = softmax(of_kind @ self.kinds)
        kind = self.kind_of(probabilities)
        if kind > 0:
            return Kind(KINDS[kind], float(probabilities[kind]), None)
        of_view = view_features(prediction)
        flaws = Flaws(float((of_view @ self.roll)[0]), *(1 / (1 + np.exp(-of_kind @ self.flaws))).tolist())
        return Kind(KINDS[0], float(probabilities[0]), VIEWS[int((of_view @ self.views).argmax())], flaws)

    def kind_of(self, probabilities: np.ndarray) -> int:
        return 0 if probabilities[0] >= LEAST_EXTERIOR else 1 + int(probabilities[1:].argmax())


def bounds_in_matte(matte: np.ndarray) -> Bounds:
    """Of the largest piece in a matte (height, width); all of it where it holds none."""
    x, y, w, h = cv2.boundingRect((one_piece(matte) > 0.5).astype(np.uint8))
    return (y, y + h, x, x + w) if w and h else (0, matte.shape[0], 0, matte.shape[1])


def kind_features(prediction: Prediction) -> np.ndarray:
    """float32 (n + 1,): the means of the coarse pass's features over the photo and over the car's box, the box's place, the matte's certainty, and 1."""
    height, width = prediction.coarse.shape
    top, bottom, left, right = box = bounds_in_matte(prediction.coarse)
    means = [pooled(layer, part, (1, 1), stride) for layer, stride in zip(prediction.coarse_features, STRIDES) for part in ((0, height, 0, width), box)]
    places = [top / height, bottom / height, left / width, right / width, (prediction.coarse > 0.5).mean(), uncertainty(prediction.coarse) ** 0.5]
    return np.concatenate([*means, places, [1]]).astype(np.float32)


def view_features(prediction: Prediction) -> np.ndarray:
    """float32 (n + 1,): the means of the fine pass's features at stride 16 over the grid in the car's box, the box's shape, and 1."""
    top, bottom, left, right = box = bounds_in_matte(prediction.matte[::2, ::2])  # every fourth pixel suffices
    means = pooled(prediction.features[1], box, BOX_GRID, STRIDES[1] // 2)
    return np.append(means, [np.log((right - left) / (bottom - top)), 1]).astype(np.float32)


def pooled(features: np.ndarray, part: Bounds, grid: tuple[int, int], stride: int) -> np.ndarray:
    """The means of features (rows, columns, channels) in a part's equal cells (grid: rows, columns), flat. stride: pixels of the part for each feature."""
    rows, columns = (overlaps(start / stride, stop / stride, number, cells) for start, stop, number, cells
                     in zip(part[::2], part[1::2], grid, features.shape))
    return np.asarray(np.einsum("ir,jc,rcf->ijf", rows, columns, features, optimize=True)).ravel()


def overlaps(start: float, stop: float, number: int, cells: int) -> np.ndarray:
    """(number, cells): the share that each cell has in each of `number` equal parts of start..stop."""
    edges, bounds = np.linspace(start, stop, number + 1), np.arange(cells + 1)
    shared = np.minimum(edges[1:, None], bounds[None, 1:]) - np.maximum(edges[:-1, None], bounds[None, :-1])
    return np.asarray(np.maximum(shared, 0) / np.diff(edges)[:, None])


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))
