"""Draws docs/lot.jpg: six drawn photos as they were taken, and below them their cars cut out, all of one width, on one line, before one backdrop.

    .venv-test/bin/python -m docs.lot
"""
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cutout import cut_out
from docs.gallery import showroom
from options import Options
from postprocessing.compose import Backdrop
from postprocessing.framing import Framing
from postprocessing.shadow import Shadow
from preprocessing.decode import Picture
from tests.drawn import encode
from tests.drawn.backdrop import over
from tests.drawn.car import hatchback
from tests.drawn.photo import develop
from tests.drawn.render import place
from tests.drawn.street import street

OUT = Path(__file__).with_name("lot.jpg")
CARS = [  # colour, heading in degrees, position in metres: to the right and away from the camera
    ((168, 28, 34), 218, (0.0, 7.7)), ((34, 60, 118), 180, (0.9, 9.6)), ((206, 208, 210), 322, (-0.4, 8.2)),
    ((58, 62, 66), 205, (-1.2, 10.8)), ((40, 92, 70), 0, (0.2, 7.4)), ((214, 160, 40), 338, (0.8, 9.0)),
]
SIZE, SHOWN = (1200, 900), (320, 240)  # width, height of a photo, and in the picture
GAP = 8                                # pixels between photos
PLACED = Options(framing=Framing(car_width=86, ground=84), shadow=Shadow("contact"), format="png")


def photo(number: int) -> np.ndarray:
    colour, heading, position = CARS[number]
    camera, scene = street(*SIZE, seed=number)
    return develop(over(*place(scene, camera, hatchback(), colour, heading, position), scene), seed=number)


def reduced(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, SHOWN, interpolation=cv2.INTER_AREA)


def main() -> None:
    photos = [photo(number) for number in range(len(CARS))]
    wall = showroom(SIZE[::-1])
    backdrop = Backdrop(Picture(wall, None, SIZE[::-1]))
    placed = [np.array(Image.open(io.BytesIO(cut_out(encode(rgb), PLACED, backdrop).data)).convert("RGB")) for rgb in photos]
    white = np.full((GAP, len(CARS) * SHOWN[0], 3), 255, np.uint8)
    taken = np.hstack([reduced(rgb) for rgb in photos])
    for column in range(1, len(CARS)):
        taken[:, column * SHOWN[0] - GAP // 2:column * SHOWN[0] + GAP // 2] = 255
    Image.fromarray(np.vstack([taken, white, np.hstack([reduced(rgb) for rgb in placed])])).save(OUT, quality=85)
    print(OUT, f"{OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
