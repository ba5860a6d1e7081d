"""A site converts its photos: bucket to bucket or folder to folder, killed and started again, over a bad line; none is lost or made twice."""
import csv
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from tests.bulk_photos import draw_jpeg, huge_png
from tests.bulk_runs import Starter, starter
from tests.cloud import Cloud, emulated
from tests.conftest import ROOT
from tests.drawn import draw_street, encode
from tests.faulty import FAULTS, faulty

STREET = encode(draw_street(320, 240, seed=3))
GOOD, TEXTS = 24, 5
KILLED_AT = (3, 10)  # results that are there when the run is killed
OWN = {"dead-letters.jsonl", "report.csv", "report.jsonl", "manifest.json"}

ODD_NAMES = ["lot 3/Ä ö ß.jpg", "lot 3/CAR.JPG", "lot 3/car.jpg", "lot 3/car.jpeg", "no extension", "a+b&c#d?e%20.png", "日本/車.webp",
             "deep/er/and/deeper/car.JpEg", "car.jpg.png"]
PHOTOS = dict(zip(ODD_NAMES, map(draw_jpeg, range(len(ODD_NAMES))))) | {
    f"{2020 + number % 7}/{number:03} car.jpg": draw_jpeg(number) for number in range(len(ODD_NAMES), GOOD)} | {
    f"copies/{number}.jpg": draw_jpeg(100) for number in range(3)}
BAD = {f"bad/{number} short.jpg": (draw_jpeg(number)[:2000], "failed_to_read_image") for number in range(3)} | {
    f"bad/{number} street.jpg": (STREET + bytes(number), "unknown_foreground") for number in range(3)} | {
    "bad/empty.jpg": (b"", "failed_to_read_image"), "bad/huge.png": (huge_png(), "resolution_too_high"), "bad/heavy.jpg": (bytes(22_000_001), "file_too_large")}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with emulated() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    with starter(tmp_path_factory.mktemp("logs")) as started:
        yield started


def over_http(server: str, data: bytes, **options: str) -> bytes:
    answer = requests.post(server, files={"image_file": data}, data={"format": "png", **options}, timeout=60)
    assert answer.status_code == 200
    return answer.content


def lines(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.decode().splitlines()]


