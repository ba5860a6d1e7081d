"""The steps from the network's matte to the alpha of the photo, in the order in which serving takes them."""
import numpy as np

from postprocessing.firm_outline import firm_outline
from postprocessing.pieces import without_detached
from postprocessing.refine import TileNetwork, refine
from preprocessing.letterbox import resize


def full_size_alpha(matte: np.ndarray, rgb: np.ndarray, refiner: TileNetwork) -> np.ndarray:
    """The arguments of refine -> float32 alpha (height, width) in 0..1, its edges refined and cleaned."""
    alpha, size = refine(matte, rgb, refiner), (rgb.shape[0], rgb.shape[1])
    return resize(cleaned(resize(alpha, min(alpha.shape, size)), matte.shape), size)  # cleaned at the smaller size, which takes less time


def cleaned(alpha: np.ndarray, matte_shape: tuple[int, ...]) -> np.ndarray:
    """float32 alpha (height, width) in 0..1, of a matte of shape (h, w) -> the same, with a firm outline and without detached pieces."""
    return without_detached(firm_outline(alpha, (matte_shape[0], matte_shape[1])))
