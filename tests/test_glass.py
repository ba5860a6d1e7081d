"""Panes that let a new background through: only panes, never the body, and what shines on them stays."""
import io

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from postprocessing.glass import TRANSPARENCY, see_through
from tests.drawn import draw_photo

SIZE = (240, 320)


@pytest.fixture
def alpha() -> np.ndarray:
    matte = np.zeros(SIZE, np.float32)
    matte[60:200, 40:280] = 1
    return matte


def panes(shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    glass = np.zeros(shape, np.float32)
    glass[40:60, 40:120] = 1
    return glass


def test_only_the_panes_get_thinner_and_all_alike(alpha):
    dark = np.full((*SIZE, 3), 60, np.uint8)
    rgb, thin = see_through(dark, alpha, panes(), dark)
    assert np.allclose(thin[84:116, 88:232], 1 - TRANSPARENCY, atol=1e-3) and np.array_equal(rgb, dark)
    assert np.array_equal(thin[:76], alpha[:76]) and np.array_equal(thin[124:], alpha[124:])
    same_rgb, same = see_through(dark, alpha, panes() * 0, dark)
    assert np.array_equal(same, alpha) and np.array_equal(same_rgb, dark)


def test_reflections_stay_as_light_before_any_background(alpha):
    """A pane's light is its own and what comes through: by so much as a reflection was brighter in the photo, it is brighter in the cut-out."""
    photo = np.full((*SIZE, 3), 60, np.uint8)
    photo[90:110, 100:120] = 120
    rgb, thin = see_through(photo, alpha, panes(), photo)
    assert thin[100, 110] == pytest.approx(1 - TRANSPARENCY, abs=1e-3) == thin[100, 200]
    for background in (0, 90):
        reflection, beside = (rgb[100, column] * thin[100, column] + background * (1 - thin[100, column]) for column in (110, 200))
        assert np.abs(reflection - beside - 60).max() < 1


def test_nothing_outside_of_the_car_becomes_visible(alpha):
    dark = np.full((*SIZE, 3), 60, np.uint8)
    rgb, thin = see_through(dark, alpha, np.ones((120, 160), np.float32), dark)
    assert (thin <= alpha).all() and np.array_equal(rgb[alpha == 0], dark[alpha == 0])


@pytest.mark.parametrize("angle", ["side", "three_quarter"])
def test_a_drawn_car_has_its_windows_opened(server, angle):
    photo = draw_photo(960, 720, angle=angle, seed=2)
    jpeg = cv2.imencode(".jpg", photo.rgb[..., ::-1])[1].tobytes()

    def alpha_of(value: str) -> np.ndarray:
        answer = requests.post(server, files={"image_file": jpeg}, data={"semitransparency": value}, timeout=60)
        assert answer.status_code == 200, answer.text
        return np.array(Image.open(io.BytesIO(answer.content)))[..., 3]

    filled, opened = alpha_of("false"), alpha_of("true")
    thinner = (opened < 225) & (filled == 255)
    assert (opened <= filled).all()
    rows = np.flatnonzero(filled.max(1))
    top, bottom = rows[0], rows[-1]
    assert 0.05 < thinner.sum() / (filled > 127).sum() < 0.35
    assert thinner[(top + bottom) // 2 + 20:].sum() < 0.02 * thinner.sum(), "windows are in the upper half"
