"""The training loop: growing frames, AdamW with a cosine schedule, a running average of the weights, and regular checkpoints; the best is kept.

Frames grow as training goes on (progressive resizing, as in EfficientNetV2, Tan and Le 2021, arXiv 2104.00298).
"""
import json
import signal
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from training.data.augmentation import FINETUNE, STRONG
from training.data.composites import composites
from training.data.samples import Samples, Sources
from training.data.sources import read_photos
from training.errors import DataError
from training.schedule import average_decay, learning_rate

RATE = 7e-4                # peak learning rate, for ImageNet weights
SCALES = (0.5, 0.75, 1.0)  # of the fine frames
BATCH = 8
AVERAGE = 0.999            # decay of the running average of the weights
VALIDATE_EVERY = 1200      # seconds, also between checkpoints
COMPOSITES, COMPOSITE_SEED = 45, 41  # that validate beside the photos, at most as many as there are of these
NETWORK, SETTINGS = "best.keras", "settings.json"  # in the run's folder


@dataclass(frozen=True)
class Settings:
    minutes: float | None = None   # length of the whole run, resumed parts included
    steps: int | None = None       # length in steps instead
    resume: bool = False
    init: Path | None = None       # a .keras network to start from; None: ImageNet weights
    exclude: Path | None = None    # a file of photos not to train on
    sampling_weights: Path | None = None  # a file of the cut-outs' weights
    scales: tuple[float, ...] = SCALES
    finetune: bool = False
    rate: float = RATE
    batch: int = BATCH
    seed: int = 0

    @property
    def fixed(self) -> dict[str, object]:
        """What a resumed run must not change, as JSON has it: a checkpoint of another start would be read without an error."""
        return {"init": self.init and sha256(self.init.read_bytes()).hexdigest(),
                "rate": self.rate, "batch": self.batch, "scales": [*self.scales], "finetune": self.finetune}

    def done(self, steps: int, seconds: float) -> float:
        """How much of the run is over, 0..1."""
        share = steps / self.steps if self.steps else seconds / 60 / self.minutes if self.minutes else 1.0
        return min(share, 1.0)

    def scale(self, done: float) -> float:
        """Each scale gets the same share of the run."""
        return self.scales[min(int(done * len(self.scales)), len(self.scales) - 1)]


