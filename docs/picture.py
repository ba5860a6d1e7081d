"""Draws the README's picture: a drawn photo, and what the bundled network and the whole core make of it. Run: make picture"""
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout import cut_out
from tests.drawn import draw_photo, encode

OUT = Path(__file__).with_name("result.jpg")
SIZE = (640, 480)
SQUARE = 16


def over(rgba: np.ndarray, ground: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:] / 255
    return np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)


def main() -> None:
    photo = draw_photo(1280, 960, angle="three_quarter", colour=(160, 30, 36), seed=11).rgb
    rgba = np.array(Image.open(io.BytesIO(cut_out(encode(photo, "png")).data)))
    photo, rgba = (cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA) for picture in (photo, rgba))
    y, x = np.mgrid[:SIZE[1], :SIZE[0]] // SQUARE
    checks = np.where(((x + y) % 2)[..., None], 255, 214) * np.ones(3)
    blue = np.linspace((236, 241, 247), (176, 196, 222), SIZE[1])[:, None] * np.ones((1, SIZE[0], 1))
    Image.fromarray(np.hstack([photo, over(rgba, checks), over(rgba, blue)])).save(OUT, quality=88)
    print(OUT)


if __name__ == "__main__":
    main()
