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


def install(data: Path, run: Path, root: Path, force: bool = False) -> list[Path]:
    """Copies best.keras (as float16), car_matte.tflite and, where the run has them, the refiner's files, confidence.json and kind.npz into a project's root.

    Returns what it wrote. Prints both evaluations. Raises DataError where the run lacks a network, or is worse on val than what it would
    replace, unless forced.
    """
    for name, command in ((FLOAT_NETWORK, "train"), (NETWORK.name, "quantise")):
        if not (run / name).exists():
            raise DataError(f"{run / name}: missing; `train.py {command}` makes it")
    serving = root / "model"
    optional = [path.name for path in (REFINER, FITTED, KINDS) if (run / path.name).exists()]
    if not force:
        refiner, confidence = ((run if path.name in optional else serving) / path.name for path in (REFINER, FITTED))
        installed = evaluate(data, Pipeline(load(serving / NETWORK.name), serving / REFINER.name, serving / FITTED.name))
        candidate = evaluate(data, Pipeline(load(run / NETWORK.name), refiner, confidence))
        for title, evaluation in (("installed", installed), (str(run), candidate)):
            print(f"{title}:")
            evaluation.print()
        if reasons := losses(installed, candidate):
            raise DataError(f"{run}: worse than the installed network on val: {', '.join(reasons)}; --force installs it all the same")
    floats = {NETWORK.with_suffix(".keras").name: FLOAT_NETWORK, REFINER.with_suffix(".keras").name: REFINER.with_suffix(".keras").name}
    written = []
    for name, source in floats.items():
        if (run / source).exists():
            written.append(root / "training" / name)
            written[-1].write_bytes(as_float16((run / source).read_bytes()))
    for name in (NETWORK.name, *optional):
        written.append(serving / name)
        shutil.copyfile(run / name, written[-1])
    if KINDS.name not in optional:
        print(f"{serving / KINDS.name} was fitted to another network: fit it anew with train.py kinds, then install again")
    return written


def losses(installed: Evaluation, candidate: Evaluation) -> list[str]:
    """What the candidate loses beyond noise."""
    return [f"{key} {candidate.mean(key):.4f} instead of {installed.mean(key):.4f}"
            for key, tolerance in TOLERANCE.items() if candidate.mean(key) < installed.mean(key) - tolerance]
