"""The car's panes made see-through, so that a new background shows behind them; reflections on them stay as light.

How much light a pane lets through can't be read off one photo, so it is a constant: what makers' own transparent pictures show on average.
It is the same all over a pane: an opacity that followed the reflections would show them as stains of the background.
"""
import cv2
import numpy as np

from postprocessing.guided_filter import guided

TRANSPARENCY = 0.4  # share of a pane's alpha that is given to what is behind it


def see_through(rgb: np.ndarray, alpha: np.ndarray, glass: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours and alpha with thinner panes: uint8 (height, width, 3), and float32 (height, width) in 0..1.

    rgb: uint8 (height, width, 3), the photo; alpha: float32 (height, width), the filled matte; glass: float32 (h, w), the network's panes in
    its cells; small: uint8 (2h, 2w, 3), the photo as the network saw it.
    """
    pane = np.minimum(guided(glass, small, rgb), alpha)
    x, y, w, h = cv2.boundingRect((pane > 0).astype(np.uint8))
    if not w:
        return rgb, alpha
    window = (slice(y, y + h), slice(x, x + w))
    pane, photo = pane[window], rgb[window].astype(np.float32)
    usual = np.median(photo[pane > 0.5], axis=0) if (pane > 0.5).any() else np.zeros(3, np.float32)
    opacity = 1 - TRANSPARENCY * pane
    reflected = np.maximum(photo - usual, 0)
    colours, thin = rgb.copy(), alpha.copy()
    # the thinner pane gives less of the photo's light: its reflections are brightened by as much
    colours[window] = np.rint(np.minimum(photo + reflected * (1 / opacity - 1)[..., None], 255)).astype(np.uint8)
    thin[window] *= opacity
    return colours, thin
