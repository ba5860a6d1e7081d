"""train.py as its user runs it: preview, train, stop, resume, evaluate, quantise, on a folder of drawn cars."""
import csv
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import train
from model.frames import COARSE_FRAME
from model.predictor import NETWORK, Predictor
from postprocessing.edge_features import HEARD, MEASURES
from postprocessing.refine import perceptron
from tests.conftest import ROOT
from tests.drawn import draw_photo
from training.batch_norm_folding import folded_weights, without_batch_norm
from training.data.sources import read_cutouts, read_photos
from training.evaluation import composites
from training.hard_examples import LEAST, MOST

BRIEF = ["--scales", "0.2", "--batch", "2"]


def run(*arguments, ok: bool = True) -> str:
    done = subprocess.run([sys.executable, ROOT / "train.py", *map(str, arguments)], capture_output=True, text=True, timeout=400)
    assert (done.returncode == 0) == ok, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def trained(drawn, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "short"
    run("train", "--data", drawn, "--run", folder, "--steps", 2, *BRIEF)
    return folder


@pytest.fixture(scope="module")
def gone_on(drawn, tmp_path_factory) -> tuple[Path, str]:
    """A run from the bundled network in steps too small to change it, one in each of two frames; and what it said."""
    folder = tmp_path_factory.mktemp("gone_on")
    (folder / "left_out.txt").write_text("street/s1\n")
    (folder / "often.json").write_text(json.dumps({f"{car.set}/{car.name}": 1.0 for car in read_cutouts(drawn, False)}))
    said = run("train", "--data", drawn, "--run", folder, "--steps", 2, "--scales", 0.2, 0.3, "--batch", 2, "--rate", 1e-12, "--init", NETWORK.with_suffix(".keras"),
               "--leave-out", folder / "left_out.txt", "--often", folder / "often.json")
    return folder, said


def rows_of(folder: Path) -> list[dict[str, float]]:
    return [{name: float(text) for name, text in row.items()} for row in csv.DictReader((folder / "log.csv").open())]


def test_a_run_leaves_network_log_and_curve(trained):
    (row,) = rows_of(trained)
    assert row["scale"] == 0.2 and row["samples"] == 4 and 0 <= row["iou"] <= 1 and row["loss"] > 0
    assert cv2.imread(str(trained / "curve.png")) is not None
    network = keras.models.load_model(trained / "best.keras", compile=False)
    assert (trained / "best.keras").stat().st_size < 4.5 * network.count_params(), "float32 weights and nothing else"


def test_the_same_seed_gives_the_same_network_but_of_calmer_samples_another(drawn, trained, tmp_path):
    run("train", "--data", drawn, "--run", tmp_path / "again", "--steps", 2, *BRIEF)
    run("train", "--data", drawn, "--run", tmp_path / "calm", "--steps", 2, *BRIEF, "--calm")
    first, again, calm = (rows_of(folder)[0]["loss"] for folder in (trained, tmp_path / "again", tmp_path / "calm"))
    assert again == pytest.approx(first, rel=1e-3) and calm != pytest.approx(first, rel=5e-3)


def test_frames_grow_over_a_run(gone_on):
    assert [(row["scale"], row["samples"]) for row in rows_of(gone_on[0])] == [(0.2, 2), (0.3, 4)]


def test_a_stopped_run_can_be_resumed(drawn, tmp_path):
    folder = tmp_path / "stopped"
    arguments = ["train", "--data", str(drawn), "--run", str(folder), *BRIEF]
    with subprocess.Popen([sys.executable, str(ROOT / "train.py"), *arguments, "--minutes", "30"], stderr=subprocess.PIPE, text=True) as process:
        seen = ""
        while "step 2" not in seen:
            letter = process.stderr.read(1)
            assert letter, seen
            seen += letter
        process.send_signal(signal.SIGINT)
        assert "--resume" in process.stderr.read()
        assert process.wait(120) == 0
    stopped = int(rows_of(folder)[-1]["samples"])
    assert stopped >= 4
    assert "holds a run already" in run(*arguments, "--steps", 2, ok=False)
    run(*arguments, "--resume", "--steps", stopped // 2 + 2)
    assert rows_of(folder)[-1]["samples"] == stopped + 4


def test_a_run_goes_on_from_another_network_whose_normalisation_stays(gone_on):
    folder, said = gone_on
    assert "taken over" in said
    statistics = [[weight for weight in keras.models.load_model(path, compile=False).weights if "moving" in weight.path] for path in (NETWORK.with_suffix(".keras"), folder / "best.keras")]
    assert all(np.allclose(one, other, rtol=1e-4) for one, other in zip(*statistics, strict=True))


def test_a_photo_to_leave_out_that_is_not_there_is_named(drawn, tmp_path):
    (tmp_path / "left_out.txt").write_text("street/no_such_photo\n")
    assert "no_such_photo" in run("train", "--data", drawn, "--run", tmp_path / "none", "--steps", 1, "--leave-out", tmp_path / "left_out.txt", ok=False)


def test_a_run_from_another_network_is_validated_as_int8_would_round_it(drawn, gone_on):
    logged = rows_of(gone_on[0])[0]["iou"]
    photos = read_photos(drawn, "val")
    photos += composites(drawn, train.MADE_UP_SEED, min(train.MADE_UP, len(photos)), held_back=False)
    network = keras.models.load_model(NETWORK.with_suffix(".keras"), compile=False)
    plain = without_batch_norm(network)
    plain.set_weights(folded_weights(network))
    as_trained = train.validate(plain, photos)["iou"]
    for variable in plain.weights:
        if len(variable.shape) == 4:
            kernel = variable.numpy()
            step = np.maximum(np.abs(kernel).max((0, 1) if kernel.shape[-1] == 1 else (0, 1, 2), keepdims=True), 1e-9) / 127
            variable.assign(np.rint(kernel / step) * step)
    assert logged == pytest.approx(train.validate(plain, photos)["iou"], abs=2e-5) and logged != pytest.approx(as_trained, abs=2e-5)


def test_hard_cutouts_are_weighed(drawn, tmp_path):
    run("weigh", "--data", drawn, "--out", tmp_path / "often.json")
    often = json.loads((tmp_path / "often.json").read_text())
    assert set(often) == {f"{car.set}/{car.name}" for car in read_cutouts(drawn, False)}
    assert all(LEAST <= share <= MOST for share in often.values()) and min(often.values()) <= 1 <= max(often.values())


def test_where_there_are_no_cutouts_there_is_nothing_to_weigh(drawn, tmp_path):
    shutil.copytree(drawn / "backgrounds", tmp_path / "data" / "backgrounds")
    assert "no cut-outs to weigh" in run("weigh", "--data", tmp_path / "data", "--out", tmp_path / "often.json", ok=False)
    assert not (tmp_path / "often.json").exists()


def test_the_mask_that_the_network_disputes_most_is_shown_first(drawn, tmp_path):
    shutil.copytree(drawn / "train", tmp_path / "data" / "train")
    wrong = tmp_path / "data" / "train" / "street" / "masks" / "s2.png"
    mask = cv2.imread(str(wrong), cv2.IMREAD_GRAYSCALE)
    mask[:50, :40] = 255  # a piece of the sky
    cv2.imwrite(str(wrong), mask)
    show = "disputed", "--data", tmp_path / "data", "--number", 1, "--out", tmp_path / "sheet.png"
    run(*show)
    first = cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1]
    assert first.shape == (240, 6 * 320, 3) and (first == (0, 255, 0)).all(-1).sum() > 100, "the mask's outline"
    (tmp_path / "left_out.txt").write_text("street/s2\n")
    assert "nothing is disputed" in run(*show, "--leave-out", tmp_path / "left_out.txt", ok=False)
    (tmp_path / "left_out.txt").write_text("street/none\n")
    assert "street/none" in run(*show, "--leave-out", tmp_path / "left_out.txt", ok=False)


def test_preview_is_a_sheet_of_samples(drawn, tmp_path):
    run("preview", "--data", drawn, "--scale", 0.3, "--out", tmp_path / "sheet.png")
    run("preview", "--data", drawn, "--scale", 0.3, "--calm", "--out", tmp_path / "calm.png")
    staged, calm = (cv2.imread(str(tmp_path / name)) for name in ("sheet.png", "calm.png"))
    assert staged.shape == calm.shape == (4 * 240, 6 * 320, 3) and (staged != calm).any()


def test_quantise_makes_a_network_that_serving_loads(drawn, trained, tmp_path):
    run("quantise", "--data", drawn, "--network", trained / "best.keras", "--out", tmp_path / "small.tflite")
    network = Predictor(tmp_path / "small.tflite")
    assert (tmp_path / "small.tflite").stat().st_size < 6e6
    assert network.predict(np.zeros((*COARSE_FRAME, 3), np.uint8))[0].shape == COARSE_FRAME


def test_evaluate_scores_a_folder_of_mattes(drawn, tmp_path):
    truth = cv2.imread(str(drawn / "val" / "street" / "masks" / "s5.png"), cv2.IMREAD_GRAYSCALE)
    (tmp_path / "street").mkdir()
    cv2.imwrite(str(tmp_path / "street" / "s5.png"), truth)
    table = run("evaluate", "--data", drawn, "--mattes", tmp_path, "--worst", tmp_path / "worst.png")
    assert "street       1  1.0000  1.0000  0.0000  100%   s5 1.000" in table
    assert cv2.imread(str(tmp_path / "worst.png")) is not None


def test_evaluate_scores_the_bundled_network(drawn):
    assert "street       1  0.9" in run("evaluate", "--data", drawn)


def test_edges_are_learnt_from_large_cut_outs_alone(drawn, tmp_path):
    assert "no cut-outs of 600 pixels" in run("edges", "--data", drawn, "--out", tmp_path / "edges.npz", ok=False)
    assert not (tmp_path / "edges.npz").exists()


def test_edges_are_fitted_to_composites_and_photos(drawn, tmp_path):
    shutil.copytree(drawn, tmp_path / "data")
    for angle in ("side", "three_quarter"):
        photo = draw_photo(960, 720, angle=angle, seed=7)
        for kind, picture in (("rgba", np.dstack([photo.foreground[..., ::-1], np.rint(photo.alpha * 255).astype(np.uint8)])), ("mattes", np.rint(photo.alpha * 255).astype(np.uint8))):
            assert cv2.imwrite(str(tmp_path / "data" / "cutouts" / "dealer" / kind / f"9999_{angle}_0.png"), picture)
    said = run("edges", "--data", tmp_path / "data", "--out", tmp_path / "edges.npz", "--composites", 8)
    for name, most in (("first", 0.8), ("second", 1.0)):
        for kind in ("composite", "street", "pane"):
            before, fitted = map(float, re.search(rf"{name} +{kind} .*before ([\d.]+), fitted ([\d.]+)", said).groups())
            assert fitted < (most if kind == "composite" else 1.05) * before, said
    for name, measures in (("first", MEASURES), ("second", HEARD)):
        assert [weights.shape for weights, _ in perceptron(name, tmp_path / "edges.npz")] == [(measures, 32), (32, 16), (16, 1)]


def test_calibrate_wants_more_than_a_handful_of_photos(drawn, tmp_path):
    assert "more data is needed" in run("calibrate", "--data", drawn, "--out", tmp_path / "judge.json", ok=False)
    assert not (tmp_path / "judge.json").exists()


def test_data_that_is_not_there_is_named(tmp_path):
    assert str(tmp_path) in run("train", "--data", tmp_path, "--steps", 1, "--run", tmp_path / "run", ok=False)
