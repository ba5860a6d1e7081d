"""train.py: from photos to installed files on a tiny network, and each command's answers in process."""
import csv
import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import train
from model.confidence import ConfidenceModel
from model.frames import COARSE_FRAME
from model.predictor import Predictor
from model.refiner import TILE, Refiner
from tests import tiny
from tests.conftest import ROOT, write
from training import calibration, commands, evaluation, install, loop, metrics, schedule
from training.batch_norm_folding import folded_weights
from training.data import composites, samples
from training.data.sources import Photo, name_of, read_cutouts
from training.errors import DataError
from training.evaluation import Evaluation, by_set, compared
from training.float_network import as_float16
from training.hard_examples import LEAST, MOST
from training.learner import Learner
from training.network import get_network
from training.starting_point import from_network
from training.validation import Validation

STEPS, STOPPED = 84, 4


def run(*arguments: object) -> None:
    train.main([str(argument) for argument in arguments])


def refusal(*arguments: object) -> str:
    """What a command says that ends without a traceback."""
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    return str(ended.value)


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def trained(tmp_path_factory, patch) -> tuple[Path, Path, Path]:
    """Folders of the data, of a run that was stopped and resumed, and the network that it started from."""
    tiny.shrink_network(patch)
    patch.setattr(loop, "COMPOSITES", 1)
    patch.setattr(samples, "COARSE_SHARE", 0.0)  # a frame less to compile
    folder = tmp_path_factory.mktemp("tiny")
    data, start, folder = tiny.tiny_data(folder / "data"), tiny.tiny_network(folder / "start.keras"), folder / "run"
    begin = ["train", "--data", data, "--run", folder, "--steps", STEPS, "--scales", 0.2, "--batch", 4, "--rate", 5e-3, "--finetune", "--init", start]
    taken = iter([1.0] * STOPPED)

    def stopping(self, *batch, average):
        """Takes steps that change nothing, which need no compiling, until Ctrl-C."""
        for loss in taken:
            return loss
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as stop:
        stop.setattr(Learner, "step", stopping)
        run(*begin)
    assert "holds a run already" in refusal(*begin)
    assert "rate was 0.005, not 0.0007" in refusal(*(word for word in begin if word not in ("--rate", 5e-3)), "--resume")
    run(*begin, "--resume")
    return data, folder, start


@pytest.fixture(scope="module")
def finished(trained, patch) -> tuple[Path, Path]:
    """Folders of the data, and of a run with all of its files."""
    data, folder, _ = trained
    patch.setattr(calibration, "MADE", 3)
    patch.setattr(calibration, "FOLDS", 2)
    patch.setattr(metrics, "LEAST_IOU", 0.5)  # what so small a network reaches where the mask is right
    patch.setattr(metrics, "LARGEST_BLOB", 1.0)
    network = folder / "car_matte.tflite"
    run("quantise", "--data", data, "--network", folder / "best.keras", "--out", network)
    run("refiner", "--data", data, "--network", network, "--tiles", 40, "--minutes", 0.02, "--out", folder / "refiner.tflite")
    run("calibrate", "--data", data, "--network", network, "--out", folder / "confidence.json")
    return data, folder


def test_a_stopped_run_resumes_where_it_was_and_learns(trained):
    _, folder, _ = trained
    rows = [{name: float(text) for name, text in row.items()} for row in csv.DictReader((folder / "log.csv").open())]
    assert [row["samples"] for row in rows] == [0, 4 * STOPPED, 4 * STEPS], "the first is of the network that it starts from"
    assert rows[2]["minutes"] > rows[1]["minutes"] > 0 and rows[2]["iou"] > max(0.3, rows[1]["iou"])
    assert cv2.imread(str(folder / "curve.png")) is not None


