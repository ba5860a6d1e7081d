"""Edge features: each against a plain way to the same number."""
import cv2
import numpy as np
import pytest

from postprocessing.edge_features import CONTEXT_FEATURES, CONTEXT_STEPS, EPSILON, FEATURES, NEIGHBOURS, REACH, WINDOWS, context_features, edge_features
from postprocessing.refine import undecided


@pytest.fixture(scope="module")
def case():
    """A soft upright edge between two plain colours, seen small and three times as large."""
    matte = np.tile(np.clip((np.arange(60, dtype=np.float32) - 27) / 6, 0, 1), (40, 1))
    shade = np.rint(np.array((200, 40, 30)) * matte[..., None] + np.array((40, 60, 120)) * (1 - matte[..., None])).astype(np.uint8)
    rgb = cv2.resize(shade, (180, 120), interpolation=cv2.INTER_NEAREST)
    _, points, plain = undecided(matte, (120, 180))
    return matte, shade, rgb, points, plain, edge_features(matte, shade, rgb, points, plain)


def test_each_point_has_its_features(case):
    *_, points, plain, found = case
    assert found.shape == (FEATURES, len(points)) and found.dtype == np.float32 and np.isfinite(found).all()
    assert np.array_equal(found[0], plain)


def test_the_guided_filter_finds_the_edge_of_a_plain_picture(case):
    _, _, rgb, points, _, found = case
    here = rgb[points[:, 1], points[:, 0]].astype(float)
    truth = ((here - (40, 60, 120)) @ np.array((160, -20, -90))) / (160 ** 2 + 20 ** 2 + 90 ** 2)  # the way from ground to car
    assert np.abs(found[1] - truth).max() < 0.1


def test_the_matte_around_is_its_mean(case):
    matte, _, _, points, _, found = case
    for place, side in enumerate(WINDOWS, start=2):
        whole = cv2.resize(cv2.boxFilter(matte, -1, (side, side)), (180, 120), interpolation=cv2.INTER_LINEAR)
        assert np.abs(found[place] - whole[points[:, 1], points[:, 0]]).max() < 0.02


def test_scale_is_how_much_larger_the_photo_is(case):
    assert (case[-1][4] == 3).all()


def test_neighbours_are_those_of_the_small_photo(case):
    """Against the whole of it enlarged, looked up further on."""
    matte, shade, rgb, points, _, found = case
    large, shades = (cv2.resize(layer, (180, 120), interpolation=cv2.INTER_LINEAR) for layer in (matte, shade.astype(np.float32)))
    for (x, y), row in list(zip(points, found.T))[::97]:
        for place, (right, down) in enumerate(NEIGHBOURS.astype(int)):
            r, c = np.clip(y + 3 * REACH * down, 0, 119), np.clip(x + 3 * REACH * right, 0, 179)
            assert row[5 + place] == pytest.approx(large[r, c], abs=0.02)
            away = (((shades[r, c].astype(float) - rgb[y, x]) / 255) ** 2).sum()
            assert np.exp(row[5 + len(NEIGHBOURS) + place]) == pytest.approx(away + EPSILON, abs=0.02)


def test_neighbours_answers_are_context_up_to_the_border():
    alpha = np.random.default_rng(3).random((7, 9), np.float32)
    points = np.array([(4, 3), (0, 0), (8, 6), (7, 1)], np.int32)
    features = np.random.default_rng(4).random((FEATURES, 4), np.float32)
    found = context_features(features, alpha, points)
    assert found.shape == (CONTEXT_FEATURES, 4) and found.dtype == np.float32 and np.array_equal(found[:FEATURES], features)
    padded = np.pad(alpha, max(CONTEXT_STEPS), mode="edge")
    for (x, y), row in zip(points + max(CONTEXT_STEPS), found.T):
        expected = [padded[y, x], *(padded[y + step * int(down), x + step * int(right)] for step in CONTEXT_STEPS for right, down in NEIGHBOURS)]
        assert np.array_equal(row[FEATURES:], np.array(expected, np.float32))
