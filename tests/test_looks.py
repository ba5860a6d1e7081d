"""Shadows, watermarks and framing look as in the golden pictures, which were checked by eye; `python -m tests.looks` writes them."""
import cv2
import numpy as np
import pytest

from postprocessing.framing import Framing
from postprocessing.shadow import Shadow
from postprocessing.watermark import Watermark
from tests.looks import GOLDEN, LOOKS, framed, look, marked, seen, shadowed

MEAN, MOST = 0.15, 12  # grey levels: what another release of OpenCV may round otherwise


def same(picture: np.ndarray, golden: np.ndarray) -> bool:
    if picture.shape != golden.shape:
        return False
    difference = cv2.absdiff(picture, golden)
    return difference.mean() <= MEAN and np.percentile(difference, 99.9) <= MOST


def golden(name: str) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(GOLDEN / f"{name}.png")), cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("name", LOOKS)
def test_it_looks_as_it_did(name):
    assert same(look(name), golden(name))


def test_every_golden_picture_is_compared():
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(LOOKS)


@pytest.mark.parametrize("name, other", [
    ("shadow-contact-three-quarter", lambda: shadowed(Shadow("contact", 0.9))),
    ("shadow-drop", lambda: shadowed(Shadow("drop", 0.9))),
    ("watermark-bottom-right", lambda: marked(Watermark(scale=31))),
    ("watermark-center-faint", lambda: marked(Watermark(position="center", scale=60, opacity=0.44))),
    ("framing-scale", lambda: framed(Framing(scale=60, position=(20.5, 80)))),
])
def test_a_tenth_of_opacity_or_a_pixel_of_place_is_a_difference(name, other):
    assert not same(seen(other()), golden(name))
