"""Guided filter (He et al. 2013, doi 10.1109/TPAMI.2012.213), its lines alone: where a matte is a local linear function of the photo's colours."""
import cv2
import numpy as np

RADIUS = 2       # of the windows, in cells
EPSILON = 1e-4   # the smallest variance of the photo (0..1) that counts as an edge


def fit(guide: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """float32 guide (h, w, 3) and matte (h, w) -> float32 (h, w, 4): slopes by colour and offset of matte = slope . guide + offset."""
    red, green, blue = cv2.split(guide)
    window = (2 * RADIUS + 1,) * 2
    products = (red * matte, green * matte, blue * matte, red * red, green * green, blue * blue, red * green, red * blue, green * blue)
    r, g, b, p, *mean = (cv2.blur(layer, window) for layer in (red, green, blue, matte, *products))
    pr, pg, pb = mean[0] - r * p, mean[1] - g * p, mean[2] - b * p
    rr, gg, bb = mean[3] - r * r + EPSILON, mean[4] - g * g + EPSILON, mean[5] - b * b + EPSILON
    rg, rb, gb = mean[6] - r * g, mean[7] - r * b, mean[8] - g * b
    # the inverse of the symmetric covariance, by cofactors
    irr, irg, irb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    igg, igb, ibb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    scale = 1 / (irr * rr + irg * rg + irb * rb)
    sr, sg, sb = (irr * pr + irg * pg + irb * pb) * scale, (irg * pr + igg * pg + igb * pb) * scale, (irb * pr + igb * pg + ibb * pb) * scale
    lines: np.ndarray = cv2.blur(cv2.merge([sr, sg, sb, p - sr * r - sg * g - sb * b]), window)
    return lines
