"""Localisation: a coarse pass finds the car, a fine pass shows its surroundings, and is repeated where the coarse pass was wrong."""
import numpy as np
import pytest

from model.frames import COARSE_FRAME, FINE_FRAMES
from model.localise import Prediction, localise
from preprocessing.letterbox import PAD

RED = (200, 0, 0)


class RedIsCar:
    """Stands for a network: what is red is car. Remembers its frames. In coarse passes it may be blind to some columns, or fooled by blue."""

    def __init__(self, blind_to: slice | None = None, fooled: bool = False):
        self.blind_to, self.fooled, self.frames = blind_to, fooled, []

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[()]]:
        self.frames.append(frame)
        matte = ((frame[..., 0] > 100) & (frame[..., 1] < 60)).astype(np.float32)
        if self.blind_to and frame.shape[:2] == COARSE_FRAME:
            matte[:, self.blind_to] = 0
        if self.fooled and frame.shape[:2] == COARSE_FRAME:
            matte[(frame[..., 2] > 100) & (frame[..., 1] < 60)] = 1
        return matte, matte[::2, ::2] * 0, ()


def photo(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Grey, with red boxes (top, left, bottom, right)."""
    rgb = np.full((*size, 3), 90, np.uint8)
    for top, left, bottom, right in boxes:
        rgb[top:bottom, left:right] = RED
    return rgb


@pytest.mark.parametrize("size, box", [((1080, 1920), (500, 700, 700, 1300)), ((1280, 960), (600, 100, 800, 500)), ((1000, 1000), (400, 400, 700, 700)),
                                       ((1080, 1920), (0, 0, 300, 700)), ((700, 3000), (300, 2500, 600, 3000)), ((240, 320), (100, 100, 160, 220))])
def test_the_fine_pass_shows_the_car_with_some_margin_and_larger_than_the_coarse_pass(size, box):
    network = RedIsCar()
    seen = localise(photo(size, box), network)
    rows, columns = seen.window
    top, left, bottom, right = box
    margin = 0.05 * max(bottom - top, right - left)
    for edge, start, stop, whole in ((rows, top, bottom, size[0]), (columns, left, right, size[1])):
        assert 0 <= edge.start <= max(0, start - 0.05 * (stop - start)) and min(whole, stop + 0.05 * (stop - start)) <= edge.stop <= whole, margin
    coarse, fine = network.frames
    assert coarse.shape[:2] == COARSE_FRAME and fine.shape[:2] in FINE_FRAMES
    assert (seen.matte > 0.5).sum() > 3 * (seen.coarse > 0.5).sum()
    whole = seen.in_photo((photo(size, box)[seen.window][..., 0] > 100).astype(np.float32))
    assert whole.sum() == (bottom - top) * (right - left)


def test_the_window_has_the_frames_shape_where_the_photo_reaches():
    network = RedIsCar()
    localise(photo((1080, 1920), (500, 700, 700, 1300)), network)
    assert (network.frames[1] != PAD).any(-1).mean() > 0.98


@pytest.mark.parametrize("size, box, times", [((3024, 4032), (1201, 603, 1873, 3001), 4), ((3023, 4031), (1201, 603, 1873, 3001), 4),
                                              ((1600, 2400), (501, 303, 903, 1803), 2)])
def test_the_window_of_a_large_photo_can_be_halved_as_often_as_it_is_too_large(size, box, times):
    """Halving is several times as fast as shrinking by any other factor."""
    network = RedIsCar()
    window = localise(photo(size, box), network).window
    sides = [part.stop - part.start for part in window]
    assert all(side % times == 0 for side in sides) and times <= max(side / frame for side, frame in zip(sides, network.frames[1].shape)) < 2 * times


def test_a_photo_without_a_car_gets_a_fine_pass_over_all_of_it():
    network = RedIsCar()
    seen = localise(photo((600, 800)), network)
    assert network.frames[1].shape[:2] in FINE_FRAMES and not seen.matte.any() and seen.window == (slice(0, 600), slice(0, 800))
    assert seen.rgb.shape[:2] == seen.matte.shape


def test_specks_do_not_widen_the_window():
    one, two = (localise(photo((1200, 1600), (500, 600, 700, 1000), *more), RedIsCar()).window for more in ([], [(10, 10, 50, 50)]))
    assert one == two


def test_where_the_coarse_pass_missed_a_part_the_fine_pass_is_repeated_over_the_whole_photo():
    network = RedIsCar(blind_to=slice(128, None))
    seen = localise(photo((900, 1600), (300, 200, 600, 1400)), network)
    assert len(network.frames) == 3 and seen.window == (slice(0, 900), slice(0, 1600))
    assert isinstance(seen, Prediction) and (seen.matte > 0.5).any(0).mean() > 0.7


def test_where_the_coarse_pass_saw_more_than_the_car_the_fine_pass_is_repeated_around_the_car_alone():
    rgb = photo((900, 1600), (500, 1000, 700, 1400))
    rgb[200:700, 100:1000] = (0, 0, 200)
    fooled, right = RedIsCar(fooled=True), RedIsCar()
    seen, wanted = localise(rgb, fooled), localise(rgb, right)
    assert len(fooled.frames) == 3 and len(right.frames) == 2
    offset = [abs(one - other) for ours, theirs in zip(seen.window, wanted.window) for one, other in ((ours.start, theirs.start), (ours.stop, theirs.stop))]
    assert max(offset) <= 0.03 * 1600  # the coarse pass's pixels are large


def test_a_car_too_small_for_the_coarse_pass_is_found_by_the_fine_pass_which_is_repeated_around_it():
    network = RedIsCar(blind_to=slice(None))
    seen = localise(photo((900, 1600), (500, 1000, 600, 1200)), network)
    assert len(network.frames) == 3 and (seen.matte > 0.5).mean() > 0.3


def test_a_car_that_the_photo_cuts_off_gets_one_fine_pass():
    network = RedIsCar()
    localise(photo((900, 1600), (300, 1000, 600, 1600)), network)
    assert len(network.frames) == 2


class RightEyed(RedIsCar):
    """Its fine passes are certain in the right half of a picture alone."""

    def __init__(self, uncertainty: float):
        super().__init__()
        self.uncertainty = uncertainty

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[()]]:
        matte, _, features = super().predict(frame)
        if frame.shape[:2] != COARSE_FRAME:
            shown = (frame != PAD).any(-1).any(0).sum()
            matte[:, :shown // 2] *= 1 - self.uncertainty
        return matte, halved(matte), features


def halved(matte: np.ndarray) -> np.ndarray:
    return matte.reshape(matte.shape[0] // 2, 2, -1, 2).mean((1, 3))


@pytest.mark.parametrize("size", [(900, 1600), (1200, 900)])
def test_an_uncertain_matte_is_the_mean_with_that_of_the_mirror_image(size):
    rgb = photo(size, (300, 250, 600, size[1] - 250))
    seen = localise(rgb, network := RightEyed(0.05))
    _, one, other, *_ = network.frames
    height, width = seen.rgb.shape[:2]
    assert np.array_equal(seen.rgb, one[:height, :width]) and np.array_equal(other[:height, :width], one[:height, :width][:, ::-1])
    assert (other[height:] == PAD).all() and (other[:, width:] == PAD).all(), "padded as any other picture"
    car = seen.rgb[..., 0] > 150
    assert car.any() and np.allclose(seen.matte[car], 0.975) and np.allclose(seen.glass, halved(seen.matte))


def test_a_certain_matte_is_left_as_it_is():
    seen = localise(photo((900, 1600), (300, 250, 600, 1350)), network := RightEyed(0.01))
    assert len(network.frames) == 2 and seen.matte.max() == 1 and 0.98 < seen.matte[seen.matte > 0.5].min() < 1


class Upright(RedIsCar):
    """Is certain of a car whose white roof lies above the red, and uncertain about any other."""

    def __init__(self, uncertainty: float = 0.3, uncertainty_upright: float = 0.0):
        super().__init__()
        self.uncertainties = uncertainty, uncertainty_upright

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[()]]:
        red, _, features = super().predict(frame)
        car = np.maximum(red, (frame.min(-1) > 200).astype(np.float32))
        (down, across), (down_red, across_red) = (np.argwhere(part > 0).mean(0) for part in (car, red))
        upright = down_red - down > abs(across_red - across)
        return car * (1 - self.uncertainties[int(upright)]), halved(car), features


def roofed(size: tuple[int, int]) -> np.ndarray:
    rgb = photo(size, (300, 250, 600, size[1] - 250))
    rgb[300:400, 250:size[1] - 250] = 255
    return rgb


@pytest.mark.parametrize("size", [(900, 1600), (1200, 900)])
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_photo_on_its_side_or_head_is_turned_upright_first(size, turn):
    lying = np.ascontiguousarray(np.rot90(roofed(size), turn))
    seen, upright = localise(lying, Upright()), localise(roofed(size), Upright())
    assert seen.quarter_turns == 4 - turn and upright.quarter_turns == 0
    assert seen.size == size and seen.window == upright.window and seen.coarse.shape == upright.coarse.shape
    for ours, theirs in zip(seen[3:6], upright[3:6]):  # photo, matte and glass
        assert np.array_equal(ours, theirs) and ours.flags.c_contiguous
    assert np.array_equal(seen.cropped(lying), roofed(size)[upright.window])
    assert np.array_equal(seen.unrefined(), np.rot90(upright.unrefined(), turn)), "layers come back as the photo was given"


def test_an_upright_photo_is_not_turned():
    localise(roofed((900, 1600)), network := Upright())
    assert len(network.frames) == 2


@pytest.mark.parametrize("own, turned, believed", [(0.3, 0.05, True), (0.3, 0.07, False), (0.07, 0.05, False), (0.07, 0.04, True)])
def test_a_photo_is_turned_only_where_that_leaves_little_uncertainty_and_much_less(own, turned, believed):
    lying = np.ascontiguousarray(np.rot90(roofed((900, 1600))))
    seen = localise(lying, network := Upright(own, turned))
    assert [frame.shape[:2] for frame in network.frames].count(COARSE_FRAME) == 4, "the turned photo is tried"
    assert np.isclose(seen.matte.max(), 1 - (turned if believed else own))
