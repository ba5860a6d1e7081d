"""What a photo costs on Cloud Run, by its size and the answer's format: writes the table of docs/COST.md, and draws docs/cost.png.

    .venv-test/bin/python -m benchmarks.cost        2 minutes on one core; drawn photos, so that anyone can repeat it

Billed is the time of a request on one core, whole tenths of a second, as from another service of the same region.
"""
import argparse
import math
import os
import re
import statistics
import time
from dataclasses import dataclass

import cv2
import matplotlib.pyplot as plt

from benchmarks.process import ROOT, Server, serving
from tests.drawn import draw_photo, encode

DOCUMENT, PLOT = ROOT / "docs" / "COST.md", ROOT / "docs" / "cost.png"
SIZES = {"0.3 MP": (640, 480), "1 MP": (1152, 864), "2 MP": (1920, 1080), "12 MP": (4032, 3024)}
DRAWN = (1920, 1440)  # larger photos are this one, enlarged
FORMATS: dict[str, dict[str, str]] = {"PNG": {"format": "png"}, "WebP": {"format": "webp"}, "JPEG on white": {"format": "jpg", "bg_color": "fff"}}

# https://cloud.google.com/run/pricing, request-based billing, regions of tier 1; one vCPU and 2 GiB as in deploy.sh
VCPU, GIB, REQUEST = 0.000024, 0.0000025, 0.0000004  # dollars: a vCPU-second, a GiB-second, a request
MEMORY = 2                                           # GiB
FREE_SECONDS, FREE_REQUESTS = 180_000, 2_000_000     # a month: vCPU-seconds (and twice as many GiB-seconds), requests
SERVICES = {"remove.bg (second-hand)": 105.0, "Photoroom": 20.0}   # dollars a thousand: see docs/COST.md


@dataclass(frozen=True)
class Cost:
    size: str
    format: str
    seconds: float  # of a request, median
    billed: float   # seconds

    @property
    def thousand(self) -> float:
        """Dollars for a thousand photos beyond the free allowance."""
        return 1000 * (self.billed * (VCPU + MEMORY * GIB) + REQUEST)

    @property
    def free(self) -> int:
        """Photos a month within the free allowance."""
        return int(min(FREE_SECONDS / self.billed, FREE_REQUESTS))


def measured(server: Server, size: str, format: str, photo: bytes, repeats: int) -> Cost:
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        server.cut_out(photo, **FORMATS[format])
        times.append(time.perf_counter() - began)
    seconds = statistics.median(times[1:])  # the first one of a size prepares memory
    return Cost(size, format, seconds, math.ceil(10 * seconds) / 10)


def photo_of(width: int, height: int) -> bytes:
    rgb = draw_photo(min(width, DRAWN[0]), min(height, DRAWN[1]), seed=1).rgb
    return encode(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC))


def table(costs: list[Cost]) -> str:
    """A row a size, a column a format: dollars a thousand, free photos a month."""
    rows = [f"| {size} | " + " | ".join(f"${cost.thousand:.4f} / {cost.free:,}" for cost in costs if cost.size == size) + " |" for size in SIZES]
    return "\n".join([f"| photo | {' | '.join(FORMATS)} |", "|---|" + "---|" * len(FORMATS), *rows])


def plot(costs: list[Cost]) -> None:
    figure, axes = plt.subplots(figsize=(7, 4), dpi=110)
    for format in FORMATS:
        mine = [cost for cost in costs if cost.format == format]
        axes.plot([cost.size for cost in mine], [cost.thousand for cost in mine], marker="o", label=f"Forecourt, {format}")
    for (name, dollars), style in zip(SERVICES.items(), ("--", ":")):
        axes.axhline(dollars, color="black", linestyle=style, label=f"{name}, ${dollars:.0f}")
    axes.set(yscale="log", ylabel="dollars for a thousand photos", xlabel="photo")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="center right", fontsize=8)
    figure.tight_layout()
    figure.savefig(PLOT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9, help="requests of each row")
    args = parser.parse_args()
    core = str(min(os.sched_getaffinity(0)))
    photos = {size: photo_of(*sides) for size, sides in SIZES.items()}
    with serving(cores=core) as server:
        costs = [measured(server, size, format, photo, args.repeats) for size, photo in photos.items() for format in FORMATS]
    written, changed = re.subn(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", lambda _: f"{table(costs)}\n", DOCUMENT.read_text(), flags=re.DOTALL)
    if changed != 1:
        raise SystemExit(f"{DOCUMENT} has no place for the table, between <!-- table --> and <!-- end -->")
    DOCUMENT.write_text(written)
    plot(costs)
    for cost in costs:
        print(f"{cost.size:7} {cost.format:14} {cost.seconds:.3f} s, billed {cost.billed:.1f} s: ${cost.thousand:.4f} a thousand, {cost.free:,} free a month")


if __name__ == "__main__":
    main()
