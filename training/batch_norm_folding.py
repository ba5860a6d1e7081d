"""Batch-norm folding: normalisation with frozen statistics, folded into the convolutions before it (Jacob et al. 2018, arXiv 1712.05877, section 3.2).

For training from a trained network: it then trains exactly what serving computes, whatever the batch, and a step takes less time.
"""
import keras
import tensorflow as tf
from keras import layers


class Shift(layers.Layer):
    """Adds a constant to each channel: what remains of a normalisation whose scale is folded into the convolution."""

    def build(self, shape):
        self.constant = self.add_weight(shape=(shape[-1],), name="constant")

    def call(self, inputs, training=None, mask=None):
        return shifted(inputs, tf.convert_to_tensor(self.constant))


@tf.custom_gradient
def shifted(x, constant):
    """x + constant; oneDNN would compute the constant's gradient together with the convolution's, at thrice the time of both."""

    def gradient(upstream):
        rows = tf.reshape(upstream, (-1, constant.shape[0]))
        return upstream, tf.linalg.matvec(rows, tf.ones(tf.shape(rows)[:1]), transpose_a=True)

    return tf.nn.bias_add(x, constant), gradient


def without_batch_norm(network: keras.Model) -> keras.Model:
    """A network of the same shape with a shift in place of each normalisation; `folded_weights` gives its weights."""
    def copy(layer):
        return Shift(name=layer.name) if isinstance(layer, layers.BatchNormalization) else type(layer).from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=copy)


def folded_weights(network: keras.Model) -> list[tf.Tensor]:
    """The weights that make `without_batch_norm` compute what the network does, in its order; gradients pass through."""
    weights = []
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            weights.append(layer.beta - layer.moving_mean * scale_of(layer))
        elif layer.name.endswith("_conv"):
            scale = scale_of(network.get_layer(layer.name.removesuffix("_conv") + "_bn"))
            weights.append(layer.kernel * (scale[:, None] if isinstance(layer, layers.DepthwiseConv2D) else scale))
        else:
            weights += map(tf.convert_to_tensor, layer.trainable_variables)
    return weights


def scale_of(normalisation: layers.BatchNormalization) -> tf.Tensor:
    return normalisation.gamma * tf.math.rsqrt(normalisation.moving_variance + normalisation.epsilon)
