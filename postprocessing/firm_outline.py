"""A firm outline where alpha is hazy: before ground as dark as the tyres the photo shows no edge, and refinement answers with a wide haze.

A car has no haze. There the outline is that of the smoothed alpha, drawn as narrow as a sharp photo's edge. Elsewhere nothing changes.
"""
import cv2
import numpy as np

from postprocessing import band

SOFT = 0.02, 0.98  # alpha between these is soft
HAZE = 5           # matte pixels: a square of these that is soft all over is haze; an edge, a mirror or an aerial is narrower
REACH = 11         # matte pixels: side of the square around each haze pixel in which the outline is drawn anew
SMOOTHING = 2      # matte pixels, standard deviation of the Gaussian that smooths the outline
WIDTH = 1.5        # matte pixels from clear to opaque, where the alpha was a step
STEEPNESS = SMOOTHING * (2 * np.pi) ** 0.5 / WIDTH  # the smoothed outline, so many times as steep, has that width


def firm_outline(alpha: np.ndarray, matte: tuple[int, int]) -> np.ndarray:
    """float32 alpha (height, width) in 0..1, refined from a matte of size (h, w) -> the same, without haze along the outline."""
    small = cv2.resize(alpha, matte[::-1], interpolation=cv2.INTER_LINEAR)
    haze = cv2.erode(cv2.inRange(small, *SOFT), np.ones((HAZE, HAZE), np.uint8))
    if not haze.any():
        return alpha
    share = cv2.blur(cv2.dilate(haze, np.ones((REACH, REACH), np.uint8)), (HAZE, HAZE)).astype(np.float32) / 255
    smoothed = cv2.GaussianBlur(small, (0, 0), SMOOTHING)
    points = band.points_of(cv2.resize((share > 0).astype(np.uint8), alpha.shape[::-1], interpolation=cv2.INTER_NEAREST))
    changed, level = band.sample(cv2.merge([share, smoothed]), points, alpha.shape).T
    drawn = np.clip((level - np.float32(0.5)) * np.float32(STEEPNESS) + np.float32(0.5), 0, 1)
    firm, here = alpha.copy(), band.flat_indices(points, alpha.shape)
    firm.reshape(-1)[here] += changed * (drawn - firm.reshape(-1)[here])
    return firm
