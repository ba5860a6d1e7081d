"""One photo that has just arrived in a bucket: its result, or its dead letter, goes to another bucket, whatever the events' number and order.

Events come at least once, late, and in any order. What is in the output bucket tells what was done: each result and each dead letter carries the
generation of its photo, and only a newer photo's takes its place.
"""
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import storage
from cutout import cut_out
from events.names import named_as_picture, resolved, result_name
from exceptions import CutOutError, FileTooLarge, UnreadablePicture
from options import InvalidOption, Options, parse
from postprocessing.encode import CONTENT_TYPES
from postprocessing.watermark import load
from preprocessing.decode import MAX_FILE
from storage import BUCKET, Location

DEAD_LETTERS = "dead-letters/"   # under the output's prefix
SOURCE, GENERATION = "source", "source-generation"  # metadata of what we write
UNTOLD = ("", "application/octet-stream")           # content types that say nothing
SECONDS = 30.0
TRIES = 5


class Loop(ValueError):
    """What we write would come back as a photo that has just arrived."""


class Overtaken(RuntimeError):
    """Others wrote the same object again and again while we tried; the event must come once more."""


@dataclass(frozen=True)
class Arrivals:
    """Where results go, and what they look like."""

    bucket: str
    prefix: str = ""      # of the names of results; empty, or with / at its end
    options: Options = Options(format="png")
    watermark: Path | None = None

    @classmethod
    def parse(cls, output: str, options: str = "", watermarks: Mapping[str, Path] = {}) -> "Arrivals":
        """Of bucket[/prefix] and of the wire's parameters as in a URL's query. Raises ValueError, its sentence beginning after the setting's name."""
        bucket, _, prefix = output.partition("/")
        if not re.fullmatch(BUCKET, bucket):
            raise ValueError("takes the name of a bucket, without gs://, and perhaps / and a folder")
        try:
            given = parse_qsl(options, keep_blank_values=True, strict_parsing=True) if options else []
            if len(dict(given)) < len(given):
                raise ValueError("a parameter twice")
            wanted = parse(dict(given), watermarks)
            watermark = watermarks[wanted.watermark.name] if wanted.watermark.name else None
            if watermark:
                load(watermark)  # an unreadable one stops start-up
        except UnreadablePicture as error:
            raise ValueError(f"has a wrong watermark: {error}") from error
        except InvalidOption as error:
            raise ValueError(f"has a wrong {error.name}: {error}") from error
        except KeyError as error:
            raise ValueError(f"has an unknown parameter {error}") from error
        except ValueError as error:
            raise ValueError(f"takes parameters as in a URL's query: {error}") from error
        return cls(bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "", resolved(wanted), watermark)

    def receive(self, photo: Location, generation: int, size: int, content_type: str) -> str:
        """Does what is to be done for a generation of an object, and tells it in a word.

        done, dead_letter; ours, not_a_picture, overtaken (a newer one is there), known (this one was done before), gone (deleted or replaced, whose own
        event comes). Raises Loop; storage.Unreadable where the storage fails or forbids; Overtaken.
        """
        if photo.bucket == self.bucket:
            if not self.prefix:
                raise Loop(f"photos arrive in {self.bucket}, where results are to go: name another bucket, or a folder of it")
            if photo.name.startswith(self.prefix):
                return "ours"
        told = content_type.startswith("image/") or named_as_picture(photo.name)
        if photo.name.endswith("/") or not told and content_type not in UNTOLD:
            return "not_a_picture"
        result, letter = self.places(photo)
        if (known := self.known(result, letter)) >= generation:
            return "known" if known == generation else "overtaken"
        watermark = load(self.watermark) if self.watermark else None
        try:
            if size > MAX_FILE:
                raise FileTooLarge(f"at most {MAX_FILE:,} bytes")
            made = cut_out(storage.read(photo, MAX_FILE, SECONDS, generation), self.options, watermark=watermark)
        except storage.Missing:
            return "gone"
        except CutOutError as refusal:
            if not told and refusal.code == "failed_to_read_image":
                return "not_a_picture"
            text = json.dumps({"name": photo.name, "generation": generation, "code": refusal.code, "detail": str(refusal)}, ensure_ascii=False) + "\n"
            return self.put(letter, text.encode(), "application/json", photo, generation, "dead_letter", {"code": refusal.code})
        return self.put(result, made.data, CONTENT_TYPES[made.format], photo, generation, "done", {"confidence": f"{made.confidence:.3f}"})

    def places(self, photo: Location) -> tuple[Location, Location]:
        """Of a photo's result and of its dead letter."""
        return (Location(self.bucket, self.prefix + result_name(photo.name, self.options.format)),
                Location(self.bucket, f"{self.prefix}{DEAD_LETTERS}{photo.name}.json"))

    def known(self, *places: Location) -> int:
        """The newest generation of the photo that something stands for; 0 for none."""
        return max(generation_of(storage.stat(place, SECONDS)) for place in places)

    def put(self, place: Location, data: bytes, content_type: str, photo: Location, generation: int, word: str, metadata: Mapping[str, str]) -> str:
        """Writes it, unless what is there stands for the same generation or a newer one."""
        write = partial(storage.write, place, data, content_type,
                        {SOURCE: f"gs://{photo.bucket}/{photo.name}", GENERATION: str(generation), **metadata}, seconds=SECONDS)
        for _ in range(TRIES):
            there = storage.stat(place, SECONDS)
            if (known := generation_of(there)) >= generation:
                return "known" if known == generation else "overtaken"
            if write(replaces=there.generation if there else 0):
                return word
        raise Overtaken(f"{place.name}: others write it at the same time")


def generation_of(there: storage.Object | None) -> int:
    """Of the photo that an object of ours stands for. What is there without saying so was put by hand, and is replaced."""
    return int(there.metadata.get(GENERATION, 0)) if there else 0