def test_the_best_network_is_stored_as_float16_and_its_normalisation_has_stayed(trained):
    _, folder, start = trained
    first, best = (keras.models.load_model(path, compile=False) for path in (start, folder / "best.keras"))
    assert {weight.dtype for weight in best.weights} == {"float32"}
    assert as_float16((folder / "best.keras").read_bytes()) == (folder / "best.keras").read_bytes()
    moving = [[weight.numpy() for weight in network.weights if "moving" in weight.path] for network in (first, best)]
    assert all(np.allclose(one, other, rtol=1e-3, atol=1e-6) for one, other in zip(*moving, strict=True))
    assert any(not np.allclose(one, other, rtol=1e-2) for one, other in zip(first.get_weights(), best.get_weights(), strict=True))


def test_networks_are_averaged(trained, tmp_path):
    _, folder, start = trained
    run("average", start, folder / "best.keras", "--out", tmp_path / "mean.keras")
    one, other, mean = (keras.models.load_model(path, compile=False).get_weights() for path in (start, folder / "best.keras", tmp_path / "mean.keras"))
    assert all(np.allclose((a + b) / 2, c, rtol=2e-3, atol=1e-6) for a, b, c in zip(one, other, mean, strict=True))
    get_network(others=True).save(tmp_path / "wider.keras")
    assert "differ in form" in refusal("average", start, tmp_path / "wider.keras", "--out", tmp_path / "none.keras")


def test_a_run_has_all_that_serving_loads(finished):
    _, folder = finished
    assert Predictor(folder / "car_matte.tflite").predict(np.zeros((*COARSE_FRAME, 3), np.uint8))[0].shape == COARSE_FRAME
    assert Refiner(folder / "refiner.tflite").predict([np.zeros((TILE, TILE, 4), np.uint8)])[0].shape == (TILE, TILE)
    assert len(ConfidenceModel.read(folder / "confidence.json").deliverable) == len(ConfidenceModel.read().deliverable)


def test_a_run_is_evaluated_and_installed(finished, tmp_path, monkeypatch, capsys):
    data, folder = finished
    monkeypatch.setattr(evaluation, "composites", lambda *chosen, with_colours: composites.composites(*chosen, number=3, with_colours=with_colours))
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    (tmp_path / "training").mkdir()
    shutil.copytree(folder, tmp_path / "model")
    run("install", folder, "--data", data)
    installed = [*(tmp_path / "training" / name for name in ("car_matte.keras", "refiner.keras")),
                 *(tmp_path / "model" / name for name in ("car_matte.tflite", "refiner.tflite", "confidence.json"))]
    assert [path.read_bytes() for path in installed] == [(folder / name).read_bytes() for name in ("best.keras", *(path.name for path in installed[1:]))]
    capsys.readouterr()
    run("evaluate", "--data", data, "--network", folder / "car_matte.tflite", "--json", tmp_path / "found.json", "--worst", tmp_path / "worst.png")
    table = capsys.readouterr().out
    found = json.loads((tmp_path / "found.json").read_text())
    assert str(folder / "refiner.tflite") in table and "passed by presence without a car, empty scenes" in table and "vehicles refused" in table
    assert {name: row["n"] for name, row in found["sets"].items()} == {"street": 6, "neighbour": 1, "alone": 2}
    assert {"iou", "boundary_iou", "f1", "f2", "mae", "sad", "halo", "loose", "wreck", "publishable", "refused"} <= set(found["sets"]["alone"]["mean"])
    assert cv2.imread(str(tmp_path / "worst.png")) is not None


def test_a_network_that_is_worse_is_not_installed_unless_forced(finished, tmp_path, monkeypatch):
    data, folder = finished
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 255
    photo, worse = Photo("p", "s", np.zeros((60, 80, 3), np.uint8), mask, None), np.where(np.arange(80) < 58, mask, 0).astype(np.uint8)
    answers = iter([Evaluation(by_set([compared(photo, mask)]), {}), Evaluation(by_set([compared(photo, worse)]), {})])
    monkeypatch.setattr(install, "evaluate", lambda data, pipeline: next(answers))
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    (tmp_path / "training").mkdir()
    shutil.copytree(folder, tmp_path / "model")
    said = refusal("install", folder, "--data", data)
    assert "worse than the installed network" in said and "iou 0.9500 instead of 1.0000" in said and "--force" in said
    assert not list((tmp_path / "training").iterdir())
    run("install", folder, "--data", data, "--force")
    assert (tmp_path / "training" / "car_matte.keras").exists()


