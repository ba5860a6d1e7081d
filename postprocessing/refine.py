"""The network's matte, some hundred pixels wide, brought to the photo's own edges at full size.

Fast guided filter (He and Sun 2015, arXiv 1505.00996; He et al. 2013, doi 10.1109/TPAMI.2012.213): where the matte is a local
linear function of the photo's colours, that function is fitted at half of the matte's size and applied at the photo's. Only where the
matte itself is undecided does the photo decide: a guided filter alone bleeds along shadows of the car's own colour. At last the two
colours that meet at the edge say how much of each a pixel has (postprocessing/two_colours.py). All of it in the band around the edge alone.
"""
import cv2
import numpy as np

from postprocessing import band
from postprocessing.pieces import one_piece
from postprocessing.two_colours import mixed
from preprocessing.letterbox import resize

SHRINK = 2       # from the matte to the fit
RADIUS = 2       # of the fit, in its own cells
EPSILON = 1e-4   # the smallest variance of the photo (0..1) that counts as an edge
SURE = 0.02      # a matte this near to 0 or 1 is certain
REACH = 6        # matte pixels on both sides of an edge in which a matte may be soft
DECIDED = 6.0    # how fast the photo's say falls off as the matte becomes certain
OPEN = 0.35      # a guided matte no further than this from a half is open to what the two colours at the edge say
SHARPER = 2.0    # a coarse matte leaves edges its own pixels wide; a car's are a pixel or two


def refine(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 and its uint8 photo, as small (h, w, 3) and as large (height, width, 3) -> float32 alpha (height, width) in 0..1.

    Outside of the band around the matte's edge, alpha is exactly 0 or 1.
    """
    photo = rgb.shape[:2]
    matte = without_haze(one_piece(matte))
    soft = cv2.dilate(((matte > SURE) & (matte < 1 - SURE)).astype(np.uint8), np.ones((3, 3), np.uint8))
    alpha = cv2.resize((matte > 0.5).astype(np.float32), photo[::-1], interpolation=cv2.INTER_NEAREST)
    points = band.pixels(cv2.resize(soft, photo[::-1], interpolation=cv2.INTER_NEAREST))
    if not len(points):
        return alpha
    size = tuple(max(1, side // SHRINK) for side in matte.shape)
    guide, cells, here = resize(small, size).astype(np.float32) / 255, resize(matte, size), band.flat(points, photo)
    colours = rgb.reshape(-1, 3)[here].astype(np.float32) / 255
    line, plain = (band.sampled(layer, points, photo) for layer in (fit(guide, cells), matte))
    guided = np.einsum("ij,ij->i", line[:, :3], colours) + line[:, 3]
    refined = plain + np.minimum(DECIDED * plain * (1 - plain), 1) * (np.clip(guided, 0, 1) - plain)
    edge = np.abs(refined - 0.5) < OPEN
    refined = np.clip(SHARPER * refined + (1 - SHARPER) / 2, 0, 1)
    alpha.reshape(-1)[here] = refined
    mix, trust = mixed(resize(alpha, size), guide, colours[edge], points[edge], photo)
    refined[edge] += trust * (mix - refined[edge])
    refined[refined < SURE], refined[refined > 1 - SURE] = 0, 1
    alpha.reshape(-1)[here] = refined
    return alpha


def without_haze(matte: np.ndarray) -> np.ndarray:
    """The same matte, but exactly 0 or 1 further than REACH pixels from where it crosses a half: doubt belongs to edges."""
    reach = np.ones((2 * REACH + 1,) * 2, np.uint8)
    car = (matte > 0.5).astype(np.uint8)
    return np.where(cv2.dilate(car, reach) == 0, np.float32(0), np.where(cv2.erode(car, reach) == 1, np.float32(1), matte))


def fit(guide: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """float32 guide (h, w, 3) and matte (h, w) -> float32 (h, w, 4): slopes by colour and offset of matte = slope . guide + offset."""
    red, green, blue = cv2.split(guide)
    moments = cv2.merge([red, green, blue, matte, red * matte, green * matte, blue * matte, red * red, green * green, blue * blue, red * green, red * blue, green * blue])
    mean = cv2.blur(moments, (2 * RADIUS + 1,) * 2)
    r, g, b, p = (mean[..., i] for i in range(4))
    pr, pg, pb = mean[..., 4] - r * p, mean[..., 5] - g * p, mean[..., 6] - b * p
    rr, gg, bb = mean[..., 7] - r * r + EPSILON, mean[..., 8] - g * g + EPSILON, mean[..., 9] - b * b + EPSILON
    rg, rb, gb = mean[..., 10] - r * g, mean[..., 11] - r * b, mean[..., 12] - g * b
    # the inverse of the symmetric covariance, by cofactors
    irr, irg, irb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    igg, igb, ibb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    scale = 1 / (irr * rr + irg * rg + irb * rb)
    sr, sg, sb = (irr * pr + irg * pg + irb * pb) * scale, (irg * pr + igg * pg + igb * pb) * scale, (irb * pr + igb * pg + ibb * pb) * scale
    return cv2.blur(cv2.merge([sr, sg, sb, p - sr * r - sg * g - sb * b]), (2 * RADIUS + 1,) * 2)

