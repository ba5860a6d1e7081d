"""Converts all the photos of a folder or bucket.

    python -m bulk --input photos --output cutouts
    python -m bulk --input 'gs://site/lot*/**.jpg' --output gs://site-cutouts/white --bg_color fff --crop true
    python -m bulk --input gs://site --output gs://site-cutouts --runner DataflowRunner --project P --region R --temp_location gs://tmp/

A photo NAME gives NAME.png (or the format's extension) at the same place under the output. Photos that have a result, or that failed before, are not
converted again. Beside the results: report.csv and report.jsonl have a row for each photo, dead-letters.jsonl the photos that can't be converted,
manifest.json the options, left-out.jsonl the photos that --where or --unsuitable skip left out.

--where takes FIELD=VALUE,...: kind=exterior,view=front-left,view=front-right chooses cars seen from front left or front right. A field is kind or view;
several values of one field mean any of them, and several fields must all be right.

Exit status: 0 all done; 3 done, but photos failed in this run; 1 the run failed; 2 wrong options, nothing was done; 130 or 143 interrupted, by
Ctrl-C or SIGTERM.
"""
import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from google.auth.exceptions import GoogleAuthError

import storage
from bulk import progress
from bulk.bucket import Bucket
from bulk.dead_letters import read_dead_letters
from bulk.folder import Folder
from bulk.item import MAX_LIST_FILE
from bulk.job import BulkJob, sentence
from bulk.manifest import OtherOptions, check_manifest, write_manifest
from bulk.report import write_report
from bulk.stop import STOP
from bulk.stores import Place, open_input, open_store, read_file
from bulk.summary import print_summary
from bulk.where import Where, parse_where
from events.names import resolved
from exceptions import CutOutError
from options import PARAMETERS, InvalidOption, parse
from postprocessing.compose import Backdrop
from postprocessing.watermark import FOLDER, watermarks_in
from preprocessing.decode import decode

ALL_DONE, RUN_FAILED, PHOTOS_FAILED, BY_SIGNAL = 0, 1, 3, 128  # and argparse's 2 for wrong options
FAULTS = (storage.Unreadable, OSError, GoogleAuthError)        # of an input or output that can't be used


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit status."""
    try:
        return convert(arguments)
    except KeyboardInterrupt:  # before a local run has begun, or while Dataflow runs
        print("interrupted; a job that runs on Dataflow goes on until it is cancelled there", file=sys.stderr)
        return BY_SIGNAL + signal.SIGINT


def convert(arguments: Sequence[str] | None) -> int:
    parser = command_line()
    args, flags = parser.parse_known_args(arguments)
    try:
        job = job_of(args)
        if flags:
            from bulk.pipeline import beam_options

            beam_options(flags)
    except InvalidOption as error:
        parser.error(f"--{error.name}: {error}")
    except (ValueError, OSError, GoogleAuthError) as error:
        parser.error(sentence(error))
    try:
        job.results.tidy()
        check_manifest(job)
    except OtherOptions as error:
        parser.error(str(error))
    except FAULTS as error:
        return fail(sentence(error))
    return execute(job, flags, args.sheet)


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bulk", usage="%(prog)s --input PLACE --output PLACE [options]", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--input", required=True, help="a folder, a gs:// prefix, or a glob of either: * and ? match within a folder, ** through all")
    parser.add_argument("--output", required=True, help="a folder or a gs:// prefix")
    parser.add_argument("--force", action="store_true", help="convert photos that have a result, too")
    parser.add_argument("--retry", metavar="FILE", help="only the photos of a file of dead letters, local or gs://")
    parser.add_argument("--sheet", type=int, default=0, metavar="N", help="also a picture of the N least confident photos of each kind, left out or not")
    parser.add_argument("--where", metavar="FIELD=VALUE,...", help="only results of photos that show this, such as kind=exterior,view=front-left")
    parser.add_argument("--unsuitable", choices=("error", "original", "skip"),
                        help="a photo that shows no vehicle from outside: error (a dead letter), original (the photo as it is) or skip (left out)")
    parser.add_argument("--bg_image_file", metavar="FILE", help="a picture behind the car, local or gs://")
    parser.add_argument("--watermark_file", metavar="FILE", help="a picture on top, local or gs://")
    wire = parser.add_argument_group("what the results look like, as in the API")
    for name in (name for name in PARAMETERS if name != "unsuitable"):  # which takes one value more here
        wire.add_argument(f"--{name}", help=PARAMETERS[name].summary.replace("%", "%%"))
    return parser


def job_of(args: argparse.Namespace) -> BulkJob:
    """Raises ValueError (InvalidOption for an option), OSError or GoogleAuthError where the options are wrong."""
    if args.sheet < 0:
        raise ValueError("--sheet takes a number from 0 up")
    if args.bg_image_file and args.bg_color:
        raise ValueError("--bg_color and --bg_image_file: only one can stand behind the car")
    if args.watermark_file and args.watermark:
        raise ValueError("--watermark and --watermark_file: only one at once")
    folder = Path(os.environ.get("WATERMARKS_DIR", "").strip() or FOLDER)
    if folder != FOLDER and not folder.is_dir():
        raise ValueError("WATERMARKS_DIR takes a folder of pictures")
    watermarks = watermarks_in(folder)
    given = {name: value for name in PARAMETERS if (value := getattr(args, name)) is not None}
    skip = given.get("unsuitable") == "skip"
    if skip:  # a choice of photos: the results are the same
        del given["unsuitable"]
    options = parse(given, watermarks)
    watermark_file = args.watermark_file or (str(watermarks[options.watermark.name]) if options.watermark.name else None)
    backdrop, watermark = (read_checked_picture(file) if file else None for file in (args.bg_image_file, watermark_file))
    options = resolved(options, Backdrop(decode(backdrop)) if backdrop is not None else None)
    retry = frozenset(read_dead_letters(read_file(args.retry, MAX_LIST_FILE))) if args.retry else None
    (photos, pattern), results = open_input(args.input), open_store(args.output)
    check_places(photos, results)
    source_prefix = f"gs://{photos.bucket}/{photos.prefix}" if isinstance(photos, Bucket) else ""
    return BulkJob(photos, pattern, results, options, given, backdrop, watermark, args.force, retry, source_prefix,
                    parse_where(args.where) if args.where is not None else Where(), skip)


def read_checked_picture(place: str) -> bytes:
    """The bytes of a picture. Raises ValueError where they can't be decoded, OSError or storage.Unreadable."""
    data = read_file(place)
    try:
        decode(data)
    except CutOutError as error:
        raise ValueError(f"{place}: {error}") from error
    return data


