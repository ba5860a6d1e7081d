"""Hard-example mining: how hard each cut-out is for a network, so that training draws the hard ones more often
(boosting by resampling, Freund and Schapire 1997, doi 10.1006/jcss.1997.1504)."""
from pathlib import Path

import numpy as np

from model.localise import Network, localise
from training.data.camera import degrade, noise_bank
from training.data.composites import FRAME
from training.data.sources import in_threads, name_of, read_backgrounds, read_cutouts
from training.data.synthesis import composite
from training.errors import DataError
from training.metrics import overlap

SEED = 77
COMPOSITES_EACH = 3         # composites of a cut-out, all but the first with a neighbour
LONGEST = 1000              # pixels of the pictures that they are made of
LEAST, MOST = 0.7, 4.0      # sampling weights; the median cut-out has 1


def sampling_weights(data: Path, network: Network) -> dict[str, float]:
    """By SET/STEM the weight of each cut-out that is trained on: 1 - IoU of its composites over the median of that, in LEAST..MOST.

    network: safe to share between threads. Raises DataError where there are no cut-outs or no backgrounds.
    """
    cutouts, backgrounds, noise = read_cutouts(data, "train", LONGEST), read_backgrounds(data, "train", LONGEST), noise_bank(0)
    if not (cutouts and backgrounds):
        raise DataError(f"{data}: mining needs cut-outs (cutouts/SET/rgba) and backgrounds (backgrounds/SET) to make composites of")

    def error(place: int) -> float:
        lost = 0.0
        for count in range(COMPOSITES_EACH):
            rng = np.random.default_rng((SEED, place, count))
            others = [cutouts[rng.integers(len(cutouts))]] if count else []
            scene, texture = (backgrounds[rng.integers(len(backgrounds))] for _ in range(2))
            made = composite(rng, cutouts[place], others, scene, texture, FRAME)
            alpha = localise(degrade(rng, made.rgb, noise), network).unrefined()
            lost += 1 - overlap(alpha > 0.5, made.matte > 127)
        return lost / COMPOSITES_EACH

    errors = np.array(in_threads(error, range(len(cutouts))))
    weights = np.clip(errors / np.median(errors), LEAST, MOST)
    return {name_of(car): float(weight) for car, weight in zip(cutouts, weights)}
