"""How much of thin parts is kept: aerials and roof rails, drawn on the roofs of validation cut-outs, on other backgrounds.

    python -m benchmarks.thin --data DIR                       of the bundled network
    python -m benchmarks.thin --data DIR --network FILE        of another, .keras or .tflite

Seeded: always the same pictures. Prints the mean share of the drawn pixels that the cut-out keeps, and of how many pictures it keeps more than half.
"""
import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from model.predictor import NETWORK
from training.data.accessories import add_aerial
from training.data.composites import FRAME
from training.data.sources import read_backgrounds, read_cutouts
from training.data.synthesis import composite
from training.pipeline import Pipeline

NUMBER = 80
SEED = 3
FEWEST = 20  # pixels of a drawn thing; fewer tell nothing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, default=NETWORK)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pipeline, kept = Pipeline.load(args.network), []
    cutouts, backgrounds = read_cutouts(args.data, "val"), read_backgrounds(args.data, "val")
    for number in range(NUMBER):
        rng = np.random.default_rng((SEED, number))
        car = cutouts[rng.integers(len(cutouts))]
        taller = add_aerial(rng, car)
        drawn = cv2.subtract(taller.matte, car.matte)
        scene, texture = (backgrounds[place] for place in rng.integers(len(backgrounds), size=2))
        made = composite(rng, replace(taller, glass=drawn), [], scene, texture, FRAME)  # what is drawn is warped like panes
        thin = made.glass > 127
        if np.count_nonzero(thin) >= FEWEST:
            kept.append(np.mean(pipeline.matte(made.rgb)[thin] > 127))
    print(f"of {len(kept)} cars' aerials and roof rails {np.mean(kept):.0%} are kept, of {np.mean(np.array(kept) > 0.5):.0%} more than half")


if __name__ == "__main__":
    main()
