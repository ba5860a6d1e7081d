"""The car's panes made see-through, so that a new background shows behind them; reflections on them stay as light.

How much light a pane lets through can't be read off one photo, so it is a constant: what makers' own transparent pictures show on average.
It is the same all over a pane: an opacity that followed the reflections would show them as stains of the background.
"""
import cv2
import numpy as np

from postprocessing.guided_filter import guided

BAND = 512          # rows that are made see-through at once: more would take much memory in a large picture
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
    whole = pane > 0.5
    usual = np.median(rgb[whole], axis=0).astype(np.float32) if whole.any() else np.zeros(3, np.float32)
    colours, thin = rgb.copy(), alpha.copy()
    for top in range(y, y + h, BAND):
        part = (slice(top, min(top + BAND, y + h)), slice(x, x + w))
        opacity, photo = 1 - TRANSPARENCY * pane[part], rgb[part].astype(np.float32)
        reflected = np.maximum(photo - usual, 0)
        # the thinner pane gives less of the photo's light: its reflections are brightened by as much
        colours[part] = np.rint(np.minimum(photo + reflected * (1 / opacity - 1)[..., None], 255)).astype(np.uint8)
        thin[part] *= opacity
    return colours, thin
