"""How hard each cut-out is for a network: training then draws the hard ones more often (boosting by resampling, Freund and Schapire 1997, doi 10.1006/jcss.1997.1504)."""
from pathlib import Path

import cv2
import numpy as np

from model.localise import localise
from training.data.camera import develop, noise_bank
from training.data.samples import name_of
from training.data.sources import in_threads, read_backgrounds, read_cutouts
from training.data.synthesis import composite
from training.metrics import overlap

SEED = 77
EACH = 3                    # composites of a cut-out, all but the first with a neighbour
FRAME = (720, 960)          # height, width of them
LONGEST = 1000              # pixels of what they are made of
LEAST, MOST = 0.7, 4.0      # how often a cut-out is drawn, with the median one as 1


def hardness(data: Path, network) -> dict[str, float]:
    """By SET/STEM how often a cut-out of the training side shall be drawn: in proportion to 1 - IoU of its composites, in LEAST..MOST.

    network: anything with `predict` (model.localise.Network), safe to share between threads. Raises FileNotFoundError where there is nothing to make composites of.
    """
    cutouts, backgrounds, noise = read_cutouts(data, False, LONGEST), read_backgrounds(data, False, LONGEST), noise_bank(0)
    if not (cutouts and backgrounds):
        raise FileNotFoundError(f"{data}: no cut-outs to weigh, or no backgrounds")

    def missed(place: int) -> float:
        lost = 0.0
        for count in range(EACH):
            rng = np.random.default_rng((SEED, place, count))
            others = [cutouts[rng.integers(len(cutouts))]] if count else []
            scene, texture = (backgrounds[rng.integers(len(backgrounds))] for _ in range(2))
            made = composite(rng, cutouts[place], others, scene, texture, FRAME)
            seen = localise(develop(rng, made.rgb, noise), network)
            alpha = seen.unrefined()
            lost += 1 - overlap(alpha > 0.5, made.matte > 127)
        return lost / EACH

    cv2.setNumThreads(1)
    errors = np.array(in_threads(missed, range(len(cutouts))))
    shares = np.clip(errors / np.median(errors), LEAST, MOST)
    return {name_of(car): float(share) for car, share in zip(cutouts, shares)}
