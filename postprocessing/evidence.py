"""What a photo says about each pixel at a car's edge: the measures that refinement weighs (postprocessing/refine.py)."""
import cv2
import numpy as np

from postprocessing import band
from postprocessing.guided_filter import fit
from postprocessing.two_colours import told_apart
from preprocessing.letterbox import resize

SHRINK = 2             # from the matte to the cells of filter and colours
AROUND = (3, 9)        # sides of the squares, in the matte's pixels, whose mean alpha is looked at
RING = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)], np.float32)  # the ways to the neighbours
REACH = 2              # how far away they are, in the matte's pixels
LEAST = np.float32(1e-4)  # of squared colours: less is equal
MEASURES = 7 + len(AROUND) + 1 + 2 * len(RING)
STEPS = (1, 2)         # how far away those are, in the photo's pixels, whose first answers are heard
HEARD = MEASURES + 1 + len(STEPS) * len(RING)


def gathered(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, points: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """float32 (MEASURES, n) at points (n, 2) of a photo: the matte there and around, the guided filter's answer, the two colours that meet, how much larger
    the photo is than the matte, and of eight neighbours their alpha and how far their colour is from the pixel's own.

    matte: float32 (h, w) in 0..1, `plain`, float32 (n,), the same at the points; small and rgb: uint8, its photo as small (h, w, 3) and as large (height, width, 3).
    """
    photo = rgb.shape[:2]
    colours = np.take(rgb.reshape(-1, 3), band.flat(points, photo), axis=0).astype(np.float32) / 255
    near = small.astype(np.float32) / 255
    size = tuple(max(1, side // SHRINK) for side in matte.shape)
    guide, cells = resize(near, size), resize(matte, size)
    line = band.sampled(fit(guide, cells), points, photo)
    guided = np.einsum("ij,ij->i", line[:, :3], colours) + line[:, 3]
    mix, *spreads = told_apart(cells, guide, colours, points, photo)
    means = band.sampled(cv2.merge([cv2.blur(matte, (side, side)) for side in AROUND]), points, photo)
    found = np.empty((MEASURES, len(points)), np.float32)
    found[:3] = plain, np.clip(guided, -0.5, 1.5), mix
    found[3:7] = np.log(np.stack(spreads) + LEAST)
    found[7:9], found[9] = means.T, photo[1] / matte.shape[1]
    layers, own = cv2.merge([near, matte]), np.pad(colours, ((0, 0), (0, 1)))
    places = band.places(points, layers.shape, photo)
    for place, way in enumerate(RING):
        there = band.at(layers, places + REACH * way)
        red, green, blue, _ = np.square(there - own).T
        found[10 + place], found[10 + len(RING) + place] = there[:, 3], red + green + blue
    found[-len(RING):] = np.log(found[-len(RING):] + LEAST)
    return found


def heard(evidence: np.ndarray, alpha: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float32 (HEARD, n): the evidence (MEASURES, n) at points (n, 2), and the alpha, float32 (height, width), that they and their neighbours have by now."""
    height, width = alpha.shape
    reach, flat = range(-max(STEPS), max(STEPS) + 1), alpha.reshape(-1)
    columns, rows = ({away: np.clip(part + away, 0, side - 1) * stride for away in reach} for part, side, stride in ((points[:, 0], width, 1), (points[:, 1], height, width)))
    places = [(0, 0), *(step * way for step in STEPS for way in RING.astype(int))]
    return np.vstack([evidence, *(flat[rows[down] + columns[right]] for right, down in places)])
