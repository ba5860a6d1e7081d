"""The real server on this machine: its cold start, what it does under load, its memory over many requests, and its end. Prints tables in Markdown.

    .venv-test/bin/python -m benchmarks.server                   8 minutes on two cores; or --only cold, load, memory or end
    .venv-test/bin/python -m benchmarks.server --only memory --requests 2000
"""
import argparse
import itertools
import os
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import load
from benchmarks.process import MAIN, serving
from tests.drawn import draw_photo, encode

BARE = Path(__file__).with_name("bare.py")
ANGLES = ("side", "three_quarter", "front", "rear")
SMALL, LARGE = (640, 480), (1920, 1080)
MARKS = (1, 10, 500, 1000, 2000, 5000, 10_000)  # requests after which memory is read
SENDERS = 4                                     # clients of the memory table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("cold", "load", "memory", "end"))
    parser.add_argument("--starts", type=int, default=10, help="cold starts of each function")
    parser.add_argument("--seconds", type=float, default=12, help="of each row of the load table")
    parser.add_argument("--requests", type=int, default=10_000, help="of the memory table")
    args = parser.parse_args()
    tables = {"cold": lambda: cold(args.starts), "load": lambda: under_load(args.seconds), "memory": lambda: memory(args.requests), "end": end}
    for name, table in tables.items():
        if args.only in (None, name):
            table()


def photos(size: tuple[int, int], count: int) -> list[bytes]:
    return [encode(draw_photo(*size, angle=ANGLES[number % 4], seed=number).rgb) for number in range(count)]


def cold(starts: int) -> None:
    """Process start to first answered photo. The two functions take turns; the first start of each, which may compile its files, does not count."""
    (photo,) = photos(SMALL, 1)
    functions = {"numpy and cv2 alone": (BARE, "answer"), "Forecourt": (MAIN, "remove_background")}
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for _ in range(starts + 1):
        for name, (source, target) in functions.items():
            with serving(source, target) as server:
                server.cut_out(photo)
                rows[name].append((time.perf_counter() - server.began, server.cpu_seconds()))
    print(f"\nProcess start to the answer to a photo of {SMALL[0]}x{SMALL[1]}, medians of {starts} starts\n\n"
          "| function | s | fastest, slowest | CPU, s |\n|---|---|---|---|")
    medians = []
    for name, timed in rows.items():
        waits, spent = zip(*timed[1:])
        medians.append((statistics.median(waits), statistics.median(spent)))
        print(f"| {name} | {medians[-1][0]:.2f} | {min(waits):.2f}, {max(waits):.2f} | {medians[-1][1]:.2f} |")
    (bare, bare_cpu), (ours, ours_cpu) = medians
    print(f"| ratio | {ours / bare:.2f} | | {ours_cpu / bare_cpu:.2f} |", flush=True)


def under_load(seconds: float) -> None:
    (photo,) = photos(LARGE, 1)
    available = sorted(os.sched_getaffinity(0))
    print(f"\nA photo of {LARGE[0]}x{LARGE[1]}, {len(photo) / 1e6:.1f} MB. The clients run on the other cores where there are any, else on the same\n\n"
          f"{load.HEADER}")
    for count in (1, 2)[:len(available)]:
        cores = available[:count]
        with load.beside(cores), serving(cores=",".join(map(str, cores))) as server:
            for _ in range(2 * count):
                server.cut_out(photo)
            for clients in (1, 4, 16, 80):
                print(f"| {count} {load.row(server, photo, clients, seconds)}", flush=True)


def memory(requests: int) -> None:
    turns = itertools.cycle(photos(SMALL, 8))
    print(f"\nResident memory, {SENDERS} clients, photos of {SMALL[0]}x{SMALL[1]}\n\n| requests | MB |\n|---|---|")
    read: dict[int, float] = {}
    with serving(QUEUE_SECONDS="60") as server, ThreadPoolExecutor(SENDERS) as pool:
        done = 0
        for mark in sorted({mark for mark in MARKS if mark <= requests} | {requests}):
            for _ in pool.map(server.cut_out, itertools.islice(turns, mark - done)):
                pass
            done, read[mark] = mark, sum(server.resident())
            print(f"| {mark} | {read[mark]:.0f} |", flush=True)
    if 500 in read:
        print(f"| growth since 500 | {100 * (read[requests] / read[500] - 1):+.1f} % |")


def end() -> None:
    """SIGTERM while photos are cut out and others wait."""
    (photo,) = photos(LARGE, 1)
    with serving() as server, ThreadPoolExecutor(8) as pool:
        server.cut_out(photo)
        answers = [pool.submit(load.ask, server, photo) for _ in range(8)]
        time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        began = time.perf_counter()
        made = sum(answer.result().status == 200 for answer in answers)
        status = server.process.wait(60)
        print(f"\nSIGTERM with 8 photos in flight: {made} cut-outs came, the process ended after {time.perf_counter() - began:.1f} s with status {status}")


if __name__ == "__main__":
    main()
