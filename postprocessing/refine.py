"""The network's matte, some hundred pixels wide, brought to the photo's own edges at full size.

Fast guided filter (He and Sun 2015, arXiv 1505.00996; He et al. 2013, doi 10.1109/TPAMI.2012.213): where the matte is a local
linear function of the photo's colours, that function is fitted at half of the matte's size and applied at the photo's. Only where the
matte itself is undecided does the photo decide: a guided filter alone bleeds along shadows of the car's own colour.
"""
import cv2
import numpy as np

from postprocessing.pieces import one_piece
from preprocessing.letterbox import resize

SHRINK = 2       # from the matte to the fit
RADIUS = 2       # of the fit, in its own cells
EPSILON = 1e-4   # the smallest variance of the photo (0..1) that counts as an edge
SURE = 0.02      # a matte this near to 0 or 1 is certain
REACH = 6        # matte pixels on both sides of an edge in which a matte may be soft
DECIDED = 6.0    # how fast the photo's say falls off as the matte becomes certain
SHARPER = 2.0    # a coarse matte leaves edges its own pixels wide; a car's are a pixel or two


def refine(matte: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float32 matte (h, w) in 0..1 and its uint8 photo (height, width, 3) -> float32 alpha (height, width) in 0..1.

    Outside of the band around the matte's edge, alpha is exactly 0 or 1.
    """
    height, width = rgb.shape[:2]
    matte = without_haze(one_piece(matte))
    band = cv2.dilate(((matte > SURE) & (matte < 1 - SURE)).astype(np.uint8), np.ones((3, 3), np.uint8))
    alpha = cv2.resize((matte > 0.5).astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    x, y, w, h = cv2.boundingRect(band)
    if not w:
        return alpha
    size = tuple(max(1, side // SHRINK) for side in matte.shape)
    guide = resize(rgb, size).astype(np.float32) / 255
    line = fit(guide, resize(matte, size))

    vertical, horizontal = height / matte.shape[0], width / matte.shape[1]
    top, bottom = int(y * vertical), min(height, int(np.ceil((y + h) * vertical)))
    left, right = int(x * horizontal), min(width, int(np.ceil((x + w) * horizontal)))
    window = (slice(top, bottom), slice(left, right))
    line, plain = (enlarge(coarse, (top, left, bottom, right), (height, width)) for coarse in (line, matte))
    colour = cv2.multiply(line[..., :3], rgb[window], scale=1 / 255, dtype=cv2.CV_32F)
    guided = np.clip(cv2.transform(colour, np.ones((1, 3), np.float32)) + line[..., 3], 0, 1)
    refined = plain + np.minimum(DECIDED * plain * (1 - plain), 1) * (guided - plain)
    refined = np.clip(SHARPER * refined + (1 - SHARPER) / 2, 0, 1)
    refined[refined < SURE], refined[refined > 1 - SURE] = 0, 1
    uncertain = cv2.resize(band, (width, height), interpolation=cv2.INTER_NEAREST)[window] > 0
    np.copyto(alpha[window], refined, where=uncertain)
    return alpha


def without_haze(matte: np.ndarray) -> np.ndarray:
    """The same matte, but exactly 0 or 1 further than REACH pixels from where it crosses a half: doubt belongs to edges."""
    reach = np.ones((2 * REACH + 1,) * 2, np.uint8)
    car = (matte > 0.5).astype(np.uint8)
    return np.where(cv2.dilate(car, reach) == 0, np.float32(0), np.where(cv2.erode(car, reach) == 1, np.float32(1), matte))


def fit(guide: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """float32 guide (h, w, 3) and matte (h, w) -> float32 (h, w, 4): slopes by colour and offset of matte = slope . guide + offset."""
    red, green, blue = cv2.split(guide)
    moments = np.dstack([guide, matte, guide * matte[..., None], guide * guide, red * green, red * blue, green * blue])
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
    return cv2.blur(np.dstack([sr, sg, sb, p - sr * r - sg * g - sb * b]), (2 * RADIUS + 1,) * 2)


def enlarge(coarse: np.ndarray, window: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """A window (top, left, bottom, right, in photo pixels) of a coarse map of a photo of `size` (height, width), bilinear, corners aligned."""
    top, left, bottom, right = window
    down, along = (have / whole for have, whole in zip(coarse.shape, size))
    back = np.array([[along, 0, (left + 0.5) * along - 0.5], [0, down, (top + 0.5) * down - 0.5]])
    return cv2.warpAffine(coarse, back, (right - left, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
