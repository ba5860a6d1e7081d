"""The job as an Apache Beam pipeline: list, reshuffle, convert, and in the end the dead letters and the sheet of the least confident.

Only small records go from step to step: photos and results stay within a step, read and written there one at a time.
"""
import argparse
from collections import Counter
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.combiners import ToList, Top

from bulk import progress
from bulk.job import Job, Outcome
from bulk.memory import keep_buffers
from bulk.sheet import write_sheet
from bulk.stores import Item
from cutout import predictor

NAMESPACE = "forecourt"
LOCAL = ["--runner=FnApiRunner", "--direct_running_mode=multi_threading"]  # LiteRT, OpenCV and Pillow let go of the interpreter's lock


class UnknownFlag(ValueError):
    """A flag is neither ours nor Beam's."""


def beam_options(flags: list[str]) -> PipelineOptions:
    """Beam's own flags; without --runner, all cores of this machine. Raises UnknownFlag, where Beam would ignore it."""
    local = not any(flag == "--runner" or flag.startswith("--runner=") for flag in flags)
    if local:
        workers = [] if any(flag.startswith("--direct_num_workers") for flag in flags) else ["--direct_num_workers=0"]
        flags = [*LOCAL, *workers, *flags]
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for part in subclasses(PipelineOptions):
        part._add_argparse_args(parser)
    unknown = parser.parse_known_args(flags)[1]
    if unknown:
        raise UnknownFlag(f"unknown: {' '.join(unknown)}")
    return PipelineOptions(flags)


def subclasses(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        if "_add_argparse_args" in vars(child):
            yield child
        yield from subclasses(child)


def run(job: Job, options: PipelineOptions, sheet: int) -> dict[str, float]:
    """Runs the job to its end; how many photos came to what, and their CPU seconds. Raises what Beam raises where the run as a whole fails."""
    pipeline = beam.Pipeline(options=options)
    outcomes = pipeline | beam.Create([None]) | "list" >> beam.ParDo(List(job)) | beam.Reshuffle() | "convert" >> beam.ParDo(Convert(job))
    failed = outcomes | "failed" >> beam.Filter(lambda outcome: outcome.what == "failed") | ToList()
    failed | "dead letters" >> beam.Map(job.keep_letters)
    if sheet:
        done = outcomes | "done" >> beam.Filter(lambda outcome: outcome.what == "done")
        least = done | Top.Smallest(sheet, key=lambda outcome: outcome.confidence)
        least | "sheet" >> beam.Map(lambda outcomes: write_sheet(job, outcomes))
    result = pipeline.run()
    result.wait_until_finish()
    figures: Counter[str] = Counter()
    metrics = result.metrics().query()
    for found in metrics["counters"]:
        if found.key.metric.namespace == NAMESPACE:
            figures[found.key.metric.name] += found.committed
    for found in metrics["distributions"]:
        if found.key.metric.name == "cpu_milliseconds":
            figures["cpu_seconds"] += found.committed.sum / 1000
    return figures


class List(beam.DoFn):
    """What is still to be done."""

    def __init__(self, job: Job):
        self.job = job

    def process(self, nothing: None) -> Iterator[Item]:
        for item, what in self.job.listing():
            Metrics.counter(NAMESPACE, what).inc()
            progress.tell(what)
            if what == "pending":
                yield item


class Convert(beam.DoFn):
    def __init__(self, job: Job):
        self.job = job

    def setup(self) -> None:
        keep_buffers()
        predictor()  # once a worker

    def process(self, item: Item) -> Iterator[Outcome]:
        outcome = self.job.do(item)
        what = "raced" if outcome.what == "skipped" else outcome.what  # another run wrote it meanwhile
        Metrics.counter(NAMESPACE, what).inc()
        Metrics.distribution(NAMESPACE, "cpu_milliseconds").update(round(1000 * outcome.cpu))
        Metrics.distribution(NAMESPACE, "bytes").update(item.size)
        if outcome.what == "done":
            Metrics.distribution(NAMESPACE, "confidence_percent").update(round(100 * outcome.confidence))
        progress.tell(what)
        yield outcome