def check_places(photos: Place, results: Place) -> None:
    """Raises ValueError where photos can't come from there or results can't go there."""
    if isinstance(photos, Folder) and not photos.root.is_dir():
        raise ValueError(f"--input: {photos.root} is not a folder")
    if isinstance(results, Folder):
        existing = next(path for path in (results.root, *results.root.absolute().parents) if path.exists())
        if not existing.is_dir():
            raise ValueError(f"--output: {existing} is a file, not a folder")
    if photos.contains(results):
        raise ValueError("--output lies within --input: results would be taken for photos")


def execute(job: BulkJob, flags: list[str], sheet: int) -> int:
    """Runs the job, prints how it went, and gives the exit status."""
    try:
        counts = run(job, flags, sheet)
    except FAULTS as error:
        return fail(sentence(error))
    except RuntimeError as error:  # Beam's, of whatever stopped a worker
        return fail(str(error))
    if is_template(flags):
        print("template written: Dataflow starts the job, and its last step writes the report")
        return ALL_DONE
    reported, failure = 0, STOP.reason or ("results could not be written: see the workers' logs" if counts["not_written"] else "")
    if not STOP.output_failed:
        try:
            reported = len(write_report(job))
        except FAULTS as error:
            failure = failure or sentence(error)
    print_summary(counts, reported)
    if STOP.signal:
        print(f"{STOP.reason}: the same command goes on", file=sys.stderr)
        return BY_SIGNAL + STOP.signal
    if failure:
        return fail(failure)
    return PHOTOS_FAILED if counts["failed"] else ALL_DONE


def fail(reason: str) -> int:
    print(f"failed: {reason}", file=sys.stderr)
    return RUN_FAILED


def is_template(flags: list[str]) -> bool:
    """Whether the job is only described, as a Flex template does it: https://cloud.google.com/dataflow/docs/guides/templates/configuring-flex-templates"""
    return any(flag == "--template_location" or flag.startswith("--template_location=") for flag in flags)


def run(job: BulkJob, flags: list[str], sheet: int) -> Counter[str]:
    """Photos by status, and cpu_milliseconds. Starts Beam, or rents machines, only if there is something to do and its result can be written."""
    counts: Counter[str] = Counter()
    for _, status in job.listing():
        counts[status] += 1
        if status == "pending":
            break
    if not counts["pending"] and not is_template(flags):  # a template that describes no job counts as failed
        return counts
    job.results.prepare()
    write_manifest(job)
    from bulk import pipeline

    options = pipeline.beam_options(flags)
    if not pipeline.is_local(flags):
        return pipeline.run(job, options, sheet)
    with progress.shown(), STOP.on_signals():
        counts = pipeline.run(job, options, sheet)
    job.results.tidy()
    return counts
