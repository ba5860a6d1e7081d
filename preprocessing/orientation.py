"""Turning a photo upright, and its results back: boxes (top, left, height, width) and layers, by anticlockwise quarter turns."""
import cv2
import numpy as np

Box = tuple[int, int, int, int]  # top, left, height, width in pixels


def turn(layer: np.ndarray, quarter_turns: int) -> np.ndarray:
    """A layer (height, width[, channels]) after so many anticlockwise quarter turns, contiguous."""
    return np.ascontiguousarray(np.rot90(layer, quarter_turns)) if quarter_turns % 4 else layer


def turn_box(box: Box, photo: tuple[int, int], quarter_turns: int) -> Box:
    """Where a box of a photo (height, width) lies after so many anticlockwise quarter turns."""
    top, left, height, width = box
    whole_height, whole_width = photo
    for _ in range(quarter_turns % 4):
        top, left, height, width = whole_width - left - width, top, width, height
        whole_height, whole_width = whole_width, whole_height
    return top, left, height, width


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels (height, width[, channels]) as stored in a file of this EXIF orientation (2.32, tag 0x0112; 1 to 8), upright."""
    match orientation:
        case 2:
            return cv2.flip(pixels, 1)
        case 3:
            return cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            return cv2.flip(pixels, 0)
        case 5:
            return cv2.transpose(pixels)
        case 6:
            return cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            return cv2.flip(cv2.transpose(pixels), -1)
        case 8:
            return cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return pixels
