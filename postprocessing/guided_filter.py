"""Guided filter (He et al. 2013, doi 10.1109/TPAMI.2012.213): where a matte is a local linear function of the photo's colours.

The lines are fitted on a small copy and used at full size (fast guided filter, He and Sun 2015, arXiv 1505.00996).
"""
import cv2
import numpy as np

from postprocessing import band
from preprocessing.letterbox import resize

CERTAIN = 0.05   # a matte this near to 0 or 1 is not refined
RADIUS = 2       # of the windows, in cells
EPSILON = 1e-4   # the smallest variance of the photo (0..1) that counts as an edge


def guided(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 of a photo, uint8 (height, width, 3) -> float32 (height, width) in 0..1, exactly 0 or 1 away from its edges.

    small: uint8 (2h, 2w, 3), the photo as the network saw it.
    """
    size = rgb.shape[:2]
    enlarged = cv2.resize(matte, size[::-1], interpolation=cv2.INTER_LINEAR)
    points = band.points_of(cv2.inRange(enlarged, CERTAIN, 1 - CERTAIN))
    answer = (enlarged > 0.5).astype(np.float32)
    line = band.sample(fit(resize(small, matte.shape).astype(np.float32) / 255, matte), points, size)
    here = band.flat_indices(points, size)
    colours = np.take(rgb.reshape(-1, 3), here, axis=0).astype(np.float32) / 255
    answer.reshape(-1)[here] = np.clip(np.einsum("ij,ij->i", line[:, :3], colours) + line[:, 3], 0, 1)
    return answer


def fit(guide: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """float32 guide (h, w, 3) and matte (h, w) -> float32 (h, w, 4): slopes by colour and offset of matte = slope . guide + offset."""
    *colours, alpha = ((layer, mean(layer)) for layer in (*cv2.split(guide), matte))
    red, green, blue = colours
    pr, pg, pb = (covariance(colour, alpha) for colour in colours)
    rr, gg, bb = (covariance(colour, colour) + EPSILON for colour in colours)
    rg, rb, gb = covariance(red, green), covariance(red, blue), covariance(green, blue)
    # the inverse of the symmetric covariance, by cofactors
    irr, irg, irb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    igg, igb, ibb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    scale = 1 / (irr * rr + irg * rg + irb * rb)
    sr, sg, sb = (irr * pr + irg * pg + irb * pb) * scale, (irg * pr + igg * pg + igb * pb) * scale, (irb * pr + igb * pg + ibb * pb) * scale
    return mean(cv2.merge([sr, sg, sb, alpha[1] - sr * red[1] - sg * green[1] - sb * blue[1]]))


def covariance(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Of two layers, each given with its mean, in every window."""
    shared: np.ndarray = mean(one[0] * other[0]) - one[1] * other[1]
    return shared


def mean(layer: np.ndarray) -> np.ndarray:
    means: np.ndarray = cv2.blur(layer, (2 * RADIUS + 1,) * 2)
    return means
