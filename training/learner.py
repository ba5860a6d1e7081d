"""One training step: the loss, its gradients, AdamW, and the running average of the weights.

Cross-entropy weighted at the edge plus soft IoU (Rahman and Wang 2016); AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101).
"""
from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf

AUXILIARY = 0.5              # weight in the loss of the glass, and of other vehicles
WEIGHT_DECAY = 0.02          # of AdamW, for kernels
CLIP_NORM, BETA_2 = 1.0, 0.99  # of AdamW; without, a few hard batches undo hundreds of steps


class Learner:
    """Trains a network step by step, and keeps the running average of its weights in another network of the same form.

    forward gives the network's logits, (n, h/2, w/2, 6), of float32 photos (n, h, w, 3).
    """

    def __init__(self, network: keras.Model, averaged: keras.Model, forward: Callable[[tf.Tensor], tf.Tensor], rate: float):
        self.network, self.averaged, self.forward = network, averaged, forward
        kernels, others = ([variable for variable in network.trainable_variables if (len(variable.shape) == 4) == kernel] for kernel in (True, False))
        self.trained = Flattened(kernels, "kernels"), Flattened(others, "others")
        self.average = Flattened(averaged.weights, "average")
        self.optimiser = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, beta_2=BETA_2, global_clipnorm=CLIP_NORM)
        self.optimiser.exclude_from_weight_decay(var_names=["others"])
        self.optimiser.build([row.vector for row in self.trained])

    def state(self) -> dict:
        """What a checkpoint holds, by name."""
        return {"network": self.network, "averaged": self.averaged, "optimiser": self.optimiser, "rows": [row.vector for row in (*self.trained, self.average)]}

    def step(self, rgb: np.ndarray, truth: np.ndarray, weight: np.ndarray, average: float) -> float:
        """uint8 photos (n, h, w, 3), uint8 truths and weights (n, h/2, w/2, 6; training/data/targets.py), and how much of the average is kept -> loss."""
        loss, gradients = self.gradients(rgb, truth, weight)
        self.apply(gradients, tf.constant(average, tf.float32))
        return float(loss)

    @tf.function(autograph=False)  # traced once for each frame size
    def gradients(self, rgb, truth, weight):
        truth, weight = tf.cast(truth, tf.float32) / 255, tf.cast(weight, tf.float32) / 255
        with tf.GradientTape() as tape:
            logits = self.forward(tf.cast(rgb, tf.float32))
            loss = matte_loss(*(layer[..., :-2] for layer in (logits, truth, weight)))
            loss += AUXILIARY * sum(entropy(*(layer[..., channel] for layer in (logits, truth, weight))) for channel in (-2, -1))
        return loss, [flatten(part) for part in tape.gradient(loss, [row.variables for row in self.trained])]

    @tf.function(autograph=False)
    def apply(self, gradients, average):
        self.optimiser.apply(gradients, [row.vector for row in self.trained])
        for row in self.trained:
            row.scatter()
        self.average.vector.assign(average * self.average.vector + (1 - average) * flatten(self.network.weights))
        self.average.scatter()


class Flattened:
    """Variables flattened into one vector: an update is a dozen operations then, not a dozen for each variable, which take long to compile."""

    def __init__(self, variables: list[keras.Variable], name: str):
        self.variables = variables
        self.vector = keras.Variable(flatten(variables), name=name)

    def scatter(self) -> None:
        """Copies the vector into the variables."""
        for variable, part in zip(self.variables, tf.split(self.vector, [int(np.prod(variable.shape)) for variable in self.variables]), strict=True):
            variable.assign(tf.reshape(part, variable.shape))


def flatten(tensors: Iterable) -> tf.Tensor:
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)


def matte_loss(logits, truth, weight):
    """Weighted cross-entropy plus soft IoU, the latter by photo, so that small cars count as much as large ones."""
    edges = entropy(logits, truth, weight)
    counted = tf.cast(weight > 0, tf.float32)
    alpha, truth = tf.sigmoid(logits) * counted, truth * counted
    both, either = (tf.reduce_sum(part, (1, 2, 3)) for part in (alpha * truth, alpha + truth - alpha * truth))
    return edges + 1 - tf.reduce_mean((both + 1) / (either + 1))


def entropy(logits, truth, weight):
    """Weighted cross-entropy; 0 for a batch in which nothing is known."""
    bits = tf.nn.sigmoid_cross_entropy_with_logits(truth, logits)
    return tf.reduce_sum(bits * weight) / tf.maximum(tf.reduce_sum(weight), 1)
