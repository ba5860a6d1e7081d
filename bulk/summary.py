"""What a run prints at its end."""
from collections import Counter

from bulk.dead_letters import DEAD_LETTERS
from bulk.left_out import LEFT_OUT
from bulk.report import CSV

# Dataflow, batch workers, us-central1: https://cloud.google.com/dataflow/pricing
VCPU_HOUR, GIB_HOUR, GIB_A_VCPU = 0.056, 0.003557, 3.75
LINES = {
    "done": "done",
    "failed": f"failed: see {DEAD_LETTERS} and {CSV}",
    "skipped": "skipped: they have a result",
    "left_out": f"left out, by --where or --unsuitable skip: see {LEFT_OUT}",
    "left_out_before": "left out before",
    "failed_before": f"failed before: try them again with --retry OUTPUT/{DEAD_LETTERS}",
    "raced": "converted by another run meanwhile",
    "gone": "gone: deleted or replaced meanwhile",
    "not_tried": "not tried: run the same command again",
    "not_written": "not written",
    "ignored": "ignored: not a photo, by the name, or not a file",
    "folder": "folders not entered: they are links, or may not be read",
}


def print_summary(counts: Counter[str], reported: int) -> None:
    """counts: files by status, and milliseconds and cpu_milliseconds; reported: rows of the report."""
    for status, text in LINES.items():
        if counts[status] or status == "done":
            print(f"{counts[status]:>9,}  {text}")
    tried, seconds = counts["done"] + counts["failed"] + counts["left_out"], counts["milliseconds"] / 1000
    print(f"{seconds:9.1f}  seconds" + (f", {tried / seconds:.1f} photos a second" if tried else ": nothing was converted"))
    if tried:
        cpu = counts["cpu_milliseconds"] / 1000 / tried
        million = cpu * 1e6 / 3600 * (VCPU_HOUR + GIB_A_VCPU * GIB_HOUR)
        print(f"{cpu:9.3f}  CPU seconds a photo: a million would cost about ${million:,.2f} on Dataflow")
    if reported:
        print(f"{reported:>9,}  photos in {CSV}: failures first, then the least confident")
