"""Runs of the bulk job as its command line gives them: arguments in; exit status, counts and all that was printed out."""
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PATIENCE = 120  # seconds for one run, unless told otherwise


@dataclass(frozen=True)
class Ended:
    status: int
    counts: dict[str, int]  # of the summary, by its first words
    printed: str


class Starter:
    """Starts runs from a process that has imported Beam; the import takes longer than most runs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, patience: float):
        self.process, self.folder, self.patience, self.started = process, folder, patience, 0

    def ask(self, command: dict[str, object]) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        assert select.select([self.process.stdout], [], [], self.patience)[0], f"no answer to {command}"
        return int(self.process.stdout.readline())

    def start(self, photos: object, results: object, *flags: object, cloud: str = "", largest: int | None = None) -> "Run":
        self.started += 1
        log = self.folder / f"{self.started}.txt"
        arguments = ["--input", str(photos), "--output", str(results), *map(str, flags)]
        return Run(self, self.ask({"arguments": arguments, "environment": {"STORAGE_EMULATOR_HOST": cloud}, "log": str(log), "largest": largest}), log)

    def run(self, photos: object, results: object, *flags: object, cloud: str = "", largest: int | None = None) -> Ended:
        return self.start(photos, results, *flags, cloud=cloud, largest=largest).wait()


@dataclass(frozen=True)
class Run:
    starter: Starter
    pid: int
    log: Path

    def until(self, when: Callable[[], bool], every: float = 0.02) -> None:
        """Waits until something is the case; every: seconds between looks."""
        end = time.monotonic() + self.starter.patience
        while not when():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(every)

    def send(self, number: signal.Signals, when: Callable[[], bool]) -> None:
        """Sends a signal as soon as something is the case."""
        self.until(when)
        os.kill(self.pid, number)

    def wait(self) -> Ended:
        status = self.starter.ask({"wait": self.pid})
        printed = self.log.read_text()
        rows = [line.split(None, 1) for line in printed.replace("\r", "\n").splitlines()]
        numbers = [(row[1], row[0].replace(",", "")) for row in rows if len(row) == 2]
        return Ended(status, {text.partition(":")[0]: int(number) for text, number in numbers if number.isdigit()}, printed)


@contextmanager
def starter(folder: Path, patience: float = PATIENCE) -> Iterator[Starter]:
    """folder: for logs; patience: seconds for one run."""
    command = [ROOT / ".venv-bulk" / "bin" / "python", "-m", "tests.bulk_starter"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdout.readline() == "ready\n"
            yield Starter(process, folder, patience)
        finally:
            process.terminate()
