"""Puts a run's files into place, unless they are worse than those that they replace."""
import shutil
from pathlib import Path

from model.confidence import FITTED
from model.kind import FITTED as KINDS
from model.predictor import NETWORK
from postprocessing.refine import WEIGHTS
from training.errors import DataError
from training.evaluation import Evaluation, evaluate
from training.float_network import as_float16
from training.loop import NETWORK as FLOAT_NETWORK
from training.pipeline import Pipeline, load

TOLERANCE = {"iou": 5e-4, "f1": 5e-3}  # the most that a run may lose, mean over sets; noise of seeds is 2e-4 IoU (dev/LOG.md)


def install(data: Path, run: Path, root: Path, force: bool = False) -> list[Path]:
    """Copies best.keras (as float16), car_matte.tflite and, where the run has them, edges.npz, confidence.json and kind.npz into a project's root.

    Returns what it wrote. Prints both evaluations. Raises DataError where the run lacks a network, or is worse on val than what it would
    replace, unless forced.
    """
    for name, command in ((FLOAT_NETWORK, "train"), (NETWORK.name, "quantise")):
        if not (run / name).exists():
            raise DataError(f"{run / name}: missing; `train.py {command}` makes it")
    serving = root / "model"
    optional = [path.name for path in (WEIGHTS, FITTED, KINDS) if (run / path.name).exists()]
    if not force:
        edges, confidence = ((run if path.name in optional else serving) / path.name for path in (WEIGHTS, FITTED))
        installed = evaluate(data, Pipeline(load(serving / NETWORK.name), serving / WEIGHTS.name, serving / FITTED.name))
        candidate = evaluate(data, Pipeline(load(run / NETWORK.name), edges, confidence))
        for title, evaluation in (("installed", installed), (str(run), candidate)):
            print(f"{title}:")
            evaluation.print()
        if reasons := losses(installed, candidate):
            raise DataError(f"{run}: worse than the installed network on val: {', '.join(reasons)}; --force installs it all the same")
    written = [root / "training" / NETWORK.with_suffix(".keras").name, *(serving / name for name in (NETWORK.name, *optional))]
    written[0].write_bytes(as_float16((run / FLOAT_NETWORK).read_bytes()))
    for target in written[1:]:
        shutil.copyfile(run / target.name, target)
    if KINDS.name not in optional:
        print(f"{serving / KINDS.name} was fitted to another network: fit it anew with train.py kinds, then install again")
    return written


def losses(installed: Evaluation, candidate: Evaluation) -> list[str]:
    """What the candidate loses beyond noise."""
    return [f"{key} {candidate.mean(key):.4f} instead of {installed.mean(key):.4f}"
            for key, tolerance in TOLERANCE.items() if candidate.mean(key) < installed.mean(key) - tolerance]
