"""The network's matte, some hundred pixels wide, brought to the photo's own edges at full size.

In the band where the matte is undecided, what the photo says of each pixel (postprocessing/evidence.py) is weighed by a perceptron of two small layers,
which has learnt from composites whose alpha is known exactly and from photos (`train.py edges`). That takes the place of rules of thumb about which cue
to believe where: each is wrong somewhere, a guided filter along shadows of the car's own colour, two colours where a third lies between.
"""
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from postprocessing import band
from postprocessing.evidence import gathered
from postprocessing.pieces import one_piece

WEIGHTS = Path(__file__).resolve().parent.parent / "model" / "edges.npz"
CERTAIN = 0.05   # a matte this near to 0 or 1 needs no second thought
SURE = 0.02      # an alpha this near to 0 or 1 is 0 or 1
REACH = 6        # matte pixels on both sides of an edge in which a matte may be soft
PIECE = 256      # points weighed at once: OpenBLAS would wake a second thread for more, which mostly waits, at twice the CPU time of all of refinement


def refine(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 and its uint8 photo, as small (h, w, 3) and as large (height, width, 3) -> float32 alpha (height, width) in 0..1.

    Outside of the band around the matte's edge, alpha is exactly 0 or 1.
    """
    matte, points, plain = undecided(matte, rgb.shape[:2])
    alpha = cv2.resize((matte > 0.5).astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    if len(points):
        found = weighed(gathered(matte, small, rgb, points, plain), perceptron())
        found[found < SURE], found[found > 1 - SURE] = 0, 1
        here = band.flat(points, alpha.shape)
        alpha.reshape(-1)[here] = found
        alpha.reshape(-1)[here] = cv2.medianBlur(alpha, 3).reshape(-1)[here]  # each pixel was weighed by itself: what frays is smoothed
    return alpha


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
def perceptron(path: Path = WEIGHTS) -> list[tuple[np.ndarray, np.ndarray]]:
    """Layers, first to last, as float32 weights (inputs, outputs) and constants (outputs,)."""
    with np.load(path) as kept:
        return [(kept[f"weights{place}"], kept[f"constant{place}"]) for place in range(len(kept.files) // 2)]


def without_haze(matte: np.ndarray) -> np.ndarray:
    """The same matte, but exactly 0 or 1 further than REACH pixels from where it crosses a half: doubt belongs to edges."""
    reach = np.ones((2 * REACH + 1,) * 2, np.uint8)
    car = (matte > 0.5).astype(np.uint8)
    return np.where(cv2.dilate(car, reach) == 0, np.float32(0), np.where(cv2.erode(car, reach) == 1, np.float32(1), matte))
