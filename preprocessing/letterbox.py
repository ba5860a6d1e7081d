"""The letterbox: a photo of any size into the network's frame, and the part of its matte that shows the photo, exact to the pixel.

The picture sits in the frame's upper left corner and only the right or the lower side is padded. Its sides in the frame are
multiples of the side of the network's cells, so that none straddles picture and pad. Resizing aligns pixel
corners (centres at +0.5), there and back.
"""
from typing import NamedTuple

import cv2
import numpy as np

from model.space_to_depth import CELL

PAD = 127  # the network's zero


class Letterbox(NamedTuple):
    photo: tuple[int, int]    # height, width in pixels
    frame: tuple[int, int]    # height, width in pixels, multiples of CELL
    content: tuple[int, int]  # height, width of the photo inside the frame, multiples of CELL

    @classmethod
    def fit(cls, photo: tuple[int, int], frame: tuple[int, int]) -> "Letterbox":
        """The largest placement of a photo (height, width >= 1) within a frame (height, width) that keeps its shape."""
        scale = min(frame[0] / photo[0], frame[1] / photo[1])
        height, width = (min(limit, max(CELL, CELL * round(side * scale / CELL))) for side, limit in zip(photo, frame))
        return cls(photo, frame, (height, width))

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """uint8 photo (height, width, 3) -> uint8 frame (height, width, 3), padded with PAD."""
        framed = np.full((*self.frame, 3), PAD, np.uint8)
        while all(side % 2 == 0 and side >= 2 * new for side, new in zip(rgb.shape, self.content)):
            rgb = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # halving is cheap, any other factor is not
        framed[:self.content[0], :self.content[1]] = resize(rgb, self.content)
        return framed

    def crop(self, layer: np.ndarray) -> np.ndarray:
        """Layer of the frame, in pixels (height, width[, channels]) or cells -> the part that shows the photo, without pad, as a view."""
        return layer[tuple(slice(side * have // whole) for side, have, whole in zip(self.content, layer.shape, self.frame))]


def resize(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes to (height, width): by area where it shrinks, bilinear where it grows."""
    if picture.shape[:2] == size:
        return picture
    shrinks = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
