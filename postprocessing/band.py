"""The band around the car's edge, as a list of pixels: all that refinement and true colours touch, a hundredth of most photos."""
import cv2
import numpy as np

ROW = 1024  # OpenCV takes no row or column of more than 32767 points


def pixels(band: np.ndarray) -> np.ndarray:
    """int32 (n, 2): column and row of all that is not 0 in a uint8 band (height, width)."""
    found = cv2.findNonZero(band)
    return np.empty((0, 2), np.int32) if found is None else found.reshape(-1, 2)


def flat(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Places of points in the flattened rows of a picture of `size` (height, width)."""
    return points[:, 1] * size[1] + points[:, 0]


def places(points: np.ndarray, layer: tuple[int, ...], size: tuple[int, int]) -> np.ndarray:
    """float32 (n, 2): where points of a picture of `size` (height, width) lie in a layer of that shape (h, w, ...) of it, corners aligned."""
    scale = np.array([layer[1] / size[1], layer[0] / size[0]], np.float32)
    return (points.astype(np.float32) + np.float32(0.5)) * scale - np.float32(0.5)


def at(layer: np.ndarray, places: np.ndarray) -> np.ndarray:
    """float32 (n[, channels]): a float32 layer (h, w[, channels]) at places (n, 2) of its own, bilinear."""
    padded = np.zeros((-(-max(1, len(places)) // ROW) * ROW, 2), np.float32)
    padded[:len(places)] = places
    values = cv2.remap(layer, padded.reshape(-1, ROW, 2), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *layer.shape[2:])[:len(places)]


def sampled(layer: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """float32 (n[, channels]): a float32 layer (h, w[, channels]) of a picture of `size` (height, width) at points of that, bilinear, corners aligned."""
    return at(layer, places(points, layer.shape, size))
