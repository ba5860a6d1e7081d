"""The refiner under LiteRT, against the float network in TensorFlow."""
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.refiner import REFINER, TILE, Refiner
from train import ROOT
from training.refiner import refined_logit
from training.refiner_network import get_refiner

FLOAT = ROOT / "training" / "refiner.keras"


@pytest.fixture(scope="module")
def tiles() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    ramp = np.clip((np.arange(TILE) - 60) * 20, 0, 255)
    found = []
    for level in (60, 120, 200):
        colours = np.where(np.arange(TILE)[None, :, None] > 64, level, 255 - level) + rng.integers(-10, 10, (TILE, TILE, 3))
        found.append(np.dstack([np.clip(colours, 0, 255), np.tile(ramp, (TILE, 1))]).astype(np.uint8))
    return found


def test_the_bundled_refiner_is_the_float_one_in_int8(tiles):
    network = keras.models.load_model(FLOAT, compile=False)
    for tile, found in zip(tiles, Refiner().predict(tiles), strict=True):
        batch = tf.constant(tile[None].astype(np.float32))
        expected = tf.sigmoid(refined_logit(network(batch, training=False), batch))[0, ..., 0].numpy()
        assert found.dtype == np.float32 and found.shape == (TILE, TILE) and np.abs(found - expected).mean() < 0.01


def test_a_new_refiner_changes_nothing(tiles):
    assert not np.asarray(get_refiner()(np.stack(tiles).astype(np.float32), training=False)).any()


def test_threads_share_a_refiner(tiles):
    refiner, expected, found = Refiner(pool_size=2), Refiner(pool_size=1).predict(tiles), {}

    def ask(number: int) -> None:
        found[number] = refiner.predict(tiles)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and all(np.array_equal(one, other) for row in found.values() for one, other in zip(row, expected, strict=True))


def test_no_tiles_have_no_answers():
    assert Refiner().predict([]) == []


def test_another_network_is_refused():
    with pytest.raises(ValueError, match="wants uint8 tiles"):
        Refiner(REFINER.with_name("car_matte.tflite"))
