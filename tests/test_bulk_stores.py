"""What the bulk job relies on in both its stores, a folder and a bucket, and what it takes for no photo and no result there."""
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle
from threading import Barrier
from time import sleep

import pytest
from google.auth.exceptions import RefreshError
from google.cloud.storage import Client

import storage
from bulk.command import main
from bulk.folder import Folder
from bulk.item import ANY, Item
from bulk.job import BulkJob, Outcome, OutputFailed
from bulk.manifest import MANIFEST, check_manifest, write_manifest
from bulk.report import rows, write_report
from bulk.stores import Place, open_store
from events.metadata import origin
from once import once
from options import Options
from tests.bulk_photos import draw_jpeg
from tests.cloud import Cloud, emulated
from tests.test_bulk_job import PNG, listed, put
from tests.test_storage import Fails


@pytest.fixture(scope="module")
def emulator() -> Iterator[Cloud]:
    with emulated() as cloud:
        yield cloud


@pytest.fixture
def cloud(emulator, monkeypatch) -> Cloud:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.address)
    monkeypatch.setattr(storage, "client", once(storage.client.__wrapped__))  # one that knows the address
    return emulator


@pytest.fixture(params=["folder", "bucket"])
def results(request, tmp_path, cloud) -> Place:
    """An empty store."""
    return Folder(tmp_path / "out") if request.param == "folder" else open_store(f"gs://{cloud.bucket()}/out")


@pytest.fixture
def job(tmp_path, results) -> BulkJob:
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    return BulkJob(Folder(tmp_path / "photos"), None, results, PNG)


def failed(job: BulkJob, name: str) -> Outcome:
    put(job.photos.root, name, data=b"broken")
    return job.convert(job.photos.find(name))


def empty(results: Place, name: str) -> None:
    """As a run leaves it that was killed at the wrong moment, or an upload that broke off."""
    assert results.write(name, b"", "", {}, replaces=ANY)


def delete(results: Place, name: str) -> None:
    if isinstance(results, Folder):
        (results.root / name).unlink()
    else:
        storage.delete(results.location(name), results.find(name).generation)


def test_an_empty_file_under_a_results_name_is_replaced(job):
    empty(job.results, "car.jpg.png")
    assert listed(job) == {"car.jpg": "pending"}
    assert job.convert(job.photos.find("car.jpg")).status == "done" and listed(job) == {"car.jpg": "skipped"}
    assert [(row.name, row.outcome, row.width) for row in rows(job)] == [("car.jpg", "done", 320)]
    assert job.convert(job.photos.find("car.jpg")).status == "raced", "a whole one is not"


def test_an_empty_file_under_its_results_name_leaves_a_photo_its_dead_letter(job):
    job.keep([failed(job, "bad.jpg")])
    empty(job.results, "bad.jpg.png")
    job.keep([failed(job, "worse.jpg")])
    assert job.dead_letters().keys() == {"bad.jpg", "worse.jpg"}


def test_a_photo_that_another_run_has_converted_meanwhile_has_no_dead_letter(job):
    outcome = failed(job, "bad.jpg")
    job.results.write("bad.jpg.png", b"by the other run", "image/png", {})
    job.keep([outcome])
    assert not job.dead_letters()


def test_a_run_that_finds_nothing_to_convert_drops_the_dead_letter_of_a_photo_with_a_result(job):
    job.keep([failed(job, "bad.jpg"), failed(job, "worse.jpg")])
    for name in ("bad.jpg.png", "car.jpg.png"):
        job.results.write(name, b"by the other run", "image/png", {})
    out = job.results.root if isinstance(job.results, Folder) else f"gs://{job.results.bucket}/{job.results.prefix}"
    assert main(["--input", str(job.photos.root), "--output", str(out)]) == 0
    assert job.dead_letters().keys() == {"worse.jpg"}


def test_a_dead_letter_stays_where_no_result_could_have_the_name(job):
    job.keep([replace(failed(job, "bad.jpg"), code="name_too_long", item=Item(f"{'x' * 1100}.jpg", 1, 1))])
    job.keep([failed(job, "worse.jpg")])
    assert [letter["code"] for letter in job.dead_letters().values()] == ["failed_to_read_image", "name_too_long"]


