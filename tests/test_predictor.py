"""The predictor: the bundled int8 network, from any thread, near to the float network it came from."""
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from model.encoder_output import with_features
from model.frames import COARSE_FRAME, FINE_FRAMES, FRAMES, QUANTISED_FRAME, best_frame, resized_network
from model.localise import localise
from model.predictor import NETWORK, Predictor
from tests.drawn import draw_photo, draw_street
from training.pipeline import load

FLOAT_NETWORK = Path(__file__).resolve().parent.parent / "training" / "car_matte.keras"


@pytest.fixture(scope="module")
def network() -> Predictor:
    return Predictor(pool_size=3)


@pytest.mark.parametrize("frame", FRAMES)
def test_the_matte_has_the_size_of_the_frame_and_glass_half_of_it(network, frame):
    for layer, stride in zip(network.predict(np.zeros((*frame, 3), np.uint8))[:2], (1, 2), strict=True):
        assert layer.shape == tuple(side // stride for side in frame)
        assert layer.dtype == np.float32 and layer.min() >= 0 and layer.max() <= 1


def test_threads_do_not_disturb_each_other(network):
    frames = [draw_street(QUANTISED_FRAME[1], QUANTISED_FRAME[0], seed) for seed in range(4)] * 6
    alone = [network.predict(frame)[0] for frame in frames[:4]] * 6
    with ThreadPoolExecutor(8) as pool:
        together = [matte for matte, *_ in pool.map(network.predict, frames)]
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.fixture(scope="module")
def float_network():
    return load(FLOAT_NETWORK)


@pytest.mark.parametrize("angle, size", [("side", (960, 720)), ("three_quarter", (1280, 720)), ("side", (720, 720)), ("three_quarter", (720, 960))])
def test_int8_agrees_with_the_float_network_in_every_frame(network, float_network, angle, size):
    rgb = draw_photo(*size, angle=angle, seed=1).rgb
    both = [localise(rgb, one) for one in (float_network, network)]
    exact, quantised = (prediction.unrefined() for prediction in both)
    assert np.abs(exact - quantised).mean() < 0.01
    both, either = ((exact > 0.5) & (quantised > 0.5)).sum(), ((exact > 0.5) | (quantised > 0.5)).sum()
    assert both / either > 0.98


def test_both_kinds_of_kernels_agree(network):
    frame = draw_photo(QUANTISED_FRAME[1], QUANTISED_FRAME[0], seed=4).rgb
    (one, *_), (other, *_) = (each.predict(frame) for each in (network, Predictor(pool_size=1, xnnpack=False)))
    assert np.abs(one - other).mean() < 0.003 and ((one > 0.5) != (other > 0.5)).mean() < 0.002


@pytest.mark.parametrize("frame", [COARSE_FRAME, QUANTISED_FRAME])
def test_the_features_are_further_outputs_that_leave_the_logits_as_they_are(frame):
    photo, answers = draw_photo(frame[1], frame[0], seed=2).rgb, []
    for file in (NETWORK.read_bytes(), with_features(NETWORK.read_bytes())):
        interpreter = Interpreter(model_content=resized_network(file, frame) if frame != QUANTISED_FRAME else file, num_threads=1)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (1, *frame, 3))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo[None])
        interpreter.invoke()
        answers.append([interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()])
    (alone,), (logits, *features) = answers
    assert np.array_equal(alone, logits)
    assert [layer.shape[1:3] for layer in features] == [(frame[0] // stride, frame[1] // stride) for stride in (32, 16)]


def test_the_features_are_those_of_the_float_network(network, float_network):
    frame = draw_photo(COARSE_FRAME[1], COARSE_FRAME[0], seed=3).rgb
    for one, other in zip(network.predict(frame)[2], float_network.predict(frame)[2], strict=True):
        assert one.shape == other.shape and np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.95


def test_the_best_frame_is_the_one_that_a_part_fills():
    shown = {(500, 1500): (352, 832), (800, 1200): (448, 672), (1080, 1920): (448, 672), (500, 500): (448, 672), (1920, 1080): (448, 672)}
    assert {part: best_frame(part) for part in shown} == shown
    assert all(0.97 < frame[0] * frame[1] / (QUANTISED_FRAME[0] * QUANTISED_FRAME[1]) <= 1 for frame in FINE_FRAMES), "all cost about the same"


def test_other_frames_and_other_networks_are_refused(network):
    with pytest.raises(ValueError, match="100x96"):
        network.predict(np.zeros((96, 100, 3), np.uint8))
    with pytest.raises(ValueError, match="not once"):
        resized_network(resized_network(NETWORK.read_bytes(), COARSE_FRAME), FINE_FRAMES[0])


def test_other_files_are_no_networks(tmp_path):
    with pytest.raises(ValueError, match="expected a .tflite or a .keras network"):
        load(tmp_path / "network.onnx")
