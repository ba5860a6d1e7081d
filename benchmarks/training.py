"""What a training step costs: with normalisation that learns its statistics, and with one that stays, folded into the convolutions.

    python -m benchmarks.training          in an environment with requirements-train.txt; random pictures, so that anyone can repeat it
"""
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import train  # noqa: E402
from model.folded import folded, without_normalisation  # noqa: E402
from model.frames import FRAMES  # noqa: E402
from model.fused import with_fused_normalisation  # noqa: E402
from model.network import get_network  # noqa: E402

ROUNDS, STEPS = 3, 4


def main() -> None:
    averaged = get_network(others=True)
    learning, staying = with_fused_normalisation(averaged), keras.models.clone_model(averaged)
    plain = without_normalisation(staying)
    ways = {"learning": (lambda photos: learning(photos, training=True), learning),
            "folded": (lambda photos: plain.stateless_call(folded(staying), [], photos)[0], staying)}
    updates = {}
    for name, (forward, network) in ways.items():
        optimiser = keras.optimizers.AdamW(1e-6)
        optimiser.build(network.trainable_variables)
        updates[name] = train.make_update(tf, forward, network, averaged, optimiser)
    for height, width in FRAMES:
        rng = np.random.default_rng(0)
        photos, *targets = (rng.integers(0, 256, (train.BATCH, height // side, width // side, depth), np.uint8) for side, depth in ((1, 3), (2, 6), (2, 6)))
        spent = dict.fromkeys(updates, 0.0)
        for turn in range(ROUNDS + 1):  # by turns, the first not counted
            for name, update in updates.items():
                began = time.perf_counter()
                for _ in range(STEPS):
                    float(update(photos, *targets, average=tf.constant(0.999)))
                spent[name] += (time.perf_counter() - began) * (turn > 0)
        rates = {name: ROUNDS * STEPS * train.BATCH / seconds for name, seconds in spent.items()}
        print(f"{width}x{height}: " + ", ".join(f"{name} {rate:.1f} samples/s" for name, rate in rates.items()) + f", {rates['folded'] / rates['learning']:.2f} times")


if __name__ == "__main__":
    main()
