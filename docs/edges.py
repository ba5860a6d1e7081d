"""Draws the picture of docs/EDGES.md: roof lines of drawn photos at four times their size, before and after refinement. Run: python -m docs.edges"""
from pathlib import Path

import cv2
import numpy as np

from cutout import predictor
from model.localise import localise
from postprocessing.compose import over_colour
from postprocessing.foreground import foreground
from postprocessing.refine import refine
from preprocessing.letterbox import resize
from tests.drawn import draw_photo

OUT = Path(__file__).with_name("edges.png")
CROP, TIMES = (48, 96), 4  # height and width in the photo's pixels; enlargement
MAGENTA = (255, 0, 255, 255)
ROOFS = (("side", (168, 28, 34), 0.55), ("side", (26, 28, 30), 0.9), ("three_quarter", (235, 235, 230), 0.4), ("front", (40, 60, 130), 0.12),
           ("rear", (150, 155, 160), 0.85))  # angle, paint, and the column of the roof line that is shown, a share of the car's width


def row(angle: str, colour: tuple[int, int, int], share: float) -> np.ndarray:
    """The photo; the enlarged matte with the photo's colours on magenta; the refined cut-out on magenta."""
    photo = draw_photo(1280, 960, angle=angle, colour=colour, seed=11)
    prediction = localise(photo.rgb, predictor())
    part = photo.rgb[prediction.window]
    plain, alpha = (prediction.in_photo(layer) for layer in (resize(prediction.matte, part.shape[:2]), refine(prediction.matte, prediction.photo, part)))
    x, _, w, _ = cv2.boundingRect((photo.alpha > 0.5).astype(np.uint8))
    column = round(x + share * w)
    top, left = np.argmax(photo.alpha[:, column] > 0.5) - CROP[0] // 2, column - CROP[1] // 2
    pictures = photo.rgb, over_colour(photo.rgb, plain, MAGENTA)[0], over_colour(foreground(photo.rgb, alpha), alpha, MAGENTA)[0]
    crops = [picture[top:top + CROP[0], left:left + CROP[1]] for picture in pictures]
    return np.hstack([cv2.resize(crop, None, fx=TIMES, fy=TIMES, interpolation=cv2.INTER_NEAREST) for crop in crops])


def main() -> None:
    rows = np.vstack([row(*roof) for roof in ROOFS])
    cv2.imwrite(str(OUT), cv2.cvtColor(rows, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_PNG_COMPRESSION, 9))
    print(OUT)


if __name__ == "__main__":
    main()
