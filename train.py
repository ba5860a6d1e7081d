"""Trains, judges and quantises the matte network: one command line, from photos with masks to the file that serving loads.

    python train.py preview  --data DIR                 what the network will see, as a contact sheet
    python train.py train    --data DIR --minutes 120   a run in runs/NAME: best.keras, log.csv, curve.png
    python train.py weigh    --data DIR                 how hard each cut-out is, for train --often
    python train.py disputed --data DIR                 masks that the network disagrees with, for training/excluded_photos.txt
    python train.py evaluate --data DIR                 IoU, boundary IoU, MAE and clean share by set
    python train.py quantise --data DIR                 int8 for LiteRT, calibrated on real photos
    python train.py edges    --data DIR                 how the evidence at its edges is weighed
    python train.py calibrate --data DIR                what its predictions say about themselves: is there a car, can it be published

The recipe: an ImageNet encoder, real photos and composites, inputs that grow as training goes on (progressive resizing,
as in EfficientNetV2, Tan and Le 2021, arXiv 2104.00298), AdamW under a cosine (training/learner.py), and a running average of the weights.
"""
import argparse
import csv
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by itself where there is no VNNI, and a step then takes 2.2 times as long

import cv2  # noqa: E402
import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
SERVING, TRAINING = HERE / "model", HERE / "training"
NETWORK, QUANTISED, EDGES, JUDGE, OFTEN = TRAINING / "car_matte.keras", SERVING / "car_matte.tflite", SERVING / "edges.npz", SERVING / "confidence.json", TRAINING / "sampling_weights.json"
SCALES = (0.5, 0.75, 1.0)  # of the frames of looks; each gets the same share of the run
RATE = 7e-4                # peak learning rate
WARM_UP = 200              # steps
AVERAGE = 0.999            # of the running average of the weights
BATCH = 8
VALIDATE_EVERY = 1200      # seconds, also between checkpoints
COMPOSITES, COMPOSITE_SEED = 45, 41  # that validate beside the photos, at most as many as there are of these
LOG = ("minutes", "samples", "scale", "rate", "loss", "iou", "boundary_iou", "clean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(function, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(function.__name__, help=text)
        sub.set_defaults(do=function)
        sub.add_argument("--data", type=Path, required=True, help="train/SET/images + masks, val/..., cutouts/..., backgrounds/...; or images + masks")
        return sub

    sub = command(train, "train a network")
    length = sub.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="length of the whole run, resumed parts included")
    length.add_argument("--steps", type=int, help="length in steps instead: repeatable on any machine")
    sub.add_argument("--run", type=Path, default=HERE / "runs" / "latest", help="folder of the run's files")
    sub.add_argument("--resume", action="store_true", help="go on from the checkpoint in the run's folder")
    sub.add_argument("--init", type=Path, help="start from this .keras network, whose normalisation then stays, instead of ImageNet weights")
    sub.add_argument("--leave-out", type=Path, help="a file of photos not to train on, as SET/STEM, such as training/excluded_photos.txt")
    sub.add_argument("--often", type=Path, help="a file of how often each cut-out is drawn, such as training/sampling_weights.json; all alike without")
    sub.add_argument("--scales", type=frame_scale, nargs="+", default=SCALES, help="of the frames of looks, growing over the run")
    sub.add_argument("--calm", action="store_true", help="for the end of a training: more photos, and pictures as they are taken")
    sub.add_argument("--rate", type=float, default=RATE, help="peak learning rate")
    sub.add_argument("--batch", type=int, default=BATCH)
    sub.add_argument("--seed", type=int, default=0)

    sub = command(weigh, "tell how often training shall draw each cut-out: as often as it is hard for a network")
    sub.add_argument("--network", type=Path, default=QUANTISED, help=".tflite")
    sub.add_argument("--out", type=Path, default=OFTEN)

    sub = command(disputed, "show where masks of training photos and a network disagree most: either may be wrong")
    sub.add_argument("--network", type=Path, default=QUANTISED, help=".keras or .tflite")
    sub.add_argument("--leave-out", type=Path, help="a file of photos not to show, as SET/STEM, such as training/excluded_photos.txt")
    sub.add_argument("--out", type=Path, default=HERE / "runs" / "disputed.png")
    sub.add_argument("--skip", type=int, default=0, help="so many of the most disputed")
    sub.add_argument("--number", type=int, default=48, help="of photos on the sheet")

    sub = command(evaluate, "score a network, or a folder of mattes, on the validation photos")
    judged = sub.add_mutually_exclusive_group()
    judged.add_argument("--network", type=Path, default=QUANTISED, help=".keras or .tflite")
    judged.add_argument("--mattes", type=Path, help="SET/STEM.png made by any other tool")
    sub.add_argument("--no-xnnpack", dest="xnnpack", action="store_false", help="run a .tflite network on LiteRT's own kernels instead")
    sub.add_argument("--worst", type=Path, help="where to write the contact sheet of the 24 worst")

    sub = command(quantise, "make the int8 network that serving loads")
    sub.add_argument("--network", type=Path, default=NETWORK)
    sub.add_argument("--out", type=Path, default=QUANTISED)

    sub = command(edges, "fit how refinement weighs the evidence at the quantised network's edges")
    sub.add_argument("--network", type=Path, default=QUANTISED)
    sub.add_argument("--out", type=Path, default=EDGES)
    sub.add_argument("--composites", type=int, default=400, help="how many to learn from, beside the photos")

    sub = command(calibrate, "fit presence and confidence to the quantised network")
    sub.add_argument("--network", type=Path, default=QUANTISED)
    sub.add_argument("--out", type=Path, default=JUDGE)

    sub = command(preview, "write a contact sheet of training samples")
    sub.add_argument("--out", type=Path, default=HERE / "runs" / "preview.png")
    sub.add_argument("--scale", type=frame_scale, default=1.0)
    sub.add_argument("--calm", action="store_true", help="as train --calm sees them")
    sub.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.do(args)


