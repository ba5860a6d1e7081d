"""Colour models of car and ground at an edge: how far a pixel's colour is from the ground's to the car's, and how well a mix explains it.

Each is one Gaussian of the certain pixels nearby, as in Bayesian matting (Chuang et al. 2001, doi 10.1109/CVPR.2001.990970).
"""
import cv2
import numpy as np

from postprocessing import band

CERTAIN = 0.95  # a matte from which a pixel is all car; 1 minus that: all ground
NEAR = 5        # pixels of the small photo, to each side, from which the two colours are taken
FEW = 0.005     # share of certain pixels nearby under which a colour is not known


def colour_mix(matte: np.ndarray, small: np.ndarray, colours: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Five measures, float32 (n,) each, of points (n, 2) of a photo of `size` (height, width): the mix from ground, 0, to car, 1, of a pixel's
    colour, -0.5..1.5; squared distance of the two colours; what no mix of them explains, squared; variance of the car and of the ground.

    matte: float32 (h, w) in 0..1 and small: float32 (h, w, 3) in 0..1, the photo as small as that; colours: float32 (n, 3), the photo's at the
    points. Colours are in 0..1, the three channels summed; where one is not seen nearby, its variance is 1.
    """
    layers = cv2.merge([*cv2.split(small), np.ones_like(matte)]), np.add.reduce(cv2.split(np.square(small)))
    (car, car_spread), (ground, ground_spread) = (colour_nearby(layers, part, points, size) for part in (matte > CERTAIN, matte < 1 - CERTAIN))
    difference, here = car - ground, np.ascontiguousarray(colours.T) - ground
    distance = np.square(difference).sum(0)
    mix = (here * difference).sum(0) / (distance + np.float32(1e-6))
    rest = here - np.clip(mix, 0, 1) * difference
    return np.clip(mix, -0.5, 1.5), distance, np.square(rest).sum(0), car_spread, ground_spread


def colour_nearby(layers: tuple[np.ndarray, np.ndarray], part: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """float32 (3, n) and (n,): mean colour of a part's pixels near points, and its variance, summed over the channels; 1 where they are few.

    layers: float32 (h, w, 4), the small photo and 1, and (h, w), its colours' squares; part: bool (h, w).
    """
    sums, squares = (band.sample(cv2.blur(cv2.copyTo(layer, part.astype(np.uint8)), (2 * NEAR + 1,) * 2), points, size) for layer in layers)
    *colours, count = np.ascontiguousarray(sums.T)
    share = 1 / (count + np.float32(1e-4))
    mean = np.stack(colours) * share
    variance = squares * share - np.square(mean).sum(0)
    return mean, np.where(count < FEW, np.float32(1), np.maximum(variance, 0))
