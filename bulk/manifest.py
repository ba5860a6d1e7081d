"""The options that results were made with, in a file beside them: a run with other options would leave a mixture."""
import hashlib
import json
from dataclasses import replace
from typing import TypedDict

from bulk.job import BulkJob
from options import PARAMETERS, InvalidOption, Options, parse

MANIFEST = "manifest.json"  # no photo's result has such a name


class Manifest(TypedDict):
    format: str
    options: dict[str, str]          # as given, by parameter
    bg_image_sha256: str | None
    watermark_sha256: str | None


class OtherOptions(ValueError):
    """The results beside which this run would write were made with other options."""


def manifest_of(job: BulkJob) -> Manifest:
    return {"format": job.options.format, "options": dict(job.given), "bg_image_sha256": digest(job.backdrop), "watermark_sha256": digest(job.watermark)}


def digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data is not None else None


def check_manifest(job: BulkJob) -> None:
    """Raises OtherOptions where the results were made with other options and are not to be made again."""
    file = job.results.find(MANIFEST)
    if file is None or not file.size or job.force:
        return
    try:
        before: Manifest = json.loads(job.results.read(file))
        changed = differences(before, manifest_of(job))
    except (ValueError, KeyError, TypeError) as error:
        raise OtherOptions(f"--output has a {MANIFEST} that this command did not write: {error}") from error
    if changed:
        raise OtherOptions(f"--output has results with other options ({'; '.join(changed)}): choose another --output, or convert all again with --force")


def write_manifest(job: BulkJob) -> None:
    """Raises as Store.write does, and OtherOptions where a run that began at the same time has written its own first."""
    job.results.write(MANIFEST, json.dumps(manifest_of(job), indent=2).encode() + b"\n", "application/json", {}, replace=job.force)
    check_manifest(job)


def differences(before: Manifest, now: Manifest) -> list[str]:
    """What means something else, with both values; the same value may be written differently."""
    changed = []
    if meaning(before["options"]) != meaning(now["options"]):
        names = sorted((before["options"].keys() | now["options"].keys()) - {"format"})
        changed = [f"{name} was {before['options'].get(name, 'not given')}, now {now['options'].get(name, 'not given')}"
                   for name in names if value(name, before["options"]) != value(name, now["options"])]
    if before["format"] != now["format"]:
        changed.append(f"format was {before['format']}, now {now['format']}")
    if before["bg_image_sha256"] != now["bg_image_sha256"]:
        changed.append("another background picture")
    if before["watermark_sha256"] != now["watermark_sha256"]:
        changed.append("another watermark")
    return changed


def meaning(options: dict[str, str]) -> Options | None:
    """Of all options but the format together, as one may count only beside another; None where this version knows no such options."""
    try:
        return replace(parse(options, {options.get("watermark", "").strip()}), format="auto")
    except (InvalidOption, KeyError):
        return None


def value(name: str, options: dict[str, str]) -> object:
    """Of one option, its default where it is not given; the text where this version knows no such option."""
    try:
        text = options.get(name, PARAMETERS[name].default)
        return None if text is None else PARAMETERS[name].parse(text.strip())
    except (ValueError, KeyError):
        return options.get(name)
