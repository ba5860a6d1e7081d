"""Shadows: black under the car, where it touches the ground, in front, side and tilted views; never on the car itself."""
import cv2
import numpy as np
import pytest

from postprocessing.framing import box_of
from postprocessing.shadow import Shadow, cast, with_room

SIZE = (600, 900)
CONTACT = Shadow("contact")
WHEELS = ((250, 400), (650, 400))  # column and row of the hubs
RADIUS = 60


def side_view(tilt: float = 0.0) -> np.ndarray:
    """The matte of a box on two wheels, turned by `tilt` degrees."""
    matte = np.zeros(SIZE, np.float32)
    cv2.rectangle(matte, (150, 250), (750, 420), 1.0, -1)
    for hub in WHEELS:
        cv2.circle(matte, hub, RADIUS, 1.0, -1)
    turn = cv2.getRotationMatrix2D((450, 400), tilt, 1.0)
    return cv2.warpAffine(matte, turn, SIZE[::-1])


def front_view() -> np.ndarray:
    """A body between two tyres that reach further down."""
    matte = np.zeros(SIZE, np.float32)
    cv2.rectangle(matte, (300, 150), (600, 430), 1.0, -1)
    for left in (305, 545):
        cv2.rectangle(matte, (left, 400), (left + 50, 460), 1.0, -1)
    return matte


def shaded(rgb: np.ndarray, alpha: np.ndarray, *where) -> tuple[np.ndarray, np.ndarray]:
    """A copy with a shadow."""
    layers = rgb.copy(), alpha.copy()
    cast(*layers, *where)
    return layers


def darkness(matte: np.ndarray, shadow: Shadow = CONTACT) -> np.ndarray:
    """The shadow alone, 0..1, without the car over it."""
    alpha = shaded(np.zeros((*matte.shape, 3), np.uint8), matte, box_of(matte), shadow)[1]
    return np.where(matte < 1, (alpha - matte) / np.maximum(1 - matte, 1e-6), 0)


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_nothing_changes_on_the_car_and_black_is_all_that_is_added(kind):
    rng = np.random.default_rng(0)
    matte = cv2.GaussianBlur(side_view(), (0, 0), 2)
    rgb = rng.integers(0, 256, (*SIZE, 3), np.uint8)
    cast_rgb, alpha = shaded(rgb, matte, box_of(matte), Shadow(kind))
    assert cast_rgb.dtype == np.uint8 and alpha.dtype == np.float32
    assert np.array_equal(cast_rgb[matte == 1], rgb[matte == 1]) and (alpha >= matte - 1e-6).all() and alpha.max() <= 1
    over_white = [colours * a[..., None].astype(float) + 255 * (1 - a[..., None].astype(float)) for colours, a in ((cast_rgb, alpha), (rgb, matte))]
    assert (over_white[0] <= over_white[1] + 1).all()
    assert (cast_rgb[(matte == 0) & (alpha > 0)] == 0).all()
    visible = alpha > 0.02
    premultiplied = [colours * a[..., None] for colours, a in ((cast_rgb, alpha), (rgb, matte))]
    assert np.abs(premultiplied[0] - premultiplied[1])[visible].max() <= 1  # the car's own light is all still there


@pytest.mark.parametrize("tilt", [0, 4, -4, 12, -12])
def test_the_ground_runs_from_tyre_to_tyre(tilt):
    dark = darkness(side_view(tilt))
    turn = cv2.getRotationMatrix2D((450, 400), tilt, 1.0)
    touch = [turn @ (column, row, 1) + (0, RADIUS) for column, row in WHEELS]
    (left, first), (right, last) = touch
    for share in np.linspace(0.25, 0.75, 5):
        column, row = round(left + share * (right - left)), round(first + share * (last - first))
        assert dark[row - 10, column] > 0.6 > dark[row + 25, column] and dark[row + 60, column] < 0.05


