"""The bulk job as Dataflow runs it: a job service of its own, workers in other processes that have only what was pickled, workers killed, a Flex template."""
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulk.template import metadata
from tests.bulk_photos import draw_jpeg
from tests.bulk_runs import Starter, starter
from tests.bulk_service import PYTHON, Service, job_service, made, start_and_kill, worker_environment, worker_image
from tests.cloud import Cloud, emulated
from tests.drawn import draw_street, encode
from tests.function import Function
from tests.test_bulk_job import put

# Runs a file as the launcher does. Here are no credentials; Beam would look for them for half a minute.
LAUNCH = """
import runpy, sys; from apache_beam.internal.gcp import auth
auth._Credentials._credentials_init = True
del sys.argv[0]; runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with emulated() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    with starter(tmp_path_factory.mktemp("logs")) as started:
        yield started


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worker_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, image, cloud) -> Iterator[Service]:
    with job_service(tmp_path_factory.mktemp("service") / "empty", image, cloud) as service:
        yield service


def test_workers_have_only_what_was_pickled(cloud, bulk, service, tmp_path):
    """Backdrop and watermark are files of the launching machine; they are gone when the workers begin."""
    pictures = {"wall.png": encode(draw_street(300, 200, seed=8), "png"), "logo.jpg": draw_jpeg(1)}
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
    photos = {f"lot {number}/car.jpg": draw_jpeg(number) for number in range(2)} | {"bad.jpg": b"broken"}
    source, results = cloud.bucket(photos), cloud.bucket()
    run = bulk.start(f"gs://{source}", f"gs://{results}", "--bg_image_file", tmp_path / "wall.png", "--watermark_file", tmp_path / "logo.jpg",
                     "--crop", "true", "--sheet", "1", *service.flags, cloud=cloud.address)
    run.until(lambda: "manifest.json" in cloud.objects(results))
    for name in pictures:
        (tmp_path / name).unlink()
    ended = run.wait()
    assert ended.status == 3 and ended.counts["done"] == 2 and ended.counts["failed"] == 1, ended.printed
    function = Function()
    for name, data in photos.items():
        if data != b"broken":
            answer = function.post("/", files={"image_file": data, "bg_image_file": pictures["wall.png"], "watermark_file": pictures["logo.jpg"]},
                                   data={"crop": "true", "format": "jpg"})
            assert cloud.read(results, f"{name}.jpg") == answer.content, name
    assert {"dead-letters.jsonl", "report.csv", "least-confident.sheet.jpg"} < cloud.objects(results).keys()


def test_a_run_whose_workers_are_killed_loses_and_repeats_nothing(cloud, bulk, service):
    """`python -m benchmarks.bulk_kills` does the same with thousands of photos, and kills twice."""
    photos = {f"{number % 7}/{number:03}.jpg": draw_jpeg(number) for number in range(30)}
    source, results = cloud.bucket(photos), cloud.bucket()
    kept = start_and_kill(bulk, service, cloud, source, results, at=10)
    ended = bulk.run(f"gs://{source}", f"gs://{results}", *service.flags, cloud=cloud.address)
    assert ended.status == 0 and ended.counts["done"] == len(photos) - len(kept) and ended.counts["skipped"] == len(kept) > 9, ended.printed
    assert made(cloud, results).items() >= kept.items(), "a result was written again"
    assert set(cloud.objects(results)) == {f"{name}.png" for name in photos} | {"manifest.json", "report.csv", "report.jsonl"}
    report = [json.loads(line) for line in cloud.read(results, "report.jsonl").decode().splitlines()]
    assert sorted(row["name"] for row in report) == sorted(photos) and {row["outcome"] for row in report} == {"done"}


def test_an_output_that_fails_makes_the_job_fail_and_its_reason_is_told(cloud, bulk, service):
    source, results = cloud.bucket({"car.jpg": draw_jpeg(0)}), cloud.bucket()
    run = bulk.start(f"gs://{source}", f"gs://{results}", "--force", *service.flags, cloud=cloud.address)  # which does not list the results
    run.until(lambda: "manifest.json" in cloud.objects(results))
    cloud.delete(results, "manifest.json")
    cloud.session.delete(f"{cloud.address}/storage/v1/b/{results}", timeout=20).raise_for_status()
    ended = run.wait()
    assert ended.status == 1 and "car.jpg.png could not be written: the bucket does not exist, or may not be written to" in ended.printed
    assert "failed: Pipeline" in ended.printed


# What a template describes, run in one process: nobody waits for its counts.
DESCRIBED = ("--runner", "FnApiRunner", "--template_location", "gs://staging/job_object")


def test_and_so_it_does_where_a_template_started_it(bulk, tmp_path):
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    ended = bulk.run(tmp_path / "photos", tmp_path / "out", *DESCRIBED, largest=4096)
    assert ended.status == 1 and "ERROR:bulk.pipeline:car.jpg.png could not be written: File too large" in ended.printed.splitlines()
    put(tmp_path, "results/dead-letters.jsonl/file", "photos/bad.jpg")
    ended = bulk.run(tmp_path / "photos", tmp_path / "results", *DESCRIBED)
    assert ended.status == 1 and "ERROR:bulk.pipeline:another file, or a folder, has the place of dead-letters.jsonl" in ended.printed.splitlines()


def test_a_job_of_a_template_has_written_its_report_when_the_sheet_fails(bulk, tmp_path):
    put(tmp_path, "out/least-confident.sheet.jpg/file", "photos/bad.jpg")
    put(tmp_path / "photos", "car.jpg", data=draw_jpeg(0))
    ended = bulk.run(tmp_path / "photos", tmp_path / "out", "--sheet", "1", *DESCRIBED)
    assert ended.status == 1 and "least-confident.sheet.jpg was not written: another file, or a folder, has the place" in ended.printed
    assert {"car.jpg.png", "dead-letters.jsonl", "report.csv", "report.jsonl"} < {path.name for path in (tmp_path / "out").iterdir()}


def test_a_flex_template_describes_the_job_for_dataflow(cloud, image, tmp_path):
    """The launcher starts the image's command with the template's parameters and these flags, and Dataflow reads what it describes."""
    source, results, staging = cloud.bucket({"car.jpg": draw_jpeg(0)}), cloud.bucket(), cloud.bucket()
    parameters = {"input": f"gs://{source}", "output": f"gs://{results}", "bg_color": "fff", "sheet": "3", "sdk_container_image": "r-docker.pkg.dev/p/f/bulk:1"}
    assert parameters.keys() <= {parameter["name"] for parameter in metadata()["parameters"]}
    environment = {"runner": "DataflowRunner", "project": "lot-photos", "region": "europe-west1", "job_name": "forecourt-bulk", "machine_type": "n1-standard-4",
                   "max_num_workers": "10", "service_account_email": "bulk@lot-photos", "staging_location": f"gs://{staging}/staging",
                   "temp_location": f"gs://{staging}/tmp", "template_location": f"gs://{staging}/job_object"}
    flags = [f"--{name}={value}" for name, value in (parameters | environment).items()]
    ended = subprocess.run([PYTHON, "-c", LAUNCH, image / "bulk" / "__main__.py", *flags], cwd=tmp_path,
                           env=worker_environment(image, cloud), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0 and "template written" in ended.stdout, ended.stderr
    job = json.loads(cloud.read(staging, "job_object"))
    pool, options = job["environment"]["workerPools"][0], job["environment"]["sdkPipelineOptions"]["options"]
    assert pool["machineType"] == "n1-standard-4" and pool["autoscalingSettings"]["maxNumWorkers"] == 10
    assert [container["containerImage"] for container in pool["sdkHarnessContainerImages"]] == [parameters["sdk_container_image"]]
    assert options["service_account_email"] == "bulk@lot-photos" and options["number_of_worker_harness_threads"] == 2
    proto = cloud.read(staging, options["pipelineUrl"].removeprefix(f"gs://{staging}/"))
    assert hashlib.sha256(proto).hexdigest() == options["pipelineProtoHash"]
    assert all(step in proto for step in (b"list", b"convert", b"dead letters", b"report", b"sheet"))
    assert set(cloud.objects(results)) == {"manifest.json"}, "nothing is converted yet"
