"""Contact sheets: pictures as small tiles with outlines and captions."""
from pathlib import Path

import cv2
import numpy as np

from preprocessing.letterbox import resize
from training.data.sources import write_picture

TILE = (240, 320)  # height, width
COLUMNS = 6
COLOURS = (255, 0, 255), (0, 255, 0)  # of the first and the second outline


def outlined(rgb: np.ndarray, *mattes: np.ndarray) -> np.ndarray:
    """A uint8 picture (height, width, 3) as a tile with the outlines of one or two uint8 mattes (height, width)."""
    scale = min(TILE[0] / rgb.shape[0], TILE[1] / rgb.shape[1])
    size = (round(rgb.shape[0] * scale), round(rgb.shape[1] * scale))
    tile = np.zeros((*TILE, 3), np.uint8)
    tile[:size[0], :size[1]] = resize(rgb, size)
    for matte, colour in zip(mattes, COLOURS):
        outlines, _ = cv2.findContours((resize(matte, size) > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, colour, 1)
    return tile


def captioned(tile: np.ndarray, text: str) -> np.ndarray:
    cv2.putText(tile, text, (5, TILE[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    return cv2.putText(tile, text, (5, TILE[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)


def write_sheet(path: Path, tiles: list[np.ndarray]) -> None:
    """Writes tiles, COLUMNS in a row, as one picture."""
    blank = [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    every = [*tiles, *blank]
    rows = [np.hstack(every[start:start + COLUMNS]) for start in range(0, len(every), COLUMNS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, np.vstack(rows))
