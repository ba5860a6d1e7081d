"""A step of learning, against Keras's own AdamW on each variable by itself and a loss written out photo by photo."""
import keras
import numpy as np
import pytest
import tensorflow as tf

from training.learner import AUXILIARY, BETA_2, CLIP_NORM, WEIGHT_DECAY, Learner

RATE = 0.01


def network() -> keras.Model:
    photo = keras.Input((None, None, 3))
    features = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, 2, padding="same", use_bias=False)(photo / 255)))
    return keras.Model(photo, keras.layers.Conv2D(6, 1)(features))


def batch(seed: int, height: int = 16, width: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    photos, truth, weight = (rng.integers(0, 256, (2, height // side, width // side, depth), np.uint8) for side, depth in ((1, 3), (2, 6), (2, 6)))
    weight[rng.random(weight.shape) < 0.3] = 0
    return photos, truth, weight


def loss_of(logits, truth: np.ndarray, weight: np.ndarray):
    """As the definitions have it."""
    alpha, truth, weight = tf.sigmoid(logits), truth / np.float32(255), weight / np.float32(255)
    crossed = -(truth * tf.math.log(alpha) + (1 - truth) * tf.math.log(1 - alpha)) * weight
    matte, auxiliary = slice(0, 4), (4, 5)
    loss = tf.reduce_sum(crossed[..., matte]) / weight[..., matte].sum()
    for photo in range(len(truth)):
        scored = weight[photo, ..., matte] > 0
        one, other = alpha[photo, ..., matte][scored], truth[photo, ..., matte][scored]
        loss += (1 - (tf.reduce_sum(one * other) + 1) / (tf.reduce_sum(one + other - one * other) + 1)) / len(truth)
    return loss + AUXILIARY * sum(tf.reduce_sum(crossed[..., layer]) / weight[..., layer].sum() for layer in auxiliary)


@pytest.fixture
def learner() -> Learner:
    keras.utils.set_random_seed(1)
    learning, averaged = network(), network()
    averaged.set_weights(learning.get_weights())
    return Learner(learning, averaged, lambda photos: learning(photos, training=True), RATE)


def test_steps_change_each_weight_as_kerass_own_optimiser_does_and_the_average_follows(learner):
    keras.utils.set_random_seed(1)
    other = network()
    optimiser = keras.optimizers.AdamW(RATE, weight_decay=WEIGHT_DECAY, beta_2=BETA_2, global_clipnorm=CLIP_NORM)
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    average = other.get_weights()
    for number in range(4):
        photos, truth, weight = batch(number, *((16, 24), (24, 16))[number % 2])
        with tf.GradientTape() as tape:
            loss = loss_of(other(photos.astype(np.float32), training=True), truth, weight)
        optimiser.apply(tape.gradient(loss, other.trainable_variables), other.trainable_variables)
        average = [0.7 * mean + 0.3 * value for mean, value in zip(average, other.get_weights())]
        assert learner.step(photos, truth, weight, average=0.7) == pytest.approx(float(loss), rel=1e-4)
    for found, expected in ((learner.network.get_weights(), other.get_weights()), (learner.averaged.get_weights(), average)):
        assert all(np.allclose(one, each, rtol=1e-3, atol=1e-5) for one, each in zip(found, expected, strict=True))


def test_a_batch_in_which_nothing_is_known_changes_nothing_but_by_decay(learner):
    photos, truth, weight = batch(0)
    before = learner.network.trainable_variables[0].numpy(), learner.network.trainable_variables[-1].numpy()
    assert learner.step(photos, truth, 0 * weight, average=0.9) == 0
    kernel, bias = learner.network.trainable_variables[0].numpy(), learner.network.trainable_variables[-1].numpy()
    assert np.allclose(kernel, before[0] * (1 - RATE * WEIGHT_DECAY), rtol=1e-6) and np.array_equal(bias, before[1])


def test_a_checkpoint_goes_on_as_if_it_had_not_stopped(learner, tmp_path):
    learner.step(*batch(0), average=0.9)
    saved = tf.train.Checkpoint(**learner.state()).save(tmp_path / "state")
    learner.step(*batch(1), average=0.9)
    keras.utils.set_random_seed(2)
    learning = network()
    resumed = Learner(learning, network(), lambda photos: learning(photos, training=True), RATE)
    tf.train.Checkpoint(**resumed.state()).restore(saved).assert_existing_objects_matched()
    resumed.step(*batch(1), average=0.9)
    for one, other in ((learner.network, resumed.network), (learner.averaged, resumed.averaged)):
        assert all(np.allclose(*weights, rtol=1e-5, atol=1e-7) for weights in zip(one.get_weights(), other.get_weights(), strict=True))
