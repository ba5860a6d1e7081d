"""Kind and view of a photo: the bundled model fits the bundled network, is kept in a file and refused where it does not fit, and averages features exactly."""
from dataclasses import replace

import numpy as np
import pytest

from model.kind import BOX_GRID, CHANNELS, KINDS, VIEWS, WEIGHTS, Kind, KindModel, overlaps, view_features
from model.localise import Prediction, localise
from model.predictor import Predictor
from tests.drawn import draw_photo


@pytest.fixture(scope="module")
def network() -> Predictor:
    return Predictor(pool_size=1)


def test_the_bundled_model_classifies_by_the_features_of_the_bundled_network(network):
    kind = KindModel.read().classify(localise(draw_photo(960, 720, seed=1).rgb, network))
    assert isinstance(kind, Kind) and kind.kind in KINDS and 0 <= kind.confidence <= 1
    assert (kind.view in VIEWS) == (kind.kind == "exterior")


def test_it_is_kept_in_a_file(tmp_path):
    model = KindModel.read()
    model.write(tmp_path / "kind.npz")
    kept = KindModel.read(tmp_path / "kind.npz")
    assert all(np.array_equal(getattr(kept, name), getattr(model, name)) for name in WEIGHTS)


def test_weights_that_do_not_fit_the_features_are_refused():
    model = KindModel.read()
    for name in WEIGHTS:
        with pytest.raises(ValueError, match=f"{name} have shape .* train.py kinds"):
            replace(model, **{name: getattr(model, name)[1:]})


def test_a_view_is_told_by_the_cells_of_the_fine_pass_in_a_grid_over_the_car():
    matte = np.zeros((448, 672), np.float32)
    matte[60:380, 100:612] = 1
    cells = np.random.default_rng(0).random((28, 42, CHANNELS[1]), np.float32)
    window, photo, coarse = (slice(0, 448), slice(0, 672)), np.zeros((448, 672, 3), np.uint8), np.zeros((171, 256), np.float32)
    prediction = Prediction((448, 672), coarse, window, photo, matte, matte[::2, ::2], (cells[:14, :21], cells), (cells[:8, :8], cells[:16, :16]))
    pixels = cells.repeat(16, 0).repeat(16, 1)[60:380, 100:612]
    means = pixels.reshape(BOX_GRID[0], 320 // BOX_GRID[0], BOX_GRID[1], 512 // BOX_GRID[1], -1).mean((1, 3))
    assert np.allclose(view_features(prediction), [*means.ravel(), np.log(512 / 320), 1], atol=1e-4)


def test_a_part_takes_each_cell_by_the_share_of_pixels_that_it_covers():
    pixels = np.repeat(np.arange(8), 32)
    for start, stop, number in ((0, 256, 1), (10, 250, 3), (33, 73, 4)):
        counted = [[(part == cell).mean() for cell in range(8)] for part in np.split(pixels[start:stop], number)]
        assert np.allclose(overlaps(start / 32, stop / 32, number, 8), counted)
