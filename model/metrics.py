"""How good a matte is: IoU, boundary IoU, mean absolute error, and whether it could be published untouched."""
from dataclasses import dataclass

import cv2
import numpy as np

BAND = 0.01         # width of the boundary, share of the picture's diagonal
CLEAN_IOU = 0.97
CLEAN_BLOB = 0.004  # largest wrong piece or hole allowed, share of the car


@dataclass(frozen=True)
class Score:
    iou: float
    boundary_iou: float  # Cheng et al. 2021, arXiv 2103.16562
    mae: float           # of alpha, 0..1
    blob: float          # area of the largest connected mistake, share of the car
    clean: bool          # publishable untouched


def score(alpha: np.ndarray, truth: np.ndarray, ignore: np.ndarray | None = None) -> Score:
    """Compares mattes, uint8 (height, width) with 255 = car; where ignore (same form) is set, nothing is counted."""
    if alpha.shape != truth.shape:
        raise ValueError(f"matte {alpha.shape} and truth {truth.shape} differ in size")
    counted = np.full(truth.shape, True) if ignore is None else ignore < 128
    predicted, true = (alpha > 127) & counted, (truth > 127) & counted
    width = max(1, round(BAND * float(np.hypot(*truth.shape))))
    blob = largest_piece(predicted ^ true, width) / max(int(true.sum()), 1)
    iou = overlap(predicted, true)
    difference = cv2.absdiff(alpha, truth)[counted]
    return Score(iou, overlap(inner_band(predicted, width) & counted, inner_band(true, width) & counted),
                 float(difference.mean() / 255) if difference.size else 0.0, blob, iou >= CLEAN_IOU and blob <= CLEAN_BLOB)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return int((one & other).sum()) / max(int((one | other).sum()), 1)


def inner_band(mask: np.ndarray, width: int) -> np.ndarray:
    """The pixels of a boolean mask within `width` pixels of its edge or of the picture's frame."""
    framed = np.pad(mask.astype(np.uint8), 1)
    core = cv2.erode(framed, np.ones((3, 3), np.uint8), iterations=width)
    return mask & (core[1:-1, 1:-1] == 0)


def largest_piece(wrong: np.ndarray, width: int) -> int:
    """Pixels in the largest connected piece, after slivers thinner than two thirds of the band are opened away."""
    kernel = np.ones((2 * (width // 3) + 1,) * 2, np.uint8)
    opened = cv2.morphologyEx(wrong.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    return int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
