"""A report with a row for each photo, written from what is beside the results, so that it is complete whatever interrupted the runs before.

    report.csv, report.jsonl    the same rows; those that need a look come first: failures, then results by rising confidence, then photos without a cut-out
"""
import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from typing import Literal

from bulk.job import BulkJob, former_results
from events.names import may_be_photo
from model.flags import advice

CSV, JSONL = "report.csv", "report.jsonl"  # no photo's result has such a name
OUTCOMES = ("failed", "done", "original", "left_out")  # in the order of the report


@dataclass(frozen=True, slots=True)
class Row:
    """Of a photo. Lengths in pixels of the result; None where it is not known, as in results of others."""

    name: str
    outcome: Literal["failed", "done", "original", "left_out"]  # original: the photo as it is, with --unsuitable original
    code: str = ""                     # of a failure
    kind: str | None = None            # of model.kind.KINDS
    view: str | None = None            # of model.kind.VIEWS
    flags: str | None = None           # of model.flags.FLAGS, comma-separated
    advice: str | None = None          # retake or look
    confidence: float | None = None    # 0..1
    width: int | None = None
    height: int | None = None
    car_left: int | None = None
    car_top: int | None = None
    car_width: int | None = None
    car_height: int | None = None
    milliseconds: int | None = None


def rows(job: BulkJob) -> list[Row]:
    """Those that need a look come first."""
    failed = [Row(letter["name"], "failed", letter["code"]) for letter in job.dead_letters().values()]
    names = {row.name for row in failed}
    suffix = f".{job.options.format}"
    all_left_out = job.left_out()
    former = former_results(all_left_out.values())
    found = ((item.name.removesuffix(suffix), item.generation, metadata)
             for item, metadata in job.results.items_with_metadata() if item.name.endswith(suffix) and item.size)
    done = [done_row(name, metadata) for name, generation, metadata in found
            if name not in names and (name, generation) not in former and may_be_photo(name)]  # the sheet and pictures of others are no results
    names |= {row.name for row in done}
    left_out = [Row(left["name"], "left_out", kind=left["kind"], view=left["view"]) for left in all_left_out.values() if left["name"] not in names]
    return sorted([*failed, *done, *left_out],
                  key=lambda row: (OUTCOMES.index(row.outcome), row.confidence if row.confidence is not None else -1.0, row.name))


def done_row(name: str, metadata: Mapping[str, str]) -> Row:
    """From a result's metadata: see events.metadata."""
    row = Row(name, "done")
    if "confidence" in metadata:
        flags = metadata.get("flags", "")
        row = replace(row, outcome="original" if metadata.get("cut_out") == "none" else "done", confidence=float(metadata["confidence"]),
                      kind=metadata.get("kind"), view=metadata.get("view") or None,
                      flags=flags or None, advice=advice(tuple(flags.split(","))) if flags else None)
    if "size" in metadata:
        width, height = map(int, metadata["size"].split("x"))
        left, top, car_width, car_height = map(int, metadata["car"].split(","))
        row = replace(row, width=width, height=height, car_left=left, car_top=top, car_width=car_width, car_height=car_height,
                      milliseconds=int(metadata["milliseconds"]))
    return row


def write_report(job: BulkJob) -> list[Row]:
    """Writes both files, where they are not the same already, and gives their rows. Raises as Store.update does."""
    found = rows(job)
    if found:
        job.results.update(CSV, lambda _: as_csv(found), "text/csv")
        job.results.update(JSONL, lambda _: as_jsonl(found), "application/jsonl")
    return found


def as_csv(found: Iterable[Row]) -> bytes:
    """With a header. Bytes of a name that are not UTF-8 become \\udcXX."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns())
    writer.writerows(map(astuple, found))
    return file.getvalue().encode("utf-8", "backslashreplace")


def as_jsonl(found: Iterable[Row]) -> bytes:
    names = columns()
    return "".join(json.dumps(dict(zip(names, astuple(row)))) + "\n" for row in found).encode()


def columns() -> list[str]:
    return [field.name for field in fields(Row)]
