"""The band around the car's edge as a list of points: refinement and foreground colours change nothing else, a hundredth of most photos."""
import cv2
import numpy as np

ROW = 1024  # OpenCV takes no row or column of more than 32767 points


def points_of(band: np.ndarray) -> np.ndarray:
    """int32 (n, 2): column and row of every pixel that is not 0 in a uint8 band (height, width)."""
    found = cv2.findNonZero(band)
    return np.empty((0, 2), np.int32) if found is None else found.reshape(-1, 2)


def flat_indices(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Indices (n,) of points (n, 2) in the flattened picture of `size` (height, width)."""
    indices: np.ndarray = points[:, 1] * size[1] + points[:, 0]
    return indices


def positions(points: np.ndarray, layer: tuple[int, ...], size: tuple[int, int]) -> np.ndarray:
    """float32 (n, 2): column and row of points in a layer of shape (h, w, ...) that shows the same picture of `size` (height, width), corners aligned."""
    scale = np.array([layer[1] / size[1], layer[0] / size[0]], np.float32)
    scaled: np.ndarray = (points.astype(np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    return scaled


def interpolate(layer: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """float32 (n[, channels]): a float32 layer (h, w[, channels]) at fractional positions (n, 2), bilinear; outside, its nearest pixel."""
    count = len(positions)
    columns, rows = np.zeros((2, -(-max(1, count) // ROW), ROW), np.float32)
    columns.reshape(-1)[:count], rows.reshape(-1)[:count] = positions.T
    values: np.ndarray = cv2.remap(layer, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *layer.shape[2:])[:count]


def sample(layer: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """float32 (n[, channels]): a float32 layer (h, w[, channels]) at points (n, 2) of the same picture of `size` (height, width), bilinear, corners aligned."""
    return interpolate(layer, positions(points, layer.shape, size))
