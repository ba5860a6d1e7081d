"""How shadows, watermarks and framing look on the drawn car, from its true matte and colours.

    python -m tests.looks        writes tests/golden/*.png: after a look was changed on purpose and checked by eye
"""
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from postprocessing.framing import Framing, Length, Margin, box_of, place
from postprocessing.shadow import Shadow, cast, with_room
from postprocessing.watermark import Watermark, stamp
from preprocessing.decode import Picture
from tests.drawn import DrawnPhoto, draw_photo

GOLDEN = Path(__file__).with_name("golden")
SIZE = (400, 300)  # width, height
GROUND = (176, 190, 204)

Layer = tuple[np.ndarray, np.ndarray]  # uint8 (height, width, 3) and float32 straight alpha (height, width)


def look(name: str) -> np.ndarray:
    """uint8 (height, width, 3): one of LOOKS over one colour."""
    return seen(LOOKS[name]())


def seen(layer: Layer) -> np.ndarray:
    rgb, alpha = layer
    return np.rint(rgb * alpha[..., None] + np.array(GROUND) * (1 - alpha[..., None])).astype(np.uint8)


def shadowed(shadow: Shadow, angle: str = "three_quarter") -> Layer:
    car = drawn(angle)
    rgb, alpha, box = with_room(car.foreground, car.alpha, box_of(car.alpha), shadow)
    cast(rgb, alpha, box, shadow)
    return rgb, alpha


def marked(how: Watermark) -> Layer:
    """A disc that is clear in its middle, and a bar."""
    mark = np.zeros((60, 160, 4), np.uint8)
    cv2.circle(mark, (30, 30), 22, (190, 24, 40, 255), 10, cv2.LINE_AA)
    cv2.rectangle(mark, (72, 18), (152, 42), (24, 40, 120, 255), -1)
    car = drawn("three_quarter")
    rgb, alpha = car.foreground.copy(), car.alpha.copy()
    stamp(rgb, alpha, Picture(np.ascontiguousarray(mark[..., :3]), np.ascontiguousarray(mark[..., 3]), mark.shape[:2]), how)
    return rgb, alpha


def framed(framing: Framing) -> Layer:
    car = drawn("three_quarter")
    return place(car.alpha.shape, box_of(car.alpha), framing).apply(car.foreground, car.alpha)


@cache
def drawn(angle: str) -> DrawnPhoto:
    return draw_photo(*SIZE, angle=angle, seed=5)


LOOKS = {
    "shadow-contact-side": lambda: shadowed(Shadow("contact"), "side"),
    "shadow-contact-front": lambda: shadowed(Shadow("contact"), "front"),
    "shadow-contact-three-quarter": lambda: shadowed(Shadow("contact")),
    "shadow-drop": lambda: shadowed(Shadow("drop")),
    "watermark-bottom-right": lambda: marked(Watermark(scale=30)),
    "watermark-center-faint": lambda: marked(Watermark(position="center", scale=60, opacity=0.4)),
    "framing-crop": lambda: framed(Framing(crop=True, margin=Margin.sides(Length(10, "%"), Length(12, "px")))),
    "framing-scale": lambda: framed(Framing(scale=60, position=(20, 80))),
}


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name in LOOKS:
        cv2.imwrite(str(GOLDEN / f"{name}.png"), cv2.cvtColor(look(name), cv2.COLOR_RGB2BGR), (cv2.IMWRITE_PNG_COMPRESSION, 9))


if __name__ == "__main__":
    main()
