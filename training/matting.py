"""Measures of a cut-out's edge: those of the matting literature, and the halo that a person sees on a new background.

SAD, MSE and gradient error as in Rhemann et al. 2009 (doi 10.1109/CVPR.2009.5206503), boundary IoU as in Cheng et al. 2021 (arXiv
2103.16562), colour differences as CIEDE2000 (Sharma et al. 2005, doi 10.1002/col.20070; scikit-image's).
"""
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_gradient_magnitude
from skimage.color import deltaE_ciede2000, rgb2lab

from training.metrics import inner_band, overlap

BAND = 0.005             # around the true edge, on both sides, share of the diagonal
BOUNDARIES = 0.0025, 0.01  # widths for boundary IoU, shares of the diagonal
SIGMA = 1.4              # pixels, of the gradient's Gaussian
GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "magenta": (255, 0, 255)}


@dataclass(frozen=True)
class EdgeScore:
    sad: float         # sum of absolute differences of alpha in the band, in thousands
    mse: float         # mean squared difference of alpha in the band
    gradient: float    # sum of squared differences of the alphas' gradients in the band, in thousands
    fine: float        # boundary IoU at BOUNDARIES[0]
    coarse: float      # boundary IoU at BOUNDARIES[1]
    halo: float        # mean CIEDE2000 difference in the band over GROUNDS


def edge_score(alpha: np.ndarray, colours: np.ndarray, true_alpha: np.ndarray, true_colours: np.ndarray) -> EdgeScore:
    """Alphas are float32 (height, width) in 0..1, colours uint8 (height, width, 3), straight."""
    diagonal = float(np.hypot(*alpha.shape))
    band = band_of(true_alpha, round(BAND * diagonal))
    difference = (alpha - true_alpha)[band].astype(float)
    slopes = [gaussian_gradient_magnitude(layer.astype(float), SIGMA) for layer in (alpha, true_alpha)]
    masks = alpha > 0.5, true_alpha > 0.5
    fine, coarse = (overlap(*(inner_band(mask, max(1, round(width * diagonal))) for mask in masks)) for width in BOUNDARIES)
    return EdgeScore(float(np.abs(difference).sum()) / 1000, float((difference ** 2).mean()), float(((slopes[0] - slopes[1])[band] ** 2).sum()) / 1000,
                     fine, coarse, halo(alpha[band], colours[band], true_alpha[band], true_colours[band]))


def band_of(alpha: np.ndarray, width: int) -> np.ndarray:
    """The pixels within `width` of where alpha is soft or crosses a half."""
    car = (alpha > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(car, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) | ((alpha > 0) & (alpha < 1)).astype(np.uint8)
    return cv2.dilate(edge, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1,) * 2)) > 0


def halo(alpha: np.ndarray, colours: np.ndarray, true_alpha: np.ndarray, true_colours: np.ndarray) -> float:
    """Mean difference of pixels, alpha (n,) and colours (n, 3), placed on each of GROUNDS as both would be seen."""
    def placed(opacity: np.ndarray, rgb: np.ndarray, ground: tuple[int, int, int]) -> np.ndarray:
        return rgb2lab((rgb * opacity[:, None] + np.array(ground) * (1 - opacity[:, None])) / 255)
    return float(np.mean([deltaE_ciede2000(placed(alpha, colours, ground), placed(true_alpha, true_colours, ground)).mean() for ground in GROUNDS.values()]))
