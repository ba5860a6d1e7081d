"""The options that results were made with, in a file beside them: a run with other options would leave a mixture."""
import hashlib
import json
from typing import TypedDict

from bulk.job import BulkJob
from options import InvalidOption, parse

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
    """Raises as Store.write does."""
    job.results.write(MANIFEST, json.dumps(manifest_of(job), indent=2).encode() + b"\n", "application/json", {}, replace=job.force)


def differences(before: Manifest, now: Manifest) -> list[str]:
    """What means something else, with both values; the same value may be written differently."""
    names = sorted(before["options"].keys() | now["options"].keys())
    changed = [f"{name} was {before['options'].get(name, 'not given')}, now {now['options'].get(name, 'not given')}"
               for name in names if name != "format" and meaning(name, before["options"]) != meaning(name, now["options"])]
    if before["format"] != now["format"]:
        changed.append(f"format was {before['format']}, now {now['format']}")
    if before["bg_image_sha256"] != now["bg_image_sha256"]:
        changed.append("another background picture")
    if before["watermark_sha256"] != now["watermark_sha256"]:
        changed.append("another watermark")
    return changed


def meaning(name: str, options: dict[str, str]) -> object:
    try:
        return parse({name: options[name]}, {options[name]}) if name in options else parse({})
    except (InvalidOption, KeyError):  # of a parameter that needs another one, or that no longer exists
        return options[name]
