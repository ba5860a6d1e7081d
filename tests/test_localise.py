"""A glance finds the car, a look shows its surroundings; and where the glance was wrong, a second look shows the right ones."""
import numpy as np
import pytest

from model.frames import COARSE_FRAME, FINE_FRAMES
from model.localise import Prediction, localise
from preprocessing.letterbox import PAD

RED = (200, 0, 0)


class RedIsCar:
    """Stands for a network: what is red is car. Remembers the frames that it was shown. A glance may be blind to some columns, or fooled by blue."""

    def __init__(self, blind_to: slice | None = None, fooled: bool = False):
        self.blind_to, self.fooled, self.frames = blind_to, fooled, []

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.frames.append(frame)
        matte = ((frame[..., 0] > 100) & (frame[..., 1] < 60)).astype(np.float32)
        if self.blind_to and frame.shape[:2] == COARSE_FRAME:
            matte[:, self.blind_to] = 0
        if self.fooled and frame.shape[:2] == COARSE_FRAME:
            matte[(frame[..., 2] > 100) & (frame[..., 1] < 60)] = 1
        return matte, matte[::2, ::2] * 0


def photo(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Grey, with red boxes (top, left, bottom, right)."""
    rgb = np.full((*size, 3), 90, np.uint8)
    for top, left, bottom, right in boxes:
        rgb[top:bottom, left:right] = RED
    return rgb


@pytest.mark.parametrize("size, box", [((1080, 1920), (500, 700, 700, 1300)), ((1280, 960), (600, 100, 800, 500)), ((1000, 1000), (400, 400, 700, 700)),
                                       ((1080, 1920), (0, 0, 300, 700)), ((700, 3000), (300, 2500, 600, 3000)), ((240, 320), (100, 100, 160, 220))])
def test_the_look_shows_the_car_with_some_margin_and_larger_than_the_glance(size, box):
    network = RedIsCar()
    seen = localise(photo(size, box), network)
    rows, columns = seen.window
    top, left, bottom, right = box
    margin = 0.05 * max(bottom - top, right - left)
    for edge, start, stop, whole in ((rows, top, bottom, size[0]), (columns, left, right, size[1])):
        assert 0 <= edge.start <= max(0, start - 0.05 * (stop - start)) and min(whole, stop + 0.05 * (stop - start)) <= edge.stop <= whole, margin
    glance, looked = network.frames
    assert glance.shape[:2] == COARSE_FRAME and looked.shape[:2] in FINE_FRAMES
    assert (seen.matte > 0.5).sum() > 3 * (seen.coarse > 0.5).sum()
    whole = seen.in_photo((photo(size, box)[seen.window][..., 0] > 100).astype(np.float32))
    assert whole.sum() == (bottom - top) * (right - left)


def test_the_window_has_the_frames_shape_where_the_photo_reaches():
    network = RedIsCar()
    localise(photo((1080, 1920), (500, 700, 700, 1300)), network)
    assert (network.frames[1] != PAD).any(-1).mean() > 0.98


@pytest.mark.parametrize("size, box, times", [((3024, 4032), (1201, 603, 1873, 3001), 4), ((3023, 4031), (1201, 603, 1873, 3001), 4), ((1600, 2400), (501, 303, 903, 1803), 2)])
def test_the_window_of_a_large_photo_can_be_halved_as_often_as_it_is_too_large(size, box, times):
    """Halving is several times as fast as shrinking by any other factor."""
    network = RedIsCar()
    window = localise(photo(size, box), network).window
    sides = [part.stop - part.start for part in window]
    assert all(side % times == 0 for side in sides) and times <= max(side / frame for side, frame in zip(sides, network.frames[1].shape)) < 2 * times


def test_a_photo_is_looked_at_whole_before_it_is_said_to_have_no_car():
    network = RedIsCar()
    seen = localise(photo((600, 800)), network)
    assert network.frames[1].shape[:2] in FINE_FRAMES and not seen.matte.any() and seen.window == (slice(0, 600), slice(0, 800))
    assert seen.photo.shape[:2] == seen.matte.shape


def test_specks_do_not_widen_the_window():
    one, two = (localise(photo((1200, 1600), (500, 600, 700, 1000), *more), RedIsCar()).window for more in ([], [(10, 10, 50, 50)]))
    assert one == two


def test_where_the_glance_missed_a_part_the_whole_photo_is_looked_at():
    network = RedIsCar(blind_to=slice(128, None))
    seen = localise(photo((900, 1600), (300, 200, 600, 1400)), network)
    assert len(network.frames) == 3 and seen.window == (slice(0, 900), slice(0, 1600))
    assert isinstance(seen, Prediction) and (seen.matte > 0.5).any(0).mean() > 0.7


def test_where_the_glance_took_something_else_for_the_car_too_the_car_alone_is_looked_at_again():
    rgb = photo((900, 1600), (500, 1000, 700, 1400))
    rgb[200:700, 100:1000] = (0, 0, 200)
    fooled, right = RedIsCar(fooled=True), RedIsCar()
    seen, wanted = localise(rgb, fooled), localise(rgb, right)
    assert len(fooled.frames) == 3 and len(right.frames) == 2
    offset = [abs(one - other) for ours, theirs in zip(seen.window, wanted.window) for one, other in ((ours.start, theirs.start), (ours.stop, theirs.stop))]
    assert max(offset) <= 0.03 * 1600  # a glance's pixels are coarse


def test_a_car_too_small_for_the_glance_is_found_by_the_look_and_looked_at_again():
    network = RedIsCar(blind_to=slice(None))
    seen = localise(photo((900, 1600), (500, 1000, 600, 1200)), network)
    assert len(network.frames) == 3 and (seen.matte > 0.5).mean() > 0.3


def test_a_car_that_the_photo_cuts_is_not_looked_at_twice():
    network = RedIsCar()
    localise(photo((900, 1600), (300, 1000, 600, 1600)), network)
    assert len(network.frames) == 2


class RightEyed(RedIsCar):
    """Is sure of what lies in the right half of a picture alone."""

    def __init__(self, doubt: float):
        super().__init__()
        self.doubt = doubt

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        matte, _ = super().predict(frame)
        if frame.shape[:2] != COARSE_FRAME:
            shown = (frame != PAD).any(-1).any(0).sum()
            matte[:, :shown // 2] *= 1 - self.doubt
        return matte, halved(matte)


def halved(matte: np.ndarray) -> np.ndarray:
    return matte.reshape(matte.shape[0] // 2, 2, -1, 2).mean((1, 3))


@pytest.mark.parametrize("size", [(900, 1600), (1200, 900)])
def test_a_doubtful_matte_is_the_mean_with_that_of_the_mirror_image(size):
    rgb = photo(size, (300, 250, 600, size[1] - 250))
    seen = localise(rgb, network := RightEyed(0.05))
    _, one, other, *_ = network.frames
    height, width = seen.photo.shape[:2]
    assert np.array_equal(seen.photo, one[:height, :width]) and np.array_equal(other[:height, :width], one[:height, :width][:, ::-1])
    assert (other[height:] == PAD).all() and (other[:, width:] == PAD).all(), "padded as any other picture"
    car = seen.photo[..., 0] > 150
    assert car.any() and np.allclose(seen.matte[car], 0.975) and np.allclose(seen.glass, halved(seen.matte))


def test_a_matte_without_doubt_is_left_as_it_is():
    seen = localise(photo((900, 1600), (300, 250, 600, 1350)), network := RightEyed(0.01))
    assert len(network.frames) == 2 and seen.matte.max() == 1 and 0.98 < seen.matte[seen.matte > 0.5].min() < 1


class FarSighted(RedIsCar):
    """Is in doubt about a car that fills much of a look, more or less so than about one that does not."""

    def __init__(self, large: float, small: float):
        super().__init__()
        self.large, self.small = large, small

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        matte, _ = super().predict(frame)
        if frame.shape[:2] != COARSE_FRAME:
            matte *= self.large if matte.mean() > 0.3 * (frame != PAD).any(-1).mean() else self.small
        return matte, halved(matte)


def test_a_car_that_stays_in_doubt_is_shown_smaller():
    rgb = photo((900, 1600), (400, 600, 600, 1000))
    near, far = localise(rgb, RedIsCar()), localise(rgb, network := FarSighted(0.8, 1))
    assert [frame.shape[:2] == COARSE_FRAME for frame in network.frames] == [True, False, False, False, False], "itself, its mirror image, both again"
    for ours, theirs, side in zip(far.window, near.window, rgb.shape):
        half = (theirs.stop - theirs.start) // 2
        assert (ours.start, ours.stop) == (max(0, theirs.start - half), min(side, theirs.stop + half))
    assert far.matte.max() == 1 and (near.matte > 0.5).mean() > 2 * (far.matte > 0.5).mean()


def test_a_car_that_is_no_surer_when_small_is_seen_large():
    rgb = photo((900, 1600), (400, 600, 600, 1000))
    assert localise(rgb, FarSighted(0.9, 0.8)).window == localise(rgb, RedIsCar()).window


class Upright(RedIsCar):
    """Is sure of a car where white, its roof, lies above red, and in doubt about any other."""

    def __init__(self, doubt: float = 0.3, doubt_upright: float = 0.0):
        super().__init__()
        self.doubts = doubt, doubt_upright

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        red, _ = super().predict(frame)
        car = np.maximum(red, (frame.min(-1) > 200).astype(np.float32))
        (down, across), (down_red, across_red) = (np.argwhere(part > 0).mean(0) for part in (car, red))
        upright = down_red - down > abs(across_red - across)
        return car * (1 - self.doubts[int(upright)]), halved(car)


def roofed(size: tuple[int, int]) -> np.ndarray:
    rgb = photo(size, (300, 250, 600, size[1] - 250))
    rgb[300:400, 250:size[1] - 250] = 255
    return rgb


def corners(window: tuple[slice, slice]) -> np.ndarray:
    return np.array([(part.start, part.stop) for part in window])


@pytest.mark.parametrize("size", [(900, 1600), (1200, 900)])
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_photo_on_its_side_or_head_is_looked_at_as_if_it_stood(size, turn):
    lying = np.ascontiguousarray(np.rot90(roofed(size), turn))
    seen, upright = localise(lying, Upright()), localise(roofed(size), Upright())
    assert seen.size == lying.shape[:2] and seen.coarse.shape == np.rot90(upright.glance, turn).shape
    assert (seen.quarters, upright.quarters) == (4 - turn, 0)
    for ours, theirs in zip(seen[3:6], upright[3:6]):  # what was seen, its matte and glass
        assert np.array_equal(ours, np.rot90(theirs, turn)) and ours.flags.c_contiguous
    inside = np.zeros(size, np.uint8)
    inside[upright.window] = 1
    rows, columns = np.nonzero(np.rot90(inside, turn))
    assert np.array_equal(corners(seen.window), [(rows.min(), rows.max() + 1), (columns.min(), columns.max() + 1)])


def test_a_photo_that_stands_is_not_turned():
    localise(roofed((900, 1600)), network := Upright())
    assert len(network.frames) == 2


@pytest.mark.parametrize("own, turned, believed", [(0.3, 0.05, True), (0.3, 0.07, False), (0.07, 0.05, False), (0.07, 0.04, True)])
def test_a_photo_is_turned_only_where_that_leaves_little_doubt_and_much_less(own, turned, believed):
    lying = np.ascontiguousarray(np.rot90(roofed((900, 1600))))
    seen = localise(lying, network := Upright(own, turned))
    assert [frame.shape[:2] for frame in network.frames].count(COARSE_FRAME) == 4, "asked of all sides"
    assert np.isclose(seen.matte.max(), 1 - (turned if believed else own))
