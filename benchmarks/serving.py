"""What serving weighs: the real server, 20 photos of 2 megapixels over HTTP; time by stage, memory, and the size of its environment.

    make benchmark          needs nothing but the two environments; drawn photos, so that anyone can repeat it
"""
import argparse
import re
import socket
import statistics
import subprocess
import time
from pathlib import Path

import requests

from tests.drawn import draw_photo, encode

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = 20
SIZE = (1920, 1080)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv", help="made from requirements.txt alone")
    args = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [args.environment / "bin" / "functions-framework", "--target", "remove_background", "--host", "127.0.0.1", "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT) as server:
        try:
            while not answers(address):
                time.sleep(0.02)
            ready = time.perf_counter() - began
            photos = [encode(draw_photo(*SIZE, angle=("side", "three_quarter", "front", "rear")[number % 4], seed=number).rgb) for number in range(PHOTOS)]
            requests.post(address, data=photos[0], headers={"Content-Type": "image/jpeg"}, timeout=60).raise_for_status()
            spent = cpu_seconds(server.pid)
            stages: dict[str, list[float]] = {}
            sizes = []
            for photo in photos:
                answer = requests.post(address, data=photo, headers={"Content-Type": "image/jpeg"}, timeout=60)
                answer.raise_for_status()
                sizes.append(len(answer.content))
                for stage, duration in re.findall(r"(\w+);dur=([\d.]+)", answer.headers["Server-Timing"]):
                    stages.setdefault(stage, []).append(float(duration))
            spent = cpu_seconds(server.pid) - spent
            memory = sum(resident(pid) for pid in family(server.pid))
            largest = max(resident(pid) for pid in family(server.pid))
        finally:
            server.terminate()
    disk = subprocess.run(["du", "-sm", args.environment], capture_output=True, text=True, check=True).stdout.split()[0]
    for stage, durations in stages.items():
        print(f"{stage:10} {statistics.median(durations):7.1f} ms")
    print(f"{'sum':10} {sum(map(statistics.median, stages.values())):7.1f} ms of a {SIZE[0]}x{SIZE[1]} photo; PNG {statistics.median(sizes) / 1e6:.2f} MB")
    print(f"CPU        {spent / PHOTOS:7.3f} s a photo, the HTTP server's part included")
    print(f"ready      {ready:7.2f} s after start")
    print(f"memory     {memory:7.0f} MB resident after {PHOTOS + 1} photos (the worker {largest:.0f} MB, the rest its supervisor)")
    print(f"disk       {disk:>7} MB of environment")


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def resident(pid: int) -> float:
    """Megabytes of a process, of pages that it shares with others its part alone (Pss in proc_pid_smaps(5)): a family's sum is what its container holds."""
    return int(re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) / 1000


def cpu_seconds(pid: int) -> float:
    ticks = [Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[11:13] for member in family(pid)]
    return sum(int(tick) for row in ticks for tick in row) / 100


if __name__ == "__main__":
    main()
