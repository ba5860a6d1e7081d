"""The steps from the network's matte to the alpha of the photo, in the order in which serving takes them."""
from pathlib import Path

import numpy as np

from postprocessing.firm_outline import firm_outline
from postprocessing.pieces import without_detached
from postprocessing.refine import WEIGHTS, refine


def full_size_alpha(matte: np.ndarray, small: np.ndarray, rgb: np.ndarray, weights: Path = WEIGHTS) -> np.ndarray:
    """The arguments of refine -> float32 alpha (height, width) in 0..1, its edges refined and cleaned."""
    return cleaned(refine(matte, small, rgb, weights), matte.shape)


def cleaned(alpha: np.ndarray, matte_shape: tuple[int, ...]) -> np.ndarray:
    """float32 alpha (height, width) in 0..1, refined from a matte of shape (h, w) -> the same, with a firm outline and without detached pieces."""
    return without_detached(firm_outline(alpha, (matte_shape[0], matte_shape[1])))
