"""The function's process for the benchmarks, as `make serve` starts it: its address, and what it takes of CPU and memory."""
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "main.py"
SERVING = ROOT / ".venv"  # made from requirements.txt alone
EXPORTED = dict(re.findall(r"^export (\w+) \?= (\w+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
TICKS = os.sysconf("SC_CLK_TCK")  # a second, of the CPU time in /proc


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]
    began: float  # time.perf_counter() when the process was started

    def post(self, photo: bytes, **options: str) -> tuple[HTTPResponse, bytes]:
        """The answer to a photo, over a new connection, and its body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", f"/?{urlencode(options)}", photo, {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def cut_out(self, photo: bytes, **options: str) -> tuple[HTTPResponse, bytes]:
        """As post. Raises RuntimeError where the answer is an error."""
        answer, body = self.post(photo, **options)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {body[:200].decode(errors='replace')}")
        return answer, body

    def cpu_seconds(self) -> float:
        """Of all its processes since they began, to a hundredth."""
        rows = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in family(self.process.pid)]
        return sum(int(ticks) for row in rows for ticks in row) / TICKS

    def resident(self) -> list[float]:
        """Megabytes of each of its processes. Of pages that they share each counts its part (Pss in proc_pid_smaps(5)): the sum is what a container holds."""
        maps = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family(self.process.pid))
        return [int(text.partition("\nPss:")[2].split()[0]) / 1000 for text in maps]


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


@contextmanager
def serving(source: Path = MAIN, target: str = "remove_background", cores: str | None = None, environment: Path = SERVING, **settings: str) -> Iterator[Server]:
    """A function from when it accepts connections on. cores: those that it may use, as taskset's --cpu-list; settings: its environment variables."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bound = ["taskset", "--cpu-list", cores] if cores else []
    command = [*bound, environment / "bin" / "functions-framework", "--target", target, "--source", source, "--host", "127.0.0.1", "--port", str(port)]
    variables = EXPORTED | {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | settings
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not listens(port):
                if process.poll() is not None:
                    raise SystemExit(f"the server ended with {process.returncode}: run {source.name} under functions-framework to see why")
                time.sleep(0.002)
            yield Server(port, process, began)
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
