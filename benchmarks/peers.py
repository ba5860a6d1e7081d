"""This project beside U²-Net, U²-NetP and IS-Net as their tools run them: the same photos and composites in one run, one thread each.

    python -m benchmarks.peers --data DIR [--out docs/peers.png]     in an environment with requirements-test.txt and onnxruntime

benchmarks/onnx_peers.py says where the networks come from and which is missing. CPU seconds are of the whole way from pixels to a matte of the photo's
size, without decoding and encoding, which are the same for all. `--photos N` takes every set's first N.
"""
import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.onnx_peers import PEERS, Peer
from model.predictor import NETWORK, Predictor
from postprocessing.foreground import foreground
from training.data.composites import KINDS, composites
from training.data.sources import BY_HAND, Photo, read_photos
from training.evaluation import Evaluation, by_set, compared
from training.pipeline import Pipeline

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Result:
    evaluation: Evaluation
    seconds: float                  # CPU seconds a photo, whole
    network: float                  # of them in the network

    def on_composites(self) -> dict[str, float]:
        """The measures' means over all composites."""
        return Evaluation({"all": [row for kind in KINDS for row in self.evaluation.sets.get(kind, [])]}, {}).means()["all"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "peers.png")
    parser.add_argument("--photos", type=int, default=10_000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    photos, taken = [], Counter()
    for photo in [*read_photos(args.data, "val"), *composites(args.data, "val", with_colours=True)]:
        taken[photo.set] += 1
        if taken[photo.set] <= args.photos:
            photos.append(photo)
    results = {"Forecourt": judge(Forecourt(), photos)}
    results |= {name: judge(peer(), photos) for name, peer in PEERS.items()}
    for name, result in results.items():
        print(f"\n{name}")
        result.evaluation.print()
    least = results["Forecourt"]
    for name, result in results.items():
        print(f"{name:10} {result.seconds * 1000:7.1f} ms CPU a photo, network {result.network * 1000:6.1f} ms: "
              f"{result.seconds / least.seconds:5.1f} and {result.network / least.network:5.1f} times Forecourt")
    for name, result in results.items():
        edges = result.on_composites()
        print(f"{name:10} all composites: IoU {edges['iou']:.4f}, F1 {edges['f1']:.3f}, halo {edges['halo']:.3f}: "
              f"{edges['halo'] / least.on_composites()['halo']:.2f} times Forecourt's")
    draw(results, args.out)


class Forecourt:
    """The bundled network, both passes, with refinement."""

    colours = staticmethod(foreground)

    def __init__(self) -> None:
        self.network, self.pipeline = Predictor(NETWORK), Pipeline(self)
        self.spent = 0.0

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        return self.pipeline.matte(rgb)

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        began = time.process_time()
        layers = self.network.predict(frame)
        self.spent += time.process_time() - began
        return layers


def judge(tool: "Forecourt | Peer", photos: list[Photo]) -> Result:
    tool(photos[0].rgb)  # what is set up at the first call is not counted
    tool.spent, seconds = 0.0, 0.0
    rows = []
    for photo in photos:
        began = time.process_time()
        matte = tool(photo.rgb)
        seconds += time.process_time() - began
        rows.append(compared(photo, matte, None if photo.colours is None else tool.colours(photo.rgb, matte.astype(np.float32) / 255)))
    return Result(Evaluation(by_set(rows), {}), seconds / len(photos), tool.spent / len(photos))


def draw(results: dict[str, Result], out: Path) -> None:
    """Boundary IoU, the mean of the sets with masks by hand that no network was trained on, over CPU milliseconds."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure((7, 4), layout="constrained")
    axes = figure.subplots()
    for name, result in results.items():
        means = result.evaluation.means()
        quality = np.mean([means[name]["boundary_iou"] for name in BY_HAND if name in means])
        axes.scatter(result.seconds * 1000, quality, s=80)
        axes.annotate(name, (result.seconds * 1000, quality), xytext=(8, 6), textcoords="offset points")
    axes.set(xscale="log", xlabel="CPU milliseconds a photo, one thread", ylabel="boundary IoU")
    axes.margins(0.2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    figure.savefig(out, dpi=120)
    print(out)


if __name__ == "__main__":
    main()
