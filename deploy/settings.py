"""Refuses settings of deploy.sh before anything is called, by the code that the functions read them with.

    python -m deploy.settings function [SETTING ...]      the settings are environment variables; those named come from Secret Manager
    python -m deploy.settings bulk [PARAMETER=VALUE ...]

Exit status: 2 with a sentence on stderr where something is invalid.
"""
import os
import re
import sys
from argparse import ArgumentError
from collections.abc import Mapping, Sequence
from pathlib import Path

from api.settings import InvalidSetting, Settings
from bulk.arguments import command_line, read_arguments
from options import InvalidOption
from postprocessing.watermark import watermarks_in
from storage import BUCKET

SECRET = {"API_KEYS": "0" * 64, "RATE_LIMIT_STORAGE": "redis://localhost"}  # valid values in place of secrets
LOGOS = Path("watermarks").resolve()                                        # the folder that is uploaded
FOLDERS, FILES = ("input", "output"), ("bg_image_file", "watermark_file", "retry")  # of the bulk job: no local ones reach Dataflow


def check_function(environ: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Raises InvalidSetting."""
    for name in ("INPUT_BUCKET", "OUTPUT_BUCKET"):  # which deploy.sh takes as they are
        if environ.get(name, "") != environ.get(name, "").strip():
            raise InvalidSetting(f"{name} begins or ends with a space")
    given = {name: text.strip() for name, text in environ.items() if text.strip()}
    for name in secrets:
        if name not in SECRET:
            raise InvalidSetting(f"{name} is no secret: give it as a variable")
        if name in given:
            raise InvalidSetting(f"{name} is given twice: as a variable and as --secret")
    if "API_KEYS" in given:
        raise InvalidSetting("API_KEYS come from Secret Manager: --secret API_KEYS=SECRET (docs/DEPLOY.md)")
    if "@" in given.get("RATE_LIMIT_STORAGE", ""):
        raise InvalidSetting("RATE_LIMIT_STORAGE holds a password: --secret RATE_LIMIT_STORAGE=SECRET")
    if "ALLOW_PRIVATE_ADDRESSES" in given:
        raise InvalidSetting("ALLOW_PRIVATE_ADDRESSES is for tests and is never deployed")
    folder = given.get("WATERMARKS_DIR")
    if folder and (Path(folder).is_absolute() or not Path(folder).resolve().is_relative_to(LOGOS)):
        raise InvalidSetting("WATERMARKS_DIR takes a folder within watermarks/, which is uploaded")
    arrivals = Settings.read({**given, **{name: SECRET[name] for name in secrets}}).arrivals
    for name in ("OUTPUT_BUCKET", "OUTPUT_OPTIONS", "WATERMARKS_DIR", "RATE_LIMIT_STORAGE"):
        if "|" in given.get(name, ""):
            raise InvalidSetting(f"{name} holds a |, which stands between settings")
    arriving = given.get("INPUT_BUCKET", "")
    if not arriving:
        if arrivals:
            raise InvalidSetting("OUTPUT_BUCKET has no effect without INPUT_BUCKET")
        return
    if not re.fullmatch(BUCKET, arriving):
        raise InvalidSetting("INPUT_BUCKET takes the name of a bucket, without gs://")
    if not arrivals:
        raise InvalidSetting("INPUT_BUCKET needs OUTPUT_BUCKET, where results go")
    if arrivals.bucket == arriving and not arrivals.prefix:
        raise InvalidSetting("OUTPUT_BUCKET is INPUT_BUCKET: name another bucket, or a folder of it, or results would arrive as photos")


def check_bulk(parameters: Sequence[str]) -> None:
    """Raises ValueError, or ArgumentError."""
    given = dict(parameter.split("=", 1) for parameter in parameters)
    for name in FOLDERS:
        if not re.fullmatch(f"gs://{BUCKET}(/.*)?", given.get(name, "")):
            raise ValueError(f"--{name} takes gs://BUCKET or gs://BUCKET/FOLDER")
    for name in FILES:
        if name in given and not re.fullmatch(f"gs://{BUCKET}/.+", given[name]):
            raise ValueError(f"--{name} takes gs://BUCKET/NAME: Dataflow reads no file of this machine")
    if any("~" in parameter for parameter in parameters):
        raise ValueError("a value holds a ~, which stands between parameters")
    parser = command_line()
    parser.exit_on_error = False
    args, unknown = parser.parse_known_args([f"--{parameter}" for parameter in parameters])
    if unknown:
        raise ValueError(f"unknown: {unknown[0].partition('=')[0]}")
    try:
        read_arguments(args, watermarks_in())
    except InvalidOption as error:
        raise ValueError(f"--{error.name}: {error}") from error


def main(mode: str, *rest: str) -> int:
    try:
        if mode == "bulk":
            check_bulk(rest)
        else:
            check_function(os.environ, rest)
    except (ValueError, ArgumentError) as error:
        print(f"deploy.sh: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
