"""A run whose worker processes are killed twice on the way, and that is started again with the same command: what is lost and what is made twice.

    .venv-test/bin/python -m benchmarks.bulk_kills [--photos 5000]

Drawn photos of 320x240 in an emulated bucket. The runner is Beam's portable one, with a worker process that has only what was pickled: see
tests/bulk_service.py. Prints a table; the exit status is 1 where a photo has no result, or another's, or where a result was written again.
"""
import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bulk_photos import draw_jpeg
from tests.bulk_runs import starter
from tests.bulk_service import job_service, made, start_and_kill, worker_image
from tests.cloud import Cloud, emulated

DIFFERENT = 300          # photos that draw_jpeg can tell apart
KILLED_AT = (1 / 3, 2 / 3)  # shares of the results that are there
PATIENCE = 3600          # seconds for one run
EVERY = 0.5              # seconds between looks at the results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=5000)
    number = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as name, emulated() as cloud, starter(Path(name), PATIENCE) as bulk:
        folder = Path(name)
        photos, results = cloud.bucket({f"{count % 7}/{count:06}.jpg": draw_jpeg(count % DIFFERENT) for count in range(number)}), cloud.bucket()
        print("| run | results before | results after | of those before, written again |\n|---|---|---|---|")
        kept: Mapping[str, str] = {}
        again = 0
        with job_service(folder / "service", worker_image(folder), cloud) as service:
            for share in KILLED_AT:
                now = start_and_kill(bulk, service, cloud, photos, results, round(share * number), EVERY)
                again += tell("killed", kept, now)
                kept = now
            ended = bulk.run(f"gs://{photos}", f"gs://{results}", *service.flags, cloud=cloud.address)
        now = made(cloud, results)
        again += tell("ended by itself", kept, now)
        if ended.status:
            print(ended.printed, file=sys.stderr)
            return 1
        lost = number - len(now)
        print(f"\n{number:,} photos: {lost} lost, {again} made twice; the last run says {ended.counts['done']:,} done, {ended.counts['skipped']:,} skipped")
        right = each_has_its_own(cloud, results)
        print(f"each result is its photo's: {right}")
    return 0 if right and not lost and not again else 1


def tell(run: str, before: Mapping[str, str], after: Mapping[str, str]) -> int:
    """A row of the table. Gives the number of results that were written again."""
    again = sum(after.get(name) != generation for name, generation in before.items())
    print(f"| {run} | {len(before):,} | {len(after):,} | {again} |", flush=True)
    return again


def each_has_its_own(cloud: Cloud, results: str) -> bool:
    """Whether equal photos have equal results, and different photos different ones."""
    by_photo: dict[int, set[str]] = {}
    for name, found in cloud.objects(results).items():
        if name.endswith(".png"):
            by_photo.setdefault(int(Path(name).name[:6]) % DIFFERENT, set()).add(found["md5Hash"])
    return all(len(digests) == 1 for digests in by_photo.values()) and len(set.union(*by_photo.values())) == len(by_photo)


if __name__ == "__main__":
    sys.exit(main())
