"""What each command of train.py does with its arguments: it calls the function of that name in this package, and writes and names the result."""
import json
from argparse import Namespace
from pathlib import Path

from training.data.sources import summary
from training.errors import DataError
from training.loop import NETWORK, Settings, excluded_photos
from training.loop import train as train_network

ROOT = Path(__file__).resolve().parent.parent


def train(args: Namespace) -> None:
    chosen = {name: value for name, value in vars(args).items() if name in Settings.__dataclass_fields__}
    print(summary(args.data))
    best = train_network(args.data, args.run, Settings(**chosen))
    print(f"best IoU {best:.4f}: {args.run / NETWORK}")


def mine(args: Namespace) -> None:
    from training.hard_examples import sampling_weights
    from training.pipeline import load

    weights = sampling_weights(args.data, load(args.network))
    write(args.out, (json.dumps({name: round(weight, 2) for name, weight in weights.items()}, indent=1) + "\n").encode())


def review(args: Namespace) -> None:
    from training.contact_sheet import write_sheet
    from training.label_review import disagreements, tile_of
    from training.pipeline import load

    found = disagreements(args.data, load(args.network), excluded_photos(args.exclude))
    if not found[args.skip:]:
        raise DataError(f"{args.data}: masks and network agree everywhere")
    write_sheet(args.out, [tile_of(one) for one in found[args.skip:args.skip + args.number]])
    print(args.out)


def evaluate(args: Namespace) -> None:
    from training import evaluation
    from training.pipeline import Pipeline

    split = "test" if args.test else "val"
    if args.mattes:
        found = evaluation.evaluate_mattes(args.data, args.mattes, split)
    else:
        pipeline = Pipeline.load(args.network, args.xnnpack)
        print(f"{args.network} with {pipeline.refiner_file} and {pipeline.confidence_file}")
        found = evaluation.evaluate(args.data, pipeline, split)
    found.print()
    if args.json:
        found.write_json(args.json)
    if args.worst:
        found.write_worst(args.worst)


def average(args: Namespace) -> None:
    from training.float_network import mean_network, save_float16

    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_float16(mean_network(args.networks), args.out)
    print(args.out)


def quantise(args: Namespace) -> None:
    from training.quantise import quantise

    write(args.out, quantise(args.network, args.data))


def refiner(args: Namespace) -> None:
    from training.float_network import save_float16
    from training.pipeline import load
    from training.refiner import fit_refiner

    args.out.parent.mkdir(parents=True, exist_ok=True)
    fitted, int8 = fit_refiner(args.data, load(args.network), args.out.parent, args.tiles, args.minutes, args.init, args.seed)
    write(args.out, int8)
    save_float16(fitted, args.out.with_suffix(".keras"))
    print(args.out.with_suffix(".keras"))


def calibrate(args: Namespace) -> None:
    from training.calibration import calibrate
    from training.pipeline import Pipeline

    fitted = calibrate(args.data, Pipeline.load(args.network))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    fitted.write(args.out)
    print(args.out)


def kinds(args: Namespace) -> None:
    from training.kinds import fit_kinds
    from training.pipeline import load

    fitted = fit_kinds(args.data, load(args.network))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    fitted.write(args.out)
    print(args.out)


def label(args: Namespace) -> None:
    from training.pipeline import load
    from training.self_training import label_folder

    trusted = left_out = 0
    for _, found in label_folder(args.photos, load(args.network), args.out):
        if found is not None and found.trusted:
            trusted += 1
        else:
            left_out += 1
    print(f"{args.out}: {trusted} photos labelled, {left_out} left out")


def correct(args: Namespace) -> None:
    from training.corrections import correct_set

    print(f"{args.photos}: {correct_set(args.photos)} masks corrected")


def preview(args: Namespace) -> None:
    from training.data.augmentation import FINETUNE, STRONG
    from training.preview import preview

    print(summary(args.data))
    preview(args.data, args.out, args.scale, FINETUNE if args.finetune else STRONG, args.seed)
    print(args.out)


def install(args: Namespace) -> None:
    from training.install import install

    for path in install(args.data, args.run, ROOT, args.force):
        print(path)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path}: {len(content) / 1e6:.2f} MB")
