"""The steps from the network's matte to the alpha of the photo, in the order in which serving takes them."""
import cv2
import numpy as np

from postprocessing.firm_outline import firm_outline
from postprocessing.pieces import without_detached
from postprocessing.refine import TileNetwork, refine
from preprocessing.letterbox import resize

INVISIBLE = 0.5 / 255  # an alpha that 8 bits round to 0: colours and shadows take it for nothing, too


def full_size_alpha(matte: np.ndarray, rgb: np.ndarray, refiner: TileNetwork) -> np.ndarray:
    """matte: float32 (h, w) in 0..1; rgb: uint8 (height, width, 3), the photo, upright. Returns float32 alpha (height, width) in 0..1, refined and cleaned."""
    alpha, size = refine(matte, rgb, refiner), (rgb.shape[0], rgb.shape[1])
    alpha = resize(cleaned(resize(alpha, min(alpha.shape, size)), matte.shape), size)  # cleaned at the smaller size, which takes less time
    return cv2.threshold(alpha, INVISIBLE, 1, cv2.THRESH_TOZERO)[1]


def cleaned(alpha: np.ndarray, matte_shape: tuple[int, ...]) -> np.ndarray:
    """float32 alpha (height, width) in 0..1, of a matte of shape (h, w) -> the same, with a firm outline and without detached pieces."""
    return without_detached(firm_outline(alpha, (matte_shape[0], matte_shape[1])))
