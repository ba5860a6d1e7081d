"""Converts all the photos of a folder or bucket.

    python -m bulk --input photos --output cutouts
    python -m bulk --input 'gs://site/lot*/**.jpg' --output gs://site-cutouts/white --bg_color fff --crop true
    python -m bulk --input gs://site --output gs://site-cutouts --runner DataflowRunner --project P --region R --temp_location gs://tmp/

A photo NAME gives NAME.png (or the format's extension) at the same place under the output. What is there already is not made again, and what
failed is not tried again: photos that can't be converted are listed in dead-letters.jsonl beside the results. Exit status: 0 all done; 3 done, but
photos failed in this run; 1 the run failed; 2 it was asked for something that makes no sense.
"""
import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

import storage
from bulk import progress
from bulk.job import LETTERS, Job, read_letters
from bulk.stores import source, store
from events.names import resolved
from exceptions import UnreadablePicture
from options import PARAMETERS, InvalidOption, parse
from postprocessing.compose import Backdrop
from postprocessing.watermark import FOLDER, configured
from preprocessing.decode import decode

DONE, FAILED, SENSELESS, LETTERS_WRITTEN = 0, 1, 2, 3
# Dataflow, batch workers, us-central1: https://cloud.google.com/dataflow/pricing
VCPU_HOUR, GIB_HOUR, GIB_A_VCPU = 0.056, 0.003557, 3.75


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bulk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--input", required=True, help="a folder, a gs:// prefix, or a glob of either: * and ? within a folder, ** through all")
    parser.add_argument("--output", required=True, help="a folder or a gs:// prefix")
    parser.add_argument("--force", action="store_true", help="make again what is there already")
    parser.add_argument("--retry", metavar="FILE", help="only the photos of a file of dead letters, local or gs://")
    parser.add_argument("--sheet", type=int, default=0, metavar="N", help="a picture of the N least confident results beside them, to be looked at")
    parser.add_argument("--bg_image_file", metavar="FILE", help="a picture behind the car, local or gs://")
    parser.add_argument("--watermark_file", metavar="FILE", help="a picture on top, local or gs://")
    wire = parser.add_argument_group("what the results look like, as on the wire")
    for name, parameter in PARAMETERS.items():
        wire.add_argument(f"--{name}", help=parameter.tells.replace("%", "%%"))
    args, rest = parser.parse_known_args()
    try:
        job = job_of(args)
    except InvalidOption as error:
        parser.error(f"--{error.name}: {error}")
    except (ValueError, OSError) as error:
        parser.error(str(error))
    from bulk.pipeline import UnknownFlag, beam_options

    try:
        options = beam_options(rest)
    except UnknownFlag as error:
        parser.error(str(error))
    return execute(job, options, args.sheet)


def job_of(args: argparse.Namespace) -> Job:
    """Raises ValueError (InvalidOption for an option) or OSError where the job makes no sense."""
    if args.sheet < 0:
        raise ValueError("--sheet takes a number from 0 up")
    if args.bg_image_file and args.bg_color:
        raise ValueError("--bg_color and --bg_image_file: only one can stand behind the car")
    if args.watermark_file and args.watermark:
        raise ValueError("--watermark and --watermark_file: only one at once")
    marks = configured(Path(os.environ.get("WATERMARKS_DIR", FOLDER)))
    options = parse({name: value for name in PARAMETERS if (value := getattr(args, name)) is not None}, marks)
    mark = args.watermark_file or (str(marks[options.watermark.name]) if options.watermark.name else None)
    backdrop, watermark = (picture(file) if file else None for file in (args.bg_image_file, mark))
    photos, pattern = source(args.input)
    results = store(args.output)
    if photos.holds(results):
        raise ValueError("--output lies within --input: results would be taken for photos")
    if not args.input.startswith("gs://") and not photos.root.is_dir():
        raise ValueError(f"--input: {photos.root} is no folder")
    only = frozenset(read_letters(file_at(args.retry))) if args.retry else None
    label = f"gs://{photos.bucket}/{photos.prefix}" if args.input.startswith("gs://") else ""
    return Job(photos, pattern, results, resolved(options, Backdrop(decode(backdrop)) if backdrop is not None else None), backdrop, watermark, args.force, only, label)


def picture(place: str) -> bytes:
    data = file_at(place)
    try:
        decode(data)
    except UnreadablePicture as error:
        raise ValueError(f"{place}: {error}") from error
    return data


def file_at(place: str) -> bytes:
    """Of a local file or an object."""
    folder, _, name = place.rpartition("/")
    where = store(folder or ("/" if place.startswith("/") else "."))
    found = where.find(name)
    if found is None:
        raise FileNotFoundError(f"{place}: there is no such file")
    return where.read(found)


def execute(job: Job, options, sheet: int) -> int:
    """Runs it, tells how it went, and gives the exit status."""
    from bulk.pipeline import run

    began = time.monotonic()
    try:
        job.results.tidy()
        met: Counter[str] = Counter()
        for _, what in job.listing():  # before a pipeline is started, or machines are rented
            met[what] += 1
            if what == "pending":
                break
        else:
            tell(met, time.monotonic() - began)
            return DONE
        with progress.shown():
            figures = run(job, options, sheet)
    except (storage.Unreadable, OSError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return FAILED
    except RuntimeError as error:  # Beam's, of whatever stopped a worker
        print(f"failed: {error}", file=sys.stderr)
        return FAILED
    job.results.tidy()
    tell(figures, time.monotonic() - began)
    return LETTERS_WRITTEN if figures["failed"] else DONE


def tell(figures: Counter[str], seconds: float) -> None:
    words = {"done": "done", "failed": f"failed: see {LETTERS}", "skipped": "skipped: there already", "failed_before": f"failed before: try again with --retry {LETTERS}",
             "raced": "made by another run meanwhile", "gone": "gone: deleted or replaced meanwhile", "ignored": "ignored: no picture by their names"}
    for key, text in words.items():
        if figures[key] or key == "done":
            print(f"{figures[key]:>9,}  {text}")
    tried = figures["done"] + figures["failed"]
    print(f"{seconds:9.1f}  seconds" + (f", {tried / seconds:.1f} photos a second" if tried else ": nothing to do"))
    if tried:
        cpu = figures["cpu_seconds"] / tried
        million = cpu * 1e6 / 3600 * (VCPU_HOUR + GIB_A_VCPU * GIB_HOUR)
        print(f"{cpu:9.3f}  CPU seconds a photo: a million would cost about ${million:,.2f} on Dataflow")


if __name__ == "__main__":
    sys.exit(main())
