"""What is to be done, and one photo of it done. Nothing here knows of Beam."""
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import storage
from bulk.stores import Item, Store, Unwritable
from cutout import cut_out
from events.arrivals import GENERATION, SOURCE
from events.names import named_as_picture, result_name
from exceptions import CutOutError, FileTooLarge
from once import once
from options import Options
from postprocessing.compose import Backdrop
from postprocessing.encode import CONTENT_TYPES
from preprocessing.decode import MAX_FILE, Picture, decode

LETTERS, SHEET = "dead-letters.jsonl", "least-confident.sheet.jpg"  # beside the results; no photo's result has such a name
PASSING = {"storage_unavailable"}                             # codes that the next run tries again by itself


@dataclass(frozen=True)
class Outcome:
    """What became of a photo."""

    item: Item
    what: str                 # done, failed, skipped (is there already), gone (deleted or replaced meanwhile)
    code: str = ""            # of a failed one
    detail: str = ""
    confidence: float = 0.0   # of a done one
    cpu: float = 0.0          # seconds

    @property
    def letter(self) -> dict:
        return {"name": self.item.name, "generation": self.item.generation, "code": self.code, "detail": self.detail}


@dataclass(frozen=True)
class Job:
    photos: Store
    pattern: re.Pattern | None
    results: Store
    options: Options                     # their format is not auto
    backdrop: bytes | None = None
    watermark: bytes | None = None
    force: bool = False                  # also what is there already
    only: frozenset[str] | None = None   # names to try again; None: all
    label: str = ""                      # of the photos' place, for the results' metadata

    def letters(self) -> dict[str, dict]:
        """What failed before, by name."""
        there = self.results.find(LETTERS)
        return read_letters(self.results.read(there)) if there else {}

    def listing(self) -> Iterator[tuple[Item, str]]:
        """Each file and what is to become of it: pending, skipped (has its result), failed_before, or ignored (not a picture, by its name)."""
        done = set() if self.force else {item.name for item in self.results.items()}
        dead = {} if self.force or self.only is not None else self.letters()
        for item in self.photos.items():
            if self.only is not None and item.name not in self.only or self.pattern and not self.pattern.fullmatch(item.name):
                continue
            last = item.name.rpartition("/")[2]
            before = dead.get(item.name)
            if last.startswith(".") or "." in last and not named_as_picture(item.name):
                yield item, "ignored"
            elif result_name(item.name, self.options.format) in done:
                yield item, "skipped"
            elif before and before["generation"] == item.generation and before["code"] not in PASSING:
                yield item, "failed_before"
            else:
                yield item, "pending"

    def do(self, item: Item) -> Outcome:
        """Converts a photo. Whatever is wrong with it, or with its storage, is in the outcome; only what no other photo mends is raised."""
        began = time.thread_time()
        try:
            return self.attempt(item, began)
        except FileNotFoundError:
            return Outcome(item, "gone")
        except Unwritable as error:
            return Outcome(item, "failed", error.code, str(error))
        except (OSError, storage.Unreadable) as error:
            return Outcome(item, "failed", "storage_unavailable", str(error))
        except Exception:  # a fault of ours, which must not keep the other photos waiting
            logging.getLogger(__name__).exception("%s", item.name.encode(errors="replace").decode())
            return Outcome(item, "failed", "internal_error", "a fault of the program: its log tells more")

    def attempt(self, item: Item, began: float) -> Outcome:
        try:
            made = cut_out(self.photos.read(item), self.options, *pictures_of(self.backdrop, self.watermark))
        except storage.TooLarge:
            return Outcome(item, "failed", FileTooLarge.code, f"at most {MAX_FILE:,} bytes")
        except CutOutError as refusal:
            return Outcome(item, "failed", refusal.code, str(refusal), cpu=time.thread_time() - began)
        cpu = time.thread_time() - began
        told = {SOURCE: self.label + item.name, GENERATION: str(item.generation), "confidence": f"{made.confidence:.3f}"}
        name = result_name(item.name, made.format)
        written = self.results.write(name, made.data, CONTENT_TYPES[made.format], told, self.force)
        return Outcome(item, "done" if written else "skipped", confidence=made.confidence, cpu=cpu)

    def keep_letters(self, failed: list[Outcome]) -> None:
        """Writes the dead letters of this run and those of runs before that still stand: one JSON object a line."""
        before = self.letters()
        now = {outcome.item.name: outcome.letter for outcome in failed}
        standing = {name: letter for name, letter in before.items() if not self.results.find(result_name(name, self.options.format))} | now
        lines = [json.dumps(standing[name]) + "\n" for name in sorted(standing)]
        if lines or before:
            self.results.write(LETTERS, "".join(lines).encode(), "application/jsonl", {}, replace=True)


@once
def pictures_of(backdrop: bytes | None, watermark: bytes | None) -> tuple[Backdrop | None, Picture | None]:
    """A job's backdrop and watermark, decoded once a worker. They were read when the job began, so they are readable."""
    return Backdrop(decode(backdrop)) if backdrop is not None else None, decode(watermark) if watermark is not None else None


def read_letters(data: bytes) -> dict[str, dict]:
    """Dead letters by name. Raises ValueError where a line is none."""
    try:
        letters = [json.loads(line) for line in data.decode().splitlines()]
        return {letter["name"]: letter for letter in letters}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("not a file of dead letters: JSON lines with name, generation, code and detail") from error
