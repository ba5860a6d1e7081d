"""Composing: against the compositing equation written out in floats, and against Pillow."""
import numpy as np
import pytest
from PIL import Image

from postprocessing.compose import Backdrop, covering, over, over_backdrop, over_colour
from preprocessing.decode import Picture

SIZE = (40, 50)


@pytest.fixture
def cut() -> tuple[np.ndarray, np.ndarray]:
    """Noise with ten rows of nothing, ten rows of car and twenty of everything between."""
    rng = np.random.default_rng(0)
    alpha = rng.random(SIZE, np.float32)
    alpha[:10], alpha[10:20] = 0, 1
    return rng.integers(0, 256, (*SIZE, 3), np.uint8), alpha


def backdrop(rgb: np.ndarray, alpha: np.ndarray | None = None) -> Backdrop:
    return Backdrop(Picture(rgb, alpha, (rgb.shape[0], rgb.shape[1])))


def equation(rgb: np.ndarray, alpha: np.ndarray, behind: np.ndarray, opacity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The over operator in float64, not rounded; colours only where something is seen."""
    front, back = alpha.astype(float), opacity.astype(float)
    total = front + back * (1 - front)
    share = np.divide(front, total, out=np.zeros(front.shape), where=total > 0)[..., None]
    return rgb * share + behind * (1 - share), total


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 255), (129, 212, 250, 255), (129, 212, 250, 119), (129, 212, 250, 0)])
def test_over_a_colour(cut, colour):
    rgb, alpha = over_colour(*cut, colour)
    assert rgb.dtype == np.uint8 and alpha.dtype == np.float32
    exact_rgb, exact_alpha = equation(*cut, np.array(colour[:3]), np.full(SIZE, colour[3] / 255))
    assert np.abs(rgb - exact_rgb).max() <= 0.501
    assert np.abs(alpha - exact_alpha).max() < 1e-6


def test_an_opaque_colour_leaves_nothing_transparent(cut):
    assert (over_colour(*cut, (1, 2, 3, 255))[1] == 1).all()


def test_a_half_transparent_colour_stays_so_beside_the_car(cut):
    rgb, alpha = over_colour(*cut, (1, 2, 3, 51))
    assert np.allclose(alpha[:10], 0.2) and (rgb[:10] == (1, 2, 3)).all()
    assert (alpha[10:20] == 1).all() and np.array_equal(rgb[10:20], cut[0][10:20])


def test_a_clear_colour_changes_nothing_that_is_seen(cut):
    rgb, alpha = over_colour(*cut, (9, 9, 9, 0))
    assert np.array_equal(alpha, cut[1]) and np.array_equal(rgb[10:], cut[0][10:])


def test_over_its_old_background_the_photo_comes_back(cut):
    rgb, alpha = cut
    wall = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)
    photo = rgb * alpha[..., None].astype(float) + wall * (1 - alpha[..., None].astype(float))
    assert np.abs(over_backdrop(rgb, alpha, backdrop(wall))[0] - photo).max() <= 0.501


@pytest.mark.parametrize("transparent", [False, True])
def test_pillow_composes_the_same(cut, transparent):
    rng = np.random.default_rng(2)
    rgb, alpha = cut[0], np.rint(cut[1] * 255).astype(np.uint8)
    wall, opacity = rng.integers(0, 256, (*SIZE, 3), np.uint8), rng.integers(0, 256, SIZE, np.uint8) if transparent else np.full(SIZE, 255, np.uint8)
    front, back = (Image.fromarray(np.dstack(layers)) for layers in ((rgb, alpha), (wall, opacity)))
    oracle = np.array(Image.alpha_composite(back, front)).astype(int)
    ours_rgb, ours_alpha = over_backdrop(rgb, alpha / np.float32(255), backdrop(wall, opacity if transparent else None))
    assert np.abs(np.rint(ours_alpha * 255) - oracle[..., 3]).max() <= 1
    clear = oracle[..., 3:] < 32  # few of 255 steps are left there for the colours in Pillow's eight bits
    assert np.abs(np.where(clear, 0, ours_rgb - oracle[..., :3])).max() <= 2


def test_three_layers_may_be_put_together_from_above_or_from_below(cut):
    rng = np.random.default_rng(3)
    middle, below = ((rng.integers(0, 256, (*SIZE, 3), np.uint8), rng.random(SIZE, np.float32)) for _ in range(2))
    falling, rising = over(*over(*cut, *middle), *below), over(*cut, *over(*middle, *below))
    assert np.abs(falling[1] - rising[1]).max() < 1e-5
    assert np.abs(falling[0].astype(int) - rising[0]).max() <= 2


@pytest.mark.parametrize("picture, size, part", [
    ((40, 50), (40, 50), (0, 40, 0, 50)),
    ((4, 12), (2, 2), (0, 4, 4, 8)),
    ((12, 4), (2, 2), (4, 8, 0, 4)),
    ((100, 200), (300, 400), (0, 100, 33, 166)),
    ((1080, 1920), (1000, 1000), (0, 1080, 420, 1500)),
    ((1, 1), (1080, 1920), (0, 1, 0, 1)),
    ((1, 10_000), (1080, 1920), (0, 1, 4999, 5001)),
])
def test_a_backdrop_is_cut_around_its_centre_to_the_shape_of_the_photo(picture, size, part):
    rows, columns = covering(picture, size)
    assert (rows.start, rows.stop, columns.start, columns.stop) == part


def test_a_backdrop_of_the_photos_size_is_not_resampled(cut):
    wall = np.random.default_rng(4).integers(0, 256, (*SIZE, 3), np.uint8)
    rgb, alpha = over_backdrop(*cut, backdrop(wall))
    assert np.array_equal(rgb[:10], wall[:10]) and np.array_equal(rgb[10:20], cut[0][10:20]) and (alpha == 1).all()


def test_a_backdrop_twice_as_large_is_halved():
    wall = np.random.default_rng(5).integers(0, 256, (80, 120, 3), np.uint8)
    rgb, _ = over_backdrop(np.zeros((*SIZE, 3), np.uint8), np.zeros(SIZE, np.float32), backdrop(wall))
    mean = wall[:, 10:110].reshape(40, 2, 50, 2, 3).mean((1, 3))
    assert np.abs(rgb - mean).max() <= 0.501


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (17, 23), (400, 500)])
def test_any_backdrop_covers_the_whole_photo(cut, size):
    rgb, alpha = over_backdrop(*cut, backdrop(np.full((*size, 3), (7, 8, 9), np.uint8)))
    assert (rgb[:10] == (7, 8, 9)).all() and (alpha == 1).all()


def test_what_is_transparent_in_a_backdrop_lends_no_colour():
    wall, opacity = np.zeros((80, 100, 3), np.uint8), np.zeros((80, 100), np.uint8)
    wall[:], wall[:, 31:] = (200, 0, 0), (0, 0, 250)
    opacity[:, 31:] = 255
    rgb, alpha = over_backdrop(np.zeros((*SIZE, 3), np.uint8), np.zeros(SIZE, np.float32), backdrop(wall, opacity))
    assert (rgb[alpha > 0] == (0, 0, 250)).all()
    assert (alpha[:, :15] == 0).all() and np.allclose(alpha[:, 15], 0.5) and (alpha[:, 16:] == 1).all()


def test_windows_of_larger_pictures_will_do(cut):
    large_rgb, large_alpha = (np.pad(layer, ((3, 5), (4, 6), (0, 0))[:layer.ndim]) for layer in cut)
    windows = large_rgb[3:-5, 4:-6], large_alpha[3:-5, 4:-6]
    for ours, plain in zip(over_colour(*windows, (1, 2, 3, 200)), over_colour(*cut, (1, 2, 3, 200))):
        assert np.array_equal(ours, plain)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1)])
def test_the_smallest_pictures(size):
    rgb, alpha = over_colour(np.full((*size, 3), 100, np.uint8), np.full(size, 0.5, np.float32), (200, 0, 100, 255))
    assert (rgb == (150, 50, 100)).all() and (alpha == 1).all()


def test_composing_writes_nothing_into_its_layers(cut):
    rng = np.random.default_rng(6)
    layers = *cut, rng.integers(0, 256, (*SIZE, 3), np.uint8), rng.random(SIZE, np.float32)
    kept = [layer.copy() for layer in layers]
    over(*layers)
    over_backdrop(*layers[:2], backdrop(layers[2]))
    assert all(np.array_equal(layer, before) for layer, before in zip(layers, kept))
