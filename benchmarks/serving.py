"""What serving weighs: the real server, 20 photos of 2 megapixels over HTTP; time by stage, memory, and the size of its environment.

    make benchmark          needs nothing but the two environments; drawn photos, so that anyone can repeat it
"""
import argparse
import re
import statistics
import subprocess
import time
from pathlib import Path

from benchmarks.process import SERVING, serving
from tests.drawn import draw_photo, encode

PHOTOS = 20
SIZE = (1920, 1080)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, default=SERVING, help="made from requirements.txt alone")
    args = parser.parse_args()
    with serving(environment=args.environment) as server:
        ready = time.perf_counter() - server.began
        photos = [encode(draw_photo(*SIZE, angle=("side", "three_quarter", "front", "rear")[number % 4], seed=number).rgb) for number in range(PHOTOS)]
        server.cut_out(photos[0])
        spent = server.cpu_seconds()
        stages: dict[str, list[float]] = {}
        sizes = []
        for photo in photos:
            answer, body = server.cut_out(photo)
            sizes.append(len(body))
            for stage, duration in re.findall(r"(\w+);dur=([\d.]+)", answer.headers["Server-Timing"]):
                stages.setdefault(stage, []).append(float(duration))
        spent = server.cpu_seconds() - spent
        resident = server.resident()
        memory, largest = sum(resident), max(resident)
    disk = subprocess.run(["du", "-sm", args.environment], capture_output=True, text=True, check=True).stdout.split()[0]
    for stage, durations in stages.items():
        print(f"{stage:10} {statistics.median(durations):7.1f} ms")
    work = sum(statistics.median(durations) for stage, durations in stages.items() if stage not in ("receive", "wait"))
    print(f"{'work':10} {work:7.1f} ms of a {SIZE[0]}x{SIZE[1]} photo; PNG {statistics.median(sizes) / 1e6:.2f} MB")
    print(f"CPU        {spent / PHOTOS:7.3f} s a photo, the HTTP server's part included")
    print(f"ready      {ready:7.2f} s after start")
    print(f"memory     {memory:7.0f} MB resident after {PHOTOS + 1} photos (the worker {largest:.0f} MB, the rest its supervisor)")
    print(f"disk       {disk:>7} MB of environment")


if __name__ == "__main__":
    main()