def test_a_refiner_is_installed_alone(finished, tmp_path, monkeypatch):
    data, folder = finished
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    for place in ("run", "training", "model"):
        (tmp_path / place).mkdir()
    for name in ("refiner.keras", "refiner.tflite"):
        shutil.copy(folder / name, tmp_path / "run")
    run("install", tmp_path / "run", "--data", data, "--force")
    installed = sorted(str(path.relative_to(tmp_path)) for place in ("training", "model") for path in (tmp_path / place).iterdir())
    assert installed == ["model/refiner.tflite", "training/refiner.keras"]


def test_a_training_from_a_network_validates_what_int8_will_compute(trained):
    start = from_network(trained[2])
    bare = keras.models.load_model(trained[2], compile=False)
    served = start.served(bare)
    for found, exact in zip(served.weights, folded_weights(bare), strict=True):
        expected = exact.numpy()
        if expected.ndim == 4:
            step = np.maximum(np.abs(expected).max((0, 1) if expected.shape[-1] == 1 else (0, 1, 2), keepdims=True), 1e-12) / 127
            expected = np.rint(expected / step) * step
        assert np.allclose(found.numpy(), expected, atol=1e-6)


def test_each_scale_gets_the_same_share_of_a_run_and_the_rate_falls():
    settings = loop.Settings(steps=300, scales=(0.5, 0.75, 1.0))
    assert [settings.scale(settings.done(step, 0)) for step in (0, 99, 100, 200, 299, 300)] == [0.5, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert loop.Settings(minutes=10).done(0, 300) == 0.5
    assert schedule.learning_rate(1.0, 0, 0.0) == pytest.approx(1 / schedule.WARM_UP)
    assert schedule.learning_rate(1.0, 10_000, 0.0) == 1 and schedule.learning_rate(1.0, 10_000, 1.0) == pytest.approx(0.01)


@pytest.mark.parametrize("found, steps, why", [
    (Validation(0.5, 0, 0, 0, 0), 10, None), (Validation(0.0, 0, 0, 1.0, 0), 100, "predicts no car yet"), (Validation(0.0, 0, 0, 1.0, 0), 5000, "masks empty"),
    (Validation(0.0, 0, 0, 0, 0.9), 100, "masks seem inverted"), (Validation(0.0, 0, 0, 0, 0.1), 100, "belong together"),
])
def test_an_iou_of_0_is_explained(found, steps, why):
    assert (found.explanation(steps) is None) if why is None else why in found.explanation(steps)


def test_mining_weighs_every_cutout_that_is_trained_on(drawn, tmp_path):
    run("mine", "--data", drawn, "--out", tmp_path / "weights.json")
    weights = json.loads((tmp_path / "weights.json").read_text())
    assert set(weights) == {name_of(car) for car in read_cutouts(drawn, "train")}
    assert all(LEAST <= weight <= MOST for weight in weights.values()) and min(weights.values()) <= 1 <= max(weights.values())


def test_review_shows_the_mask_that_the_network_disagrees_with_most(drawn, tmp_path):
    shutil.copytree(drawn / "train", tmp_path / "data" / "train")
    wrong = tmp_path / "data" / "train" / "street" / "masks" / "s2.png"
    mask = cv2.imread(str(wrong), cv2.IMREAD_GRAYSCALE)
    mask[:50, :40] = 255  # a piece of the sky
    cv2.imwrite(str(wrong), mask)
    show = "review", "--data", tmp_path / "data", "--number", 1, "--out", tmp_path / "sheet.png"
    run(*show)
    first = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    assert first.shape == (240, 6 * 320, 3) and (first == (0, 255, 0)).all(-1).sum() > 100, "the mask's outline"
    (tmp_path / "excluded.txt").write_text("street/s2\n")
    assert "agree everywhere" in refusal(*show, "--exclude", tmp_path / "excluded.txt")
    (tmp_path / "excluded.txt").write_text("street/none\n")
    assert "street/none" in refusal(*show, "--exclude", tmp_path / "excluded.txt")


def test_preview_is_a_sheet_of_samples(drawn, tmp_path):
    run("preview", "--data", drawn, "--scale", 0.3, "--out", tmp_path / "strong.png")
    run("preview", "--data", drawn, "--scale", 0.3, "--finetune", "--out", tmp_path / "finetune.png")
    strong, finetune = (cv2.imread(str(tmp_path / name)) for name in ("strong.png", "finetune.png"))
    assert strong.shape == finetune.shape == (4 * 240, 6 * 320, 3) and (strong != finetune).any()


def test_a_folder_of_mattes_is_evaluated(drawn, tmp_path, capsys):
    truth = cv2.imread(str(drawn / "val" / "street" / "masks" / "s5.png"), cv2.IMREAD_GRAYSCALE)
    write(tmp_path / "street" / "s5.png", truth)
    run("evaluate", "--data", drawn, "--mattes", tmp_path, "--worst", tmp_path / "worst.png")
    _, row, strays = capsys.readouterr().out.splitlines()
    assert row.split() == ["street", "1", "1.0000", "1.0000", "1.000", "1.000", "0.0000", "0.0%", "0.0%", "100.0%", "100.0%", "0.0%", "s5", "1.000"]
    assert strays == "stray sticks: 0 of 1"
    write(tmp_path / "street" / "s5.png", truth[:50])
    assert "but the photo has 192x144" in refusal("evaluate", "--data", drawn, "--mattes", tmp_path)


def test_the_bundled_network_cuts_a_drawn_car(drawn, tmp_path):
    run("evaluate", "--data", drawn, "--json", tmp_path / "found.json")
    assert json.loads((tmp_path / "found.json").read_text())["sets"]["street"]["mean"]["iou"] > 0.9


@pytest.fixture
def plain(drawn, tmp_path) -> Path:
    """images/ and masks/ alone."""
    for kind in ("images", "masks"):
        shutil.copytree(drawn / "train" / "street" / kind, tmp_path / "plain" / kind)
    return tmp_path / "plain"


def test_images_and_masks_alone_do_for_samples_review_and_evaluation(plain, tmp_path):
    run("preview", "--data", plain, "--scale", 0.3, "--out", tmp_path / "preview.png")
    run("evaluate", "--data", plain, "--json", tmp_path / "found.json")
    assert json.loads((tmp_path / "found.json").read_text())["sets"]["plain"]["n"] == 1
    assert "no test photos" in refusal("evaluate", "--data", plain, "--test")


@pytest.mark.parametrize("command, out, why", [
    ("mine", "out.json", "mining needs cut-outs"), ("calibrate", "out.json", "calibration needs pictures without a car"),
    ("kinds", "out.npz", "no training pictures of: interior, boot, engine, detail, front, "),
])
def test_commands_that_need_more_than_photos_say_so(plain, tmp_path, command, out, why):
    assert why in refusal(command, "--data", plain, "--out", tmp_path / out)
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize("arguments, said", [
    (("train", "--minutes", 0), "0 is not more than 0"), (("train", "--minutes", -1), "-1 is not more than 0"),
    (("train", "--steps", 0), "0 is not 1 or more"),
    (("train", "--minutes", "nan"), "nan is not more than 0"), (("train", "--steps", 1, "--batch", 0), "0 is not 1 or more"),
    (("refiner", "--minutes", 1, "--tiles", -3), "-3 is not 1 or more"), (("review", "--number", 0), "0 is not 1 or more"),
    (("quantise", "--out", "/tmp"), "give the path of a file that ends in .tflite"), (("refiner", "--minutes", 1, "--out", "/tmp/a.keras"), "ends in .tflite"),
    (("evaluate", "--worst", "/tmp/worst"), "ends in .png"), (("evaluate", "--json", "/tmp"), "ends in .json")])
def test_wrong_arguments_are_told_before_any_work(drawn, capsys, arguments, said):
    refusal(arguments[0], "--data", drawn, *arguments[1:])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command, option, name, said", [
    ("train", "--init", "broken.keras", "not a .keras network that can be read"), ("train", "--init", "refiner.keras", "not a network of training/network.py"),
    ("quantise", "--network", "refiner.keras", "not a network of training/network.py"),
    ("mine", "--network", "refiner.tflite", "not a quantised matte network"), ("mine", "--network", "refiner.keras", "not a network of training/network.py"),
    ("refiner", "--init", "car_matte.keras", "not a refiner")])
