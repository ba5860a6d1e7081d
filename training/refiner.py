"""Fits the refiner (training/refiner_network.py) to the mattes of one network, and brings it to int8.

The coarse alpha of most tiles is bent and blurred at random, so that the outline must be found in the photo (CascadePSP, Cheng et al. 2020,
arXiv 2005.02551). The loss is absolute error, which keeps alpha decided, with a little cross-entropy, which pushes confident mistakes.
Only what lies near the coarse outline counts in full: what the network takes for the car by mistake can't be told in a tile.
"""
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile

import cv2
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from model.localise import Network
from model.refiner import ALPHA_CLIP, MEAN_WINDOW, SLOPE_UNIT, TILE
from model.space_to_depth import CELL
from training.data.tiles import NEAR, tiles
from training.errors import DataError
from training.float_network import load_keras
from training.network import inherit
from training.quantise import converted
from training.refiner_network import get_refiner
from training.schedule import average_decay, learning_rate

RATE = 1.2e-3               # peak learning rate
BATCH = 32
CROP = 96                   # pixels of a tile's side that a step sees, at a random place
AVERAGE = 0.998             # decay of the running average of the weights
CROSS_ENTROPY = 0.03        # weight in the loss
HELD_OUT = 512              # tiles that are not trained on, at most a tenth
CALIBRATION = 200           # tiles
UNIT = NEAR                 # weight of a pixel that counts once in the loss
THIN = np.ones((5, 5), np.uint8)  # what an opening by it takes from a matte is thin
SLIM = 100                  # alpha, 0..255, from which a thin part is seen
THIN_GAIN = 1.8             # by which true alpha of thin parts is raised: an aerial of half a pixel is still seen
SOFT = 13, 242              # coarse alpha, 0..255, between these is soft
BAND = np.ones((17, 17), np.uint8)  # around what is soft or thin; outside of it, a pixel counts a quarter of what its tile says
HOPELESS = 0.16             # mean error of the coarse alpha, from which a tile counts a sixteenth
KEPT = 0.25                 # share of tiles whose coarse alpha stays as it is
BEND, NODES = 5.0, (4, 4)   # pixels, largest standard deviation of the bending; points that it is drawn for
BLURRED, BLUR = 0.5, (0.5, 3.0)  # share of the others that are blurred; standard deviations

