"""Which photos of a listing the bulk job writes, leaves out or passes on, by what they show; and how report and sheet tell it."""
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

import cutout
from bulk.command import main
from bulk.folder import Folder
from bulk.job import BulkJob, Outcome
from bulk.report import rows
from bulk.sheet import SHEET, write_sheet
from bulk.where import parse_where
from cutout import cut_out
from model.kind import Kind
from options import parse
from preprocessing.decode import decode
from tests.bulk_photos import draw_jpeg
from tests.test_bulk_job import PNG, listed, put


@pytest.fixture
def job(tmp_path) -> BulkJob:
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    return BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)


@pytest.fixture
def shows(monkeypatch):
    """Lets photos show what a test says, in the order of their names, whatever is on them."""
    def tell(*shown: tuple[str, str | None]) -> None:
        kinds = cycle(shown)

        class Says:
            def classify(self, prediction: object) -> Kind:
                kind, view = next(kinds)
                return Kind(kind, 0.9, view)

        monkeypatch.setattr(cutout, "kind_model", Says)

    return tell


def run(job: BulkJob) -> dict[str, str]:
    """What became of each photo."""
    outcomes = [job.convert(item) if status == "pending" else Outcome(item, status) for item, status in job.listing()]
    job.keep([outcome for outcome in outcomes if outcome.status in ("failed", "left_out")])
    return {outcome.item.name: outcome.status for outcome in outcomes}


def reported(job: BulkJob) -> list[tuple[str, str, str | None, str | None]]:
    return [(row.name, row.outcome, row.kind, row.view) for row in rows(job)]


def test_a_photo_that_shows_no_vehicle_from_outside_is_a_dead_letter_or_left_out(job, shows):
    put(job.photos.root, "seats.jpg", data=draw_jpeg(1))
    shows(("exterior", "left"), ("interior", None))
    skipping = replace(job, skip_unsuitable=True)
    assert run(skipping) == {"car.jpg": "done", "seats.jpg": "left_out"}
    assert not job.results.find("dead-letters.jsonl") and not job.results.find("seats.jpg.png")
    assert reported(skipping) == [("car.jpg", "done", "exterior", "left"), ("seats.jpg", "left_out", "interior", None)]
    assert listed(skipping) == {"car.jpg": "skipped", "seats.jpg": "left_out_before"} and listed(job)["seats.jpg"] == "pending"
    shows(("interior", None))
    assert run(job) == {"car.jpg": "skipped", "seats.jpg": "failed"}
    assert [(row.name, row.outcome, row.code) for row in rows(job)] == [("seats.jpg", "failed", "unknown_foreground"), ("car.jpg", "done", "")]


def test_a_photo_that_failed_is_left_out_by_a_run_that_leaves_such_photos_out(job, shows):
    shows(("interior", None))
    assert run(job) == {"car.jpg": "failed"}
    interiors, skipping, exteriors = (replace(job, where=parse_where("kind=interior")), replace(job, skip_unsuitable=True),
                                      replace(job, where=parse_where("kind=exterior")))
    assert [listed(now)["car.jpg"] for now in (job, interiors, skipping, exteriors)] == ["failed_before", "failed_before", "pending", "pending"]
    assert run(exteriors) == {"car.jpg": "left_out"} and run(exteriors) == {"car.jpg": "left_out_before"}
    assert not job.dead_letters() and reported(job) == [("car.jpg", "left_out", "interior", None)]


def test_or_the_photo_as_it_is_takes_the_place_of_its_result(job, shows):
    shows(("interior", None))
    original = replace(job, options=parse({"unsuitable": "original", "format": "png"}))
    assert run(original) == {"car.jpg": "done"} and reported(original) == [("car.jpg", "original", "interior", None)]
    photo, result = (decode((store.root / name).read_bytes()).rgb for store, name in ((job.photos, "car.jpg"), (job.results, "car.jpg.png")))
    assert np.array_equal(photo, result)


def test_where_chooses_which_results_are_written(job, shows):
    put(job.photos.root, "front.jpg", "left.jpg", "seats.jpg", data=draw_jpeg(1))
    shows(("exterior", "front-left"), ("exterior", "front"), ("exterior", "left"), ("interior", None))
    fronts = replace(job, where=parse_where("kind=exterior,view=front-left,view=front"))
    assert run(fronts) == {"car.jpg": "done", "front.jpg": "done", "left.jpg": "left_out", "seats.jpg": "left_out"}
    assert {item.name for item in job.results.items()} == {"car.jpg.png", "front.jpg.png", "left-out.jsonl"}, "a photo that was not chosen is no failure"
    assert reported(fronts)[2:] == [("left.jpg", "left_out", "exterior", "left"), ("seats.jpg", "left_out", "interior", None)]
    lefts = replace(job, where=parse_where("view=left"))
    assert listed(lefts) == {"car.jpg": "skipped", "front.jpg": "skipped", "left.jpg": "pending", "seats.jpg": "left_out_before"}
    shows(("exterior", "left"))
    assert run(lefts)["left.jpg"] == "done" and [row.outcome for row in rows(lefts)] == ["done"] * 3 + ["left_out"]


