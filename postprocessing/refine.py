"""The network's matte, some hundred pixels wide, brought to the photo's own edges at full size.

In the band where the matte is undecided, what the photo says of each pixel (postprocessing/evidence.py) is weighed by a perceptron of two small layers,
which has learnt from composites whose alpha is known exactly and from photos (`train.py edges`). That takes the place of rules of thumb about which cue
to believe where: each is wrong somewhere, a guided filter along shadows of the car's own colour, two colours where a third lies between. Where the answer
is neither yes nor no, a second perceptron weighs again, and hears what the neighbours answered (auto-context, Tu and Bai 2010, doi 10.1109/TPAMI.2009.186).
"""
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from postprocessing import band
from postprocessing.aerials import with_aerials
from postprocessing.evidence import MEASURES, gathered, heard
from postprocessing.pieces import one_piece
from postprocessing.twins import with_twins

WEIGHTS = Path(__file__).resolve().parent.parent / "model" / "edges.npz"
CERTAIN = 0.05   # a matte this near to 0 or 1 needs no second thought
DOUBT = 0.03     # a first answer this near to 0 or 1 stays
SURE = 0.02      # an alpha this near to 0 or 1 is 0 or 1
REACH = 6        # matte pixels on both sides of an edge in which a matte may be soft
PIECE = 256      # points weighed at once: OpenBLAS would wake a second thread for more, which mostly waits, at twice the CPU time of all of refinement


def refine(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, quarters: int = 0) -> np.ndarray:
    """A car's float32 matte (h, w) in 0..1 and its uint8 photo, as small (h, w, 3) and as large (height, width, 3) -> float32 alpha (height, width) in 0..1.

    quarters: turns anticlockwise after which the car stands upright, as it is refined.
    """
    matte, small, rgb = (np.ascontiguousarray(np.rot90(layer, quarters)) for layer in (matte, small, rgb))
    return np.rot90(brought_to_edges(completed(matte, small), small, rgb), -quarters)


def completed(matte: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The matte of a car, undecided where it holds a thing back that it feels: the other one of two mirrors, an aerial."""
    return with_aerials(with_twins(matte), small)


def brought_to_edges(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """The same for whatever a matte is of.

    Outside of the band around the matte's edge, alpha is exactly 0 or 1.
    """
    alpha, points, evidence = first_answers(matte, small, rgb, perceptron("first"))
    if len(points):
        settle(alpha, points, weighed(heard(evidence, alpha, points), perceptron("second")))
    return alpha


def first_answers(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha where each pixel of the band was weighed by itself, and those that still are in doubt: int32 points (n, 2) and their evidence (MEASURES, n)."""
    matte, points, plain = undecided(matte, rgb.shape[:2])
    alpha = cv2.resize((matte > 0.5).astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    if not len(points):
        return alpha, points, np.empty((MEASURES, 0), np.float32)
    evidence = gathered(matte, small, rgb, points, plain)
    answers = weighed(evidence, layers)
    settle(alpha, points, answers)
    doubt = np.abs(answers - np.float32(0.5)) < 0.5 - DOUBT
    return alpha, points[doubt], evidence[:, doubt]


def settle(alpha: np.ndarray, points: np.ndarray, answers: np.ndarray) -> None:
    """Writes answers (n,) into alpha (height, width) at points (n, 2), those near to 0 or 1 as exactly that, and smooths what frays."""
    here = band.flat(points, alpha.shape)
    answers[answers < SURE], answers[answers > 1 - SURE] = 0, 1
    alpha.reshape(-1)[here] = answers
    alpha.reshape(-1)[here] = cv2.medianBlur(alpha, 3).reshape(-1)[here]


def undecided(matte: np.ndarray, photo: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A float32 matte (h, w) in one piece and without haze; points, int32 (n, 2), of its photo (height, width) where that is not certain, and its alpha there."""
    matte = without_haze(one_piece(matte))
    soft = cv2.dilate(((matte > CERTAIN) & (matte < 1 - CERTAIN)).astype(np.uint8), np.ones((3, 3), np.uint8))
    points = band.pixels(cv2.resize(soft, photo[::-1], interpolation=cv2.INTER_NEAREST))
    plain = band.sampled(matte, points, photo)
    open_ = np.abs(plain - np.float32(0.5)) < 0.5 - CERTAIN
    return matte, points[open_], plain[open_]


def weighed(evidence: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """float32 evidence (measures, n) -> alpha (n,) in 0..1, through layers of weights and constants."""
    count = evidence.shape[1]
    values = np.pad(evidence, ((0, 0), (0, -count % PIECE))).reshape(len(evidence), -1, PIECE).transpose(1, 0, 2)
    for place, (weights, constant) in enumerate(layers):
        values = weights.T @ (np.maximum(values, 0) if place else values) + constant[:, None]
    return 1 / (1 + np.exp(-values.reshape(-1)[:count]))


@cache
def perceptron(name: str, path: Path = WEIGHTS) -> list[tuple[np.ndarray, np.ndarray]]:
    """Layers of the "first" or "second" one, in order, as float32 weights (inputs, outputs) and constants (outputs,)."""
    with np.load(path) as kept:
        return [(kept[f"{name}_weights{place}"], kept[f"{name}_constant{place}"]) for place in range(sum(key.startswith(f"{name}_weights") for key in kept.files))]


def without_haze(matte: np.ndarray) -> np.ndarray:
    """The same matte, but exactly 0 or 1 further than REACH pixels from where it crosses a half: doubt belongs to edges."""
    reach = np.ones((2 * REACH + 1,) * 2, np.uint8)
    car = (matte > 0.5).astype(np.uint8)
    return np.where(cv2.dilate(car, reach) == 0, np.float32(0), np.where(cv2.erode(car, reach) == 1, np.float32(1), matte))