def frame_scale(text: str) -> float:
    """A scale from the command line, not so small that a frame would vanish."""
    if not 0.1 <= float(text) <= 2:
        raise argparse.ArgumentTypeError(f"{text} is not from 0.1 to 2")
    return float(text)


# --- training -----------------------------------------------------------------------------------------------------------------


def train(args: argparse.Namespace) -> None:
    """Runs over the scales in turn, each for the same share of the run; keeps the average that validates best, as int8 rounds its kernels where it was trained so."""
    from training.data.augmentation import FINETUNE, STRONG
    from training.data.samples import Samples, Sources
    from training.data.sources import read_photos
    from training.evaluation import composites

    cv2.setNumThreads(1)
    if args.resume != (args.run / "checkpoint" / "checkpoint").exists():
        raise SystemExit(f"{args.run}: " + ("no checkpoint to resume from" if args.resume else "holds a run already; give another --run, or --resume"))
    kept = Sources.read(args.data, args.leave_out.read_text().split() if args.leave_out else (), often=json.loads(args.often.read_text()) if args.often else None)
    photos = read_photos(args.data, "val")
    validation = photos + composites(args.data, COMPOSITE_SEED, min(COMPOSITES, len(photos)))

    import keras  # not before the data are read: what is wrong with them is told at once
    import tensorflow as tf
    from tqdm import tqdm

    from training.batch_norm_folding import folded_weights, without_batch_norm
    from training.fake_quantisation import fake_quantised
    from training.fused_batch_norm import with_fused_batch_norm
    from training.imagenet import load_imagenet
    from training.learner import Learner
    from training.network import get_network, inherit

    keras.utils.set_random_seed(args.seed)
    averaged, bare = get_network(others=True), get_network()
    if args.init:
        new = inherit(averaged, keras.models.load_model(args.init, compile=False))
        print(f"{args.init}: taken over" + (f", but for {', '.join(new)}" if new else ""))
        network = keras.models.clone_model(averaged)
        network.set_weights(averaged.get_weights())
        plain = without_batch_norm(network)
        forward = lambda photos: plain.stateless_call(fake_quantised(folded_weights(network)), [], photos)[0]  # noqa: E731
        bare_plain = without_batch_norm(bare)

        def served():
            bare_plain.set_weights(fake_quantised(folded_weights(bare)))
            return bare_plain
    else:
        load_imagenet(averaged)
        network = with_fused_batch_norm(averaged)
        forward = lambda photos: network(photos, training=True)  # noqa: E731
        served = lambda: bare  # noqa: E731
    learner = Learner(network, averaged, forward, args.rate)
    step, elapsed, best = tf.Variable(0, dtype=tf.int64), tf.Variable(0.0, dtype=tf.float64), tf.Variable(-1.0, dtype=tf.float64)
    held = tf.train.Checkpoint(**learner.state(), step=step, elapsed=elapsed, best=best)
    state = tf.train.CheckpointManager(held, args.run / "checkpoint", max_to_keep=1)
    if args.resume:
        held.restore(state.latest_checkpoint).assert_existing_objects_matched()
    args.run.mkdir(parents=True, exist_ok=True)
    log = Log(args.run, args.resume)
    began, before = time.monotonic(), float(elapsed.numpy())
    for stop in (signal.SIGINT, signal.SIGTERM):  # also where a shell has it started in the background, deaf to the first
        signal.signal(stop, signal.default_int_handler)

    def progress() -> float:
        elapsed.assign(before + time.monotonic() - began)
        return int(step.numpy()) / args.steps if args.steps else float(elapsed.numpy()) / 60 / args.minutes

    def checkpoint(scale: float, loss: float) -> dict:
        inherit(bare, averaged)
        scores = validate(served(), validation)
        if scores["iou"] > float(best.numpy()):
            best.assign(scores["iou"])
            bare.save(args.run / "best.keras")
        state.save()
        log.add(minutes=float(elapsed.numpy()) / 60, samples=int(step.numpy()) * args.batch, scale=scale,
                rate=float(learner.optimiser.learning_rate.numpy()), loss=loss, **scores)
        return scores

    scores: dict = {}
    with tqdm(total=1.0, initial=min(progress(), 1.0), bar_format="{percentage:5.1f}% |{bar:24}| {elapsed}<{remaining} {postfix}", mininterval=2) as bar:
        scale, loss = args.scales[0], float("nan")
        try:
            while (done := progress()) < 1:
                scale = args.scales[int(done * len(args.scales))]
                batches = Samples(kept, args.seed, scale, FINETUNE if args.calm else STRONG).batches(args.batch, int(step.numpy()))
                loss, checked = float("nan"), time.monotonic()
                for batch in batches:
                    learner.optimiser.learning_rate.assign(rate_at(args.rate, int(step.numpy()), done))
                    now = learner.step(*batch, average=average_at(int(step.numpy())))
                    loss = now if np.isnan(loss) else 0.99 * loss + 0.01 * now
                    step.assign_add(1)
                    done = progress()
                    bar.update(min(done, 1.0) - bar.n)
                    bar.set_postfix_str(f"scale {scale}, step {int(step.numpy())}, loss {loss:.4f}, IoU {scores.get('iou', float('nan')):.4f}", refresh=False)
                    if done >= 1 or scale != args.scales[int(done * len(args.scales))]:
                        break
                    if time.monotonic() - checked > VALIDATE_EVERY:
                        scores, checked = checkpoint(scale, loss), time.monotonic()
                batches.close()
                scores = checkpoint(scale, loss)
        except KeyboardInterrupt:
            checkpoint(scale, loss)
            print(f"\nstopped; go on with --resume --run {args.run}", file=sys.stderr)
    print(f"best IoU {float(best.numpy()):.4f}: {args.run / 'best.keras'}")


