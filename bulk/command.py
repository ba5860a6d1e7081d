"""Runs the command of bulk.arguments: checks what it names, converts, and tells how it went."""
import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from google.auth.exceptions import GoogleAuthError

from bulk import progress
from bulk.arguments import command_line, read_arguments
from bulk.bucket import Bucket
from bulk.dead_letters import read_dead_letters
from bulk.folder import Folder
from bulk.item import FAULTS, MAX_LIST_FILE
from bulk.job import BulkJob, sentence
from bulk.manifest import OtherOptions, check_manifest, finish_manifest, write_manifest
from bulk.report import write_report
from bulk.stop import STOP
from bulk.stores import Place, read_file
from bulk.summary import print_summary
from events.names import resolved
from exceptions import CutOutError
from options import InvalidOption
from postprocessing.compose import Backdrop
from postprocessing.watermark import FOLDER, watermarks_in
from preprocessing.decode import decode

LOST = {"not_written": "results", "no_sheet": "the sheet"}  # by status; of workers that are processes of their own, only counts tell
ALL_DONE, RUN_FAILED, PHOTOS_FAILED, BY_SIGNAL = 0, 1, 3, 128  # and argparse's 2 for wrong options


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
        return execute(job, flags, args.sheet)
    except OtherOptions as error:
        parser.error(str(error))
    except FAULTS as error:
        return fail(sentence(error))


def job_of(args: argparse.Namespace) -> BulkJob:
    """Raises ValueError (InvalidOption for an option), OSError or GoogleAuthError where the options are wrong."""
    folder = Path(os.environ.get("WATERMARKS_DIR", "").strip() or FOLDER)
    if folder != FOLDER and not folder.is_dir():
        raise ValueError("WATERMARKS_DIR takes a folder of pictures")
    watermarks = watermarks_in(folder)
    asked = read_arguments(args, watermarks)
    check_folders(asked.photos, asked.results)
    watermark_file = args.watermark_file or (str(watermarks[asked.options.watermark.name]) if asked.options.watermark.name else None)
    backdrop, watermark = (read_checked_picture(file) if file else None for file in (args.bg_image_file, watermark_file))
    options = resolved(asked.options, Backdrop(decode(backdrop)) if backdrop is not None else None)
    retry = frozenset(read_dead_letters(read_file(args.retry, MAX_LIST_FILE))) if args.retry else None
    source_prefix = f"gs://{asked.photos.bucket}/{asked.photos.prefix}" if isinstance(asked.photos, Bucket) else ""
    return BulkJob(photos=asked.photos, pattern=asked.pattern, results=asked.results, options=options, given=asked.given, backdrop=backdrop,
                   watermark=watermark, force=args.force, retry=retry, source_prefix=source_prefix, where=asked.where, skip_unsuitable=asked.skip_unsuitable)


def read_checked_picture(place: str) -> bytes:
    """The bytes of a picture. Raises ValueError where they can't be decoded, OSError or storage.Unreadable."""
    data = read_file(place)
    try:
        decode(data)
    except CutOutError as error:
        raise ValueError(f"{place}: {error}") from error
    return data


def check_folders(photos: Place, results: Place) -> None:
    """Raises ValueError where photos can't come from there or results can't go there."""
    if isinstance(photos, Folder) and not photos.root.is_dir():
        raise ValueError(f"--input: {photos.root} is not a folder")
    if isinstance(results, Folder):
        existing = next(path for path in (results.root, *results.root.absolute().parents) if path.exists())
        if not existing.is_dir():
            raise ValueError(f"--output: {existing} is a file, not a folder")


def execute(job: BulkJob, flags: list[str], sheet: int) -> int:
    """Runs the job, prints how it went, and gives the exit status. Raises FAULTS, and OtherOptions before anything is done."""
    try:
        counts = run(job, flags, sheet)
    except RuntimeError as error:  # Beam's, of whatever stopped a worker
        return fail(str(error))
    if is_template(flags):
        print("template written: Dataflow starts the job, and its last step writes the report")
        return ALL_DONE
    lost = next((what for status, what in LOST.items() if counts[status]), "")
    reported, failure = 0, STOP.reason or lost and f"{lost} could not be written: see the log"
    if not STOP.output_failed:
        try:
            reported = len(write_report(job))
            if counts["pending"] and not failure:
                finish_manifest(job)
        except FAULTS as error:
            failure = failure or sentence(error)
    print_summary(counts, reported)
    if not counts:
        print("no file matches --input" + (" and --retry" if job.retry is not None else ""))
    if sheet and not counts["pending"]:
        print("no sheet: it shows photos of this run, and there was none to convert")
    if STOP.signal:
        print(f"{STOP.reason}: the same command {'starts over, because of --force' if job.force else 'goes on'}", file=sys.stderr)
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
    letters, outlived = job.dead_letters(), False
    for item, status in job.listing():
        counts[status] += 1
        outlived = outlived or status == "skipped" and item.name in letters
        if status == "pending":
            break
    if not counts["pending"] and not is_template(flags):  # a template that describes no job counts as failed
        if outlived:  # of photos that a run at the same time has converted
            job.keep([])
        return counts
    job.results.prepare()
    write_manifest(job)
    from bulk import pipeline

    options = pipeline.beam_options(flags)
    if not pipeline.is_local(flags):
        return pipeline.run(job, options, sheet, local=False)
    with progress.shown(), STOP.on_signals():
        counts = pipeline.run(job, options, sheet, local=True)
    job.results.tidy()
    return counts
