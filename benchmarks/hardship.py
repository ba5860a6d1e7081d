"""How good cut-outs of difficult photos are: the validation photos with masks by hand, each made dark, small, blurred, tilted ...

    python -m benchmarks.hardship --data DIR

As served; masks change as the photos do. The last column is the mean X-Confidence. It should be a little under the
publishable share, because it also counts loose pieces, wrecks and frayed outlines.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np

from model.predictor import NETWORK
from training.data.degradations import Change, gamma, grain, jpeg, longest, motion, recoloured, transformed
from training.data.sources import BY_HAND, Photo, read_photos
from training.metrics import score
from training.pipeline import Pipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pipeline, photos = Pipeline.load(NETWORK), [photo for photo in read_photos(args.data, "val") if photo.set in BY_HAND]
    print(f"{'':28} {'IoU':>6}  {'bIoU':>6}  publishable  X-Confidence")
    for name, change in HARDSHIPS.items():
        changed = [change(photo) for photo in photos]
        predictions = [pipeline.localise(photo.rgb) for photo in changed]
        scores = [score(pipeline.refined(prediction, photo.rgb), photo.mask, photo.ignore) for photo, prediction in zip(changed, predictions)]
        confidence = np.mean([pipeline.confidence(prediction) for prediction in predictions])
        iou, boundary_iou, publishable = (np.mean([getattr(one, key) for one in scores]) for key in ("iou", "boundary_iou", "publishable"))
        print(f"{name:28} {iou:.4f}  {boundary_iou:.4f}  {publishable:11.0%}  {confidence:12.0%}")


def tilted(degrees: float) -> Change:
    def turn(layer: np.ndarray, way: int) -> np.ndarray:
        height, width = layer.shape[:2]
        turned = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(layer, turned, (width, height), flags=cv2.INTER_LINEAR if way == cv2.INTER_AREA else way, borderMode=cv2.BORDER_REPLICATE)
    return transformed(turn)


def cut_at_the_left(share: float) -> Change:
    """Without so much of the car's own width, as if the photo began there."""
    def cut(photo: Photo) -> Photo:
        columns = np.flatnonzero((photo.mask > 127).any(0))
        first = int(columns[0] + share * (columns[-1] - columns[0]))
        return transformed(lambda layer, way: np.ascontiguousarray(layer[:, first:]))(photo)
    return cut


HARDSHIPS: dict[str, Change] = {
    "unchanged": lambda photo: photo,
    "in grey": recoloured(lambda rgb: cv2.merge([cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)] * 3)),
    "warm light": recoloured(lambda rgb: np.minimum(rgb * (1.25, 1.0, 0.75), 255).astype(np.uint8)),
    "dark, gamma 2.2": gamma(2.2),
    "darker, gamma 3.5": gamma(3.5),
    "bright, gamma 0.5": gamma(0.5),
    "JPEG of quality 25": jpeg(25),
    "JPEG of quality 10": jpeg(10),
    "grain of 15 levels": grain(15),
    "grain of 35 levels": grain(35),
    "motion, 1.5 % of the width": motion(0.015),
    "320 pixels": longest(320),
    "200 pixels": longest(200),
    "mirrored": transformed(lambda layer, way: np.ascontiguousarray(layer[:, ::-1])),
    "tilted by 8 degrees": tilted(8),
    "tilted by 15 degrees": tilted(15),
    "on their side": transformed(lambda layer, way: np.ascontiguousarray(np.rot90(layer))),
    "a fifth of the car cut off": cut_at_the_left(0.2),
    "half of the car cut off": cut_at_the_left(0.5),
}


if __name__ == "__main__":
    main()
