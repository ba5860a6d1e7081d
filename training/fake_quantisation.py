"""Kernels as int8 will round them, for training on: quantisation-aware training, Jacob et al. 2018 (arXiv 1712.05877), section 3.

Of kernels alone: features, each in its own 256 steps, lose next to nothing where kernels lose most (docs/TRAINING.md).
"""
import tensorflow as tf

STEPS = 127  # of int8 on either side of zero


def fake_quantised(weights: list[tf.Tensor]) -> list[tf.Tensor]:
    """A folded network's weights with its kernels in int8's steps, each channel with its own scale; constants, which stay in 32 bits, as they are.

    Gradients pass as if nothing had been rounded (Bengio et al. 2013, arXiv 1308.3432).
    """
    return [kernel_in_steps(weight) if len(weight.shape) == 4 else weight for weight in weights]


def kernel_in_steps(kernel: tf.Tensor) -> tf.Tensor:
    """float32 (height, width, inputs, channels), or (height, width, channels, 1) of a depthwise convolution."""
    others = (0, 1) if kernel.shape[-1] == 1 else (0, 1, 2)
    step = tf.maximum(tf.reduce_max(tf.abs(kernel), others, keepdims=True), 1e-12) / STEPS
    return kernel + tf.stop_gradient(tf.round(kernel / step) * step - kernel)