def test_a_file_that_is_no_such_network_is_told(drawn, tmp_path, command, option, name, said):
    (tmp_path / "broken.keras").write_bytes(b"no network")
    file = next(path for path in (tmp_path / name, ROOT / "training" / name, ROOT / "model" / name) if path.exists())
    more = {"train": ("--steps", 1, "--run", tmp_path / "run"), "refiner": ("--minutes", 1, "--tiles", 12, "--out", tmp_path / "refiner.tflite"),
            "quantise": ("--out", tmp_path / "a.tflite"), "mine": ("--out", tmp_path / "a.json")}[command]
    assert f"{file}: {said}" in refusal(command, "--data", drawn, option, file, *more)


def test_nothing_of_the_project_is_overwritten_but_by_install(drawn, capsys):
    for command, target in (("refiner", "model/refiner.tflite"), ("quantise", "model/car_matte.tflite"), ("preview", "docs/result.jpg")):
        refusal(command, "--data", drawn, "--out", Path(train.__file__).with_name("train.py").parent / target)
        assert "train.py install RUN" in capsys.readouterr().err


def test_what_is_missing_is_told_in_one_line(tmp_path, drawn, capsys):
    assert "no 'train' photos with masks" in refusal("train", "--data", tmp_path, "--steps", 1, "--run", tmp_path / "run")
    assert "no checkpoint to resume from" in refusal("train", "--data", drawn, "--steps", 1, "--run", tmp_path / "run", "--resume")
    assert "`train.py train` makes it" in refusal("install", tmp_path, "--data", drawn)
    for name, command in (("best.keras", "quantise"), ("car_matte.tflite", "refiner")):
        (tmp_path / name).touch()
        (tmp_path / "refiner.keras").touch()
        assert f"`train.py {command}` makes it" in refusal("install", tmp_path, "--data", drawn)
    for option in ("--init", "--exclude", "--sampling-weights"):
        refusal("train", "--data", drawn, "--steps", 1, option, tmp_path / "none")
        assert f"{option}: {tmp_path / 'none'}: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "mine", "review", "evaluate", "quantise", "refiner", "calibrate", "preview", "install"])
def test_help_says_what_a_command_needs_and_its_defaults(command, capsys):
    refusal(command, "--help")
    said = capsys.readouterr().out
    assert "Needs " in said and ("(default:" in said or command == "install")


def test_an_error_that_is_no_data_error_keeps_its_traceback(drawn, monkeypatch):
    monkeypatch.setattr(commands, "train_network", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("train", "--data", drawn, "--steps", 1)
    monkeypatch.setattr(commands, "train_network", lambda *_: (_ for _ in ()).throw(DataError("too few photos")))
    assert refusal("train", "--data", drawn, "--steps", 1) == "train.py train: too few photos"
