"""The job as an Apache Beam pipeline: list, reshuffle, convert, and at the end the dead letters and the sheet of the least confident.

Only small records go from step to step: photos and results stay within a step, read and written there one at a time.
"""
import argparse
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.pvalue import AsList
from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
from apache_beam.transforms.combiners import ToList, Top

from bulk import progress
from bulk.item import FAULTS, Item
from bulk.job import BulkJob, Outcome, OutputFailed, printable, sentence
from bulk.manifest import finish_manifest
from bulk.memory import keep_buffers
from bulk.report import write_report
from bulk.sheet import SHEET, write_sheet
from bulk.stop import STOP
from cutout import predictor
from machine import cores

NAMESPACE = "forecourt"
THREADS = 2  # of an SDK process, one for each vCPU on Dataflow: while one photo is converted, another is read or written. Beam's own 12 need much memory
LOCAL = ["--runner=FnApiRunner", "--direct_running_mode=multi_threading"]  # LiteRT, OpenCV and Pillow release the interpreter's lock

log = logging.getLogger(__name__)


class UnknownFlag(ValueError):
    """A flag belongs neither to this command nor to Beam."""


def beam_options(flags: list[str]) -> PipelineOptions:
    """Beam's own flags; without --runner, all cores of this machine. Raises UnknownFlag, where Beam would ignore it."""
    flags = [*LOCAL, f"--direct_num_workers={cores()}", *flags] if is_local(flags) else [f"--number_of_worker_harness_threads={THREADS}", *flags]
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for part in subclasses(PipelineOptions):
        part._add_argparse_args(parser)  # as PipelineOptions itself does; Beam has no public way to list its flags
    unknown = parser.parse_known_args(flags)[1]
    if unknown:
        raise UnknownFlag(f"unknown: {' '.join(unknown)}")
    return PipelineOptions(flags)


def is_local(flags: list[str]) -> bool:
    return not any(flag == "--runner" or flag.startswith("--runner=") for flag in flags)


def subclasses(parent: type[PipelineOptions]) -> Iterator[type[PipelineOptions]]:
    for child in parent.__subclasses__():
        if "_add_argparse_args" in vars(child):
            yield child
        yield from subclasses(child)


def run(job: BulkJob, options: PipelineOptions, sheet: int, local: bool) -> Counter[str]:
    """Runs the job to its end; photos by status, and milliseconds and cpu_milliseconds. Raises RuntimeError where the run as a whole fails.

    local: workers are threads of this process. Where the output fails, they stop, and STOP has the reason; elsewhere the job fails.
    With --template_location Beam only describes the job, for Dataflow to start. Then there are no counts, and steps of the job's own write the report.
    """
    began, described = time.monotonic(), bool(options.view_as(GoogleCloudOptions).template_location)
    local = local and not described
    try:
        pipeline = beam.Pipeline(options=options)
    except ValueError as error:  # such as no --project for Dataflow
        raise RuntimeError(str(error)) from error
    outcomes = pipeline | beam.Create([None]) | "list" >> beam.ParDo(ListPhotos(job)) | beam.Reshuffle() | "convert" >> beam.ParDo(ConvertPhotos(job, local))
    without_result = outcomes | "without result" >> beam.Filter(lambda outcome: outcome.status in ("failed", "left_out")) | "their list" >> ToList()
    kept = without_result | "dead letters" >> beam.Map(lambda outcomes: finish(lambda: job.keep(outcomes), local))
    if described:
        kept = kept | "report" >> beam.Map(lambda _: finish(lambda: write_report_and_manifest(job), local))
    if sheet:
        shown = outcomes | "of known kind" >> beam.Filter(lambda outcome: outcome.kind and outcome.status != "failed")
        by_kind = shown | "by kind" >> beam.WithKeys(lambda outcome: outcome.kind)
        least = by_kind | Top.SmallestPerKey(sheet, key=lambda outcome: outcome.confidence) | "of all kinds" >> beam.Values() | "all kinds" >> ToList()
        least | "sheet" >> beam.Map(lambda lists, _: draw(job, [outcome for outcomes in lists for outcome in outcomes], described), AsList(kept))
    result = pipeline.run()
    counts: Counter[str] = Counter()
    if described:
        return counts
    try:
        result.wait_until_finish()
    except DataflowRuntimeException as error:
        raise RuntimeError(str(error)) from error
    metrics = result.metrics().query()
    for found in metrics["counters"]:
        if found.key.metric.namespace == NAMESPACE:
            counts[found.key.metric.name] += found.committed
    for found in metrics["distributions"]:
        if found.key.metric.name == "cpu_milliseconds":
            counts["cpu_milliseconds"] += found.committed.sum
    counts["milliseconds"] = round(1000 * (time.monotonic() - began))
    return counts


class ListPhotos(beam.DoFn):
    """The photos that are to be converted."""

    def __init__(self, job: BulkJob):
        self.job = job

    def process(self, nothing: None) -> Iterator[Item]:
        for item, status in self.job.listing():
            count(status)
            if status == "pending":
                yield item


class ConvertPhotos(beam.DoFn):
    """What became of each photo."""

    def __init__(self, job: BulkJob, local: bool):
        self.job, self.local = job, local

    def setup(self) -> None:
        keep_buffers()
        predictor()  # once a worker

    def process(self, item: Item) -> Iterator[Outcome]:
        if STOP.requested.is_set():
            count("not_tried")
            return
        try:
            outcome = self.job.convert(item)
        except OutputFailed as error:
            give_up(error, self.local)
            return
        count(outcome.status)
        Metrics.distribution(NAMESPACE, "cpu_milliseconds").update(round(1000 * outcome.cpu_seconds))
        Metrics.distribution(NAMESPACE, "bytes").update(item.size)
        if outcome.status == "done":
            Metrics.distribution(NAMESPACE, "confidence_percent").update(round(100 * outcome.confidence))
        yield outcome


def count(status: str) -> None:
    Metrics.counter(NAMESPACE, status).inc()
    progress.count(status)


def give_up(error: Exception, local: bool) -> None:
    """The output has failed. A local run stops and tells the reason at its end; elsewhere only the log has it, and only an exception makes the job fail."""
    log.error("%s", printable(sentence(error)))
    if not local:
        raise error
    STOP.request(sentence(error))
    count("not_written")


def finish(write: Callable[[], object], local: bool) -> None:
    """One of the last steps of a run. Does nothing where the output has failed."""
    if STOP.output_failed:
        return
    try:
        write()
    except FAULTS as error:
        give_up(error, local)


def write_report_and_manifest(job: BulkJob) -> None:
    """What bulk.command does at the end of a run that it waits for."""
    write_report(job)
    finish_manifest(job)


def draw(job: BulkJob, outcomes: list[Outcome], last: bool) -> None:
    """Draws the sheet. Its failure costs no report: it is logged and counted, and makes the job fail only where the report is written already (`last`)."""
    if STOP.output_failed:
        return
    try:
        write_sheet(job, outcomes)
    except Exception as error:  # a fault of the program, too
        log.error("%s was not written: %s", SHEET, printable(sentence(error)), exc_info=not isinstance(error, FAULTS))
        if last:
            raise
        count("no_sheet")