@pytest.fixture(scope="module")
def killed(cloud, bulk):
    """Photos, some of them bad, among texts; the run was killed twice and then ended by itself."""
    photos = cloud.bucket(PHOTOS | {name: data for name, (data, _) in BAD.items()} | {f"{2020 + number % 7}/{number:04}.txt": b"" for number in range(TEXTS)})
    results = cloud.bucket()
    kept, changed = {}, []
    for least in KILLED_AT:
        run = bulk.start(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
        run.send(signal.SIGKILL, lambda least=least: len(cloud.objects(results)) > least)
        assert run.wait().status == -signal.SIGKILL
        now = cloud.generations(results)
        changed += [name for name, generation in kept.items() if now[name] != generation]
        kept = now
    ended = bulk.run(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
    now = cloud.generations(results)
    changed += [name for name, generation in kept.items() if now[name] != generation]
    return photos, results, kept, changed, ended


def test_each_good_photo_has_one_result_and_it_is_the_apis(cloud, killed, server):
    _, results, *_ = killed
    assert set(cloud.objects(results)) == {f"{name}.png" for name in PHOTOS} | OWN
    some = list(PHOTOS)[::5]
    assert not [name for name in some if cloud.read(results, f"{name}.png") != over_http(server, PHOTOS[name])]
    assert all(cv2.imdecode(np.frombuffer(cloud.read(results, f"{name}.png"), np.uint8), cv2.IMREAD_UNCHANGED).shape == (240, 320, 4) for name in PHOTOS)


def test_each_bad_photo_has_a_dead_letter_with_the_apis_code(cloud, killed):
    photos, results, *_ = killed
    generations = cloud.generations(photos)
    letters = lines(cloud.read(results, "dead-letters.jsonl"))
    assert {letter["name"]: letter["code"] for letter in letters} == {name: code for name, (_, code) in BAD.items()} and len(letters) == len(BAD)
    assert all(letter["generation"] == int(generations[letter["name"]]) and letter["detail"] for letter in letters)


def test_nothing_is_written_again_and_the_sum_adds_up(killed):
    _, _, kept, changed, ended = killed
    results = len(kept) - 1  # without the manifest
    assert not changed and results >= KILLED_AT[-1]
    assert ended.status == 3 and ended.counts["skipped"] == results and ended.counts["failed"] == len(BAD) and ended.counts["ignored"] == TEXTS
    assert ended.counts["done"] == len(PHOTOS) - results


def test_the_report_has_a_row_for_each_photo_of_all_the_killed_runs(cloud, killed):
    """Worst first. Size and box are those of the results themselves."""
    _, results, *_ = killed
    report = lines(cloud.read(results, "report.jsonl"))
    assert {row["name"]: row["code"] for row in report} == {name: code for name, (_, code) in BAD.items()} | dict.fromkeys(PHOTOS, "")
    assert [row["outcome"] for row in report] == ["failed"] * len(BAD) + ["done"] * len(PHOTOS)
    done = report[len(BAD):]
    confidences = [row["confidence"] for row in done]
    assert confidences == sorted(confidences) and 0 < confidences[0] < confidences[-1] <= 1
    assert all((row["width"], row["height"]) == (320, 240) and row["milliseconds"] > 0 for row in done)
    row = next(row for row in done if row["name"] == "lot 3/car.jpg")
    alpha = cv2.imdecode(np.frombuffer(cloud.read(results, "lot 3/car.jpg.png"), np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert np.abs(np.subtract((row["car_left"], row["car_top"], row["car_width"], row["car_height"]), cv2.boundingRect(alpha))).max() <= 2
    table = list(csv.DictReader(io.StringIO(cloud.read(results, "report.csv").decode())))
    assert table == [{name: "" if value is None else str(value) for name, value in row.items()} for row in report]


def test_a_run_that_finds_nothing_new_changes_nothing(cloud, bulk, killed):
    photos, results, *_ = killed
    before = cloud.generations(results)
    ended = bulk.run(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
    assert (ended.status, ended.counts) == (
        0, {"done": 0, "skipped": len(PHOTOS), "failed before": len(BAD), "ignored": TEXTS, "photos in report.csv": len(PHOTOS) + len(BAD)})
    assert cloud.generations(results) == before


def test_dead_letters_are_tried_again_alone_and_leave_the_file_when_they_succeed(cloud, bulk, killed):
    photos, results, *_ = killed
    before = cloud.generations(results)
    cloud.put(photos, "bad/empty.jpg", draw_jpeg(2))
    file = cloud.bucket({"by hand.jsonl": b"\n" + cloud.read(results, "dead-letters.jsonl") + b"\n"})
    ended = bulk.run(f"gs://{photos}", f"gs://{results}", "--retry", f"gs://{file}/by hand.jsonl", cloud=cloud.address)
    assert ended.status == 3 and ended.counts["done"] == 1 and ended.counts["failed"] == len(BAD) - 1 and "skipped" not in ended.counts
    assert {letter["name"] for letter in lines(cloud.read(results, "dead-letters.jsonl"))} == BAD.keys() - {"bad/empty.jpg"}
    after = cloud.generations(results)
    assert {name for name in after if before.get(name) != after[name]} == {"bad/empty.jpg.png", "dead-letters.jsonl", "report.csv", "report.jsonl"}


def test_over_a_bad_line_nothing_is_lost(cloud, bulk, server):
    some = dict(islice(PHOTOS.items(), 6)) | {"bad.jpg": b"broken"}
    photos, results = cloud.bucket(some), cloud.bucket()
    with faulty(cloud.address) as way:
        ended = bulk.run(f"gs://{photos}", f"gs://{results}/cut/", cloud=way.address)
    assert all(way.met[fault] for fault in FAULTS), way.met
    assert ended.status == 3 and ended.counts["failed"] == 1, ended.printed
    assert ended.counts["done"] + ended.counts.get("converted by another run meanwhile", 0) == 6, ended.printed
    assert set(cloud.generations(results)) == {f"cut/{name}" for name in {f"{name}.png" for name in some if name != "bad.jpg"} | OWN}
    assert all(cloud.read(results, f"cut/{name}.png") == over_http(server, data) for name, data in some.items() if name != "bad.jpg")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of photos with folders."""
    for name, data in {"car.jpg": draw_jpeg(0), "CAR 2.JPG": draw_jpeg(1), "lot 3/ä.png": encode(draw_street(64, 48, seed=1), "png"),
                       "lot 3/deep/x": draw_jpeg(3), "notes.txt": b"", "._car.jpg": b""}.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def files(folder: Path) -> set[str]:
    """Without the notes that a folder's store keeps for itself."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".forecourt" not in path.parts}


def test_a_folder_becomes_a_folder(folder, bulk, server):
    ended = bulk.run(folder / "photos", folder / "out", "--sheet", 2)
    assert ended.status == 3 and ended.counts["done"] == 3 and ended.counts["failed"] == 1 and ended.counts["ignored"] == 2
    assert "photo/s" not in ended.printed, "a progress bar is for a terminal"
    assert "photos a second" in ended.printed and "CPU seconds a photo" in ended.printed
    assert files(folder / "out") == {"car.jpg.png", "CAR 2.JPG.png", "lot 3/deep/x.png", "least-confident.sheet.jpg"} | OWN
    assert (folder / "out" / "car.jpg.png").read_bytes() == over_http(server, draw_jpeg(0))
    with Image.open(folder / "out" / "least-confident.sheet.jpg") as sheet:
        magenta = np.abs(np.asarray(sheet).astype(int) - (255, 0, 255)).max(-1) < 30
    assert magenta[:240, 320:640].mean() > 0.2 and magenta[:240, 960:1280].mean() > 0.2 and magenta[:, :320].mean() < 0.01


def test_a_sheet_that_can_not_be_written_costs_neither_report_nor_dead_letters(folder, bulk):
    (folder / "out" / "least-confident.sheet.jpg").mkdir(parents=True)
    ended = bulk.run(folder / "photos", folder / "out", "--sheet", 2)
    assert ended.status == 1 and ended.counts["done"] == 3 and ended.counts["photos in report.csv"] == 4, ended.printed
    assert "least-confident.sheet.jpg was not written: another file, or a folder, has the place" in ended.printed and "Traceback" not in ended.printed
    assert "failed: the sheet could not be written" in ended.printed
    assert files(folder / "out") == {"car.jpg.png", "CAR 2.JPG.png", "lot 3/deep/x.png"} | OWN


def test_a_list_that_can_not_be_written_is_told_in_a_sentence(folder, bulk):
    """Here one that is written at the end."""
    for name in ("dead-letters.jsonl", "report.csv"):
        (folder / "out" / name).mkdir(parents=True)
        ended = bulk.run(folder / "photos", folder / "out")
        assert ended.status == 1 and f"failed: another file, or a folder, has the place of {name}" in ended.printed and "Traceback" not in ended.printed
        (folder / "out" / name).rmdir()


def test_photos_that_are_not_chosen_are_left_out_and_no_failures(folder, bulk):
    chosen = ("--where", "kind=interior", "--sheet", 1)
    ended = bulk.run(folder / "photos", folder / "out", *chosen)
    assert ended.status == 0 and ended.counts["done"] == 0 and ended.counts["left out, by --where or --unsuitable skip"] == 4, ended.printed
    assert files(folder / "out") == {"left-out.jsonl", "least-confident.sheet.jpg"} | OWN - {"dead-letters.jsonl"}
    assert {row["outcome"] for row in lines((folder / "out" / "report.jsonl").read_bytes())} == {"left_out"}
    assert bulk.run(folder / "photos", folder / "out", *chosen).counts["left out before"] == 4


def test_options_are_the_apis_and_other_ones_need_force(folder, bulk, server):
    backdrop = folder / "wall.png"
    backdrop.write_bytes(encode(draw_street(300, 200, seed=8), "png"))
    flags = ("--bg_image_file", backdrop, "--crop", "true", "--size", "preview")
    assert bulk.run(folder / "photos" / "*.jpg", folder / "out", *flags).status == 0
    assert files(folder / "out") == {"car.jpg.jpg"} | OWN - {"dead-letters.jsonl"}
    answer = requests.post(server, files={"image_file": draw_jpeg(0), "bg_image_file": backdrop.read_bytes()}, timeout=60,
                           data={"crop": "true", "size": "preview", "format": "jpg"})
    assert (folder / "out" / "car.jpg.jpg").read_bytes() == answer.content
    assert bulk.run(folder / "photos" / "*.jpg", folder / "out", "--crop", "1", *flags).counts["skipped"] == 1, "the same, written in another way"
    other = bulk.run(folder / "photos" / "*.jpg", folder / "out", "--bg_color", "000", "--crop", "true")
    assert other.status == 2 and all(text in other.printed for text in ("bg_color was not given, now 000", "another background picture", "--force"))
    assert (folder / "out" / "car.jpg.jpg").read_bytes() == answer.content
    black = ("--bg_color", "000", "--crop", "true")
    assert bulk.run(folder / "photos" / "*.jpg", folder / "out", *black, "--force").counts["done"] == 1
    assert (folder / "out" / "car.jpg.jpg").read_bytes() == over_http(server, draw_jpeg(0), bg_color="000", crop="true", format="jpg")
    assert "go through the whole input with --force" in bulk.run(folder / "photos", folder / "out", *black).printed
    assert bulk.run(folder / "photos", folder / "out", *black, "--force").counts["done"] == 3
    assert bulk.run(folder / "photos", folder / "out", "--bg_color", "#000000", "--crop", "true").counts["skipped"] == 3


def test_an_interrupted_run_says_how_far_it_came_and_goes_on_the_next_time(tmp_path, bulk):
    (tmp_path / "photos").mkdir()
    for number in range(14):
        (tmp_path / "photos" / f"{number:02}.jpg").write_bytes(draw_jpeg(number))
    (tmp_path / "photos" / "00 bad.jpg").write_bytes(b"broken")
    run = bulk.start(tmp_path / "photos", tmp_path / "out")
    run.send(signal.SIGINT, lambda: len(list((tmp_path / "out").glob("*.png"))) >= 2)
    first = run.wait()
    made = files(tmp_path / "out") - OWN
    assert first.status == 128 + signal.SIGINT and "interrupted" in first.printed and "Traceback" not in first.printed
    assert 2 <= first.counts["done"] == len(made) < 14 and first.counts["done"] + first.counts.get("failed", 0) + first.counts["not tried"] == 15
    assert {f"{row['name']}.png" for row in lines((tmp_path / "out" / "report.jsonl").read_bytes()) if row["outcome"] == "done"} == made
    second = bulk.run(tmp_path / "photos", tmp_path / "out")
    assert second.counts["skipped"] == len(made) and second.counts["done"] == 14 - len(made)
    report = lines((tmp_path / "out" / "report.jsonl").read_bytes())
    assert len(report) == 15 and all(row["confidence"] and row["milliseconds"] for row in report if row["outcome"] == "done")
    white = ("--format", "jpg", "--bg_color", "fff")
    run = bulk.start(tmp_path / "photos", tmp_path / "out", *white, "--force")
    run.send(signal.SIGINT, lambda: len(list((tmp_path / "out").glob("*.jpg"))) >= 2)
    assert "interrupted: the same command starts over, because of --force" in run.wait().printed
    assert bulk.run(tmp_path / "photos", tmp_path / "out", *white).status == 2, "some results may have the options of before"


def test_an_output_that_takes_no_more_stops_the_run(tmp_path, bulk):
    """A file may have 4 kB here: the error is that of a full disk but for its name, and a result is larger."""
    (tmp_path / "photos").mkdir()
    for number in range(12):
        (tmp_path / "photos" / f"{number:02}.jpg").write_bytes(draw_jpeg(number))
    ended = bulk.run(tmp_path / "photos", tmp_path / "out", largest=4096)
    assert ended.status == 1 and "could not be written: File too large" in ended.printed and "Traceback" not in ended.printed
    assert ended.counts["done"] == 0 and ended.counts["not tried"] + ended.counts["not written"] == 12 and ended.counts["not tried"] > 5
    assert files(tmp_path / "out") == {"manifest.json"}


def test_an_unknown_option_is_refused_before_anything_is_done(folder, bulk):
    for flags in (["--colour", "red"], ["--runer", "X"]):
        ended = bulk.run(folder / "photos", folder / "out", *flags)
        assert ended.status == 2 and f"unknown: {flags[0]}" in ended.printed and not (folder / "out").exists()


def test_an_interruption_of_the_start_leaves_no_traceback(folder):
    command = [ROOT / ".venv-bulk" / "bin" / "python", "-m", "bulk", "--input", folder / "photos", "--output", folder / "out"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.communicate(timeout=60)[0] and process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def test_the_command_explains_itself():
    command = [ROOT / ".venv-bulk" / "bin" / "python", "-m", "bulk", "--help"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=os.environ)
    assert ended.returncode == 0 and "--bg_color" in ended.stdout and "Exit status" in ended.stdout


def test_the_jobs_environment_has_the_functions_libraries():
    """All but Pillow, which Beam wants older: what that changes, the comparisons with the API above would show."""
    function, job = (dict(line.split("==") for line in (ROOT / name).read_text().splitlines() if "==" in line)
                     for name in ("requirements.txt", "requirements-bulk.txt"))
    shared = set(function) & set(job) - {"pillow"}
    assert shared >= {"ai-edge-litert", "numpy", "opencv-python-headless", "pillow-heif", "google-cloud-storage"}
    assert all(function[name] == job[name] for name in shared)