@pytest.mark.parametrize("outcome", ["failed", "left_out"])
def test_an_old_result_does_not_count_where_the_photo_was_to_be_converted_again_and_has_no_new_one(job, shows, outcome):
    """The old one may have other options."""
    shows(("exterior", "left"))
    assert run(job) == {"car.jpg": "done"}
    old = (job.results.root / "car.jpg.png").read_bytes()
    white = replace(job, options=parse({"bg_color": "fff", "format": "png"}), skip_unsuitable=outcome == "left_out")
    shows(("interior", None))
    assert run(replace(white, force=True)) == {"car.jpg": outcome} and reported(white)[0][1] == outcome
    for _ in range(2):
        assert run(white) == {"car.jpg": f"{outcome}_before"} and reported(white)[0][1] == outcome
    assert (job.results.root / "car.jpg.png").read_bytes() == old, "it is not lost"
    shows(("exterior", "left"))
    assert run(replace(white, retry=frozenset({"car.jpg"}))) == {"car.jpg": "done"} and (job.results.root / "car.jpg.png").read_bytes() != old
    assert run(white) == {"car.jpg": "skipped"} and not job.dead_letters() and reported(white) == [("car.jpg", "done", "exterior", "left")]


def test_a_cut_out_keeps_its_confidence_where_it_is_left_out(job, shows):
    """The sheet puts the least confident first."""
    shows(("exterior", "left"))
    (photo,) = job.photos.items()
    left_out, done = (replace(job, where=parse_where(where)).convert(photo) for where in ("view=front", "view=left"))
    assert (left_out.status, done.status) == ("left_out", "done") and left_out.confidence == done.confidence > 0


def test_the_report_tells_flags_and_advice(job):
    """A photo of 320x240 shows a small car."""
    run(job)
    made = cut_out((job.photos.root / "car.jpg").read_bytes(), PNG)
    assert [(row.flags, row.advice) for row in rows(job)] == [(",".join(made.flags), "retake")] and "small" in made.flags


def test_the_sheet_has_a_row_for_each_kind(job, shows):
    put(job.photos.root, "seats.jpg", data=draw_jpeg(1))
    shows(("exterior", "left"), ("interior", None))
    outcomes = [replace(job, options=parse({"unsuitable": "original", "format": "png"})).convert(item) for item in job.photos.items()]
    shows(("exterior", "left"), ("interior", None))
    write_sheet(job, outcomes[::-1])
    sheet = decode((job.results.root / "least-confident.sheet.jpg").read_bytes()).rgb
    magenta = np.abs(sheet.astype(int) - (255, 0, 255)).max(-1) < 30
    assert magenta[:264, 320:640].mean() > 0.2 and not magenta[264:].any() and sheet.shape == (2 * 264, 3 * 640, 3)


def test_the_sheet_passes_over_photos_that_are_gone_or_can_not_be_cut_out_any_more(job):
    put(job.photos.root, "broken.jpg", "gone.jpg", "large.jpg", data=draw_jpeg(1))
    outcomes = [job.convert(item) for item in job.photos.items()]
    write_sheet(job, [outcome for outcome in outcomes if outcome.item.name == "car.jpg"])
    alone = (job.results.root / SHEET).read_bytes()
    (job.photos.root / "gone.jpg").unlink()
    put(job.photos.root, "broken.jpg", data=b"broken")
    put(job.photos.root, "large.jpg", data=bytes(22_000_001))
    write_sheet(job, outcomes)
    assert (job.results.root / SHEET).read_bytes() == alone
    (job.photos.root / "car.jpg").unlink()
    (job.results.root / SHEET).unlink()
    write_sheet(job, outcomes)
    assert not job.results.find(SHEET), "none is left"


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("data", [b"{", b"[]\n", b'{"kind": "exterior"}\n', b"\xff"])
@pytest.mark.parametrize("name, said", [("left-out.jsonl", "left-out.jsonl is damaged"), ("dead-letters.jsonl", "a file of dead letters is damaged")])
def test_a_damaged_file_of_an_earlier_run_stops_the_run_before_it_converts_anything(job, name, said, data, force, capsys):
    job.results.write(name, data, "application/json", {})
    assert main(["--input", str(job.photos.root), "--output", str(job.results.root), *force]) == 1
    assert f"failed: {said}" in capsys.readouterr().err
    assert [path.name for path in job.results.root.iterdir() if path.name.startswith("car")] == []
