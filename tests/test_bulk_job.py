"""What the bulk job takes for a photo, where its results go, and what it refuses: without Beam, on folders and an emulated bucket."""
import errno
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import storage
from bulk.command import main
from bulk.folder import JOURNAL, NOTES, Folder
from bulk.item import ANY, Unwritable
from bulk.job import BulkJob, OutputFailed
from bulk.manifest import write_manifest
from bulk.report import rows, write_report
from bulk.stores import open_input, open_store
from cutout import cut_out
from once import once
from options import Options
from tests.bulk_photos import draw_jpeg
from tests.cloud import emulated

PNG = Options(format="png")


def put(folder: Path, *names: str, data: bytes = b"photo") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def job(tmp_path) -> BulkJob:
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    return BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)


def listed(job: BulkJob) -> dict[str, str]:
    return {item.name: status for item, status in job.listing()}


@pytest.mark.parametrize("pattern, found", [
    ("*.jpg", {"car.jpg"}), ("*", {"car.jpg", "CAR 2.JPG"}), ("**", {"car.jpg", "CAR 2.JPG", "lot 3/ä.png", "lot 3/deep/x"}),
    ("lot*/?.png", {"lot 3/ä.png"}), ("**/x", {"lot 3/deep/x"})])
def test_a_glob_selects_photos(tmp_path, pattern, found):
    put(tmp_path, "car.jpg", "CAR 2.JPG", "lot 3/ä.png", "lot 3/deep/x")
    photos, expression = open_input(f"{tmp_path}/{pattern}")
    assert listed(BulkJob(photos, expression, Folder(tmp_path.parent / "out"), PNG)) == dict.fromkeys(found, "pending")


def test_a_glob_of_a_bucket_selects_photos():
    photos, expression = open_input("gs://site/lot*/**.jpg")
    assert (photos.bucket, photos.prefix) == ("site", "") and expression.fullmatch("lot 3/a/b.jpg") and not expression.fullmatch("other/lot/b.jpg")


def test_photos_are_known_by_their_names_and_files_without_an_extension_are_tried(tmp_path):
    photos = ["a.HIF", "a.HEIF", "a.heic", "a.JFIF", "a.AVIF", "a.JPE", "a.jpeg", "a.Tiff", "a.BMP", "a.webp", "lot.2/car"]
    others = ["a.txt", "a.mp4", "._a.jpg", ".hidden", "lot/._b.HEIC", ".trash/lot/a.jpg", "thumbs.db"]
    put(tmp_path / "photos", *photos, *others)
    expected = dict.fromkeys(photos, "pending") | dict.fromkeys(others, "ignored")
    assert listed(BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)) == expected


def test_a_linked_folder_is_counted_and_not_entered_and_a_linked_photo_is_a_photo(tmp_path):
    put(tmp_path, "elsewhere/b.jpg", "photos/lot/a.jpg")
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / "lot" / "loop").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "b.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    assert listed(BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)) == {
        "lot/a.jpg": "pending", "b.jpg": "pending", "link/": "folder", "lot/loop/": "folder"}


def test_a_folder_that_may_not_be_read_is_counted(tmp_path, monkeypatch):
    put(tmp_path / "photos", "lost+found/x.jpg", "a.jpg")
    scandir = os.scandir

    def forbids(path):
        if Path(path).name == "lost+found":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbids)
    assert listed(BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), PNG)) == {"a.jpg": "pending", "lost+found/": "folder"}


def test_a_photo_that_has_its_result_is_skipped_unless_all_are_converted_again(job):
    put(job.results.root, "car.jpg.png", data=b"by hand")
    assert listed(job) == {"car.jpg": "skipped"} and listed(replace(job, force=True)) == {"car.jpg": "pending"}
    item = job.photos.find("car.jpg")
    assert job.convert(item).status == "raced" and job.results.find("car.jpg.png").size == len(b"by hand")
    assert replace(job, force=True).convert(item).status == "done" and job.results.find("car.jpg.png").size > 1000


