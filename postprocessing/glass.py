"""The car's panes made see-through, so that a new background shows behind them; what shines on them stays.

How much light a pane lets through can't be read off one photo, so it is a constant: what makers' own transparent pictures show on average.
"""
import cv2
import numpy as np

from model.space_to_depth import CELL
from postprocessing.refine import refine

CLEAR = 0.4       # of a dull pane's alpha is given to what is behind it
SHINE = 0.6       # of the way from the panes' usual tone to white: from there on it is all reflection


def see_through(alpha: np.ndarray, glass: np.ndarray, small: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Alpha with thinner panes, float32 (height, width) in 0..1.

    alpha: float32 (height, width), the filled matte; glass: float32 (h, w), the network's panes in its cells; small and rgb: uint8 photo
    as it was looked at (2h, 2w, 3), and whole (height, width, 3).
    """
    pane = refine(cv2.resize(glass, None, fx=CELL, fy=CELL), small, rgb)
    x, y, w, h = cv2.boundingRect((pane > 0).astype(np.uint8))
    if not w:
        return alpha
    window = (slice(y, y + h), slice(x, x + w))
    pane, tone = pane[window], cv2.cvtColor(rgb[window], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    usual = float(np.median(tone[pane > 0.5])) if (pane > 0.5).any() else 0.0
    shine = np.clip((tone - usual) / max(SHINE * (1 - usual), 1e-3), 0, 1)
    thin = alpha.copy()
    thin[window] *= 1 - CLEAR * pane * (1 - shine)
    return thin
