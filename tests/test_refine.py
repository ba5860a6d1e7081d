"""Refinement: the matte finds the photo's own edges, and nothing far from an edge is touched."""
import cv2
import keras
import numpy as np
import pytest

from postprocessing import band
from postprocessing import refine as module
from postprocessing.edge_features import CONTEXT_FEATURES, FEATURES
from preprocessing.letterbox import resize
from tests.drawn import draw_photo


def coarse(alpha: np.ndarray, factor: int = 4) -> np.ndarray:
    """What a network would give for a true alpha: small, soft by a cell, and off by about a cell here and there."""
    small = resize(alpha, (alpha.shape[0] // factor, alpha.shape[1] // factor))
    rng = np.random.default_rng(0)
    shift = [cv2.GaussianBlur(rng.normal(0, 17, small.shape).astype(np.float32), (0, 0), 6) for _ in range(2)]
    y, x = np.mgrid[:small.shape[0], :small.shape[1]].astype(np.float32)
    return cv2.remap(cv2.GaussianBlur(small, (0, 0), 0.8), x + shift[0], y + shift[1], cv2.INTER_LINEAR)


def refine(matte: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    return module.refine(matte, resize(rgb, matte.shape), rgb)


@pytest.mark.parametrize("angle", ["side", "front", "three_quarter", "rear"])
def test_edges_come_nearer_to_the_truth(angle):
    photo = draw_photo(1280, 960, angle=angle, seed=3)
    matte = coarse(photo.alpha)
    plain = resize(matte, photo.alpha.shape)
    error, plain_error = (float(np.abs(guess - photo.alpha).sum()) for guess in (refine(matte, photo.rgb), plain))
    assert error < 0.9 * plain_error


def test_far_from_the_edge_alpha_is_exactly_nothing_or_all():
    photo = draw_photo(1280, 960, seed=4)
    alpha = refine(coarse(photo.alpha), photo.rgb)
    assert alpha.dtype == np.float32 and alpha.shape == photo.alpha.shape
    assert alpha.min() >= 0 and alpha.max() <= 1
    far = np.ones((41, 41), np.uint8)
    car = (photo.alpha > 0.5).astype(np.uint8)
    assert (alpha[cv2.erode(car, far) > 0] == 1).all()
    assert (alpha[cv2.dilate(car, far) == 0] == 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_matte_without_edge_stays_as_it_is(value):
    rgb = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    assert (refine(np.full((30, 40), value, np.float32), rgb) == value).all()


def test_the_perceptron_is_that_of_keras():
    rng = np.random.default_rng(2)
    model = keras.Sequential([keras.Input((FEATURES,)), *(keras.layers.Dense(units, "relu") for units in (7, 5)), keras.layers.Dense(1, "sigmoid")])
    features = rng.normal(0, 2, (300, FEATURES)).astype(np.float32)
    expected = np.asarray(model(features))[:, 0]
    assert np.allclose(module.perceptron_alpha(features.T, [layer.get_weights() for layer in model.layers]), expected, atol=1e-5)


@pytest.mark.parametrize("name, features", [("first", FEATURES), ("second", CONTEXT_FEATURES)])
def test_the_bundled_perceptrons_take_the_edge_features(name, features):
    layers = module.perceptron_layers(name)
    assert [weights.shape[0] for weights, _ in layers] == [features, *(constant.shape[0] for _, constant in layers[:-1])] and layers[-1][1].shape == (1,)
    assert all(np.isfinite(part).all() and part.dtype == np.float32 for layer in layers for part in layer)


def test_only_undecided_points_are_weighed_again():
    photo = draw_photo(1280, 960, angle="side", seed=3)
    matte = coarse(photo.alpha)
    first, points, features = module.first_answers(matte, resize(photo.rgb, matte.shape), photo.rgb, module.perceptron_layers("first"))
    changed = refine(matte, photo.rgb) != first
    undecided = np.zeros(first.shape, bool)
    undecided[points[:, 1], points[:, 0]] = True
    assert changed.any() and not changed[~undecided].any() and features.shape == (FEATURES, len(points))


def test_points_are_where_the_matte_is_undecided():
    matte = np.tile(np.clip((np.arange(30, dtype=np.float32) - 12) / 6, 0, 1), (20, 1))
    _, points, plain = module.undecided(matte, (40, 60))
    enlarged = cv2.resize(matte, (60, 40), interpolation=cv2.INTER_LINEAR)
    expected = (enlarged > module.CERTAIN + 0.01) & (enlarged < 1 - module.CERTAIN - 0.01)
    found = np.zeros((40, 60), bool)
    found[points[:, 1], points[:, 0]] = True
    assert np.array_equal(found, expected) and np.abs(plain - enlarged[points[:, 1], points[:, 0]]).max() < 0.02


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 4)])
def test_samples_are_those_of_the_enlarged_layer(shape):
    rng = np.random.default_rng(6)
    layer, mask = rng.random(shape, np.float32), (rng.random((150, 200)) < 0.3).astype(np.uint8)
    points = band.points_of(mask)
    assert len(points) == mask.sum() and (mask[points[:, 1], points[:, 0]] == 1).all()
    whole = cv2.resize(layer, (200, 150), interpolation=cv2.INTER_LINEAR)
    assert np.abs(band.sample(layer, points, (150, 200)) - whole[points[:, 1], points[:, 0]]).max() < 0.02
    assert np.array_equal(mask.reshape(-1)[band.flat_indices(points, (150, 200))], np.ones(len(points)))


def test_an_empty_band_has_no_pixels():
    assert band.points_of(np.zeros((4, 5), np.uint8)).shape == (0, 2)


@pytest.mark.parametrize("angle", ["side", "three_quarter"])
def test_an_edge_is_about_as_wide_as_the_cars_own(angle):
    photo = draw_photo(1280, 960, angle=angle, seed=3)
    refined, plain = (((alpha > 0) & (alpha < 1)).sum() for alpha in (refine(coarse(photo.alpha), photo.rgb), resize(coarse(photo.alpha), photo.alpha.shape)))
    assert refined < 0.3 * plain