def test_a_photo_that_failed_is_not_tried_again_until_it_changes(job):
    put(job.photos.root, "car.jpg", data=b"broken")
    failed = job.convert(job.photos.find("car.jpg"))
    job.keep([failed])
    assert failed.code == "failed_to_read_image" and listed(job) == {"car.jpg": "failed_before"}
    assert listed(replace(job, retry=frozenset({"car.jpg"}))) == {"car.jpg": "pending"}
    put(job.photos.root, "car.jpg", data=draw_jpeg(0))
    assert listed(job) == {"car.jpg": "pending"}
    job.keep([replace(failed, code="storage_unavailable", item=job.photos.find("car.jpg"))])
    assert listed(job) == {"car.jpg": "pending"}, "a passing fault is tried again"


def test_a_photo_that_is_gone_is_neither_done_nor_failed(job):
    (job.photos.root / "a.jpg").symlink_to("nothing")
    assert listed(job) == {"a.jpg": "pending", "car.jpg": "pending"}
    assert job.convert(next(job.photos.items())).status == "gone"


def test_a_fault_of_the_program_on_one_photo_is_a_dead_letter(job, monkeypatch):
    monkeypatch.setattr("bulk.job.cut_out", lambda *_: 1 // 0)
    outcome = job.convert(job.photos.find("car.jpg"))
    assert (outcome.status, outcome.code) == ("failed", "internal_error") and "division" not in outcome.detail


def test_a_result_whose_place_is_taken_by_something_else_is_a_dead_letter(job):
    (job.results.root / "car.jpg.png").mkdir(parents=True)
    put(job.photos.root, "x" * 250 + ".jpg", data=draw_jpeg(4))
    assert {job.convert(item).code for item in job.photos.items()} == {"name_collision", "name_too_long"}
    assert not list(job.results.items())


@pytest.mark.parametrize("error, code", [
    (OSError(errno.EINVAL, "Invalid argument"), "name_unusable"), (PermissionError(errno.EACCES, "Permission denied"), "storage_unavailable")])
def test_an_error_that_concerns_one_photo_is_its_dead_letter(job, monkeypatch, error, code):
    """FAT allows no colon in a name; one of many folders may be another user's."""
    monkeypatch.setattr("bulk.folder.create", raising(error))
    assert job.convert(job.photos.find("car.jpg")).code == code


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_an_error_that_concerns_all_photos_stops_the_run(job, monkeypatch, number):
    monkeypatch.setattr("bulk.folder.create", raising(OSError(number, os.strerror(number))))
    with pytest.raises(OutputFailed, match=f"car.jpg.png could not be written: {os.strerror(number)}"):
        job.convert(job.photos.find("car.jpg"))
    assert not job.results.find("car.jpg.png")


def raising(error: OSError):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture(params=["links", "no links"])
def results(tmp_path, monkeypatch, request) -> Folder:
    """An empty folder, on a file system with hard links and on one without (FAT, exFAT, many network shares)."""
    if request.param == "no links":
        monkeypatch.setattr(os, "link", raising(PermissionError(errno.EPERM, "Operation not permitted")))
    return Folder(tmp_path / "out")


def write(results: Folder, data: bytes, **how: int) -> bool:
    return results.write("lot/a.png", data, "image/png", {"confidence": "0.5"}, **how)


def test_a_result_is_written_once(results):
    assert write(results, b"first") and not write(results, b"second") and results.read(results.find("lot/a.png")) == b"first"
    assert write(results, b"third", replaces=ANY) and results.read(results.find("lot/a.png")) == b"third"
    assert [(item.name, metadata) for item, metadata in results.items_with_metadata()] == [("lot/a.png", {"confidence": "0.5"})]


def test_notes_of_older_versions_which_have_no_size_still_count(job):
    put(job.results.root, "car.jpg.png")
    put(job.results.root, ".forecourt/old.jsonl", data=b'\n{"name": "car.jpg.png", "metadata": {"confidence": "0.5"}}\n')
    assert [metadata for _, metadata in job.results.items_with_metadata()] == [{"confidence": "0.5"}]


def test_an_empty_file_is_no_result(results):
    """A run that was killed may leave one, where there are no hard links."""
    put(results.root, "lot/a.png", data=b"")
    put(results.root / ".." / "photos", "lot/a")
    assert listed(BulkJob(Folder(results.root / ".." / "photos"), None, results, PNG)) == {"lot/a": "pending"}
    assert write(results, b"whole") and results.read(results.find("lot/a.png")) == b"whole"


def test_a_write_that_fails_leaves_nothing(results, monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", raising(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write(results, b"first")
    assert not list(results.items()) and not list((results.root / ".forecourt").iterdir())


def test_what_a_killed_run_left_half_written_is_no_result_and_is_removed_when_it_is_old(results):
    put(results.root, ".forecourt/1234", ".forecourt/5678")
    os.utime(results.root / ".forecourt" / "1234", (0, 0))
    (results.root / ".forecourt" / "9abc").symlink_to("what another run has just given its name")
    results.tidy()
    assert not list(results.items()) and {path.name for path in (results.root / ".forecourt").iterdir()} == {"5678", "9abc"}


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png", "a//b.png", "./a/b.png", "a/b.png/", ".forecourt/x.png", "a\0.png", ""])
def test_an_objects_name_that_no_file_of_its_own_can_have_is_refused(tmp_path, name):
    """The emulator tidies such names up; Cloud Storage does not."""
    results = Folder(tmp_path / "out")
    results.write("a/b.png", b"first", "image/png", {})
    with pytest.raises(Unwritable) as refusal:
        results.write(name, b"second", "image/png", {}, replaces=ANY)
    assert refusal.value.code == "name_unusable" and results.find(name) is None
    assert [item.name for item in Folder(tmp_path).items()] == ["out/a/b.png"] and (tmp_path / "out" / "a" / "b.png").read_bytes() == b"first"


def test_names_that_no_object_can_have_and_buckets_that_take_no_object(tmp_path, monkeypatch):
    with emulated() as cloud:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.address)
        monkeypatch.setattr(storage, "client", once(storage.client.__wrapped__))  # one that knows the address
        for name in (b"\xfe.jpg", b"\xff.jpg", b"a\rb.jpg", b"a\nb.jpg"):
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(draw_jpeg(1))
        bucket = cloud.bucket({"\ufffd.jpg.png": b"of another photo"})
        job = BulkJob(Folder(tmp_path), None, open_store(f"gs://{bucket}"), PNG)
        outcomes = [job.convert(item) for item in job.photos.items()]
        assert [outcome.code for outcome in outcomes] == ["name_unusable"] * 4
        job.keep(outcomes)
        assert Counter(listed(job).values()) == {"failed_before": 4}
        assert len(write_report(job)) == 5 and b"\\udcfe.jpg,failed,name_unusable" in cloud.read(bucket, "report.csv")
        (tmp_path / "car.jpg").write_bytes(draw_jpeg(1))
        with pytest.raises(OutputFailed, match="car.jpg.png could not be written: the bucket does not exist, or may not be written to"):
            replace(job, results=open_store("gs://no-such-bucket")).convert(job.photos.find("car.jpg"))
        assert main(["--input", str(tmp_path), "--output", "gs://no-such-bucket"]) == 1, "the first listing tells"


def test_the_report_knows_results_of_others_and_failures_only_by_name(job):
    put(job.results.root, "other.jpg.png", "notes.txt")
    job.convert(job.photos.find("car.jpg"))
    put(job.photos.root, "bad.jpg", data=b"broken")
    job.keep([job.convert(job.photos.find("bad.jpg"))])
    assert [(row.name, row.outcome, row.code, row.width) for row in rows(job)] == [
        ("bad.jpg", "failed", "failed_to_read_image", None), ("other.jpg", "done", "", None), ("car.jpg", "done", "", 320)]


def test_the_report_tells_kind_and_view(job):
    job.convert(job.photos.find("car.jpg"))
    made = cut_out((job.photos.root / "car.jpg").read_bytes(), PNG)
    assert [(row.kind, row.view) for row in rows(job)] == [(made.kind.kind, made.kind.view)]


def test_a_report_survives_lines_that_a_full_disk_cut_short(job):
    (notes := job.results.root / NOTES).mkdir(parents=True)
    for journal in (JOURNAL, "of-another-run.jsonl"):
        (notes / journal).write_bytes(b'{"name": "car.jpg", "meta')
    job.convert(job.photos.find("car.jpg"))
    assert rows(job)[0].confidence


@pytest.mark.parametrize("flags, sentence", [
    (["--crop", "maybe"], "--crop: takes true or false"), (["--bg_image_file", "missing.png"], "missing.png: there is no such file"),
    (["--bg_image_file", "README.md"], "README.md: the file is not a readable"),
    (["--bg_color", "fff", "--bg_image_file", "docs/result.jpg"], "only one can stand behind the car"),
    (["--watermark", "a", "--watermark_file", "docs/result.jpg"], "only one at once"),
    (["--retry", "README.md"], "a file of dead letters is damaged"), (["--sheet", "-1"], "--sheet takes"), (["--sheet", "101"], "0 to 100"),
    (["--watermark", "nobody's"], "--watermark: takes the name of a configured"), (["--output", "s3://x"], "s3://x: takes a folder or gs://bucket, not s3://"),
    (["--where", "kind=car"], "--where: kind takes exterior, interior, "), (["--where", "kind=exterior,colour=red"], "--where takes kind=VALUE or view=VALUE"),
    (["--where", ""], "--where takes kind=VALUE"), (["--unsuitable", "ignore"], "--unsuitable: invalid choice"),
    (["--input", "az://x"], "az://x: takes a folder or gs://bucket, not az://"), (["--output", "gs://"], "names no bucket"),
    (["--input", "gs://si*e/x"], "can't be a pattern"),
    (["--output", "README.md"], "README.md is a file, not a folder"), (["--output", "README.md/below"], "README.md is a file, not a folder"),
    (["--input", "missing"], "--input: missing is not a folder"),
    *(([f"--{name}="], f"--{name}: is empty; give a folder, a file or gs://bucket")
      for name in ("input", "output", "retry", "bg_image_file", "watermark_file"))])
def test_wrong_options_are_refused_before_anything_is_done(job, flags, sentence, capsys):
    places = ["--input", str(job.photos.root), "--output", str(job.results.root)]
    with pytest.raises(SystemExit) as refusal:
        main([*places, *flags])
    said = capsys.readouterr().err
    assert refusal.value.code == 2 and sentence in said and "Traceback" not in said and not job.results.root.exists()


@pytest.mark.parametrize("photos, results, said", [
    ("photos", "lot/../photos", "--output is the place of --input"), ("photos/*.jpg", "photos", "--output is the place of --input"),
    ("photos/lot", "photos", "--input lies within --output"), ("gs://site", "gs://site/", "--output is the place of --input"),
    ("gs://site/cut/photos/*.jpg", "gs://site/cut", "--input lies within --output")])
def test_places_where_a_result_would_be_taken_for_a_photo_or_a_photo_for_a_result_are_refused(job, photos, results, said, capsys, monkeypatch):
    monkeypatch.chdir(job.photos.root.parent)
    with pytest.raises(SystemExit):
        main(["--input", photos, "--output", results])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("place, sentence", [("/proc/forecourt", "/proc/forecourt: No such file"), ("/sys/forecourt", "/sys/forecourt: ")])
def test_an_output_that_can_not_be_written_is_told_before_the_first_photo(job, place, sentence, capsys, monkeypatch):
    monkeypatch.setattr(BulkJob, "convert", raising(AssertionError("a photo was converted")))
    assert main(["--input", str(job.photos.root), "--output", place]) == 1
    assert f"failed: {sentence}" in capsys.readouterr().err


def test_a_run_that_finds_nothing_to_do_says_so(job, capsys):
    """It is no failure: a nightly run may find an empty bucket."""
    put(job.results.root, "car.jpg.png")
    put(job.photos.root.parent, "letters", data=b'{"name": "gone.jpg"}')
    for photos, flags, said in (("lot*", [], "no file matches --input\n"), ("*.jpg", ["--sheet", "3"], "no sheet: it shows photos of this run"),
                                ("", ["--retry", str(job.photos.root.parent / "letters")], "no file matches --input and --retry\n")):
        assert main(["--input", str(job.photos.root / photos), "--output", str(job.results.root), *flags]) == 0
        assert said in capsys.readouterr().out


def test_results_that_workers_of_other_processes_could_not_write_make_the_run_fail(job, monkeypatch, capsys):
    """Only the counts tell of them: --direct_running_mode multi_processing."""
    monkeypatch.setattr("bulk.command.run", lambda *_: Counter(pending=1, not_written=1))
    assert main(["--input", str(job.photos.root), "--output", str(job.results.root)]) == 1
    assert "failed: results could not be written: see the log" in capsys.readouterr().err


def test_configured_watermarks_are_those_of_the_function(tmp_path, monkeypatch, capsys):
    put(tmp_path / "photos", "notes.txt")
    arguments = ["--input", str(tmp_path / "photos"), "--output", str(tmp_path / "out"), "--watermark", "logo"]
    put(tmp_path / "marks", "logo.jpg", data=draw_jpeg(1))
    monkeypatch.setenv("WATERMARKS_DIR", str(tmp_path / "marks"))
    assert main(arguments) == 0
    monkeypatch.setenv("WATERMARKS_DIR", str(tmp_path / "missing"))
    with pytest.raises(SystemExit):
        main(arguments)
    assert "WATERMARKS_DIR takes a folder" in capsys.readouterr().err


def test_an_interruption_before_the_first_photo_leaves_no_traceback(job, monkeypatch, capsys):
    monkeypatch.setattr(BulkJob, "listing", raising(KeyboardInterrupt()))
    assert main(["--input", str(job.photos.root), "--output", str(job.results.root)]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_backdrop_is_decoded_once_a_worker(job, monkeypatch):
    """However many photos there are."""
    from bulk import job as module

    decoded: list[int] = []
    decode = module.decode
    monkeypatch.setattr(module, "decode", lambda data: decoded.append(1) or decode(data))
    backdrop = draw_jpeg(7)
    put(job.photos.root, "b.jpg", data=draw_jpeg(2))
    outcomes = [replace(job, backdrop=backdrop, options=Options(format="jpg")).convert(item) for item in job.photos.items()]
    assert [outcome.status for outcome in outcomes] == ["done"] * 2 and decoded == [1]


def test_a_photo_called_like_a_file_beside_the_results_keeps_its_result(tmp_path):
    put(tmp_path / "photos", "least-confident", "report", "manifest", "dead-letters", data=draw_jpeg(5))
    job = BulkJob(Folder(tmp_path / "photos"), None, Folder(tmp_path / "out"), Options(format="jpg", pixels=10_000))
    assert [job.convert(item).status for item in job.photos.items()] == ["done"] * 4
    write_manifest(job)
    write_report(job)
    assert {item.name for item in job.results.items()} == {
        "least-confident.jpg", "report.jpg", "manifest.jpg", "dead-letters.jpg", "manifest.json", "report.csv", "report.jsonl"}
    assert json.loads((job.results.root / "manifest.json").read_text())["format"] == "jpg"
