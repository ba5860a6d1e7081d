"""What the bulk job costs: photos a second on one and on all cores, next to the core in a plain loop, and its memory over many photos.

    .venv-bulk/bin/python -m benchmarks.bulk [--photos 400] [--many 2000]

Drawn photos of 1600x1200 and, for the memory, of 640x480, in folders: no storage's own speed is in the numbers. Loop and job take turns,
and the loop keeps its buffers as the job does.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOP = """
import sys, time; from pathlib import Path; from bulk.memory import keep_buffers; from cutout import cut_out; from options import Options
keep_buffers()
photos = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
cut_out(photos[0]); began = time.perf_counter()
for photo in photos: cut_out(photo, Options(format="png"))
print(len(photos) / (time.perf_counter() - began))
"""
ROUNDS = 3
ONE_CORE = ("taskset", "-c", "0")  # else the one worker's helpers, Beam's and the encoders', would take a second
EVERY = 0.25  # seconds between looks at the memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--many", type=int, default=2000)
    args = parser.parse_args()
    cores = os.cpu_count()
    with tempfile.TemporaryDirectory() as folder:
        photos, many, out = (Path(folder, name) for name in ("photos", "many", "out"))
        draw(photos, args.photos, (1600, 1200))
        loops, abreast, ones, alls = [], [], [], []
        for turn in range(ROUNDS):
            loops.append(plain_loops(photos, 1))
            abreast.append(plain_loops(photos, cores))
            ones.append(bulk(photos, out / f"one{turn}", 1, ONE_CORE)[0])
            alls.append(bulk(photos, out / f"all{turn}", cores)[0])
        loop, side_by_side, one, whole = map(statistics.median, (loops, abreast, ones, alls))
        print(f"plain loop            {loop:6.2f} photos/s")
        print(f"{cores} loops side by side  {side_by_side:6.2f} photos/s, {side_by_side / loop:.2f} of one: what the cores give")
        print(f"bulk on one core      {one:6.2f} photos/s, {one / loop:.2f} of the loop")
        print(f"bulk on {cores} cores       {whole:6.2f} photos/s, {whole / one:.2f} of one core's, "
              f"{whole / side_by_side:.2f} of the loops side by side, {whole / cores:.2f} a core")
        draw(many, args.many, (640, 480))
        speed, memory = bulk(many, out / "many", cores)
        quarters = [max(memory[i * len(memory) // 4:(i + 1) * len(memory) // 4]) for i in range(4)]
        most = ", ".join(f"{quarter:.0f}" for quarter in quarters)
        print(f"{args.many} smaller photos    {speed:6.2f} photos/s; most MB resident in each quarter of the run: {most}")


def draw(folder: Path, number: int, size: tuple[int, int]) -> None:
    """Photos that differ: eight drawings at many qualities."""
    import cv2

    from tests.drawn import draw_photo

    folder.mkdir()
    photos = [draw_photo(*size, angle=("side", "three_quarter", "front", "rear")[seed % 4], seed=seed) for seed in range(8)]
    drawings = [cv2.cvtColor(photo.rgb, cv2.COLOR_RGB2BGR) for photo in photos]
    for count in range(number):
        cv2.imwrite(str(folder / f"{count:05}.jpg"), drawings[count % 8], [cv2.IMWRITE_JPEG_QUALITY, 60 + count // 8 % 36])


def plain_loops(photos: Path, number: int) -> float:
    """Photos a second of so many loops at once, each bound to its own core and converting all of the photos."""
    commands = [["taskset", "-c", str(core), sys.executable, "-c", LOOP, photos] for core in range(number)]
    loops = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for command in commands]
    speeds = [loop.communicate()[0] for loop in loops]
    if any(loop.returncode for loop in loops):
        raise SystemExit("a plain loop failed")
    return sum(map(float, speeds))


def bulk(photos: Path, out: Path, workers: int, bound: tuple[str, ...] = ()) -> tuple[float, list[float]]:
    """Photos a second as the job itself tells them, its start included but not Python's imports; and MB resident, four looks a second."""
    command = [*bound, sys.executable, "-m", "bulk", "--input", photos, "--output", out, "--direct_num_workers", str(workers)]
    memory: list[float] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        over = threading.Event()

        def look() -> None:
            while not over.wait(EVERY):
                memory.append(int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)

        watcher = threading.Thread(target=look)
        watcher.start()
        said = process.stdout.read()
        over.set()
        watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"the job failed:\n{said}")
    return float(re.search(r"([\d.]+) photos a second", said)[1]), memory


if __name__ == "__main__":
    main()
