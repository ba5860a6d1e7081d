"""Refinement: the network's matte, some hundred pixels wide, brought to the photo's own edges at full size.

Each pixel of the band where the matte is undecided gets its alpha from a perceptron with two small hidden layers, from the edge features
(postprocessing/edge_features.py). It is trained on composites whose alpha is known exactly, and on photos (`train.py edges`). Where its answer is
uncertain, a second perceptron answers again, from the neighbours' answers too (auto-context, Tu and Bai 2010, doi 10.1109/TPAMI.2009.186).
"""
from pathlib import Path

import cv2
import numpy as np

from once import once
from postprocessing import band
from postprocessing.edge_features import FEATURES, context_features, edge_features
from postprocessing.pieces import one_piece

WEIGHTS = Path(__file__).resolve().parent.parent / "model" / "edges.npz"
CERTAIN = 0.05   # a matte this near to 0 or 1 is not refined
SETTLED = 0.03   # a first answer this near to 0 or 1 is kept
OPAQUE = 0.02    # an alpha this near to 0 or 1 becomes exactly that
SOFT_REACH = 6   # matte pixels on both sides of an edge in which a matte may be soft
CHUNK = 256      # points computed at once: for more, OpenBLAS starts a second thread that mostly waits and doubles the CPU time

Layers = list[tuple[np.ndarray, np.ndarray]]  # float32 weights (inputs, outputs) and biases (outputs,)


def refine(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, weights: Path = WEIGHTS) -> np.ndarray:
    """Refines a soft mask of an upright photo.

    matte: float32 (h, w) in 0..1; small: uint8 (h, w, 3), the photo at the matte's size; rgb: uint8 (height, width, 3), the photo;
    weights: the perceptrons' file. Returns float32 alpha (height, width) in 0..1, exactly 0 or 1 outside of the band around the matte's edge.
    """
    alpha, points, features = first_answers(matte, small, rgb, perceptron_layers("first", weights))
    if len(points):
        write_alpha(alpha, points, perceptron_alpha(context_features(features, alpha, points), perceptron_layers("second", weights)))
    return alpha


def first_answers(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, layers: Layers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha after the first perceptron, and the points that it leaves undecided: int32 (n, 2), with their features (FEATURES, n)."""
    matte, points, plain = undecided(matte, rgb.shape[:2])
    alpha = cv2.resize((matte > 0.5).astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    if not len(points):
        return alpha, points, np.empty((FEATURES, 0), np.float32)
    features = edge_features(matte, small, rgb, points, plain)
    answers = perceptron_alpha(features, layers)
    write_alpha(alpha, points, answers)
    uncertain = np.abs(answers - np.float32(0.5)) < 0.5 - SETTLED
    return alpha, points[uncertain], features[:, uncertain]


def write_alpha(alpha: np.ndarray, points: np.ndarray, answers: np.ndarray) -> None:
    """Writes answers (n,) into alpha (height, width) at points (n, 2). A median over 3x3 pixels smooths frayed edges."""
    here = band.flat_indices(points, alpha.shape)
    answers[answers < OPAQUE], answers[answers > 1 - OPAQUE] = 0, 1
    alpha.reshape(-1)[here] = answers
    alpha.reshape(-1)[here] = cv2.medianBlur(alpha, 3).reshape(-1)[here]


def undecided(matte: np.ndarray, photo: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The matte in one piece and without haze, and the points of its photo (height, width) to refine: int32 (n, 2), with the matte's alpha there (n,)."""
    matte = without_haze(one_piece(matte))
    soft = cv2.dilate(((matte > CERTAIN) & (matte < 1 - CERTAIN)).astype(np.uint8), np.ones((3, 3), np.uint8))
    points = band.points_of(cv2.resize(soft, photo[::-1], interpolation=cv2.INTER_NEAREST))
    plain = band.sample(matte, points, photo)
    uncertain = np.abs(plain - np.float32(0.5)) < 0.5 - CERTAIN
    return matte, points[uncertain], plain[uncertain]


def perceptron_alpha(features: np.ndarray, layers: Layers) -> np.ndarray:
    """float32 features (inputs, n) -> alpha (n,) in 0..1, through a perceptron's layers."""
    count = features.shape[1]
    values = np.pad(features, ((0, 0), (0, -count % CHUNK))).reshape(len(features), -1, CHUNK).transpose(1, 0, 2)
    for number, (weights, constant) in enumerate(layers):
        values = weights.T @ (np.maximum(values, 0) if number else values) + constant[:, None]
    alpha: np.ndarray = 1 / (1 + np.exp(-values.reshape(-1)[:count]))
    return alpha


@once
def perceptron_layers(name: str, path: Path = WEIGHTS) -> Layers:
    """Layers of the "first" or the "second" perceptron, in order."""
    with np.load(path) as kept:
        depth = sum(key.startswith(f"{name}_weights") for key in kept.files)
        return [(kept[f"{name}_weights{number}"], kept[f"{name}_constant{number}"]) for number in range(depth)]


def without_haze(matte: np.ndarray) -> np.ndarray:
    """The same matte, but exactly 0 or 1 further than SOFT_REACH pixels from where it crosses a half: only edges are uncertain."""
    reach = np.ones((2 * SOFT_REACH + 1,) * 2, np.uint8)
    car = (matte > 0.5).astype(np.uint8)
    return np.where(cv2.dilate(car, reach) == 0, np.float32(0), np.where(cv2.erode(car, reach) == 1, np.float32(1), matte))
