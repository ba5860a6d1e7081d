"""Alpha out of the two colours that meet at an edge, and how far that is believed."""
import numpy as np
import pytest

from postprocessing.two_colours import CERTAIN, nearby, mixed

SIZE = (40, 60)  # of the photo; the small one is half of it


def edge(car: tuple, ground: tuple, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A matte with a soft upright edge, six pixels wide, and a small photo of both colours mixed by it."""
    matte = np.tile(np.clip((np.arange(30, dtype=np.float32) - 12) / 6, 0, 1), (20, 1))
    small = matte[..., None] * np.array(car) + (1 - matte[..., None]) * np.array(ground)
    return matte, (small + np.random.default_rng(0).normal(0, noise, small.shape)).clip(0, 1).astype(np.float32)


def points_and(colours: list[tuple]) -> tuple[np.ndarray, np.ndarray]:
    return np.full((len(colours), 2), (30, 20), np.int32), np.array(colours, np.float32)


@pytest.mark.parametrize("car, ground", [((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), ((0.7, 0.1, 0.1), (0.2, 0.5, 0.3))])
def test_a_mix_is_told_apart_into_its_shares(car, ground):
    shares = np.linspace(0, 1, 11)
    points, colours = points_and([tuple(share * np.array(car) + (1 - share) * np.array(ground)) for share in shares])
    alpha, trust = mixed(*edge(car, ground), colours, points, SIZE)
    assert np.abs(alpha - shares).max() < 0.02 and trust.min() > 0.7


def test_colours_that_are_alike_are_not_believed():
    points, colours = points_and([(0.5, 0.5, 0.5)])
    assert mixed(*edge((0.51, 0.5, 0.5), (0.5, 0.5, 0.51)), colours, points, SIZE)[1][0] < 0.1


def test_a_third_colour_is_not_believed():
    points, colours = points_and([(0.0, 0.0, 1.0), (0.5, 0.5, 0.5)])
    third, mix = mixed(*edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), colours, points, SIZE)[1]
    assert third < 0.01 < 0.7 < mix


def test_grain_lowers_the_trust():
    points, colours = points_and([(0.5, 0.5, 0.5)])
    plain, grainy = (mixed(*edge((0.7, 0.7, 0.7), (0.3, 0.3, 0.3), noise), colours, points, SIZE)[1][0] for noise in (0.0, 0.15))
    assert grainy < plain / 2


def test_where_one_of_the_two_is_not_seen_nothing_is_believed():
    points, colours = points_and([(0.5, 0.5, 0.5)])
    _, small = edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1))
    for nothing in (np.zeros((20, 30), np.float32), np.ones((20, 30), np.float32)):
        assert mixed(nothing, small, colours, points, SIZE)[1][0] < 1e-3


def test_means_and_variances_are_those_of_the_certain_pixels_nearby():
    """Against a loop over one window."""
    rng = np.random.default_rng(3)
    small, part = rng.random((21, 21, 3), np.float32), (rng.random((21, 21)) > 1 - CERTAIN / 2).astype(np.float32)
    found = nearby(small, part)[10, 10]
    near = part[5:16, 5:16] > 0
    colours = small[5:16, 5:16][near]
    assert np.allclose(found[:3], colours.mean(0), atol=1e-3) and found[3] == pytest.approx(colours.var(0).sum(), abs=1e-3)


def test_no_points_no_alpha():
    alpha, trust = mixed(*edge((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)), np.empty((0, 3), np.float32), np.empty((0, 2), np.int32), SIZE)
    assert alpha.shape == trust.shape == (0,)
