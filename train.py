"""Trains, evaluates, quantises and installs the matte network: one command line over training/, from photos with masks to the files that serving loads.

    python train.py preview   --data DIR                      what the network will see, as a contact sheet
    python train.py train     --data DIR --minutes 120        a run: best.keras, log.csv, curve.png
    python train.py average   RUN/best.keras RUN/best.keras   the mean of their weights
    python train.py quantise  --data DIR --network RUN/best.keras        int8 for LiteRT, calibrated on training photos
    python train.py refiner   --data DIR --network RUN/car_matte.tflite --minutes 75  the refiner of edges: refiner.keras, refiner.tflite
    python train.py calibrate --data DIR --network RUN/car_matte.tflite  the confidence model
    python train.py kinds     --data DIR --network RUN/car_matte.tflite  the kind model: what a photo shows, and from which side
    python train.py evaluate  --data DIR --network RUN/car_matte.tflite  the measures by set
    python train.py install   RUN --data DIR                  puts a run's files into place, unless they are worse
    python train.py mine      --data DIR                      sampling weights: hard cut-outs more often
    python train.py review    --data DIR                      photos whose masks and network disagree most
    python train.py label     --photos DIR --out DIR/train/SET           masks for photos without any (self-training)
    python train.py correct   --photos DIR/train/SET          corrects masks by polygons drawn in labelme

`label` and `correct` write into the data, `install` into the project, all others into runs/. `train.py COMMAND --help` says what a command needs.
"""
import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on CPUs without VNNI, and a step then takes 2.2 times as long

import cv2  # noqa: E402

from training.commands import (  # noqa: E402
    ROOT,
    average,
    calibrate,
    correct,
    evaluate,
    install,
    kinds,
    label,
    mine,
    preview,
    quantise,
    refiner,
    review,
    train,
)
from training.errors import DataError  # noqa: E402
from training.loop import BATCH, RATE, SCALES  # noqa: E402

RUNS = ROOT / "runs"
FLOAT, INT8 = ROOT / "training" / "car_matte.keras", ROOT / "model" / "car_matte.tflite"
SHEETS = ".png", ".jpg"
PHOTOS = "photos with masks (train/SET and val/SET, or images/ and masks/ alone)"


class Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    args = parser().parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        args.do(args)
    except (DataError, OSError) as error:
        raise SystemExit(f"train.py {args.command}: {error}") from None


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    def command(do: Callable[[argparse.Namespace], None], text: str, needs: str, out: str | None = None) -> argparse.ArgumentParser:
        sub = commands.add_parser(do.__name__, help=text, description=f"{text[0].upper()}{text[1:]}.\n\nNeeds {needs}.", formatter_class=Help)
        sub.set_defaults(do=do)
        sub.add_argument("--data", type=folder, required=True, default=argparse.SUPPRESS, help="folder of the data")
        if out:
            endings = SHEETS if out.endswith(".png") else (Path(out).suffix,)
            sub.add_argument("--out", type=output_file(*endings), default=RUNS / "latest" / out, help="file to write")
        return sub

    sub = command(train, "train a network", f"{PHOTOS}; composites are made where there are cutouts/SET and backgrounds/SET, too")
    length = sub.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=positive, default=argparse.SUPPRESS, help="length of the whole run, resumed parts included")
    length.add_argument("--steps", type=positive_number, default=argparse.SUPPRESS, help="length in steps: repeatable on any machine")
    sub.add_argument("--run", type=output, default=RUNS / "latest", help="folder of the run's files")
    sub.add_argument("--resume", action="store_true", help="go on from the checkpoint in the run's folder")
    sub.add_argument("--init", type=file, help=".keras network to start from, whose normalisation then stays; without, ImageNet weights")
    sub.add_argument("--exclude", type=file, help="file of photos not to train on, as SET/STEM, such as training/excluded_photos.txt")
    sub.add_argument("--sampling-weights", type=file, help="file of `train.py mine`; without, all cut-outs alike")
    sub.add_argument("--scales", type=frame_scale, nargs="+", default=SCALES, help="of the fine frames, in the order of the run")
    sub.add_argument("--finetune", action="store_true", help="weaker augmentation, for the end of a training")
    sub.add_argument("--rate", type=positive, default=RATE, help="peak learning rate; 1.2e-4 with --init")
    sub.add_argument("--batch", type=positive_number, default=BATCH)
    sub.add_argument("--seed", type=int, default=0)

    sub = command(mine, "weigh each cut-out by how hard it is for a network (hard-example mining)", "cutouts/SET and backgrounds/SET", "sampling_weights.json")
    sub.add_argument("--network", type=file, default=INT8, help=".keras or .tflite")

    sub = command(review, "show the training photos whose masks and network disagree most (label review): either may be wrong", PHOTOS, "review.png")
    sub.add_argument("--network", type=file, default=INT8, help=".keras or .tflite")
    sub.add_argument("--exclude", type=file, help="file of photos not to show, as SET/STEM")
    sub.add_argument("--skip", type=int, default=0, help="number of photos to leave out at the top")
    sub.add_argument("--number", type=positive_number, default=48, help="of photos on the sheet")

    sub = command(evaluate, "print the measures of a network, or of a folder of mattes, by set",
                  f"{PHOTOS}; composites need cutouts/SET_val and backgrounds/SET, the counts without a car backgrounds/SET and kinds/interior")
    judged = sub.add_mutually_exclusive_group()
    judged.add_argument("--network", type=file, default=INT8, help=".keras or .tflite; with refiner.tflite and confidence.json beside it, or the bundled ones")
    judged.add_argument("--mattes", type=folder, help="SET/STEM.png made by any other tool")
    sub.add_argument("--test", action="store_true", help="the test photos and cut-outs instead of those of val: only to report, never to choose")
    sub.add_argument("--no-xnnpack", dest="xnnpack", action="store_false", help="run a .tflite network on LiteRT's own kernels")
    sub.add_argument("--json", type=output_file(".json"), help="file for means by set and measures by photo")
    sub.add_argument("--worst", type=output_file(*SHEETS), help="file for a contact sheet of the 24 photos with the lowest IoU")

    sub = commands.add_parser("average", help="average the weights of several networks, as of runs from one start", formatter_class=Help,
                              description="Average the weights of several networks, as of runs from one start.\n\nNeeds .keras networks of the same form.")
    sub.set_defaults(do=average)
    sub.add_argument("networks", type=file, nargs="+", help=".keras")
    sub.add_argument("--out", type=output_file(".keras"), default=RUNS / "latest" / "best.keras", help="file to write")

    sub = command(quantise, "make the int8 network that serving loads", PHOTOS, "car_matte.tflite")
    sub.add_argument("--network", type=file, default=FLOAT, help=".keras")

    sub = command(refiner, "train the refiner of edges for a quantised network", f"{PHOTOS}; better with cutouts/SET of 500 pixels, and backgrounds/SET",
                  "refiner.tflite")
    sub.add_argument("--network", type=file, default=INT8, help=".tflite")
    sub.add_argument("--minutes", type=positive, required=True, default=argparse.SUPPRESS, help="length of the training, after the tiles are cut")
    sub.add_argument("--tiles", type=positive_number, default=100_000, help="number to train on, 98 kB of disk each; 100 a second and core")
    sub.add_argument("--init", type=file, help=".keras refiner to start from, such as training/refiner.keras")
    sub.add_argument("--seed", type=int, default=11)

    sub = command(calibrate, "fit the confidence model to a quantised network", f"{PHOTOS}, and backgrounds/SET", "confidence.json")
    sub.add_argument("--network", type=file, default=INT8, help=".tflite; refiner.tflite beside it is used, else the bundled one")

    sub = command(kinds, "fit the kind model to a quantised network",
                  f"{PHOTOS}, kinds/KIND, cutouts/SET, occluders/SET, backgrounds/SET, and sets named studio or carvana with angles in file names", "kind.npz")
    sub.add_argument("--network", type=file, default=INT8, help=".tflite")

    sub = commands.add_parser("label", help="label photos without masks by a network, to train on (self-training)", formatter_class=Help,
                              description="Label photos without masks by a network, to train on (self-training).\n\nNeeds a folder of photos.")
    sub.set_defaults(do=label)
    sub.add_argument("--photos", type=folder, required=True, default=argparse.SUPPRESS, help="folder of photos")
    sub.add_argument("--out", type=output, required=True, default=argparse.SUPPRESS, help="folder for images/, masks/ and ignore/, such as DIR/train/SET")
    sub.add_argument("--network", type=file, default=INT8, help=".keras or .tflite: the teacher")

    sub = commands.add_parser("correct", help="correct the masks of a set by polygons drawn in labelme", formatter_class=Help,
                              description="Correct the masks of a set by polygons drawn in labelme.\n\n"
                                          "Needs images/STEM.json of labelme, beside the photos; polygons named car, ground or unknown.")
    sub.set_defaults(do=correct)
    sub.add_argument("--photos", type=folder, required=True, default=argparse.SUPPRESS, help="folder whose masks/ and ignore/ are changed: DIR/train/SET")

    sub = command(preview, "write a contact sheet of training samples", PHOTOS, "preview.png")
    sub.add_argument("--scale", type=frame_scale, default=1.0, help="of the fine frames")
    sub.add_argument("--finetune", action="store_true", help="as train --finetune")
    sub.add_argument("--seed", type=int, default=0)

    sub = command(install, "put a run's files into model/ and training/, unless they are worse on val than those that they replace",
                  f"{PHOTOS}, and a run with best.keras and car_matte.tflite, or refiner.keras and refiner.tflite, or all; confidence.json and kind.npz too")
    sub.add_argument("run", type=folder, help="folder of the run")
    sub.add_argument("--force", action="store_true", help="install without evaluating")
    return parser


def folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text}: no such folder")
    return Path(text)


def file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text}: no such file")
    return Path(text)


def output(text: str) -> Path:
    """A path to write to: in runs/, or outside of the project."""
    path = Path(text).resolve()
    if path.is_relative_to(ROOT) and not path.is_relative_to(RUNS):
        raise argparse.ArgumentTypeError(f"{text}: give a path in runs/ or outside of the project; `train.py install RUN` changes files of the project")
    there = next(part for part in (path, *path.parents) if part.exists())
    if not os.access(there, os.W_OK) or there != path and not there.is_dir():
        raise argparse.ArgumentTypeError(f"{there}: may not be written to")
    return path


def output_file(*suffixes: str) -> Callable[[str], Path]:
    """As `output`, of a file with one of these endings: told before hours of work."""
    def parse(text: str) -> Path:
        path = output(text)
        if path.is_dir() or path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"{text}: give the path of a file that ends in {' or '.join(suffixes)}")
        return path
    return parse


def positive(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return float(text)


def positive_number(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return int(text)


def frame_scale(text: str) -> float:
    if not 0.1 <= float(text) <= 2:
        raise argparse.ArgumentTypeError(f"{text} is not from 0.1 to 2")
    return float(text)


if __name__ == "__main__":
    main()
