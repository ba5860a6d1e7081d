"""Edge features: numbers that describe each pixel at a car's edge, the input of refinement (postprocessing/refine.py)."""
import cv2
import numpy as np

from postprocessing import band
from postprocessing.guided_filter import fit
from preprocessing.letterbox import resize

SHRINK = 2             # the guided filter works at half of the matte's size
WINDOWS = (3, 9)        # sides of the squares, in the matte's pixels, whose mean alpha is a feature
NEIGHBOURS = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)], np.float32)  # offsets
REACH = 2              # how far away they are, in the matte's pixels
EPSILON = np.float32(1e-4)  # of squared colour distances
FEATURES = 2 + len(WINDOWS) + 1 + 2 * len(NEIGHBOURS)
CONTEXT_STEPS = (1, 2)         # how far away the neighbours are, in the photo's pixels, whose first answers are context
CONTEXT_FEATURES = FEATURES + 1 + len(CONTEXT_STEPS) * len(NEIGHBOURS)


def edge_features(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, points: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """float32 (FEATURES, n) at points (n, 2) of a photo: the matte there and around, the guided filter's answer,
    how much larger the photo is than the matte, and of eight neighbours their alpha and the distance of their colour from the pixel's own.

    matte: float32 (h, w) in 0..1; plain: float32 (n,), the matte at the points; small: uint8 (h, w, 3), the photo at the matte's size;
    rgb: uint8 (height, width, 3), the photo.
    """
    photo = rgb.shape[:2]
    colours = np.take(rgb.reshape(-1, 3), band.flat_indices(points, photo), axis=0).astype(np.float32) / 255
    near = small.astype(np.float32) / 255
    size = tuple(max(1, side // SHRINK) for side in matte.shape)
    guide, cells = resize(near, size), resize(matte, size)
    line = band.sample(fit(guide, cells), points, photo)
    guided = np.einsum("ij,ij->i", line[:, :3], colours) + line[:, 3]
    means = band.sample(cv2.merge([cv2.blur(matte, (side, side)) for side in WINDOWS]), points, photo)
    found = np.empty((FEATURES, len(points)), np.float32)
    found[:2] = plain, np.clip(guided, -0.5, 1.5)
    found[2:4], found[4] = means.T, photo[1] / matte.shape[1]
    layers, own = cv2.merge([near, matte]), np.pad(colours, ((0, 0), (0, 1)))
    positions = band.positions(points, layers.shape, photo)
    for neighbour, offset in enumerate(NEIGHBOURS):
        there = band.interpolate(layers, positions + REACH * offset)
        red, green, blue, _ = np.square(there - own).T
        found[neighbour - 2 * len(NEIGHBOURS)], found[neighbour - len(NEIGHBOURS)] = there[:, 3], red + green + blue
    found[-len(NEIGHBOURS):] = np.log(found[-len(NEIGHBOURS):] + EPSILON)
    return found


def context_features(features: np.ndarray, alpha: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float32 (CONTEXT_FEATURES, n): edge features (FEATURES, n) at points (n, 2), and the alpha of these and of their neighbours.

    alpha: float32 (height, width).
    """
    height, width = alpha.shape
    reach, flat = range(-max(CONTEXT_STEPS), max(CONTEXT_STEPS) + 1), alpha.reshape(-1)
    columns = {away: np.clip(points[:, 0] + away, 0, width - 1) for away in reach}
    rows = {away: np.clip(points[:, 1] + away, 0, height - 1) * width for away in reach}
    offsets = [(0, 0), *(step * offset for step in CONTEXT_STEPS for offset in NEIGHBOURS.astype(int))]
    return np.vstack([features, *(flat[rows[down] + columns[right]] for right, down in offsets)])
