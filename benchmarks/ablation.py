"""What each step of serving gains: the validation photos and composites with and without it, and whether the difference is more than noise.

    python -m benchmarks.ablation --data DIR    the rules of the passes, the refiner, and the firm outline

Each row is the mean of the paired differences by photo, without minus with, and their standard error. A difference of less than two standard
errors is noise.
"""
import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from model import localise
from model.localise import Prediction, size_of
from model.predictor import NETWORK
from postprocessing.full_size import cleaned
from preprocessing.letterbox import resize
from preprocessing.orientation import turn
from training.data.composites import composites
from training.data.sources import Photo, in_threads, read_photos
from training.metrics import score
from training.pipeline import Pipeline

MEASURES = ("iou", "f1", "f2", "loose", "publishable")
PASS_RULES = {"flip test-time augmentation": ("FLIP_ABOVE", np.inf), "repeated fine pass": ("SAME_BOX", -1.0)}
TURNING = ("TURN_ABOVE", np.inf)

Scores = np.ndarray  # (photos, measures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, default=NETWORK, help="with refiner.tflite beside it, or the installed one")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pipeline = Pipeline.load(args.network)
    photos = [*read_photos(args.data, "val"), *composites(args.data, "val")]
    predictions = localised(photos, pipeline)
    base = measured(photos, predictions, pipeline.refined)
    print(f"{'':28} {'n':>4}  " + "  ".join(f"{name:>17}" for name in MEASURES))
    print(f"{'all':28} {len(photos):4}  " + "  ".join(f"{mean:17.4f}" for mean in base.mean(0)))
    print_row("refiner", measured(photos, predictions, unrefined) - base)
    with mock.patch("postprocessing.full_size.firm_outline", lambda alpha, matte: alpha):
        print_row("firm outline", measured(photos, predictions, pipeline.refined) - base)
    for name, (constant, value) in PASS_RULES.items():
        with mock.patch.object(localise, constant, value):
            print_row(name, measured(photos, localised(photos, pipeline), pipeline.refined) - base)
    lying = [turned(photo, 1 + place % 3) for place, photo in enumerate(photos)]
    upright = measured(lying, localised(lying, pipeline), pipeline.refined)
    with mock.patch.object(localise, *TURNING):
        print_row("turning, of turned photos", measured(lying, localised(lying, pipeline), pipeline.refined) - upright)
        print_row("turning, of upright photos", measured(photos, localised(photos, pipeline), pipeline.refined) - base)


def localised(photos: Sequence[Photo], pipeline: Pipeline) -> list[Prediction]:
    return in_threads(lambda photo: pipeline.localise(photo.rgb), photos)


def measured(photos: Sequence[Photo], predictions: Sequence[Prediction], refined: Callable[[Prediction, np.ndarray], np.ndarray]) -> Scores:
    def row(pair: tuple[Photo, Prediction]) -> list[float]:
        photo, prediction = pair
        found = asdict(score(refined(prediction, photo.rgb), photo.mask, photo.ignore))
        return [float(found[name]) for name in MEASURES]
    return np.array(in_threads(row, zip(photos, predictions, strict=True)))


def unrefined(prediction: Prediction, rgb: np.ndarray) -> np.ndarray:
    """uint8 matte (height, width) of the network, enlarged."""
    enlarged = resize(prediction.matte, size_of(prediction.window))
    return cv2.convertScaleAbs(prediction.in_photo(cleaned(enlarged, prediction.matte.shape)), alpha=255)


def turned(photo: Photo, quarters: int) -> Photo:
    """A photo turned anticlockwise with its mask."""
    layers = {name: None if layer is None else np.ascontiguousarray(turn(layer, quarters))
              for name, layer in (("rgb", photo.rgb), ("mask", photo.mask), ("ignore", photo.ignore))}
    return replace(photo, **layers)


def print_row(name: str, differences: Scores) -> None:
    """Means of paired differences, and their standard errors."""
    errors = differences.std(0, ddof=1) / len(differences) ** 0.5
    print(f"{name:28} {len(differences):4}  " + "  ".join(f"{mean:+8.4f} ±{error:7.4f}" for mean, error in zip(differences.mean(0), errors)), flush=True)


if __name__ == "__main__":
    main()
