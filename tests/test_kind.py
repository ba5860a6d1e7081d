"""Kind and view of a photo: the bundled model fits the bundled network, is kept in a file and refused where it does not fit, and averages features exactly."""
from dataclasses import replace

import numpy as np
import pytest

from model.kind import KINDS, VIEWS, WEIGHTS, Kind, KindModel, overlaps
from model.localise import localise
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
    assert all(np.array_equal(getattr(kept, name), getattr(model, name)) for name in WEIGHTS) and kept.least_exterior == model.least_exterior


def test_weights_that_do_not_fit_the_features_are_refused():
    model = KindModel.read()
    for name in WEIGHTS:
        with pytest.raises(ValueError, match=f"{name} have shape .* train.py kinds"):
            replace(model, **{name: getattr(model, name)[1:]})


def test_a_part_takes_each_cell_by_the_share_of_pixels_that_it_covers():
    pixels = np.repeat(np.arange(8), 32)
    for start, stop, number in ((0, 256, 1), (10, 250, 3), (33, 73, 4)):
        counted = [[(part == cell).mean() for cell in range(8)] for part in np.split(pixels[start:stop], number)]
        assert np.allclose(overlaps(start, stop, number, 8, 256), counted)