def train(data: Path, run: Path, settings: Settings) -> float:
    """Trains into a run's folder: best.keras, log.csv, curve.png and a checkpoint. Returns the best IoU.

    Raises DataError where data are missing, or where the folder holds a run already and is not resumed. Ctrl-C keeps what there is.
    """
    cv2.setNumThreads(1)
    if settings.resume != (run / "checkpoint" / "checkpoint").exists():
        raise DataError(f"{run}: " + ("no checkpoint to resume from" if settings.resume else "holds a run already; give another --run, or --resume"))
    file = run / SETTINGS
    if settings.resume and file.exists() and (earlier := read_settings(file)) != settings.fixed:
        raise DataError(f"{run}: resume it with the options that it began with, which are in {file.name}: "
                        + ", ".join(f"{name} was {earlier.get(name)}, not {value}" for name, value in settings.fixed.items() if earlier.get(name) != value))
    weights = json.loads(settings.sampling_weights.read_text()) if settings.sampling_weights else None
    sources = Sources.read(data, excluded_photos(settings.exclude), sampling_weights=weights)
    photos = read_photos(data, "val")
    photos += composites(data, "val", COMPOSITE_SEED, min(COMPOSITES, len(photos)))

    import keras  # only now, because it is slow: errors in the data are reported at once
    import tensorflow as tf
    from tqdm import tqdm

    from training.float_network import save_float16
    from training.learner import Learner
    from training.network import get_network, inherit
    from training.run_log import RunLog
    from training.starting_point import from_imagenet, from_network
    from training.validation import validate

    keras.utils.set_random_seed(settings.seed)
    start, bare = from_network(settings.init) if settings.init else from_imagenet(), get_network()
    learner = Learner(start.network, start.average, start.forward, settings.rate)
    step, elapsed, best = tf.Variable(0, dtype=tf.int64), tf.Variable(0.0, dtype=tf.float64), tf.Variable(-1.0, dtype=tf.float64)
    state = tf.train.Checkpoint(**learner.state(), step=step, elapsed=elapsed, best=best)
    manager = tf.train.CheckpointManager(state, run / "checkpoint", max_to_keep=1)
    if settings.resume:
        state.restore(manager.latest_checkpoint).assert_existing_objects_matched()
    run.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings.fixed, indent=1) + "\n")
    log, began, before = RunLog(run, settings.resume), time.monotonic(), float(elapsed.numpy())

    def steps() -> int:
        return int(step.numpy())

    def progress() -> float:
        elapsed.assign(before + time.monotonic() - began)
        return settings.done(steps(), float(elapsed.numpy()))

    def checkpoint(scale: float, loss: float) -> float:
        inherit(bare, start.average)
        found = validate(start.served(bare), photos)
        if found.iou > float(best.numpy()):
            best.assign(found.iou)
            save_float16(bare, run / NETWORK)
        manager.save()
        log.add(minutes=float(elapsed.numpy()) / 60, samples=steps() * settings.batch, scale=scale, rate=float(learner.optimiser.learning_rate.numpy()),
                loss=loss, iou=found.iou, boundary_iou=found.boundary_iou, publishable=found.publishable)
        if why := found.explanation(steps()):
            print(f"\n{why}", file=sys.stderr)
        return found.iou

    scale, loss, iou = settings.scale(progress()), float("nan"), float("nan")
    stops = signal.SIGINT, signal.SIGTERM  # the first also where a shell started the run in the background, with SIGINT ignored
    handlers = {stop: signal.signal(stop, signal.default_int_handler) for stop in stops}
    with tqdm(total=1.0, initial=progress(), bar_format="{percentage:5.1f}% |{bar:24}| {elapsed}<{remaining} {postfix}", mininterval=2) as bar:
        try:
            if settings.init and not settings.resume:  # what training must exceed; best.keras is no worse
                learner.optimiser.learning_rate.assign(0)
                iou = checkpoint(scale, loss)
                print(f"before training: IoU {iou:.4f}")
            while (done := progress()) < 1:
                scale, loss, checked = settings.scale(done), float("nan"), time.monotonic()
                batches = Samples(sources, settings.seed, scale, FINETUNE if settings.finetune else STRONG).batches(settings.batch, steps())
                for batch in batches:
                    learner.optimiser.learning_rate.assign(learning_rate(settings.rate, steps(), done))
                    now = learner.step(*batch, average=average_decay(steps(), AVERAGE))
                    loss = now if np.isnan(loss) else 0.99 * loss + 0.01 * now
                    step.assign_add(1)
                    done = progress()
                    bar.update(done - bar.n)
                    bar.set_postfix_str(f"scale {scale}, step {steps()}, loss {loss:.4f}, IoU {iou:.4f}", refresh=False)
                    if done >= 1 or scale != settings.scale(done):
                        break
                    if time.monotonic() - checked > VALIDATE_EVERY:
                        iou, checked = checkpoint(scale, loss), time.monotonic()
                batches.close()
                iou = checkpoint(scale, loss)
        except KeyboardInterrupt:
            for stop in stops:
                signal.signal(stop, signal.SIG_IGN)
            manager.save()
            print("\nsaved; validating", file=sys.stderr)
            checkpoint(scale, loss)
            print(f"stopped; go on with the same command and --resume: {run}", file=sys.stderr)
        finally:
            for stop, handler in handlers.items():
                signal.signal(stop, handler)
    return float(best.numpy())


def read_settings(path: Path) -> dict[str, object]:
    """What `Settings.fixed` was. Raises DataError where the file was cut off."""
    try:
        settings: dict[str, object] = json.loads(path.read_text())
    except ValueError as error:
        raise DataError(f"{path}: can't be read; remove it to resume with any options") from error
    return settings


def excluded_photos(path: Path | None) -> Collection[str]:
    """The names in a file, SET/STEM, one a line; none without a file."""
    return [name for line in path.read_text("utf-8-sig").splitlines() if (name := line.strip())] if path else ()
