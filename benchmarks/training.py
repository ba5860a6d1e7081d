"""Speed of training steps: with normalisation that learns its statistics, and with frozen statistics folded into the convolutions.

    python -m benchmarks.training          in an environment with requirements-train.txt; random pictures, so that anyone can repeat it
"""
import time

import train  # isort: skip  # noqa: F401  before TensorFlow, which its settings are for

import keras
import numpy as np

from model.frames import FRAMES
from training.batch_norm_folding import folded_weights, without_batch_norm
from training.fused_batch_norm import with_fused_batch_norm
from training.learner import Learner
from training.loop import BATCH
from training.network import get_network

ROUNDS, STEPS = 3, 4


def main() -> None:
    averaged = get_network(others=True)
    learning, staying = with_fused_batch_norm(averaged), keras.models.clone_model(averaged)
    plain = without_batch_norm(staying)
    ways = {"learning": (lambda photos: learning(photos, training=True), learning),
            "folded": (lambda photos: plain.stateless_call(folded_weights(staying), [], photos)[0], staying)}
    learners = {name: Learner(network, averaged, forward, 1e-6) for name, (forward, network) in ways.items()}
    for height, width in FRAMES:
        rng = np.random.default_rng(0)
        photos, *targets = (rng.integers(0, 256, (BATCH, height // side, width // side, depth), np.uint8) for side, depth in ((1, 3), (2, 6), (2, 6)))
        spent = dict.fromkeys(learners, 0.0)
        for turn in range(ROUNDS + 1):  # by turns, the first not counted
            for name, learner in learners.items():
                began = time.perf_counter()
                for _ in range(STEPS):
                    learner.step(photos, *targets, average=0.999)
                spent[name] += (time.perf_counter() - began) * (turn > 0)
        rates = {name: ROUNDS * STEPS * BATCH / seconds for name, seconds in spent.items()}
        table = ", ".join(f"{name} {rate:.1f} samples/s" for name, rate in rates.items())
        print(f"{width}x{height}: {table}, {rates['folded'] / rates['learning']:.2f} times")


if __name__ == "__main__":
    main()
