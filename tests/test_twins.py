"""Of two mirrors the one that the network only half sees comes back; what was never felt, stands low, or belongs to a car seen from its side does not."""
import cv2
import numpy as np
import pytest

from postprocessing.refine import refine
from postprocessing.twins import with_twins

SIZE = (320, 480)
MIDDLE = 240  # the car's axis
MIRROR = (118, 110)  # centre: columns from the axis, row
GROUND, CAR = 200, 60


def silhouette(mirrors=(), lean: int = 0) -> np.ndarray:
    """uint8 (h, w), 1 on a car seen from its front, or leant to one side, with mirrors on -1, its left, or 1."""
    car = np.zeros(SIZE, np.uint8)
    cabin = [(-65 + lean, 60), (65 + lean, 60), (95, 130), (110, 160), (110, 270), (-110, 270), (-110, 160), (-95, 130)]
    cv2.fillPoly(car, [np.array(cabin) + (MIDDLE, 0)], 1)
    for side in mirrors:
        car |= mirror(side)
    return car


def mirror(side: int, off=(0, 0)) -> np.ndarray:
    """uint8 (h, w), 1 on a mirror and its stalk, shifted by so many columns and rows."""
    part = np.zeros(SIZE, np.uint8)
    x, y = MIDDLE + side * MIRROR[0] + off[0], MIRROR[1] + off[1]
    cv2.ellipse(part, (x, y), (17, 11), 0, 0, 360, 1, -1)
    cv2.line(part, (x, y + 6), (MIDDLE + side * 88, 124), 1, 6)
    return part


def matte(sure=(-1,), felt: float = 0.25, off=(0, 0), lean: int = 0) -> np.ndarray:
    """What a network says: sure of the car with those mirrors, of the right one it feels so much."""
    return np.maximum(silhouette(sure, lean).astype(np.float32), np.float32(felt) * mirror(1, off))


def gained(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (after > 0.5) & (before <= 0.5)


def missing(off=(0, 0)) -> np.ndarray:
    """Where the right mirror is, beside the car."""
    return (mirror(1, off) > 0) & (silhouette() == 0)


@pytest.mark.parametrize("off", [(0, 0), (5, 3), (-4, 4)], ids=["exactly opposite", "lower and further out", "lower and nearer"])
@pytest.mark.parametrize("felt", [0.15, 0.25, 0.45])
def test_what_is_faint_opposite_of_a_sure_mirror_is_undecided(felt, off):
    before = matte(felt=felt, off=off)
    after = with_twins(before)
    place = missing(off)
    assert gained(before, after)[place].mean() > 0.85
    assert gained(before, after)[cv2.dilate(place.astype(np.uint8), np.ones((15, 15), np.uint8)) == 0].sum() == 0
    assert (after >= before).all() and after.max() == 1


def test_it_does_not_matter_which_side_is_seen():
    before = matte()
    turned = np.ascontiguousarray(before[:, ::-1])
    one, other = gained(before, with_twins(before)), gained(turned, with_twins(turned))[:, ::-1]
    assert one.any() and (one & other).sum() > 0.85 * (one | other).sum()


def kept(mirrors: tuple, felt: float, lying: int = 0) -> float:
    """How much of the right mirror's place refinement keeps, of a dark car with those mirrors before light ground, twice as large as the matte, after so many turns to the right."""
    photo = np.full((*SIZE, 3), GROUND, np.uint8)
    photo[silhouette(mirrors) > 0] = CAR
    large = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    alpha = np.rot90(refine(*(np.rot90(layer, -lying) for layer in (matte(felt=felt), photo, large)), lying), lying)
    alpha = cv2.resize(alpha, SIZE[::-1], interpolation=cv2.INTER_AREA)
    return float((alpha > 0.5)[missing()].mean())


@pytest.mark.parametrize("felt", [0.25, 0.4])
@pytest.mark.parametrize("lying", [0, 1, 2, 3])
def test_refinement_then_asks_the_photo(felt, lying):
    assert kept((-1, 1), felt, lying) > 0.8 and kept((-1,), felt, lying) < 0.5


def without_stalk() -> np.ndarray:
    """Sure of both, but for what holds the right one."""
    before = matte(sure=(-1, 1))
    before[:, MIDDLE + 86:MIDDLE + 104][silhouette()[:, MIDDLE + 86:MIDDLE + 104] == 0] = 0
    return before


@pytest.mark.parametrize("before", [matte(felt=0.03), matte(sure=()), matte(sure=(-1, 1)), matte(lean=40), without_stalk()],
                         ids=["nothing is felt", "sure of neither", "sure of both", "seen from elsewhere", "sure of both but for a stalk"])
def test_else_the_matte_stays(before):
    assert with_twins(before) is before


def test_what_stands_low_is_no_mirror():
    before = silhouette().astype(np.float32)
    for side, felt in ((-1, 1.0), (1, 0.25)):
        cv2.ellipse(before, (MIDDLE + side * 120, 215), (20, 8), 0, 0, 360, felt, -1)
    before[silhouette() > 0] = 1
    assert with_twins(before) is before


def test_a_mirror_whose_twin_would_be_out_of_the_picture_has_none():
    cut = np.ascontiguousarray(matte()[:, :MIDDLE + 112])
    assert with_twins(cut) is cut


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (2, 3), (9, 9), (320, 480)])
@pytest.mark.parametrize("fill", [0.0, 0.3, 1.0])
def test_no_car_or_nothing_but_car(size, fill):
    even = np.full(size, fill, np.float32)
    assert with_twins(even) is even


def test_noise_is_no_car():
    rng = np.random.default_rng(0)
    for _ in range(20):
        noise = rng.random((120, 160)).astype(np.float32)
        assert with_twins(noise) is noise
