"""A photo has arrived in a bucket: its result, or its dead letter, goes to another bucket, whatever the number and order of the events.

Events come at least once, late, and in any order. The output bucket is the record of what was done: each result and each dead letter carries the
generation of its photo, and only that of a newer generation replaces it. A result also removes the dead letter of an older one.
"""
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import storage
from cutout import cut_out
from events.metadata import GENERATION, described, origin
from events.names import is_hidden, named_as_picture, resolved, result_name
from exceptions import CutOutError, FileTooLarge
from options import InvalidOption, Options, parse
from postprocessing.encode import CONTENT_TYPES
from postprocessing.watermark import load
from preprocessing.decode import MAX_FILE
from storage import BUCKET, LONGEST_NAME, Location

DEAD_LETTERS = "dead-letters/"   # under the output's prefix
UNSPECIFIC = ("", "application/octet-stream")       # content types that say nothing about the content
SECONDS = 30.0
TRIES = 5


class Loop(ValueError):
    """A result would arrive as a photo."""


class Contention(RuntimeError):
    """Others kept writing the same object; the event must be delivered again."""


@dataclass(frozen=True)
class Arrivals:
    """Where results of arriving photos go, and what they look like."""

    bucket: str
    prefix: str = ""      # of the names of results; empty, or with / at its end
    options: Options = Options(format="png")
    watermark: Path | None = None

    @classmethod
    def parse(cls, output: str, options: str = "", watermarks: Mapping[str, Path] = {}) -> "Arrivals":
        """output: bucket[/prefix]; options: parameters of the API as in a URL's query. Raises ValueError with a sentence that follows the setting's name."""
        bucket, _, prefix = output.partition("/")
        if not re.fullmatch(BUCKET, bucket):
            raise ValueError("takes the name of a bucket, without gs://, and perhaps / and a folder")
        try:
            given = parse_qsl(options, keep_blank_values=True, strict_parsing=True) if options else []
            if len(dict(given)) < len(given):
                raise ValueError("a parameter twice")
            wanted = parse(dict(given), watermarks)
            watermark = watermarks[wanted.watermark.name] if wanted.watermark.name else None
        except InvalidOption as error:
            raise ValueError(f"has a wrong {error.name}: {error}") from error
        except KeyError as error:
            raise ValueError(f"has an unknown parameter {error}") from error
        except ValueError as error:
            raise ValueError(f"takes parameters as in a URL's query: {error}") from error
        return cls(bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "", resolved(wanted), watermark)

    def receive(self, photo: Location, generation: int, size: int, content_type: str) -> str:
        """Converts a generation of an object where that is still needed. Returns a word for what was done:

        done, dead_letter; ours (a result of our own), not_a_picture, overtaken (a newer generation is done), known (this generation is done), gone (deleted,
        or replaced: that has its own event), name_too_long (for a result or dead letter). Raises Loop; storage.Unreadable where the storage fails or
        forbids; Contention.
        """
        if photo.bucket == self.bucket:
            if not self.prefix:
                raise Loop(f"photos arrive in {self.bucket}, where results are to go: name another bucket, or a folder of it")
            if photo.name.startswith(self.prefix):
                return "ours"
        declared = content_type.startswith("image/") or named_as_picture(photo.name)
        if photo.name.endswith("/") or is_hidden(photo.name) or not declared and content_type not in UNSPECIFIC:
            return "not_a_picture"
        result, letter = self.outputs(photo)
        if any(len(output.name.encode()) > LONGEST_NAME for output in (result, letter)):
            return "name_too_long"  # however often the event came
        done, failed = settled(result, letter)
        if (known := max(generation_of(done), generation_of(failed))) >= generation:
            return "known" if known == generation else "overtaken"
        watermark = load(self.watermark) if self.watermark else None
        try:
            made = cut_out(read_photo(photo, generation, size), self.options, watermark=watermark)
        except storage.Missing:
            return "gone"
        except CutOutError as refusal:
            if not declared and refusal.code == "failed_to_read_image":
                return "not_a_picture"
            text = json.dumps({"name": photo.name, "generation": generation, "code": refusal.code, "detail": str(refusal)}, ensure_ascii=False) + "\n"
            word = self.put(letter, text.encode(), "application/json", photo, generation, "dead_letter", {"code": refusal.code})
        else:
            word = self.put(result, made.data, CONTENT_TYPES[made.format], photo, generation, "done", described(made))
        settled(result, letter)
        return word

    def outputs(self, photo: Location) -> tuple[Location, Location]:
        """Where a photo's result and its dead letter go."""
        return (Location(self.bucket, self.prefix + result_name(photo.name, self.options.format)),
                Location(self.bucket, f"{self.prefix}{DEAD_LETTERS}{photo.name}.json"))

    def put(self, place: Location, data: bytes, content_type: str, photo: Location, generation: int, word: str, metadata: dict[str, str]) -> str:
        """Writes a result or dead letter, unless there is one of the same generation or a newer one."""
        whole = origin(f"gs://{photo.bucket}/{photo.name}", generation) | metadata
        write = partial(storage.write, place, data, content_type, whole, seconds=SECONDS)
        for _ in range(TRIES):
            there = storage.stat(place, SECONDS)
            if (known := generation_of(there)) >= generation:
                return "known" if known == generation else "overtaken"
            if write(replaces=there.generation if there else 0):
                return word
        raise Contention(f"{place.name}: others write it at the same time")


def settled(result: Location, letter: Location) -> tuple[storage.Object | None, storage.Object | None]:
    """What is there of a photo's result and dead letter. A dead letter that is older than the result is deleted.

    Events of two generations may be handled at once: each looks after its own write, so that the last one sees both. Where that fails, its event comes again.
    """
    failed, done = storage.stat(letter, SECONDS), storage.stat(result, SECONDS)
    if failed and generation_of(failed) < generation_of(done):
        storage.delete(letter, failed.generation, SECONDS)
        failed = None
    return done, failed


def read_photo(photo: Location, generation: int, size: int) -> bytes:
    """Raises FileTooLarge, storage.Missing, or storage.Unreadable where the storage fails or forbids."""
    if size <= MAX_FILE:
        with suppress(storage.TooLarge):  # an object that is stored with Content-Encoding: gzip has more bytes than its size says
            return storage.read(photo, MAX_FILE, SECONDS, generation)
    raise FileTooLarge(f"at most {MAX_FILE:,} bytes")


def generation_of(written: storage.Object | None) -> int:
    """Of the photo of a result or dead letter. An object without it was put there by hand, and is replaced."""
    return int(written.metadata.get(GENERATION, 0)) if written else 0
