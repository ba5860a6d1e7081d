"""Aerials, on a drawn car that gets sticks of known pixels."""
import cv2
import numpy as np
import pytest

from tests.drawn import draw_photo
from training.aerials import AerialScore, aerial_score

CAR = draw_photo(640, 480, angle="side", seed=3).alpha > 0.5
LEFT, TOP, LENGTH, _ = cv2.boundingRect(CAR.astype(np.uint8))
TALL = 40


def bare() -> np.ndarray:
    """The car's mask, uint8, without what is thin: its own aerial."""
    return cv2.morphologyEx(np.where(CAR, np.uint8(255), np.uint8(0)), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))


def with_stick(share: float, width: int = 2, rows: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
    """A mask with a stick on its roof, at a share of its length, and the stick's pixels; rows: the part of it that is drawn."""
    mask, column = bare(), LEFT + round(share * LENGTH)
    stick = np.zeros_like(mask)
    foot = np.argmax(mask[:, column:column + width].min(1) > 0)
    stick[foot - TALL:foot, column:column + width][rows] = 255
    return mask | stick, stick > 0


def test_the_drawn_cars_own_aerial_is_one():
    assert aerial_score(bare(), np.where(CAR, np.uint8(255), np.uint8(0))).covered == 0


@pytest.mark.parametrize("rows, covered", [(slice(None), 1), (slice(0, 0), 0), (slice(10, None), 0.75), (slice(30), 0.75)],
                         ids=["whole", "none", "without its tip", "without its foot"])
def test_what_is_covered(rows, covered):
    truth, _ = with_stick(0.5)
    matte, _ = with_stick(0.5, rows=rows)
    assert aerial_score(matte, truth) == AerialScore(pytest.approx(covered, abs=0.03), False)


def test_an_aerial_with_gaps_is_one():
    truth, stick = with_stick(0.5, width=1)
    rows = np.flatnonzero(stick.any(1))
    truth[rows[5::8]] = bare()[rows[5::8]]
    matte = truth.copy()
    matte[rows[0]:rows[20]] = bare()[rows[0]:rows[20]]
    assert aerial_score(matte, truth).covered == pytest.approx(0.5, abs=0.03)


def test_a_leaning_aerial():
    truth = bare()
    matte = truth.copy()
    x = LEFT + LENGTH // 2
    foot = int(np.argmax(truth[:, x] > 0))
    for picture, share in ((truth, 1.0), (matte, 0.6)):
        cv2.line(picture, (x, foot), (round(x + share * TALL), round(foot - share * TALL)), 255)
    assert aerial_score(matte, truth).covered == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("place, stray", [(0.5, False), (0.505, False), (0.6, True)])
def test_a_stick_is_stray_where_the_mask_has_none(place, stray):
    assert aerial_score(with_stick(place)[0], with_stick(0.5)[0]).stray == stray


@pytest.mark.parametrize("change", ["a roof box", "a shark fin", "a stick below", "a bump"])
def test_what_is_no_aerial(change):
    mask, middle = bare(), LEFT + LENGTH // 2
    foot = int(np.argmax(mask[:, middle] > 0))
    if change == "a roof box":
        mask[foot - 30:foot + 5, middle - 60:middle + 60] = 255
    elif change == "a shark fin":
        cv2.fillPoly(mask, [np.array([[middle, foot - 12], [middle + 4, foot + 3], [middle - 20, foot + 3]])], 255)
    elif change == "a stick below":
        mask[TOP + 150:, middle:middle + 2] = 255
    else:
        mask[foot - 4:foot, middle:middle + 2] = 255
    assert not np.array_equal(mask, bare())
    assert aerial_score(mask, bare()) == AerialScore(None, False)


def test_nothing_is_counted_where_it_is_not_known():
    truth, stick = with_stick(0.5)
    unknown = cv2.dilate(stick.astype(np.uint8) * 255, np.ones((9, 9), np.uint8))
    assert aerial_score(bare(), truth, unknown) == AerialScore(None, False)
    assert aerial_score(truth, bare(), unknown) == AerialScore(None, False)


def test_pictures_without_a_car():
    nothing = np.zeros((48, 64), np.uint8)
    assert aerial_score(nothing, nothing) == AerialScore(None, False)
    assert aerial_score(with_stick(0.5)[0], np.zeros_like(bare())).covered is None
    assert aerial_score(np.zeros_like(bare()), with_stick(0.5)[0]) == AerialScore(0.0, False)