def fit_refiner(data: Path, network: Network, scratch: Path, number: int, minutes: float, init: Path | None,
                seed: int) -> tuple[keras.Model, bytes]:
    """Cuts a number of tiles, then trains for so many minutes, from another refiner (init: a .keras file) or from scratch.

    Prints the mean absolute error of alpha on tiles that are not trained on, before and after. Returns the float network and the int8 .tflite file.
    scratch: a folder with room for the tiles, 98 kB each, which are removed at the end. Raises DataError where the data have nothing to cut tiles from.
    """
    keras.utils.set_random_seed(seed)
    start = get_refiner()
    if init and len(inherit(start, load_keras(init))) == sum(bool(layer.weights) for layer in start.layers):
        raise DataError(f"{init}: not a refiner")
    with NamedTemporaryFile(suffix=".tiles", dir=scratch) as file:
        size = number * TILE * TILE * 6
        try:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk would end the process when a tile is written
        except OSError as error:
            raise DataError(f"{scratch}: no room for {number:,} tiles, {size / 1e9:.1f} GB; give fewer --tiles") from error
        every = np.memmap(file.name, np.uint8, "r+", shape=(number, TILE, TILE, 6))
        for place, tile in enumerate(tqdm(islice(tiles(data, network, seed), number), "tiles", number)):
            every[place] = tile
        held_out, kept = np.split(every, [min(HELD_OUT, number // 10)])
        average = train(kept, minutes, start, seed)
        before, after = errors(average, held_out)
        print(f"error of alpha on {len(held_out)} tiles: the network's {before:.4f}, refined {after:.4f}")
        calibration = [tile[None, ..., :4].astype(np.float32) for tile in kept[:CALIBRATION]]
    fixed = get_refiner(TILE)
    fixed.set_weights(average.get_weights())
    return average, converted(fixed, lambda: ([tile] for tile in calibration))


def train(kept: np.ndarray, minutes: float, network: keras.Model, seed: int) -> keras.Model:
    """Trains a refiner on tiles, uint8 (n, TILE, TILE, 6); the running average of its weights. Ctrl-C ends it early; before the first step, DataError."""
    average, steps = get_refiner(), 0
    average.set_weights(network.get_weights())
    optimiser = keras.optimizers.AdamW(RATE, beta_2=0.99, weight_decay=1e-4, global_clipnorm=1.0)

    @tf.function
    def step(batch):
        with tf.GradientTape() as tape:
            logit, truth, weight = answers(network, batch, training=True)
            off = tf.abs(tf.sigmoid(logit) - truth)
            bits = tf.nn.sigmoid_cross_entropy_with_logits(truth, logit)
            loss = tf.reduce_sum(weight * (off + CROSS_ENTROPY * bits)) / (tf.reduce_sum(weight) + 1)
        optimiser.apply_gradients(zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables))
        return loss

    stream = tf.data.Dataset.from_generator(lambda: batches(kept, seed), output_signature=tf.TensorSpec((BATCH, CROP, CROP, 6), tf.uint8)).prefetch(4)
    began, bar = time.monotonic(), tqdm(desc="refiner", unit="step")
    try:
        for number, batch in enumerate(stream):
            done = (time.monotonic() - began) / 60 / minutes
            if done >= 1:
                break
            optimiser.learning_rate.assign(learning_rate(RATE, number, done))
            loss = float(step(batch))
            bar.update()
            bar.set_postfix_str(f"{done:.0%}, loss {loss:.4f}", refresh=False)
            share = average_decay(number, AVERAGE)
            for mean, weight in zip(average.variables, network.variables, strict=True):
                mean.assign(share * mean + (1 - share) * weight)
            steps += 1
    except KeyboardInterrupt:
        if not steps:
            raise DataError("stopped before the first step: nothing is written") from None
        print("\nstopped: what was learnt until now is written", file=sys.stderr)
    return average


def answers(network: keras.Model, batch: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The logit of the refined alpha, the true alpha and the weight of each pixel, float32 (n, side, side, 1), for uint8 tiles (n, side, side, 6)."""
    batch = tf.cast(batch, tf.float32)
    logit = refined_logit(network(batch[..., :4], training=training), batch[..., :4])
    return logit, batch[..., 4:5] / 255, batch[..., 5:6] / UNIT


def refined_logit(answer: tf.Tensor, tiles: tf.Tensor) -> tf.Tensor:
    """float32 (n, side, side, 1), of the network's answer to float32 tiles (n, side, side, 4): what model.refiner.Refiner computes."""
    coarse = tf.clip_by_value(tiles[..., 3:] / 255, ALPHA_CLIP, 1 - ALPHA_CLIP)
    rgb, rim = tiles[..., :3], MEAN_WINDOW // 2
    means = tf.nn.avg_pool2d(tf.pad(rgb, ((0, 0), (rim, rim), (rim, rim), (0, 0)), "REFLECT"), MEAN_WINDOW, 1, "VALID")
    slopes = tf.repeat(tf.repeat(answer[..., CELL * CELL:], CELL, 1), CELL, 2)
    correction = tf.nn.depth_to_space(answer[..., :CELL * CELL], CELL) + tf.reduce_sum(slopes * (rgb - means), -1, keepdims=True) / SLOPE_UNIT
    return correction + tf.math.log(coarse / (1 - coarse))


def errors(network: keras.Model, held_out: np.ndarray) -> tuple[float, float]:
    """Weighted mean absolute error of alpha on tiles, of the matte that they hold and of the refined one."""
    sums = np.zeros(3)
    for first in range(0, len(held_out), BATCH):
        batch = prepared(held_out[first:first + BATCH])
        logit, truth, weight = (np.asarray(layer) for layer in answers(network, tf.constant(batch), training=False))
        refined = 1 / (1 + np.exp(-logit))
        sums += [float((np.abs(layer - truth) * weight).sum()) for layer in (batch[..., 3:4] / 255, refined)] + [float(weight.sum())]
    return float(sums[0] / max(sums[2], 1)), float(sums[1] / max(sums[2], 1))


def batches(kept: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Endless: crops of tiles at random, half of the batches mirrored, most coarse alphas changed."""
    rng = np.random.default_rng(seed)
    while True:
        batch = prepared(kept[np.sort(rng.integers(len(kept), size=BATCH))])
        if rng.random() < 0.5:
            batch = batch[:, :, ::-1]
        top, left = rng.integers(0, TILE - CROP + 1, 2)
        batch = np.ascontiguousarray(batch[:, top:top + CROP, left:left + CROP])
        for tile in batch:
            if rng.random() >= KEPT:
                tile[..., 3] = inexact(rng, np.ascontiguousarray(tile[..., 3]))
        yield batch


def prepared(batch: np.ndarray) -> np.ndarray:
    """A copy of tiles, uint8 (n, TILE, TILE, 6), with the true alpha of thin parts raised, and with the weights of training."""
    batch = np.array(batch)
    for tile in batch:
        coarse, truth, weight = np.ascontiguousarray(tile[..., 3]), np.ascontiguousarray(tile[..., 4]), tile[..., 5]
        thick = cv2.morphologyEx(truth, cv2.MORPH_OPEN, THIN)
        slim = cv2.multiply(cv2.subtract(truth, thick), THIN_GAIN)
        tile[..., 4] = cv2.add(thick, slim)
        outline = cv2.morphologyEx(cv2.inRange(coarse, 128, 255), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        weight[cv2.dilate(cv2.inRange(coarse, *SOFT) | outline | cv2.inRange(slim, SLIM, 255), BAND) == 0] //= 4
        if (cv2.absdiff(coarse, tile[..., 4]) * (weight > 0)).mean() > 255 * HOPELESS:
            weight //= 16
    return batch


def inexact(rng: np.random.Generator, coarse: np.ndarray) -> np.ndarray:
    """A coarse alpha, uint8 (height, width), bent, and half of the time blurred."""
    height, width = coarse.shape
    strength = rng.uniform(0, BEND, 2).astype(np.float32)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    down, right = (cv2.resize(rng.normal(0, 1, NODES).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) * most for most in strength)
    bent = cv2.remap(coarse, columns + right, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(bent, (0, 0), rng.uniform(*BLUR)) if rng.random() < BLURRED else bent
