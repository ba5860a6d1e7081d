"""The colours of car and ground at an edge, and how well a mix of them explains a pixel."""
import numpy as np
import pytest

from postprocessing.colour_models import CERTAIN, colour_mix, colour_nearby

SIZE = (40, 60)  # of the photo; the small one is half of it


def edge(car: tuple, ground: tuple, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A matte with a soft upright edge, six pixels wide, and a small photo of both colours mixed by it."""
    matte = np.tile(np.clip((np.arange(30, dtype=np.float32) - 12) / 6, 0, 1), (20, 1))
    small = matte[..., None] * np.array(car) + (1 - matte[..., None]) * np.array(ground)
    return matte, (small + np.random.default_rng(0).normal(0, noise, small.shape)).clip(0, 1).astype(np.float32)


def points_and(colours: list[tuple]) -> tuple[np.ndarray, np.ndarray]:
    return np.full((len(colours), 2), (30, 20), np.int32), np.array(colours, np.float32)


@pytest.mark.parametrize("car, ground", [((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), ((0.7, 0.1, 0.1), (0.2, 0.5, 0.3))])
def test_a_mix_is_split_into_its_shares(car, ground):
    shares = np.linspace(0, 1, 11)
    points, colours = points_and([tuple(share * np.array(car) + (1 - share) * np.array(ground)) for share in shares])
    mix, distance, rest, *_ = colour_mix(*edge(car, ground), colours, points, SIZE)
    assert np.abs(mix - shares).max() < 0.02 and rest.max() < 1e-3
    assert np.allclose(distance, np.sum((np.array(car) - np.array(ground)) ** 2), rtol=0.05)


def test_a_mix_beyond_the_two_colours_is_limited():
    points, colours = points_and([(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)])
    assert colour_mix(*edge((0.6, 0.6, 0.6), (0.5, 0.5, 0.5)), colours, points, SIZE)[0].tolist() == [1.5, -0.5]


def test_a_third_colour_is_left_unexplained():
    points, colours = points_and([(0.0, 0.0, 1.0), (0.5, 0.5, 0.5)])
    third, mix = colour_mix(*edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), colours, points, SIZE)[2]
    assert mix < 1e-3 < 0.3 < third  # blue is sqrt(2/3) away from every grey as bright


def test_grain_is_variance():
    points, colours = points_and([(0.5, 0.5, 0.5)])
    for noise in (0.05, 0.1):
        car, ground = colour_mix(*edge((0.7, 0.7, 0.7), (0.3, 0.3, 0.3), noise), colours, points, SIZE)[3:]
        assert car[0] == pytest.approx(3 * noise ** 2, rel=0.5) and ground[0] == pytest.approx(3 * noise ** 2, rel=0.5)


def test_where_one_of_the_two_is_not_seen_its_variance_says_so():
    points, colours = points_and([(0.5, 0.5, 0.5)])
    _, small = edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1))
    for place, nothing in ((3, np.zeros((20, 30), np.float32)), (4, np.ones((20, 30), np.float32))):
        assert colour_mix(nothing, small, colours, points, SIZE)[place][0] == 1


def test_means_and_variances_are_those_of_the_certain_pixels_nearby():
    """Against a loop over one window."""
    rng = np.random.default_rng(3)
    small, part = rng.random((21, 21, 3), np.float32), (rng.random((21, 21)) > 1 - CERTAIN / 2).astype(np.float32)
    layers = np.dstack([small, np.ones((21, 21), np.float32)]), (small ** 2).sum(-1)
    mean, variance = (value[..., 0] for value in colour_nearby(layers, part > 0, np.full((1, 2), 10, np.int32), (21, 21)))
    near = part[5:16, 5:16] > 0
    colours = small[5:16, 5:16][near]
    assert np.allclose(mean, colours.mean(0), atol=1e-3) and variance == pytest.approx(colours.var(0).sum(), abs=1e-3)


def test_no_points_no_features():
    none = np.empty((0, 3), np.float32), np.empty((0, 2), np.int32)
    assert [part.shape for part in colour_mix(*edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), *none, SIZE)] == [(0,)] * 5
