"""Pictures that the flags of a scene are learnt from show what they say."""
import numpy as np

from model.kind import softmax
from tests.drawn import draw_photo
from training.data.flaws import AS_LARGE, HARDLY, HIDDEN, SMALLER, Scene, pictures, turned
from training.data.sources import Cutout
from training.flaws import Row, fit_roll
from training.linear_probe import fit

CAR = draw_photo(480, 360, angle="side", seed=5)
MATTE = np.rint(255 * CAR.alpha).astype(np.uint8)
GREY, RED = np.full((360, 480, 3), 128, np.uint8), np.array([255, 0, 0, 255], np.uint8)


def changed() -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """By change, where in several pictures of one grey scene something red is seen, and where the car is, bool (360, 480)."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    bar, block = np.tile(RED, (90, 30, 1)), np.tile(RED, (100, 200, 1))
    room = Scene(np.pad(GREY[::2, ::2], ((90, 90), (120, 120), (0, 0)), "edge"), np.pad(MATTE[::2, ::2], ((90, 90), (120, 120))))
    for seed in range(8):
        other = Cutout("block", "drawn", block, block[..., 3])
        for change, rgb in pictures(np.random.default_rng(seed), room, [bar], [other]):
            red = np.abs(rgb[..., 0].astype(int) - rgb[..., 1]) > 8
            found.setdefault(change, []).append((red, room.matte > 127))
    return found


def test_what_is_pasted_hides_and_shows_as_much_as_its_name_says():
    shown = {change: [((red & car).sum() / car.sum(), (red & ~car).sum() / car.sum()) for red, car in both] for change, both in changed().items()}
    assert shown.keys() == {"", "occluded", "beside", "several", "smaller"}
    assert all(hidden == 0 and seen == 0 for hidden, seen in shown[""])
    assert all(HIDDEN[0] * 0.9 <= hidden <= HIDDEN[1] * 1.1 for hidden, _ in shown["occluded"])
    assert all(hidden <= 2 * HARDLY and seen > 0 for hidden, seen in shown["beside"])
    assert all(AS_LARGE[0] * 0.9 <= seen <= AS_LARGE[1] * 1.1 for _, seen in shown["several"])
    assert all(seen <= SMALLER * 1.1 for _, seen in shown["smaller"])


def test_a_turned_photo_has_no_empty_corners_and_lines_at_its_angle():
    level = np.zeros((300, 400, 3), np.uint8)
    level[:150] = 255
    for degrees in (-9, 4):
        rgb = turned(level, degrees)
        left, right = (int(np.argmax(rgb[:, column, 0] < 128)) for column in (50, 350))
        assert abs(np.rad2deg(np.arctan2(left - right, 300)) - degrees) < 0.5
        assert all((rgb[row, column] == 255 * (row == 0)).all() for row in (0, -1) for column in (0, -1))


def test_a_probe_gives_the_second_of_two_classes_where_it_is_labelled():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    features = np.append(rng.normal(0, 0.2, (200, 6)), np.ones((200, 1)), 1)
    features[:, 2] += labels
    weights, _ = fit(features, labels, np.array([0.5, 0.5]), np.arange(200).astype(str))
    assert ((softmax(features @ weights)[:, 1] > 0.5) == labels).mean() > 0.95


def test_the_roll_is_that_of_the_training_pictures():
    rng = np.random.default_rng(0)
    degrees = rng.uniform(-10, 10, 20_000)
    features = np.stack([rng.normal(0, 1, 20_000), 3 + degrees / 5, np.ones(20_000)], 1)
    roll = fit_roll([Row("", "turned", angle, of_view) for angle, of_view in zip(degrees, features)])
    assert np.abs(features @ roll[:, 0] - degrees).max() < 2
