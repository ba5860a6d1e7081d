"""Converts all the photos of a folder or bucket.

    python -m bulk --input photos --output cutouts
    python -m bulk --input 'gs://site/lot*/**.jpg' --output gs://site-cutouts/white --bg_color fff --crop true
    python -m bulk --input gs://site --output gs://site-cutouts --runner DataflowRunner --project P --region R --temp_location gs://tmp/

A photo NAME gives NAME.png (or the format's extension) at the same place under the output. Photos that have a result, or that failed before, are not
converted again, unless they have changed. Beside the results: report.csv and report.jsonl have a row for each photo, dead-letters.jsonl the photos that
can't be converted, left-out.jsonl those that --where or --unsuitable skip left out, manifest.json the options and the input.

--where takes FIELD=VALUE,...: kind=exterior,view=front-left,view=front-right chooses cars seen from front left or front right. A field is kind or view;
several values of one field mean any of them, and several fields must all be right.

Exit status: 0 all done; 3 done, but photos failed in this run; 1 the run failed; 2 wrong options, nothing was done; 130 or 143 interrupted, by
Ctrl-C or SIGTERM.
"""
import argparse
import re
from collections.abc import Collection
from typing import NamedTuple

from bulk.stores import Place, open_input, open_store
from bulk.where import Where, parse_where
from options import PARAMETERS, Options, parse

MOST_SHOWN = 100  # photos of a kind on a sheet: six kinds have some 200 rows, and a JPEG has room for 248


class Asked(NamedTuple):
    """What the arguments mean, as far as they tell it without a look at any file."""

    photos: Place
    pattern: re.Pattern[str] | None  # that names of photos match; None: all
    results: Place
    given: dict[str, str]            # options of the API, as texts
    options: Options
    where: Where
    skip_unsuitable: bool


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bulk", usage="%(prog)s --input PLACE --output PLACE [options]", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--input", required=True, type=not_empty,
                        help="a folder, a gs:// prefix, or a glob of either: * and ? match within a folder, ** through all")
    parser.add_argument("--output", required=True, type=not_empty, help="a folder or a gs:// prefix")
    parser.add_argument("--force", action="store_true", help="convert photos that have a result, too")
    parser.add_argument("--retry", metavar="FILE", type=not_empty, help="only the photos of a file of dead letters, local or gs://")
    parser.add_argument("--sheet", type=int, default=0, metavar="N",
                        help=f"also a picture of the N (at most {MOST_SHOWN}) least confident photos of each kind that this run converts")
    parser.add_argument("--where", metavar="FIELD=VALUE,...", help="only results of photos that show this, such as kind=exterior,view=front-left")
    parser.add_argument("--unsuitable", choices=("error", "original", "skip"),
                        help="a photo that shows no vehicle from outside: error (a dead letter), original (the photo as it is) or skip (left out)")
    parser.add_argument("--bg_image_file", metavar="FILE", type=not_empty, help="a picture behind the car, local or gs://")
    parser.add_argument("--watermark_file", metavar="FILE", type=not_empty, help="a picture on top, local or gs://")
    wire = parser.add_argument_group("what the results look like, as in the API")
    for name in (name for name in PARAMETERS if name != "unsuitable"):  # which takes one value more here
        wire.add_argument(f"--{name}", help=PARAMETERS[name].summary.replace("%", "%%"))
    return parser


def not_empty(text: str) -> str:
    """A variable of a script that is not set shall not mean the folder in which the command runs."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; give a folder, a file or gs://bucket")
    return text


def read_arguments(args: argparse.Namespace, watermarks: Collection[str]) -> Asked:
    """watermarks: names of the configured ones. Raises ValueError, InvalidOption for an option of the API."""
    if not 0 <= args.sheet <= MOST_SHOWN:
        raise ValueError(f"--sheet takes a number from 0 to {MOST_SHOWN}")
    if args.bg_image_file and args.bg_color:
        raise ValueError("--bg_color and --bg_image_file: only one can stand behind the car")
    if args.watermark_file and args.watermark:
        raise ValueError("--watermark and --watermark_file: only one at once")
    given = {name: value for name in PARAMETERS if (value := getattr(args, name)) is not None}
    skip = given.get("unsuitable") == "skip"
    if skip:  # a choice of photos: the results are the same
        del given["unsuitable"]
    options = parse(given, watermarks)
    (photos, pattern), results = open_input(args.input), open_store(args.output)
    if photos.place == results.place:
        raise ValueError("--output is the place of --input: results would be taken for photos")
    if results.path_to(photos):
        raise ValueError("--input lies within --output: photos would be taken for results")
    return Asked(photos, pattern, results, given, options, parse_where(args.where) if args.where is not None else Where(), skip)
