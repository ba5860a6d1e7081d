"""Writes the README's picture: the page's sample photo, and what the bundled network and the whole core make of it. Run: make picture"""
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout import cut_out
from options import Options
from postprocessing.shadow import Shadow

PHOTO = Path(__file__).parent.parent / "demo" / "sample-1.webp"
OUT = Path(__file__).with_name("result.jpg")
SIZE = (640, 427)
SQUARE = 16


def over(rgba: np.ndarray, ground: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:] / 255
    return np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)


def cut(options: Options) -> np.ndarray:
    rgba = np.array(Image.open(io.BytesIO(cut_out(PHOTO.read_bytes(), options).data)))
    return cv2.resize(rgba, SIZE, interpolation=cv2.INTER_AREA)


def main() -> None:
    photo = cv2.resize(np.array(Image.open(PHOTO).convert("RGB")), SIZE, interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[:SIZE[1], :SIZE[0]] // SQUARE
    checks = np.where(((x + y) % 2)[..., None], 255, 214) * np.ones(3)
    blue = np.linspace((236, 241, 247), (176, 196, 222), SIZE[1])[:, None] * np.ones((1, SIZE[0], 1))
    Image.fromarray(np.hstack([photo, over(cut(Options()), checks), over(cut(Options(shadow=Shadow("contact"))), blue)])).save(OUT, quality=88)
    print(OUT)


if __name__ == "__main__":
    main()
