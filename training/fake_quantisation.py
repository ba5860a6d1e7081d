"""Fake quantisation: kernels rounded as int8 will round them, for quantisation-aware training (Jacob et al. 2018, arXiv 1712.05877, section 3).

Only kernels: rounding the features costs next to nothing.
"""
import tensorflow as tf

STEPS = 127  # of int8 on either side of zero


def fake_quantised(weights: list[tf.Tensor]) -> list[tf.Tensor]:
    """A folded network's weights with its kernels rounded to int8's steps, each channel with its own scale; constants, which stay in 32 bits, unchanged.

    Gradients pass the rounding unchanged (straight-through estimator, Bengio et al. 2013, arXiv 1308.3432).
    """
    return [rounded_kernel(weight) if len(weight.shape) == 4 else weight for weight in weights]


def rounded_kernel(kernel: tf.Tensor) -> tf.Tensor:
    """float32 (height, width, inputs, channels), or (height, width, channels, 1) of a depthwise convolution."""
    others = (0, 1) if kernel.shape[-1] == 1 else (0, 1, 2)
    step = tf.maximum(tf.reduce_max(tf.abs(kernel), others, keepdims=True), 1e-12) / STEPS
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)
