"""Alpha from the two colours that meet at an edge: how far a pixel has come from the ground's colour to the car's.

Ground and car are each one Gaussian of the certain pixels nearby, as in Bayesian matting (Chuang et al. 2001, doi 10.1109/CVPR.2001.990970),
but the mix is only believed as far as the two are further apart than each is wide, and as far as it explains the pixel.
"""
import cv2
import numpy as np

from postprocessing import band

CERTAIN = 0.95    # a matte from which a pixel is all car; 1 minus that: all ground
NEAR = 5          # pixels of the small photo, to each side, from which the two colours are taken
CLOSEST = 0.0066  # squared distance of two colours (0..1, three channels) that are half believed where both are plain
SPREAD = 40.0     # the same, in variances of the two
MISFIT = 0.0046   # variance of what the mix may leave unexplained
FEW = 0.005       # share of certain pixels nearby under which a colour is not known


def mixed(matte: np.ndarray, small: np.ndarray, colours: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and how far it can be believed, float32 (n,) in 0..1, at points (n, 2) of a photo of `size` (height, width).

    matte: float32 (h, w) in 0..1 and small: float32 (h, w, 3) in 0..1, the photo as small as that; colours: float32 (n, 3), the photo's at the points.
    """
    car, ground = (band.sampled(nearby(small, part.astype(np.float32)), points, size) for part in (matte > CERTAIN, matte < 1 - CERTAIN))
    way, here = car[:, :3] - ground[:, :3], colours - ground[:, :3]
    distance = np.einsum("ij,ij->i", way, way)
    alpha = np.clip(np.einsum("ij,ij->i", here, way) / (distance + 1e-6), 0, 1)
    rest = here - alpha[:, None] * way
    trust = distance / (distance + CLOSEST + SPREAD * (car[:, 3] + ground[:, 3]))
    return alpha, trust * np.exp(-np.einsum("ij,ij->i", rest, rest) / (2 * MISFIT))


def nearby(small: np.ndarray, part: np.ndarray) -> np.ndarray:
    """float32 (h, w, 4): mean colour of a part's pixels nearby, and their variance, summed over the channels; a large one where they are few."""
    box = (2 * NEAR + 1,) * 2
    count = cv2.blur(part, box)
    known = 1 / (count + np.float32(1e-4))
    mean = cv2.blur(small * part[..., None], box) * known[..., None]
    square = cv2.blur(np.einsum("ijk,ijk->ij", small, small) * part, box) * known
    variance = np.maximum(square - np.einsum("ijk,ijk->ij", mean, mean), 0)
    return cv2.merge([*cv2.split(mean), np.where(count < FEW, np.float32(1e3), variance)])
