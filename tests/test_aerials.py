"""An aerial that the network only half sees comes back; a pole, a wire or what the photo does not show stays ground."""
import cv2
import numpy as np
import pytest

from postprocessing.aerials import with_aerials
from postprocessing.refine import refine

SIZE = (240, 320)
FOOT, TIP = (150, 119), (162, 85)


def picture(ends=(FOOT, TIP), thick: int = 2, ground: int = 180, tone: int = 40) -> np.ndarray:
    """A dark car of a box's shape on even ground, and a line."""
    rgb = np.full((*SIZE, 3), ground, np.uint8)
    cv2.line(rgb, *ends, (tone,) * 3, thick, cv2.LINE_AA)
    rgb[120:230, 60:260] = 60
    return rgb


def matte(ends=(FOOT, TIP), faint: float = 0.2, thick: int = 2) -> np.ndarray:
    """What a network says of it: sure of the car, not of the line."""
    seen = np.zeros(SIZE, np.float32)
    cv2.line(seen, *ends, faint, thick)
    seen[120:230, 60:260] = 1
    return seen


def along(layer: np.ndarray, ends=(FOOT, TIP)) -> np.ndarray:
    """A layer at eleven places from near the foot to near the tip."""
    places = np.linspace(*np.array(ends), 13)[1:-1]
    return np.array([layer[round(y), round(x)] for x, y in places])


@pytest.mark.parametrize("tip", [(150, 85), (162, 85), (120, 95), (178, 95)])
@pytest.mark.parametrize("tone, ground", [(40, 180), (230, 90)])
def test_what_is_faint_in_the_matte_and_plain_in_the_photo_is_kept(tip, tone, ground):
    ends = FOOT, tip
    rgb = picture(ends, tone=tone, ground=ground)
    before = matte(ends)
    after = with_aerials(before, rgb)
    assert (along(after, ends) > 0.5).mean() > 0.8
    assert np.array_equal(after[:70], before[:70]) and np.array_equal(after[121:], before[121:])
    assert np.count_nonzero((after > 0.5) & (before < 0.5)) < 6 * np.hypot(*np.subtract(*ends)), "but a thin line"
    large = cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    for lying in (0, 1, 2, 3):
        alpha = np.rot90(refine(*(np.rot90(layer, -lying) for layer in (before, rgb, large)), lying), lying)
        assert (along(cv2.resize(alpha, SIZE[::-1], interpolation=cv2.INTER_AREA), ends) > 0.4).mean() > 0.8
        assert alpha[160, 200] == 0 and alpha[160, 420] == 0, "the ground beside it stays open"


@pytest.mark.parametrize("ends", [(FOOT, (162, 0)), (FOOT, (150, 20)), ((150, 108), (162, 75))], ids=["out of the picture", "taller than aerials are", "off the car"])
def test_what_goes_on_or_hangs_in_the_air_is_no_aerial(ends):
    before = matte(ends)
    assert with_aerials(before, picture(ends)) is before


def test_a_pole_of_which_the_network_felt_a_stub_is_no_aerial():
    before = matte((FOOT, (150, 110)))
    assert with_aerials(before, picture((FOOT, (150, 0)))) is before


def test_a_post_is_too_thick():
    before = matte(thick=8)
    assert with_aerials(before, picture(thick=8)) is before


def test_both_must_see_it():
    assert with_aerials(unsure := matte(), picture((FOOT, FOOT))) is unsure
    assert with_aerials(blind := matte((FOOT, FOOT)), picture()) is blind


def test_an_edge_is_no_line():
    before, rgb = matte(), picture()
    rgb[:120, 156:] = 40
    assert with_aerials(before, rgb) is before


@pytest.mark.parametrize("car", [(slice(0, 0), slice(0, 0)), (slice(0, 200), slice(0, 320)), (slice(0, 1), slice(100, 200)), (slice(5, 200), slice(0, 320))],
                         ids=["none", "fills the picture", "at its top", "all but"])
def test_where_there_is_no_room_nothing_is_found(car):
    """Noise wherever a line might be taken for one."""
    rng = np.random.default_rng(0)
    before = rng.uniform(0, 0.3, SIZE).astype(np.float32)
    before[car] = 1
    assert with_aerials(before, rng.integers(0, 255, (*SIZE, 3), np.uint8)) is before
