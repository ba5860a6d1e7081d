"""Float network to full int8 (Jacob et al. 2018, arXiv 1712.05877), calibrated on training photos, letterboxed as in serving."""
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from model.frames import QUANTISED_FRAME
from preprocessing.letterbox import Letterbox
from training.data.sources import photo_paths, read_rgb
from training.errors import DataError
from training.float_network import load_keras
from training.network import get_network

CALIBRATION = 200    # photos


def quantise(network: Path, data: Path, frame: tuple[int, int] = QUANTISED_FRAME) -> bytes:
    """A .keras file -> .tflite bytes with uint8 photos (1, height, width, 3) in and int8 logits (1, height/2, width/2, 5) out.

    Raises DataError where there are no training photos.
    """
    if network.suffix != ".keras":
        raise DataError(f"{network}: expected a .keras network")
    fixed = get_network(*frame)
    weights = load_keras(network).get_weights()
    try:
        fixed.set_weights(weights)
    except ValueError as error:
        raise DataError(f"{network}: not a network of training/network.py") from error
    paths = [path for _, path in photo_paths(data, "train")]
    chosen = np.random.default_rng(0).choice(len(paths), min(CALIBRATION, len(paths)), replace=False)

    def calibration() -> Iterator[list[np.ndarray]]:
        for number in chosen:
            rgb = read_rgb(paths[number])
            yield [Letterbox.fit(rgb.shape[:2], frame).apply(rgb)[None].astype(np.float32)]

    return converted(fixed, calibration)


def converted(network: keras.Model, calibration: Callable[[], Iterator[list[np.ndarray]]]) -> bytes:
    """A float network of fixed size as .tflite bytes, uint8 in and int8 out; calibration gives its inputs, float32 in 0..255."""
    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
        return converter.convert()