def rate_at(peak: float, step: int, done: float) -> float:
    """Learning rate: a short warm-up, then half a cosine down to a hundredth."""
    return peak * min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * (1 + np.cos(np.pi * min(done, 1.0))) / 2)


def average_at(step: int) -> float:
    """How much of the running average is kept: little at first, so that it forgets the start."""
    return min(AVERAGE, (step + 1) / (step + 10))


def validate(network, photos) -> dict:
    """IoU, boundary IoU and clean share, each the mean over the sets' means, of the looks' bare mattes without refinement."""
    from model.localise import localise
    from training.data.sources import in_threads
    from training.evaluation import FloatPredictor
    from training.metrics import score

    def judged(photo) -> dict:
        seen = localise(photo.rgb, predictor)
        alpha = seen.unrefined()
        return asdict(score(np.rint(255 * alpha).astype(np.uint8), photo.mask, photo.ignore))

    predictor, by_set = FloatPredictor(network), {}
    for photo, row in zip(photos, in_threads(judged, photos)):
        by_set.setdefault(photo.set, []).append(row)
    return {key: float(np.mean([np.mean([row[key] for row in rows]) for rows in by_set.values()])) for key in ("iou", "boundary_iou", "clean")}


class Log:
    """log.csv with a row a checkpoint, and curve.png drawn from it."""

    def __init__(self, folder: Path, go_on: bool):
        self.path, self.picture = folder / "log.csv", folder / "curve.png"
        if not (go_on and self.path.exists()):
            self.path.write_text(",".join(LOG) + "\n")

    def add(self, **row: float) -> None:
        with self.path.open("a", newline="") as file:
            csv.writer(file).writerow([f"{row[key]:.6g}" for key in LOG])
        self.draw()

    def draw(self) -> None:
        from matplotlib.figure import Figure

        with self.path.open() as file:
            rows = list(csv.DictReader(file))
        minutes = [float(row["minutes"]) for row in rows]
        figure = Figure((8, 4.5), layout="constrained")
        left = figure.subplots()
        right = left.twinx()
        left.plot(minutes, [float(row["loss"]) for row in rows], "o-", color="tab:grey", label="loss")
        for key in ("iou", "boundary_iou", "clean"):
            right.plot(minutes, [float(row[key]) for row in rows], "o-", label=key)
        left.set(xlabel="minutes", ylabel="training loss")
        right.set(ylabel="validation", ylim=(None, 1))
        figure.legend(loc="outside lower center", ncols=4)
        figure.savefig(self.picture, dpi=120)


