"""Draws the picture of docs/EDGES.md: ten pieces of edges at four times their size, before and after refinement. Run: python -m docs.edges"""
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout import cut_out, predictor
from model.localise import localise
from postprocessing.compose import over_colour
from preprocessing.decode import decode
from preprocessing.letterbox import resize
from tests.drawn import draw_photo, encode

OUT = Path(__file__).with_name("edges.png")
DEMO = OUT.parents[1] / "demo"
CROP, TIMES, GAP = (48, 64), 4, 8  # height and width in the photo's pixels; enlargement; white between the two columns, in the picture's pixels
MAGENTA, WHITE = (255, 0, 255, 255), 255
PHOTOS = {"drawn": encode(draw_photo(1280, 960, angle="front", colour=(40, 60, 130), seed=11).rgb, "png"),
          **{name: (DEMO / f"{name}.webp").read_bytes() for name in ("sample-1", "sample-2")}}
PIECES = (  # photo, and the middle, row and column, in rows of two
    ("sample-1", (210, 690)), ("sample-1", (240, 990)),  # roofs
    ("sample-2", (250, 990)), ("drawn", (516, 372)),     # a roof, a mirror
    ("sample-1", (292, 370)), ("sample-1", (600, 500)),  # a mirror, a tyre
    ("sample-1", (524, 980)), ("sample-2", (566, 300)),  # tyres
    ("sample-1", (528, 640)), ("sample-2", (506, 1040)),  # underbodies
)


def views(photo: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """uint8 (height, width, 3): the photo; the enlarged matte with the photo's colours on magenta; what is served, on magenta."""
    rgb = decode(photo).rgb
    prediction = localise(rgb, predictor())
    matte = prediction.in_photo(resize(prediction.matte, rgb[prediction.window].shape[:2]))
    served = np.array(Image.open(io.BytesIO(cut_out(photo).data)))
    return rgb, over_colour(rgb, matte, MAGENTA)[0], over_colour(served[..., :3], served[..., 3].astype(np.float32) / 255, MAGENTA)[0]


def piece(pictures: tuple[np.ndarray, ...], middle: tuple[int, int]) -> np.ndarray:
    top, left = (place - side // 2 for place, side in zip(middle, CROP))
    crops = [picture[top:top + CROP[0], left:left + CROP[1]] for picture in pictures]
    return cv2.resize(np.hstack(crops), None, fx=TIMES, fy=TIMES, interpolation=cv2.INTER_NEAREST)


def main() -> None:
    seen = {name: views(photo) for name, photo in PHOTOS.items()}
    pieces = [piece(seen[name], middle) for name, middle in PIECES]
    left, right = (np.vstack(column) for column in (pieces[::2], pieces[1::2]))
    picture = np.hstack([left, np.full((len(left), GAP, 3), WHITE, np.uint8), right])
    cv2.imwrite(str(OUT), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_PNG_COMPRESSION, 9))
    print(OUT)


if __name__ == "__main__":
    main()
