"""What is wrong with a photo: a good drawn photo has no flag, and one that is made wrong in one way has that flag alone."""
from collections.abc import Callable

import cv2
import numpy as np
import pytest

import cutout
from cutout import CutOut, cut_out
from model.flags import FLAGS, advice
from model.kind import Flaws, Kind
from model.localise import Prediction
from options import parse
from tests.drawn import draw_photo, draw_street, encode

PHOTO = draw_photo(640, 480, angle="side", seed=5)
COLUMNS = np.flatnonzero((PHOTO.alpha > 0.5).any(0))
LENGTH = COLUMNS[-1] - COLUMNS[0]


def flags_of(rgb: np.ndarray, **values: str) -> tuple[str, ...]:
    return made_of(rgb, **values).flags


def made_of(rgb: np.ndarray, **values: str) -> CutOut:
    return cut_out(encode(np.ascontiguousarray(rgb), "png"), parse(values))


def cropped(share: float) -> Callable[[np.ndarray], np.ndarray]:
    """Without a share of the car's length, at its left."""
    return lambda rgb: rgb[:, int(COLUMNS[0] + share * LENGTH):]


def moved(rgb: np.ndarray) -> np.ndarray:
    """As by a car, or a hand, in level motion of 1.5 % of the car's length."""
    return cv2.blur(rgb, (round(0.015 * LENGTH), 1))


def under_exposed(rgb: np.ndarray) -> np.ndarray:
    return np.rint(255 * ((rgb / 255) ** 2.2 / 2**3) ** (1 / 2.2)).astype(np.uint8)


def shrunk(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, (400, 300), interpolation=cv2.INTER_AREA)


def test_a_good_photo_has_no_flag():
    assert flags_of(PHOTO.rgb) == ()


@pytest.mark.parametrize("flag, change", [
    ("cut_off", cropped(0.1)), ("cut_off", cropped(0.4)), ("small", shrunk), ("dark", under_exposed), ("blurred", moved),
    ("blurred", lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 0.005 * LENGTH)),
])
def test_a_photo_has_the_flag_of_what_was_done_to_it(flag, change):
    assert flag in flags_of(change(PHOTO.rgb))


def turned(rgb: np.ndarray, quarter_turns: int, columns: slice) -> tuple[np.ndarray, str]:
    """A photo on its side or on its head, and the region that shows all rows and some columns of what it was."""
    seen = np.zeros(rgb.shape[:2], bool)
    seen[:, columns] = True
    down, across = np.nonzero(np.rot90(seen, quarter_turns))
    return np.rot90(rgb, quarter_turns), f"{across.min()}px {down.min()}px {across.max() + 1}px {down.max() + 1}px"


@pytest.mark.parametrize("quarter_turns", range(4))
def test_the_photo_cuts_the_car_off_not_the_region(quarter_turns):
    within = int(COLUMNS[0] + 0.2 * LENGTH)
    for columns in (slice(0, -within), slice(within, None)):
        rgb, roi = turned(PHOTO.rgb, quarter_turns, columns)
        assert "cut_off" not in flags_of(rgb, roi=roi)


@pytest.mark.parametrize("quarter_turns", range(4))
def test_in_a_region_too_the_photo_cuts_the_car_off(quarter_turns):
    rgb, roi = turned(cropped(0.1)(PHOTO.rgb), quarter_turns, slice(0, -20))
    assert "cut_off" in flags_of(rgb, roi=roi)
    rgb, roi = turned(cropped(0.1)(PHOTO.rgb), quarter_turns, slice(20, None))
    assert "cut_off" not in flags_of(rgb, roi=roi), "it does not reach the edge"


@pytest.mark.parametrize("change", [cropped(-0.1), lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 0.5), lambda rgb: rgb // 2 + 64])
def test_a_small_change_is_none(change):
    """The car near the edge, a little softness, less contrast."""
    assert flags_of(change(PHOTO.rgb)) == ()


def test_the_photo_that_was_sent_counts_not_the_answers_size():
    wide = np.pad(PHOTO.rgb, ((360, 360), (480, 480), (0, 0)), "edge")
    assert "small" not in flags_of(wide, size="preview") and "small" in flags_of(cv2.resize(wide, (640, 480), interpolation=cv2.INTER_AREA))


@pytest.mark.parametrize("confidence, flags", [(0.49, ("low_confidence",)), (0.51, ())])
def test_low_confidence_is_one_under_a_half(monkeypatch, confidence, flags):
    class Says:
        def confidence(self, prediction: Prediction) -> float:
            return confidence

    monkeypatch.setattr(cutout, "confidence_model", Says)
    assert flags_of(PHOTO.rgb) == flags


@pytest.mark.parametrize("flaws, flags", [
    (Flaws(occluded=0.79, several=0.49), ()), (Flaws(occluded=0.81), ("occluded",)), (Flaws(several=0.51), ("several",)),
    (Flaws(roll=4.9), ()), (Flaws(roll=5.1), ("tilted",)), (Flaws(roll=-5.1), ("tilted",)),
])
def test_flaws_of_the_scene_are_told_from_a_limit_on(monkeypatch, flaws, flags):
    class Says:
        def classify(self, prediction: Prediction) -> Kind:
            return Kind("exterior", 0.9, "left", flaws)

    monkeypatch.setattr(cutout, "kind_model", Says)
    assert flags_of(PHOTO.rgb) == flags


@pytest.mark.parametrize("degrees", [-8, 8])
def test_a_photo_that_is_turned_is_tilted(degrees):
    height, width = PHOTO.rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.15)
    assert "tilted" in flags_of(cv2.warpAffine(PHOTO.rgb, turn, (width, height), borderMode=cv2.BORDER_REPLICATE))


def test_a_cut_out_has_no_scene_that_could_be_dark_or_cut_it_off():
    rows = np.flatnonzero((PHOTO.alpha > 0.5).any(1))
    car = slice(rows[0], rows[-1] + 1), slice(COLUMNS[0], COLUMNS[-1] + 1)
    rgb, alpha = PHOTO.rgb[car], np.rint(255 * PHOTO.alpha[car]).astype(np.uint8)
    hidden = np.where(alpha[..., None] > 0, rgb // 2, 0).astype(np.uint8)
    assert {"cut_off", "dark"} <= {*flags_of(hidden)} and not {"cut_off", "dark"} & {*flags_of(np.dstack([hidden, alpha]))}


def test_the_soft_outline_of_a_cut_out_on_white_is_no_blur():
    soft = cv2.GaussianBlur(PHOTO.alpha, (0, 0), 2)[..., None]
    on_white = np.rint(soft * PHOTO.foreground + (1 - soft) * 255).astype(np.uint8)
    assert "blurred" not in flags_of(on_white) and "blurred" in flags_of(moved(on_white))


def test_flags_come_in_their_order():
    found = flags_of(shrunk(under_exposed(PHOTO.rgb)))
    assert {"small", "dark"} <= {*found} and [*found] == sorted(found, key=FLAGS.index)


def test_where_nothing_is_cut_out_nothing_is_flagged():
    made = made_of(draw_street(320, 240) // 8, unsuitable="original")
    assert not made.is_cut and made.flags == () and advice(made.flags) is None
