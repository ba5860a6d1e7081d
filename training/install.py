"""Puts a run's files into place, unless they are worse than those that they replace."""
import shutil
from pathlib import Path

from model.confidence import FITTED
from model.kind import FITTED as KINDS
from model.predictor import NETWORK
from model.refiner import REFINER
from training.errors import DataError
from training.evaluation import Evaluation, evaluate
from training.float_network import as_float16
from training.loop import NETWORK as FLOAT_NETWORK
from training.pipeline import Pipeline, load

TOLERANCE = {"iou": 5e-4, "f1": 5e-3}  # the most that a run may lose, mean over sets; noise of seeds is 2e-4 IoU (dev/LOG.md)
PAIRS = ((FLOAT_NETWORK, NETWORK), (REFINER.with_suffix(".keras").name, REFINER))  # a float network of a run, and the int8 file that is made of it
MADE_BY = {FLOAT_NETWORK: "train", NETWORK.name: "quantise", PAIRS[1][0]: "refiner", REFINER.name: "refiner"}


def install(data: Path, run: Path, root: Path, force: bool = False) -> list[Path]:
    """Copies a run's files into a project's root: the network, the refiner or both, float16 and int8, and confidence.json and kind.npz where the run has them.

    Returns what it wrote. Prints both evaluations. Raises DataError where the run has neither network nor refiner, or one of them without its other file,
    or where it is worse on val than what it would replace, unless forced.
    """
    pairs = [pair for pair in PAIRS if any((run / name).exists() for name in names(pair))] or PAIRS[:1]
    for name in (name for pair in pairs for name in names(pair)):
        if not (run / name).exists():
            raise DataError(f"{run / name}: missing; `train.py {MADE_BY[name]}` makes it")
    serving = root / "model"
    chosen = [path.name for path in (NETWORK, REFINER, FITTED, KINDS) if (run / path.name).exists()]
    if not force:
        network, refiner, confidence = ((run if path.name in chosen else serving) / path.name for path in (NETWORK, REFINER, FITTED))
        installed = evaluate(data, Pipeline(load(serving / NETWORK.name), serving / REFINER.name, serving / FITTED.name))
        candidate = evaluate(data, Pipeline(load(network), refiner, confidence))
        for title, evaluation in (("installed", installed), (str(run), candidate)):
            print(f"{title}:")
            evaluation.print()
        if reasons := losses(installed, candidate):
            raise DataError(f"{run}: worse than the installed network on val: {', '.join(reasons)}; --force installs it all the same")
    written = []
    for source, served in pairs:
        written.append(root / "training" / served.with_suffix(".keras").name)
        written[-1].write_bytes(as_float16((run / source).read_bytes()))
    for name in chosen:
        written.append(serving / name)
        shutil.copyfile(run / name, written[-1])
    for name, command in ((FITTED.name, "calibrate"), (KINDS.name, "kinds")):
        if NETWORK.name in chosen and name not in chosen:
            print(f"{serving / name} was fitted to another network: fit it anew with train.py {command}, then install again")
    return written


def names(pair: tuple[str, Path]) -> tuple[str, str]:
    return pair[0], pair[1].name


def losses(installed: Evaluation, candidate: Evaluation) -> list[str]:
    """What the candidate loses beyond noise."""
    return [f"{key} {candidate.mean(key):.4f} instead of {installed.mean(key):.4f}"
            for key, tolerance in TOLERANCE.items() if candidate.mean(key) < installed.mean(key) - tolerance]
