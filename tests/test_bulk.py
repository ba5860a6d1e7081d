"""A site converts the photos that it has: bucket to bucket or folder to folder, killed and started again, over a bad line; none is lost or made twice."""
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

from bulk.job import Job
from bulk.stores import Folder, Unwritable
from options import Options
from tests.cloud import Cloud, emulated
from tests.conftest import ROOT
from tests.drawn import draw_photo, draw_street, encode
from tests.faulty import FAULTS, faulty

BULK = [ROOT / ".venv-bulk" / "bin" / "python", "-m", "bulk"]
DRAWINGS = [draw_photo(320, 240, angle=angle, seed=seed).rgb for seed, angle in enumerate(3 * ("side", "three_quarter"))]  # angles that take one look
STREET = encode(draw_street(320, 240, seed=3))
GOOD, TEXTS = 260, 1050  # so many names that a listing has several pages of 1,000
KILLED_AT = (5, 70, 160)  # results that are there when the run is killed


def photo(number: int) -> bytes:
    """A photo that no other number gives."""
    return cv2.imencode(".jpg", cv2.cvtColor(DRAWINGS[number % len(DRAWINGS)], cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 50 + number // len(DRAWINGS)])[1].tobytes()


def huge() -> bytes:
    file = io.BytesIO()
    Image.new("1", (7200, 7200)).save(file, "PNG")
    return file.getvalue()


ODD_NAMES = ["lot 3/Ä ö ß.jpg", "lot 3/CAR.JPG", "lot 3/car.jpg", "lot 3/car.jpeg", "no extension", "a+b&c#d?e%20.png", "日本/車.webp", "deep/er/and/deeper/car.JpEg", "car.jpg.png"]
PHOTOS = dict(zip(ODD_NAMES, map(photo, range(len(ODD_NAMES))))) | {
    f"{2020 + number % 7}/{number:03} car.jpg": photo(number) for number in range(len(ODD_NAMES), GOOD)} | {
    f"copies/{number}.jpg": photo(100) for number in range(10)}
BAD = {f"bad/{number} short.jpg": (photo(number)[:2000], "failed_to_read_image") for number in range(10)} | {
    f"bad/{number} empty.jpg": (b"", "failed_to_read_image") for number in range(5)} | {
    f"bad/{number} street.jpg": (STREET + bytes(number), "unknown_foreground") for number in range(10)} | {
    f"bad/{number} huge.png": (huge(), "resolution_too_high") for number in range(4)} | {"bad/heavy.jpg": (bytes(22_000_001), "file_too_large")}
assert len(PHOTOS) + len(BAD) == 300


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with emulated() as cloud:
        yield cloud


def letters_of(cloud: Cloud, bucket: str) -> list[dict]:
    return [json.loads(line) for line in cloud.read(bucket, "dead-letters.jsonl").decode().splitlines()]


def start(photos: object, results: object, *flags: object, cloud: str = "") -> subprocess.Popen:
    command = [*BULK, "--input", photos, "--output", results, *flags]
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=os.environ | {"STORAGE_EMULATOR_HOST": cloud})


def run(photos: object, results: object, *flags: object, cloud: str = "") -> tuple[int, dict[str, int], str]:
    """Exit status, the summary's numbers by their word, and all that was said."""
    process = start(photos, results, *flags, cloud=cloud)
    said, bar = process.communicate(timeout=300)
    rows = [line.split(None, 1) for line in said.splitlines()]
    return process.returncode, {text.partition(":")[0]: int(number.replace(",", "")) for number, text in rows if number.replace(",", "").isdigit()}, said + bar


def over_http(server: str, data: bytes, **options: str) -> bytes:
    answer = requests.post(server, files={"image_file": data}, data={"format": "png", **options}, timeout=60)
    assert answer.status_code == 200
    return answer.content


@pytest.fixture(scope="module")
def killed(cloud):
    """300 photos, some of them bad, among many texts; the run was killed three times and then ended by itself."""
    photos = cloud.bucket(PHOTOS | {name: data for name, (data, _) in BAD.items()} | {f"{2020 + number % 7}/{number:04}.txt": b"" for number in range(TEXTS)})
    results = cloud.bucket()
    kept, changed = {}, []
    for least in KILLED_AT:
        process = start(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
        while len(now := cloud.generations(results)) < least:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = cloud.generations(results)
        changed += [name for name, generation in kept.items() if now[name] != generation]
        kept = now
    ended = run(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
    now = cloud.generations(results)
    changed += [name for name, generation in kept.items() if now[name] != generation]
    return photos, results, kept, changed, ended


def test_each_good_photo_has_one_result_and_it_is_what_the_wire_answers(cloud, killed, server):
    _, results, *_ = killed
    assert set(cloud.objects(results)) == {f"{name}.png" for name in PHOTOS} | {"dead-letters.jsonl"}
    some = {*ODD_NAMES, *list(PHOTOS)[::4]}
    assert not [name for name in some if cloud.read(results, f"{name}.png") != over_http(server, PHOTOS[name])]
    assert all(cv2.imdecode(np.frombuffer(cloud.read(results, f"{name}.png"), np.uint8), cv2.IMREAD_UNCHANGED).shape == (240, 320, 4) for name in PHOTOS)


def test_each_bad_photo_has_a_dead_letter_with_the_wires_code(cloud, killed):
    photos, results, *_ = killed
    generations = cloud.generations(photos)
    letters = letters_of(cloud, results)
    assert {letter["name"]: letter["code"] for letter in letters} == {name: code for name, (_, code) in BAD.items()} and len(letters) == len(BAD)
    assert all(letter["generation"] == int(generations[letter["name"]]) and letter["detail"] for letter in letters)


def test_nothing_that_was_there_is_written_again_and_the_sum_adds_up(killed):
    _, _, kept, changed, (status, figures, _) = killed
    assert not changed and len(kept) >= KILLED_AT[-1]
    assert status == 3 and figures["skipped"] == len(kept) and figures["failed"] == len(BAD) and figures["ignored"] == TEXTS
    assert figures["done"] == len(PHOTOS) - len(kept)


def test_a_run_that_finds_nothing_new_changes_nothing(cloud, killed):
    photos, results, *_ = killed
    before = cloud.generations(results)
    status, figures, said = run(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)
    assert (status, figures) == (0, {"done": 0, "skipped": len(PHOTOS), "failed before": len(BAD), "ignored": TEXTS}) and "nothing to do" in said
    assert cloud.generations(results) == before


def test_dead_letters_are_tried_again_alone_and_leave_the_file_when_they_succeed(cloud):
    photos, results = cloud.bucket({"a.jpg": b"broken", "b.jpg": b"broken", "c.jpg": photo(1)}), cloud.bucket()
    assert run(f"gs://{photos}", f"gs://{results}", cloud=cloud.address)[0] == 3
    written = cloud.generations(results)["c.jpg.png"]
    cloud.put(photos, "a.jpg", photo(2))
    status, figures, _ = run(f"gs://{photos}", f"gs://{results}", "--retry", f"gs://{results}/dead-letters.jsonl", cloud=cloud.address)
    assert status == 3 and figures == {"done": 1, "failed": 1}
    assert [letter["name"] for letter in letters_of(cloud, results)] == ["b.jpg"] and cloud.generations(results)["c.jpg.png"] == written


def test_over_a_bad_line_still_nothing_is_lost(cloud, server):
    some = dict(islice(PHOTOS.items(), 30)) | {"bad.jpg": b"broken"}
    photos, results = cloud.bucket(some), cloud.bucket()
    with faulty(cloud.address) as way:
        status, figures, said = run(f"gs://{photos}", f"gs://{results}/cut/", cloud=way.address)
    assert all(way.met[fault] for fault in FAULTS), way.met
    assert status == 3 and figures["done"] + figures.get("made by another run meanwhile", 0) == 30 and figures["failed"] == 1, said
    assert set(cloud.generations(results)) == {*(f"cut/{name}.png" for name in some if name != "bad.jpg"), "cut/dead-letters.jsonl"}
    assert all(cloud.read(results, f"cut/{name}.png") == over_http(server, data) for name, data in some.items() if name != "bad.jpg")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of photos with folders."""
    for name, data in {"car.jpg": photo(0), "CAR 2.JPG": photo(1), "lot 3/ä.png": encode(DRAWINGS[2], "png"), "lot 3/deep/x": photo(3), "notes.txt": b"", ".hidden.jpg": b""}.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_becomes_a_folder(folder, server):
    status, figures, said = run(folder / "photos", folder / "out", "--sheet", 2)
    assert status == 0 and figures == {"done": 4, "ignored": 2} and "photos a second" in said and "CPU seconds a photo" in said
    assert files(folder / "out") == {"car.jpg.png", "CAR 2.JPG.png", "lot 3/ä.png.png", "lot 3/deep/x.png", "least-confident.sheet.jpg"}
    assert (folder / "out" / "car.jpg.png").read_bytes() == over_http(server, photo(0))
    with Image.open(folder / "out" / "least-confident.sheet.jpg") as sheet:
        magenta = np.abs(np.asarray(sheet).astype(int) - (255, 0, 255)).max(-1) < 30
    assert magenta[:240, 320:640].mean() > 0.2 and magenta[:240, 960:1280].mean() > 0.2 and magenta[:, :320].mean() < 0.01


def test_options_are_the_wires(folder, server):
    backdrop = folder / "wall.png"
    backdrop.write_bytes(encode(draw_street(300, 200, seed=8), "png"))
    assert run(folder / "photos" / "*.jpg", folder / "out", "--bg_image_file", backdrop, "--crop", "true", "--size", "preview")[0] == 0
    assert files(folder / "out") == {"car.jpg.jpg"}
    answer = requests.post(server, files={"image_file": photo(0), "bg_image_file": backdrop.read_bytes()}, data={"crop": "true", "size": "preview", "format": "jpg"}, timeout=60)
    assert (folder / "out" / "car.jpg.jpg").read_bytes() == answer.content


@pytest.mark.parametrize("pattern, found", [
    ("*.jpg", {"car.jpg"}), ("*", {"car.jpg", "CAR 2.JPG"}), ("**", {"car.jpg", "CAR 2.JPG", "lot 3/ä.png", "lot 3/deep/x"}), ("lot*/?.png", {"lot 3/ä.png"}),
    ("**/x", {"lot 3/deep/x"})])
def test_a_glob_says_which(folder, pattern, found):
    assert run(folder / "photos" / pattern, folder / "out")[0] == 0
    assert files(folder / "out") == {f"{name}.png" for name in found}


def test_what_is_there_stays_unless_it_is_forced(folder):
    run(folder / "photos" / "*.jpg", folder / "out")
    made = (folder / "out" / "car.jpg.png").read_bytes()
    (folder / "out" / "car.jpg.png").write_bytes(b"by hand")
    assert run(folder / "photos" / "*.jpg", folder / "out")[1]["skipped"] == 1 and (folder / "out" / "car.jpg.png").read_bytes() == b"by hand"
    assert run(folder / "photos" / "*.jpg", folder / "out", "--force")[1]["done"] == 1 and (folder / "out" / "car.jpg.png").read_bytes() == made


def test_a_result_whose_place_is_taken_by_something_else_is_a_dead_letter(folder):
    (folder / "out" / "car.jpg.png").mkdir(parents=True)
    (folder / "photos" / ("x" * 250 + ".jpg")).write_bytes(photo(4))
    assert run(folder / "photos" / "*.jpg", folder / "out")[0] == 3
    letters = [json.loads(line) for line in (folder / "out" / "dead-letters.jsonl").read_text().splitlines()]
    assert {letter["code"] for letter in letters} == {"name_collision", "name_too_long"}
    assert files(folder / "out") == {"dead-letters.jsonl"}


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png", "a//b.png", "./a/b.png", "a/b.png/", ".partial/x.png", "a\0.png", ""])
def test_an_objects_name_that_no_file_of_its_own_can_have_is_refused(tmp_path, name):
    """The emulator tidies such names up; Cloud Storage does not."""
    results = Folder(tmp_path / "out")
    results.write("a/b.png", b"first", "image/png", {})
    with pytest.raises(Unwritable) as refusal:
        results.write(name, b"second", "image/png", {}, replace=True)
    assert refusal.value.code == "name_unusable" and results.find(name) is None
    assert files(tmp_path) == {"out/a/b.png"} and (tmp_path / "out" / "a" / "b.png").read_bytes() == b"first"


def test_a_file_whose_name_no_object_can_have_is_a_dead_letter(cloud, tmp_path):
    for name in (b"\xfe.jpg", b"\xff.jpg"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(photo(1))
    results = cloud.bucket({"\ufffd.jpg.png": b"of another photo"})
    assert run(tmp_path, f"gs://{results}", cloud=cloud.address)[0] == 3
    assert [letter["code"] for letter in letters_of(cloud, results)] == ["name_unusable"] * 2
    assert run(tmp_path, f"gs://{results}", cloud=cloud.address)[:2] == (0, {"done": 0, "failed before": 2})
    assert set(cloud.objects(results)) == {"\ufffd.jpg.png", "dead-letters.jsonl"}


def test_a_link_to_nothing_does_not_stop_the_others(folder):
    (folder / "photos" / "a.jpg").symlink_to("nothing")
    assert run(folder / "photos" / "*.jpg", folder / "out")[:2] == (0, {"done": 1, "gone": 1, "ignored": 1})


def test_a_fault_of_the_program_on_one_photo_is_a_dead_letter(folder, monkeypatch):
    job = Job(Folder(folder / "photos"), None, Folder(folder / "out"), Options(format="png"))
    item = job.photos.find("car.jpg")
    assert job.do(item).what == "done"
    monkeypatch.setattr("bulk.job.cut_out", lambda *_: 1 // 0)
    outcome = job.do(item)
    assert (outcome.what, outcome.code) == ("failed", "internal_error") and "division" not in outcome.detail


def test_a_photo_called_like_the_sheet_keeps_its_result(folder):
    (folder / "photos" / "least-confident").write_bytes(photo(5))
    assert run(folder / "photos" / "least*", folder / "out", "--format", "jpg", "--sheet", 1)[0] == 0
    assert files(folder / "out") == {"least-confident.jpg", "least-confident.sheet.jpg"}


def test_what_a_killed_run_left_half_written_is_no_result(folder):
    half = folder / "out" / ".partial" / "1234"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    assert run(folder / "photos" / "*.jpg", folder / "out")[0] == 0 and files(folder / "out") == {"car.jpg.png"}


@pytest.mark.parametrize("flags, sentence", [
    (["--crop", "maybe"], "--crop: takes true or false"), (["--colour", "red"], "unknown: --colour"), (["--runer", "X"], "unknown: --runer"),
    (["--bg_image_file", "missing.png"], "missing.png: there is no such file"), (["--bg_image_file", "README.md"], "README.md: the file is not a readable"),
    (["--bg_color", "fff", "--bg_image_file", "docs/result.jpg"], "only one can stand behind the car"), (["--retry", "README.md"], "not a file of dead letters"),
    (["--sheet", "-1"], "--sheet takes")])
def test_what_makes_no_sense_is_refused_before_anything_is_done(folder, flags, sentence):
    status, _, said = run(folder / "photos", folder / "out", *flags)
    assert status == 2 and sentence in said and not (folder / "out").exists()


@pytest.mark.parametrize("photos, results, sentence", [
    ("photos", "photos/out", "--output lies within --input"), ("photos", "photos", "--output lies within --input"), ("missing", "out", "is no folder")])
def test_places_that_make_no_sense_are_refused(folder, photos, results, sentence):
    status, _, said = run(folder / photos, folder / results)
    assert status == 2 and sentence in said


def test_a_storage_that_forbids_fails_the_run(cloud, folder):
    status, _, said = run(folder / "photos", "gs://no-such-bucket", cloud=cloud.address)
    assert status == 1 and "failed: there is no such object, or it may not be used" in said


def test_the_jobs_environment_has_the_functions_libraries():
    """All but Pillow, which Beam wants older: what that changes, the comparisons with the wire above would show."""
    function, job = (dict(line.split("==") for line in (ROOT / name).read_text().splitlines() if "==" in line) for name in ("requirements.txt", "requirements-bulk.txt"))
    shared = set(function) & set(job) - {"pillow"}
    assert shared >= {"ai-edge-litert", "numpy", "opencv-python-headless", "pillow-heif", "google-cloud-storage"}
    assert all(function[name] == job[name] for name in shared)