def weigh(args: argparse.Namespace) -> None:
    """How hard each cut-out is for a quantised network."""
    from training.evaluation import load
    from training.hard_examples import hardness

    args.out.write_text(json.dumps({name: round(share, 2) for name, share in hardness(args.data, load(args.network)).items()}, indent=1) + "\n")
    print(args.out)


def disputed(args: argparse.Namespace) -> None:
    """A sheet of the largest pieces that only a network or only a mask holds."""
    from training.evaluation import load, sheet
    from training.label_review import disputed as found
    from training.label_review import shown

    left_out = args.leave_out.read_text().split() if args.leave_out else []
    tiles = [shown(one) for one in found(args.data, load(args.network), left_out)[args.skip:args.skip + args.number]]
    if not tiles:
        raise SystemExit(f"{args.data}: nothing is disputed")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), cv2.cvtColor(sheet(tiles, 6), cv2.COLOR_RGB2BGR))
    print(args.out)


# --- judging and shipping -----------------------------------------------------------------------------------------------------


def preview(args: argparse.Namespace) -> None:
    """Four by six samples with the outline of their matte drawn."""
    from model.space_to_depth import depth_to_space
    from training.data.augmentation import FINETUNE, STRONG
    from training.data.samples import Samples, Sources
    from training.evaluation import outlined, sheet

    samples = Samples(Sources.read(args.data), args.seed, args.scale, FINETUNE if args.calm else STRONG)
    tiles = [outlined(rgb, depth_to_space(truth[..., :-2])) for rgb, truth, _ in (samples.make(number, samples.frame_of(number)) for number in range(24))]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), cv2.cvtColor(sheet(tiles, 6), cv2.COLOR_RGB2BGR))
    print(args.out)


def evaluate(args: argparse.Namespace) -> None:
    """The table by set, and the sheet of the worst."""
    from training.evaluation import evaluate as judge

    judge(args.data, args.mattes or args.network, args.worst, args.xnnpack)


def quantise(args: argparse.Namespace) -> None:
    """Float network -> int8 .tflite."""
    from training.quantise import quantise as convert

    args.out.write_bytes(convert(args.network, args.data))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


def edges(args: argparse.Namespace) -> None:
    """How refinement weighs what it finds at an edge."""
    from training.edge_fit import fit_edges
    from training.evaluation import load

    np.savez(args.out, **fit_edges(args.data, load(args.network), args.composites))
    print(args.out)


def calibrate(args: argparse.Namespace) -> None:
    """How the quantised network's mattes tell their own quality."""
    from training.calibration import calibrate as fit
    from training.evaluation import load

    fit(args.data, load(args.network)).write(args.out)
    print(args.out)


if __name__ == "__main__":
    main()
