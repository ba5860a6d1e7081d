"""The car's own colour under soft edge pixels, where the photo shows a mix of car and background.

Blur-fusion (Forte 2021, doi 10.1109/ICIP42928.2021.9506164): foreground and background are spread by blurs weighted with alpha, then corrected so
that they compose to the photo. The blurs run on a small copy; only the pixels of the edge band are corrected and changed.
"""
import cv2
import numpy as np

from postprocessing import band

SHRINK = 4          # the blurs' copy is this much smaller
FAR, NEAR = 23, 5   # sides of the two passes' boxes, in the copy's pixels


def foreground(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """uint8 photo (height, width, 3) and float32 alpha (height, width) in 0..1 -> uint8 (height, width, 3).

    Equal to the photo wherever alpha is 0 or 1; elsewhere the colour that the car itself has there.
    """
    points = band.points_of(((alpha > 0) & (alpha < 1)).astype(np.uint8))
    if not len(points):
        return rgb
    reach, (x, y, w, h) = FAR * SHRINK, cv2.boundingRect(points)
    left, top = max(0, x - reach), max(0, y - reach)
    right, bottom = min(alpha.shape[1], x + w + reach), min(alpha.shape[0], y + h + reach)
    size = max(1, (right - left) // SHRINK), max(1, (bottom - top) // SHRINK)
    cut, soft = (layer[top:top + SHRINK * size[1], left:left + SHRINK * size[0]] for layer in (rgb, alpha))  # whole cells: shrunk faster
    small, small_alpha = shrunk(cut, size).astype(np.float32), shrunk(soft, size)
    car, ground = spread(small, small, small_alpha, FAR)
    fused = fuse(small, small_alpha[..., None], car, ground)
    car, ground = spread(fused, ground, small_alpha, NEAR)

    car, ground = (band.sample(layer, points - (left, top), soft.shape) for layer in (car, ground))
    result, here = rgb.copy(), band.flat_indices(points, alpha.shape)
    colours = np.take(rgb.reshape(-1, 3), here, axis=0).astype(np.float32)
    result.reshape(-1, 3)[here] = np.rint(fuse(colours, alpha.reshape(-1)[here][:, None], car, ground)).astype(np.uint8)
    return result


def shrunk(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A layer of SHRINK times that size (width, height). Halved twice, in a quarter of the time of once by four."""
    half = cv2.resize(layer, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_AREA)
    return cv2.resize(half, size, interpolation=cv2.INTER_AREA)


def spread(car: np.ndarray, ground: np.ndarray, alpha: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Foreground and background (float32, height x width x 3), each the mean of its surroundings weighted by its share of a pixel."""
    weight = cv2.merge([alpha, 1 - alpha])
    total = cv2.blur(weight, (side, side)) + 1e-5
    car, ground = (cv2.blur(layer * weight[..., i:i + 1], (side, side)) / total[..., i:i + 1] for i, layer in enumerate((car, ground)))
    return car, ground


def fuse(rgb: np.ndarray, alpha: np.ndarray, car: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The foreground nearest to `car` that together with `ground` gives the photo; 0..255."""
    corrected: np.ndarray = np.clip(car + alpha * (rgb - alpha * car - (1 - alpha) * ground), 0, 255)
    return corrected
