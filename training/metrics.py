"""How good a matte is: overlap, boundaries, error of alpha, loose pieces, wrecks, and whether it could be published unedited."""
from dataclasses import dataclass

import cv2
import numpy as np

BAND = 0.01             # width of boundary IoU's band, share of the picture's diagonal
LEAST_IOU = 0.97        # of a publishable matte
LARGEST_BLOB = 0.004    # largest wrong piece or hole of a publishable matte, share of the car
WRECK = 0.05            # share of the car that is lost, or as much added
VISIBLE = 40            # alpha of 255 above which a detached piece is seen
FRAYED_F2 = 0.7     # boundary F at two pixels, under which an outline counts as frayed
LOOSE = 1e-4            # detached area, share of the largest piece


@dataclass(frozen=True)
class Score:
    iou: float
    boundary_iou: float  # Cheng et al. 2021, arXiv 2103.16562
    f1: float            # boundary F at one pixel: Perazzi et al. 2016, doi 10.1109/CVPR.2016.85
    f2: float            # at two pixels
    mae: float           # of alpha, 0..1
    blob: float          # area of the largest connected mistake, share of the car
    loose: bool          # something detached from the car is left
    wreck: bool          # over WRECK of the car is lost, or as much is added
    publishable: bool    # IoU of at least LEAST_IOU, and no blob over LARGEST_BLOB

    @property
    def deliverable(self) -> bool:
        """Publishable by all measures: also nothing loose, no wreck and no frayed outline. The confidence model predicts this."""
        return self.publishable and not self.loose and not self.wreck and self.f2 >= FRAYED_F2


def score(alpha: np.ndarray, truth: np.ndarray, ignore: np.ndarray | None = None) -> Score:
    """Compares mattes, uint8 (height, width) with 255 = car. Where ignore (same form) is 128 or more, nothing is scored.

    Raises ValueError where the sizes differ.
    """
    if alpha.shape != truth.shape:
        raise ValueError(f"matte {alpha.shape} and truth {truth.shape} differ in size")
    scored = np.full(truth.shape, True) if ignore is None else ignore < 128
    predicted, true = (alpha > 127) & scored, (truth > 127) & scored
    area = max(int(true.sum()), 1)
    width = max(1, round(BAND * float(np.hypot(*truth.shape))))
    blob = largest_piece(predicted ^ true, width) / area
    iou = overlap(predicted, true)
    difference = cv2.absdiff(alpha, truth)[scored]
    lost, added = int((true & ~predicted).sum()) / area, int((predicted & ~true).sum()) / area
    return Score(iou, overlap(inner_band(predicted, width) & scored, inner_band(true, width) & scored),
                 boundary_f(predicted, true, 1), boundary_f(predicted, true, 2), float(difference.mean() / 255) if difference.size else 0.0,
                 blob, detached(alpha) > LOOSE, max(lost, added) > WRECK, iou >= LEAST_IOU and blob <= LARGEST_BLOB)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """IoU of two boolean masks."""
    return int((one & other).sum()) / max(int((one | other).sum()), 1)


def inner_band(mask: np.ndarray, width: int) -> np.ndarray:
    """The pixels of a boolean mask within `width` pixels of its edge or of the picture's frame."""
    framed = np.pad(mask.astype(np.uint8), 1)
    core = cv2.erode(framed, np.ones((3, 3), np.uint8), iterations=width)
    return mask & (core[1:-1, 1:-1] == 0)


def boundary_f(predicted: np.ndarray, true: np.ndarray, pixels: int) -> float:
    """F measure of the outlines of two boolean masks; a pixel counts as found within `pixels` of the other outline."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    found, wanted = (mask.astype(np.uint8) & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) for mask in (predicted, true))
    precision = int((found & cv2.dilate(wanted, near)).sum()) / max(int(found.sum()), 1)
    recall = int((wanted & cv2.dilate(found, near)).sum()) / max(int(wanted.sum()), 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def detached(alpha: np.ndarray) -> float:
    """Area that lies apart from the largest visible piece of a uint8 matte, as a share of that piece."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((alpha > VISIBLE).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float((areas.sum() - areas.max()) / areas.max()) if count > 1 else 0.0


def largest_piece(wrong: np.ndarray, width: int) -> int:
    """Pixels in the largest connected piece, after slivers thinner than two thirds of the band are opened away."""
    kernel = np.ones((2 * (width // 3) + 1,) * 2, np.uint8)
    opened = cv2.morphologyEx(wrong.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    return int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
