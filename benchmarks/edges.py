"""How good the edges are where the truth is known exactly: 60 composites, cut out in several ways.

    python -m benchmarks.edges --data DIR                      this project, step by step
    python -m benchmarks.edges --data DIR --write FOLDER       also writes the pictures, FOLDER/00.jpg ..., for other tools
    python -m benchmarks.edges --data DIR --mattes FOLDER ...  also the mattes FOLDER/00.png ... of other tools, with the photo's colours
    python -m benchmarks.edges --data DIR --peer               also U²-Net as rembg runs it, with the photo's colours (needs onnxruntime)

The cars are cut-outs that are never trained on (training/data/exact_composites.py). Seeded: always the same pictures.
"""
import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

from cutout import predictor, refiner
from model.localise import localise
from postprocessing.foreground import foreground
from postprocessing.full_size import full_size_alpha
from preprocessing.letterbox import resize
from training.data.exact_composites import ExactComposite, exact_composites
from training.data.sources import read_grey
from training.matting import EdgeScore, edge_score
from training.metrics import overlap

NUMBER = 60
SEED = 5

Method = Callable[[ExactComposite], tuple[np.ndarray, np.ndarray]]  # -> alpha, float32 (height, width), and colours, uint8 (height, width, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--mattes", type=Path, nargs="*", default=[])
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--number", type=int, default=NUMBER, help="only the first so many")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    methods: dict[str, Method] = {
        "truth": lambda scene: (scene.alpha, scene.car),
        "true alpha, the photo's colours": lambda scene: (scene.alpha, scene.photo),
        "true alpha, foreground": lambda scene: (scene.alpha, foreground(scene.photo, scene.alpha)),
        "network enlarged, the photo's colours": lambda scene: (at_full_size(scene, lambda matte, rgb: resize(matte, rgb.shape[:2])), scene.photo),
        "refine, the photo's colours": lambda scene: (at_full_size(scene, refined), scene.photo),
        "refine, foreground": lambda scene: (alpha := at_full_size(scene, refined), foreground(scene.photo, alpha)),
        **{folder.name: lambda scene, folder=folder: (read_grey(folder / f"{scene.name}.png") / np.float32(255), scene.photo) for folder in args.mattes},
    }
    if args.peer:
        from benchmarks.onnx_peers import PEERS

        peer = PEERS["U²-Net"]()
        methods["U²-Net, the photo's colours"] = lambda scene: (peer(scene.photo) / np.float32(255), scene.photo)
    if args.write:
        args.write.mkdir(parents=True, exist_ok=True)
    scores: dict[str, list[EdgeScore]] = {name: [] for name in methods}
    ious: dict[str, list[float]] = {name: [] for name in methods}
    for scene in exact_composites(args.data, "val", SEED, args.number):
        if args.write:
            (args.write / f"{scene.name}.jpg").write_bytes(scene.jpeg)
        for name, method in methods.items():
            alpha, colours = method(scene)
            scores[name].append(edge_score(alpha, colours, scene.alpha, scene.car))
            ious[name].append(overlap(alpha > 0.5, scene.alpha > 0.5))
    print(f"{'':38} {'IoU':>6}  {'SAD':>6}  {'MSE':>6}  {'grad':>6}  {'bIoU':>6}  {'bIoU 1%':>7}  {'halo':>6}")
    for name, rows in scores.items():
        sad, mse, gradient, fine, coarse, halo = (np.mean([getattr(row, field.name) for row in rows]) for field in fields(EdgeScore))
        print(f"{name:38} {np.mean(ious[name]):.4f}  {sad:6.3f}  {mse:.4f}  {gradient:6.3f}  {fine:.4f}  {coarse:7.4f}  {halo:6.3f}")


def at_full_size(scene: ExactComposite, enlarge: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The network's matte at the photo's size."""
    prediction = localise(scene.photo, predictor())
    return prediction.in_photo(enlarge(prediction.matte, prediction.cropped(scene.photo)))


def refined(matte: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    return full_size_alpha(matte, rgb, refiner())


if __name__ == "__main__":
    main()
