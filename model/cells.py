"""The network answers in cells of two by two pixels: its channels are a cell's pixels, row by row.

Sub-pixel convolution (Shi et al. 2016, arXiv 1609.05158): a matte of the frame's full size for the cost of one at half of it.
"""
import numpy as np

SIDE = 2  # of a cell, pixels


def fold(picture: np.ndarray) -> np.ndarray:
    """(height, width) -> (height/2, width/2, 4). Raises ValueError where a side is odd."""
    height, width = picture.shape
    return picture.reshape(height // SIDE, SIDE, width // SIDE, SIDE).transpose(0, 2, 1, 3).reshape(height // SIDE, width // SIDE, SIDE * SIDE)


def unfold(cells: np.ndarray) -> np.ndarray:
    """(h, w, 4) -> (2h, 2w)."""
    height, width, _ = cells.shape
    picture = np.empty((height * SIDE, width * SIDE), cells.dtype)
    for pixel in range(SIDE * SIDE):
        picture[pixel // SIDE::SIDE, pixel % SIDE::SIDE] = cells[..., pixel]
    return picture
