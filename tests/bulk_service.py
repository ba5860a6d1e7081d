"""Beam's job service, and workers that it starts: processes of their own, which have what was pickled and the files of their image, as on Dataflow."""
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bulk_runs import PATIENCE, Starter
from tests.cloud import Cloud
from tests.conftest import ROOT
from tests.image import allowed, dockerignore
from tests.test_architecture import tracked

PYTHON = ROOT / ".venv-bulk" / "bin" / "python"
WORKER = "apache_beam.runners.worker.sdk_worker_main"


@dataclass(frozen=True)
class Service:
    address: str
    process: subprocess.Popen[bytes]

    @property
    def flags(self) -> tuple[str, ...]:
        worker = ("--environment_type", "beam:env:harness_subprocess_python:v1", "--environment_config", f"exec {PYTHON} -m {WORKER}")
        return ("--runner", "PortableRunner", "--job_endpoint", self.address, *worker)

    def kill_workers(self) -> int:
        """Gives how many there were."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        workers = [int(number) for file in children for number in file.read_text().split()]
        for number in workers:
            os.kill(number, signal.SIGKILL)
        return len(workers)


def worker_image(folder: Path) -> Path:
    """The folder /template of bulk/Dockerfile."""
    image = folder / "template"
    for path in allowed(tracked(), dockerignore(ROOT / "bulk" / "Dockerfile", ROOT)):
        (image / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, image / path)
    return image


def worker_environment(image: Path, cloud: Cloud) -> dict[str, str]:
    """That of a process which finds the image's modules and no others of this project."""
    inherited = {name: value for name, value in os.environ.items() if name != "WATERMARKS_DIR"}
    return inherited | {"PYTHONPATH": str(image), "PYTHONSAFEPATH": "1", "STORAGE_EMULATOR_HOST": cloud.address}


@contextmanager
def job_service(folder: Path, image: Path, cloud: Cloud) -> Iterator[Service]:
    """folder: a new one, empty but for the log, in which the service and its workers stand."""
    folder.mkdir()
    file = folder / "port"
    command = [PYTHON, "-m", "apache_beam.runners.portability.local_job_service_main", "--port_file", file]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=worker_environment(image, cloud), stdout=log, stderr=log)
    service = Service("", process)
    try:
        end = time.monotonic() + PATIENCE
        while not file.exists():
            assert process.poll() is None and time.monotonic() < end, (folder / "log.txt").read_text()
            time.sleep(0.1)
        yield Service(f"localhost:{file.read_text()}", process)
    finally:
        service.kill_workers()
        process.kill()
        process.wait()


def start_and_kill(bulk: Starter, service: Service, cloud: Cloud, photos: str, results: str, at: int, every: float = 0.05) -> Mapping[str, str]:
    """Starts a run and kills its workers when more than `at` objects are there. Gives the generations of the results that it leaves.

    Beam's job service waits for a dead worker for ever, where Dataflow takes another one, so the run is ended, too.
    """
    run = bulk.start(f"gs://{photos}", f"gs://{results}", *service.flags, cloud=cloud.address)
    run.until(lambda: len(cloud.objects(results)) > at, every)
    assert service.kill_workers(), "there is a worker's process"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return made(cloud, results)


def made(cloud: Cloud, results: str) -> Mapping[str, str]:
    """Generations of the photos' results."""
    return {name: generation for name, generation in cloud.generations(results).items() if name.endswith(".png")}
