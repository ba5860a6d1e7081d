"""Space to depth: the network answers in cells of two by two pixels, and its channels are a cell's pixels, row by row.

Sub-pixel convolution (Shi et al. 2016, arXiv 1609.05158): a matte of the frame's full size for the cost of one at half of it.
"""
import numpy as np

CELL = 2  # side of a cell, pixels


def space_to_depth(picture: np.ndarray) -> np.ndarray:
    """(height, width) -> (height/2, width/2, 4). Raises ValueError where a side is odd."""
    height, width = picture.shape
    cells = picture.reshape(height // CELL, CELL, width // CELL, CELL).transpose(0, 2, 1, 3)
    return cells.reshape(height // CELL, width // CELL, CELL * CELL)


def depth_to_space(cells: np.ndarray) -> np.ndarray:
    """(h, w, 4) -> (2h, 2w)."""
    height, width, _ = cells.shape
    picture = np.empty((height * CELL, width * CELL), cells.dtype)
    for pixel in range(CELL * CELL):
        picture[pixel // CELL::CELL, pixel % CELL::CELL] = cells[..., pixel]
    return picture
