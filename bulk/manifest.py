"""The options and the input that results were made with, in a file beside them: a run with others would leave a mixture."""
import hashlib
import json
from dataclasses import replace
from typing import NotRequired, TypedDict

from bulk.item import ANY
from bulk.job import BulkJob
from options import PARAMETERS, InvalidOption, Options, parse

MANIFEST = "manifest.json"  # no photo's result has such a name


class Manifest(TypedDict):
    input: NotRequired[str]          # the place to which names of photos are relative
    format: str
    options: dict[str, str]          # as given, by parameter
    bg_image_sha256: str | None
    watermark_sha256: str | None
    unfinished: NotRequired[bool]    # a --force run with other options or input has begun and has not gone through all photos


class OtherOptions(ValueError):
    """The results beside which this run would write were made with other options."""


def manifest_of(job: BulkJob) -> Manifest:
    return {"input": job.photos.place, "format": job.options.format, "options": dict(job.given), "bg_image_sha256": digest(job.backdrop),
            "watermark_sha256": digest(job.watermark)}


def digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data is not None else None


def check_manifest(job: BulkJob) -> None:
    """Raises OtherOptions where this run would leave a mixture of results."""
    if not job.force and (reason := refusal(job)):
        raise OtherOptions(reason)


def refusal(job: BulkJob) -> str:
    """Why results of this run may not stand beside those of the output; empty where they may."""
    file = job.results.find(MANIFEST)
    if file is None or not file.size:
        return ""
    try:
        before: Manifest = json.loads(job.results.read(file))
        changed, photos, mixed = differences(before, manifest_of(job)), before.get("input", job.photos.place), "unfinished" in before
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"--output has a {MANIFEST} that this command did not write: {error}"
    if changed:
        return f"--output has results with other options ({'; '.join(changed)}): choose another --output, or convert all again with --force"
    if photos != job.photos.place:
        return (f"--output has results of another --input, {photos}: choose another --output; "
                f"where only the photos have moved, write {job.photos.place} into its {MANIFEST} as its input")
    return "--output has results of several options or inputs: go through the whole input with --force, without --retry or a glob" if mixed else ""


def write_manifest(job: BulkJob) -> None:
    """Raises as Store.write does, and OtherOptions where a run that began at the same time has written its own first."""
    manifest = unfinished(job) if job.force and refusal(job) else manifest_of(job)
    job.results.write(MANIFEST, as_json(manifest), "application/json", {}, replaces=ANY if job.force else 0)
    check_manifest(job)


def finish_manifest(job: BulkJob) -> None:
    """After a run that has ended well: where --force went through the whole input, no result of other options counts any more, see Item.former.

    Raises as Store.update does.
    """
    ours, done = as_json(unfinished(job)), as_json(manifest_of(job))
    if job.force and job.retry is None and job.pattern is None:
        job.results.update(MANIFEST, lambda data: done if data == ours else data, "application/json")


def unfinished(job: BulkJob) -> Manifest:
    manifest = manifest_of(job)
    manifest["unfinished"] = True
    return manifest


def as_json(manifest: Manifest) -> bytes:
    return json.dumps(manifest, indent=2).encode() + b"\n"


def differences(before: Manifest, now: Manifest) -> list[str]:
    """What means something else, with both values; the same value may be written differently."""
    changed = []
    if meaning(before["options"]) != meaning(now["options"]):
        names = sorted((before["options"].keys() | now["options"].keys()) - {"format", "type_level"})
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
    """Of all options that change pixels together, as one may count only beside another; None where this version knows no such options."""
    try:
        return replace(parse(options, {options.get("watermark", "").strip()}), format="auto", type_level="1")
    except (InvalidOption, KeyError):
        return None


def value(name: str, options: dict[str, str]) -> object:
    """Of one option, its default where it is not given; the text where this version knows no such option."""
    try:
        text = options.get(name, PARAMETERS[name].default)
        return None if text is None else PARAMETERS[name].parse(text.strip())
    except (ValueError, KeyError):
        return options.get(name)