def test_darkest_where_tyres_touch():
    dark = darkness(side_view())
    tyre, middle = dark[462, 250], dark[462, 450]
    assert tyre > middle + 0.1 and abs(dark[462, 250] - dark[462, 650]) < 0.05
    assert tyre > dark[480, 250] > dark[495, 250] >= dark[515, 250]


def test_a_front_view_stands_on_its_tyres():
    dark = darkness(front_view())
    assert dark[462, 330] > 0.65 and dark[462, 570] > 0.65
    assert dark[450, 450] > 0.6 and 0.1 < dark[470, 450] < dark[450, 450]
    assert dark[540:].max() == 0


def test_it_stays_near_the_ground():
    for matte in (side_view(), front_view(), side_view(8)):
        top, left, height, width = box_of(matte)
        assert darkness(matte)[:top + height // 3].max() < 0.03


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_opacity_scales_it(kind):
    full, half, none = (darkness(side_view(), Shadow(kind, opacity)) for opacity in (1.0, 0.5, 0.0))
    assert np.abs(half - full / 2).max() < 0.005 and none.max() == 0


def test_a_drop_shadow_falls_on_the_ground_to_the_right_and_fades_with_the_way():
    dark, contact = darkness(side_view(), Shadow("drop")), darkness(side_view())
    added = np.where(side_view() > 0, 0, dark - contact)
    assert (added > -0.005).all() and added[440:520, 760:].sum() > 3 * added[440:520, :140].sum()
    beyond = dark[440:500, 760:].max(0)
    assert beyond[0] > 0.05 and (np.diff(beyond) < 1e-3).all() and beyond[-1] < 0.02
    assert dark[:330].max() < 0.02, "none stands around the car"


def test_specks_beside_the_car_do_not_lift_the_ground():
    matte = side_view()
    speckled = matte.copy()
    speckled[480:484, 450:454] = 1
    box = box_of(matte)
    plain, with_speck = (shaded(np.zeros((*SIZE, 3), np.uint8), layer, box, Shadow("contact"))[1] for layer in (matte, speckled))
    assert np.abs(plain - with_speck)[:478].max() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 3), (17, 400)])
@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_the_smallest_cars(size, kind):
    matte = np.zeros((60, 420), np.float32)
    matte[10:10 + size[0], 10:10 + size[1]] = 1
    alpha = shaded(np.zeros((60, 420, 3), np.uint8), matte, box_of(matte), Shadow(kind))[1]
    assert np.isfinite(alpha).all() and (alpha[matte == 1] == 1).all()


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_with_room_nothing_of_it_is_cut_off(kind):
    matte = side_view()
    top, left, height, width = box_of(matte)
    tight = matte[top:top + height, left:left + width]
    rgb, alpha, box = with_room(np.zeros((*tight.shape, 3), np.uint8), tight, (0, 0, height, width), Shadow(kind))
    assert rgb.shape[:2] == alpha.shape and np.array_equal(alpha[box[0]:box[0] + height, box[1]:box[1] + width], tight)
    wide = darkness(matte, Shadow(kind))
    roomy = shaded(rgb, alpha, box, Shadow(kind))[1]
    assert (roomy[-1] < 0.005).all() and (roomy[:, [0, -1]] < 0.005).all()
    below = wide[top + height:, left:left + width]
    rows = min(len(below), roomy.shape[0] - height)
    assert np.abs(roomy[height:height + rows, box[1]:box[1] + width] - below[:rows]).max() < 0.01


def test_with_room_leaves_a_picture_that_has_it():
    matte = front_view()
    rgb, alpha, box = with_room(np.zeros((*SIZE, 3), np.uint8), matte, box_of(matte), Shadow("contact"))
    assert alpha.shape == SIZE and box == box_of(matte)


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_a_see_through_car_has_a_shadow(kind):
    matte = side_view()
    alpha = shaded(np.zeros((*SIZE, 3), np.uint8), 0.4 * matte, box_of(matte), Shadow(kind))[1]
    assert alpha[matte == 0].max() > 0.2
