"""The network's form, and the ImageNet weights in their right places."""
import keras
import numpy as np
import pytest

from model.fused import with_fused_normalisation
from model.imagenet import load_imagenet
from model.network import get_network
from tests.drawn import draw_photo


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    network = get_network()
    load_imagenet(network)
    return network


@pytest.mark.parametrize("size", [(96, 128), (160, 64)])
def test_logits_have_half_the_size_of_the_photo(network, size):
    assert network(np.zeros((2, *size, 3), np.float32)).shape == (2, size[0] // 2, size[1] // 2, 1)


def test_sides_must_fit_the_stride():
    with pytest.raises(ValueError, match="multiples of 32"):
        get_network(100, 128)


def test_imagenet_statistics_fit_what_flows_through_the_encoder(network):
    """Each normalisation layer knows the mean and spread that its input had over ImageNet; a kernel in the wrong place would miss them."""
    layers = [layer for layer in network.layers if layer.name.endswith("_bn") and not layer.name.startswith(("decode", "context"))]
    inputs = keras.Model(network.input, [layer.input for layer in layers])
    photo = draw_photo(320, 224, seed=2).rgb[None].astype(np.float32)
    for layer, values in zip(layers, inputs(photo)):
        values = (np.asarray(values) - layer.moving_mean) / np.sqrt(layer.moving_variance + layer.epsilon)
        means, spreads = values.mean((0, 1, 2)), values.std((0, 1, 2))
        assert np.abs(means).mean() < 0.8, layer.name
        assert 0.3 < np.median(spreads) < 1.7, layer.name


def test_fused_normalisation_trains_and_predicts_as_the_plain_one(network):
    fused = with_fused_normalisation(network)
    photo = draw_photo(128, 96, seed=3).rgb[None].astype(np.float32)
    for training in (False, True):
        one, other = (np.asarray(each(photo, training=training)) for each in (network, fused))
        assert np.abs(one - other).max() < 2e-3 * max(1.0, np.abs(one).max())
    statistics = [[weight.numpy() for weight in each.weights if "moving_mean" in weight.path] for each in (network, fused)]
    assert all(np.allclose(one, other, rtol=1e-3, atol=1e-4) for one, other in zip(*statistics, strict=True))