def test_a_result_that_does_not_count_any_more_is_replaced_when_its_photo_can_be_converted(job):
    """The run that was forced to convert the photo again found it broken."""
    assert job.convert(job.photos.find("car.jpg")).status == "done"
    job.keep([replace(job, force=True).convert(failed(job, "car.jpg").item)])
    assert listed(job) == {"car.jpg": "failed_before"} and job.results.find("car.jpg.png").size
    put(job.photos.root, "car.jpg", data=draw_jpeg(1))
    ((photo, status),) = job.listing()
    assert status == "pending" and job.convert(photo).status == "done"
    job.keep([])
    assert not job.dead_letters() and listed(job) == {"car.jpg": "skipped"}


def test_a_photo_that_has_changed_since_is_converted_again(job):
    assert job.convert(job.photos.find("car.jpg")).status == "done" and listed(job) == {"car.jpg": "skipped"}
    old = job.results.read(job.results.find("car.jpg.png"))
    put(job.photos.root, "car.jpg", data=draw_jpeg(1))
    ((photo, status),) = job.listing()
    assert status == "pending" and job.convert(photo).status == "done" and job.results.read(job.results.find("car.jpg.png")) != old
    assert listed(job) == {"car.jpg": "skipped"}


def test_a_newer_result_that_others_write_meanwhile_stays(job):
    """Such as the upload function."""
    job.convert(job.photos.find("car.jpg"))
    put(job.photos.root, "car.jpg", data=draw_jpeg(1))
    ((photo, _),) = job.listing()
    job.results.write("car.jpg.png", b"of a newer photo", "image/png", origin("car.jpg", photo.generation + 1), replaces=ANY)
    assert job.convert(photo).status == "raced" and job.results.read(job.results.find("car.jpg.png")) == b"of a newer photo"


def test_a_run_that_comes_too_late_with_a_changed_photo_leaves_it_to_the_next_run(job):
    """Its listing did not see the other run's result."""
    older = job.photos.find("car.jpg")
    made = replace(job, photos=Folder(job.photos.root.parent / "copy"))
    put(made.photos.root, "car.jpg", data=draw_jpeg(0))
    put(job.photos.root, "car.jpg", data=draw_jpeg(1))
    assert made.convert(older).status == "done" and job.convert(job.photos.find("car.jpg")).status == "raced"
    assert listed(job) == {"car.jpg": "pending"}


def test_an_outdated_result_that_is_deleted_meanwhile_is_written_anew(job):
    job.results.write("car.jpg.png", b"outdated", "image/png", origin("car.jpg", 1))
    ((photo, _),) = job.listing()
    assert photo.former and job.convert(replace(photo, former=photo.former + 1)).status == "raced"
    delete(job.results, "car.jpg.png")
    assert job.convert(photo).status == "done"


def test_and_where_that_fails_its_old_result_does_not_count(job):
    job.convert(job.photos.find("car.jpg"))
    put(job.photos.root, "car.jpg", data=b"broken")
    ((photo, _),) = job.listing()
    job.keep([job.convert(photo)])
    job.keep([failed(job, "worse.jpg")])
    assert job.dead_letters().keys() == {"car.jpg", "worse.jpg"} and listed(job)["car.jpg"] == "failed_before"
    assert [(row.name, row.outcome) for row in rows(job)] == [("car.jpg", "failed"), ("worse.jpg", "failed")] and job.results.find("car.jpg.png")
    put(job.photos.root, "car.jpg", data=draw_jpeg(1))
    photo, _ = next(iter(job.listing()))
    assert job.convert(photo).status == "done"
    job.keep([])
    assert job.dead_letters().keys() == {"worse.jpg"} and listed(job)["car.jpg"] == "skipped"


def test_what_lies_in_an_output_within_the_input_is_no_photo(results):
    within = Folder(results.root / "cut") if isinstance(results, Folder) else replace(results, prefix="out/cut/")
    for name, data in (("car.jpg", draw_jpeg(0)), ("cut.jpg", b"photo"), ("cut/left out by hand.jpg", b"photo")):
        results.write(name, data, "image/jpeg", {})
    job = BulkJob(results, None, within, PNG)
    assert job.convert(results.find("car.jpg")).status == "done" and listed(job) == {"car.jpg": "skipped", "cut.jpg": "pending"}


def test_an_empty_manifest_is_none(job):
    empty(job.results, MANIFEST)
    check_manifest(job)
    write_manifest(job)
    assert job.results.find(MANIFEST).size


