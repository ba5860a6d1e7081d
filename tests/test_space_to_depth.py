"""Space to depth and back, in the order of TensorFlow's own depth_to_space."""
import cv2
import numpy as np
import pytest
import tensorflow as tf

from model.space_to_depth import CELL, depth_to_space, space_to_depth


def test_unfolding_undoes_folding():
    picture = np.random.default_rng(0).integers(0, 256, (12, 20), np.uint8)
    cells = space_to_depth(picture)
    assert cells.shape == (6, 10, 4) and cells.dtype == np.uint8
    assert np.array_equal(depth_to_space(cells), picture)


def test_tensorflow_unfolds_alike():
    cells = np.random.default_rng(2).random((7, 9, 4), np.float32)
    assert np.array_equal(depth_to_space(cells), tf.nn.depth_to_space(cells[None], CELL)[0, ..., 0])


def test_a_cell_holds_its_pixels_row_by_row():
    assert space_to_depth(np.array([[1, 2, 3, 4], [5, 6, 7, 8]])).tolist() == [[[1, 2, 5, 6], [3, 4, 7, 8]]]


def test_the_mean_of_a_cell_is_the_picture_at_half_size():
    picture = np.random.default_rng(1).random((30, 44), np.float32)
    assert np.allclose(space_to_depth(picture).mean(-1), cv2.resize(picture, (22, 15), interpolation=cv2.INTER_AREA), atol=1e-6)


def test_odd_sides_are_refused():
    with pytest.raises(ValueError, match="reshape"):
        space_to_depth(np.zeros((5, 8)))