def test_runs_that_end_together_lose_no_dead_letter_and_no_photo_left_out(job, monkeypatch):
    find = type(job.results).find
    monkeypatch.setattr(type(job.results), "find", lambda *asked: (find(*asked), sleep(0.02))[0])  # as over a slow line
    outcomes = [failed(job, f"{number}.jpg") for number in range(3)]
    begin = Barrier(len(outcomes))

    def end(outcome: Outcome) -> None:
        begin.wait()
        job.keep([outcome, replace(outcome, status="left_out", item=replace(outcome.item, name=f"left {outcome.item.name}"))])

    with ThreadPoolExecutor(len(outcomes)) as runs:
        list(runs.map(end, outcomes))
    assert job.dead_letters().keys() == {f"{number}.jpg" for number in range(3)}
    assert job.left_out().keys() == {f"left {number}.jpg" for number in range(3)}


def test_what_another_run_writes_between_read_and_write_is_kept(cloud):
    """A bucket has no lock, as a folder has."""
    bucket, data = cloud.bucket(), iter([b"1\n", b"2\n"])
    results = open_store(f"gs://{bucket}")

    def change(before: bytes) -> bytes:
        for others in data:
            cloud.put(bucket, "list", before + others)
            break
        return before + b"ours\n"

    results.update("list", change, "text/plain")
    assert cloud.read(bucket, "list") == b"1\n2\nours\n"
    data = cycle([b"3\n"])
    with pytest.raises(storage.Unreachable, match="list could not be written: others replaced it"):
        results.update("list", change, "text/plain")


def test_a_report_is_written_although_another_run_writes_its_own_at_the_same_time(tmp_path, cloud, monkeypatch):
    bucket, write, others = cloud.bucket({"car.jpg.png": b"result"}), storage.write, iter(["report.csv", "report.jsonl"])

    def meet(*asked: object, **how: object) -> bool:
        for name in others:
            cloud.put(bucket, name, b"of the other run")
            break
        return write(*asked, **how)

    monkeypatch.setattr(storage, "write", meet)
    write_report(BulkJob(Folder(tmp_path), None, open_store(f"gs://{bucket}"), PNG))
    assert all(b"car.jpg" in cloud.read(bucket, name) for name in ("report.csv", "report.jsonl"))


def test_the_sheet_and_pictures_that_are_no_photos_result_have_no_row(job):
    for name in ("least-confident.sheet.jpg", "notes.txt.jpg", ".hidden.jpg", "lot 3/car.jpg"):
        job.results.write(name, b"picture", "image/jpeg", {})
    assert [row.name for row in rows(replace(job, options=Options(format="jpg")))] == ["lot 3/car"]


def test_a_pipe_or_a_device_is_ignored_and_never_opened(tmp_path):
    put(tmp_path / "photos", "car.jpg")
    os.mkfifo(tmp_path / "photos" / "pipe.jpg")
    (tmp_path / "photos" / "zero.jpg").symlink_to("/dev/zero")
    job = BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)
    assert listed(job) == {"car.jpg": "pending", "pipe.jpg": "ignored", "zero.jpg": "ignored"}
    assert job.photos.read(Item("zero.jpg", 0, 0)) == b"", "nor is what took a photo's name meanwhile read without end"


def test_a_file_that_grew_since_it_was_listed_is_not_read_beyond_the_limit(tmp_path):
    put(tmp_path, "car.jpg")
    (photo,) = Folder(tmp_path).items()
    put(tmp_path, "car.jpg", data=bytes(101))
    with pytest.raises(storage.TooLarge):
        Folder(tmp_path).read(photo, 100)


@pytest.fixture
def halves(tmp_path) -> list[BulkJob]:
    """From a bucket into a folder, and from a folder into a bucket."""
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    bucket = open_store("gs://bucket")
    return [BulkJob(bucket, None, Folder(tmp_path / "out"), PNG), BulkJob(Folder(tmp_path / "photos"), None, bucket, PNG)]


def test_access_to_a_bucket_that_can_not_be_renewed_is_a_passing_fault(halves, monkeypatch, capsys):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setattr(storage, "client", once(lambda: Client("project", Fails(RefreshError))))
    assert [job.convert(Item("car.jpg", 1, 1)).code for job in halves] == ["storage_unavailable"] * 2
    assert main(["--input", "gs://bucket", "--output", "gs://results"]) == 1
    assert "failed: access to the storage could not be renewed: said no" in capsys.readouterr().err, "what Google says of it helps who runs the command"


def test_without_credentials_the_run_stops_at_its_first_photo(halves, monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/missing.json")
    monkeypatch.setattr(storage, "client", once(storage.client.__wrapped__))
    for job, fault in zip(halves, ("car.jpg could not be read", "car.jpg.png could not be written")):
        with pytest.raises(OutputFailed, match=f"^{fault}: File /missing.json was not found.$"):
            job.convert(Item("car.jpg", 1, 1))
