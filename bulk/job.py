"""Which photos are to be converted, and the conversion of one of them. Nothing here knows of Beam."""
import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import storage
from bulk.dead_letters import DEAD_LETTERS, DeadLetter, read_dead_letters, write_dead_letters
from bulk.item import MAX_LIST_FILE, Item, Store, Unwritable
from cutout import CutOut, cut_out
from events.arrivals import GENERATION, SOURCE
from events.names import may_be_photo, result_name
from exceptions import CutOutError, FileTooLarge
from once import once
from options import Options
from postprocessing.compose import Backdrop
from postprocessing.encode import CONTENT_TYPES
from preprocessing.decode import MAX_FILE, Picture, decode

RETRIED = {"storage_unavailable"}  # codes of failures that the next run tries again by itself

Status = Literal["pending", "done", "failed", "skipped", "failed_before", "ignored", "folder", "gone"]

log = logging.getLogger(__name__)


class OutputFailed(RuntimeError):
    """No result can be written any more, such as on a full disk."""


@dataclass(frozen=True)
class Outcome:
    """What became of a photo."""

    item: Item
    status: Status            # done, failed, skipped (another run wrote the result meanwhile), gone (deleted or replaced meanwhile)
    code: str = ""            # of a failure
    detail: str = ""
    confidence: float = 0.0   # of a result
    cpu_seconds: float = 0.0

    @property
    def dead_letter(self) -> DeadLetter:
        return {"name": self.item.name, "generation": self.item.generation, "code": self.code, "detail": self.detail}


@dataclass(frozen=True)
class BulkJob:
    photos: Store
    pattern: re.Pattern[str] | None      # that names of photos match; None: all
    results: Store
    options: Options                     # their format is not auto
    given: Mapping[str, str] = field(default_factory=dict)  # the options as texts, by parameter
    backdrop: bytes | None = None
    watermark: bytes | None = None
    force: bool = False                  # convert photos that have a result, too
    retry: frozenset[str] | None = None  # names of photos to try again, and no others; None: all
    source_prefix: str = ""              # of a photo's address, before its name

    def dead_letters(self) -> dict[str, DeadLetter]:
        """Those of earlier runs, by name."""
        file = self.results.find(DEAD_LETTERS)
        return read_dead_letters(self.results.read(file, MAX_LIST_FILE)) if file else {}

    def listing(self) -> Iterator[tuple[Item, Status]]:
        """Each file of the input: pending, skipped (it has its result), failed_before, ignored (no photo by its name), or folder (not entered)."""
        finished = set() if self.force else {item.name for item in self.results.items() if item.size}
        failed = {} if self.force or self.retry is not None else self.dead_letters()
        for item in self.photos.items():
            if self.retry is not None and item.name not in self.retry or self.pattern and not self.pattern.fullmatch(item.name.rstrip("/")):
                continue
            letter = failed.get(item.name)
            if item.name.endswith("/"):
                yield item, "folder"
            elif not may_be_photo(item.name):
                yield item, "ignored"
            elif result_name(item.name, self.options.format) in finished:
                yield item, "skipped"
            elif letter and letter["generation"] == item.generation and letter["code"] not in RETRIED:
                yield item, "failed_before"
            else:
                yield item, "pending"

    def convert(self, item: Item) -> Outcome:
        """Converts a photo and writes its result. A fault of the photo, or of its storage, is in the outcome. Raises OutputFailed."""
        began = time.thread_time()
        try:
            made = cut_out(self.photos.read(item), self.options, *pictures(self.backdrop, self.watermark))
        except FileNotFoundError:
            return Outcome(item, "gone")
        except storage.TooLarge:
            return Outcome(item, "failed", FileTooLarge.code, f"at most {MAX_FILE:,} bytes")
        except CutOutError as refusal:
            return Outcome(item, "failed", refusal.code, str(refusal), cpu_seconds=time.thread_time() - began)
        except (OSError, storage.Unreadable) as error:
            return Outcome(item, "failed", "storage_unavailable", str(error))
        except Exception:  # a fault of the program, which must not keep the other photos waiting
            log.exception("%s", item.name.encode(errors="replace").decode())
            return Outcome(item, "failed", "internal_error", "a fault of the program: see its log")
        return self.write_result(item, made, time.thread_time() - began)

    def write_result(self, item: Item, made: CutOut, cpu_seconds: float) -> Outcome:
        """Writes a result. Raises OutputFailed."""
        name = result_name(item.name, made.format)
        try:
            written = self.results.write(name, made.data, CONTENT_TYPES[made.format], self.metadata(item, made), self.force)
        except Unwritable as error:
            return Outcome(item, "failed", error.code, str(error), cpu_seconds=cpu_seconds)
        except (storage.Unreachable, PermissionError) as error:  # later, or in another folder, it may succeed
            return Outcome(item, "failed", "storage_unavailable", str(error), cpu_seconds=cpu_seconds)
        except (OSError, storage.Unreadable) as error:
            raise OutputFailed(f"{name} could not be written: {sentence(error)}") from error
        return Outcome(item, "done" if written else "skipped", confidence=made.confidence, cpu_seconds=cpu_seconds)

    def metadata(self, item: Item, made: CutOut) -> dict[str, str]:
        """Metadata of the result, from which the report is made."""
        (height, width), (top, left, car_height, car_width) = made.size, made.car
        return {SOURCE: self.source_prefix + item.name, GENERATION: str(item.generation), "confidence": f"{made.confidence:.3f}",
                "kind": made.kind.kind, "view": made.kind.view or "", "size": f"{width}x{height}",
                "car": f"{left},{top},{car_width},{car_height}", "milliseconds": f"{sum(made.milliseconds.values()):.0f}"}

    def keep_dead_letters(self, failed: list[Outcome]) -> None:
        """Writes the dead letters of this run, and those of earlier runs whose photos still have no result."""
        before = self.dead_letters()
        standing = {name: letter for name, letter in before.items() if not self.results.find(result_name(name, self.options.format))}
        standing |= {outcome.item.name: outcome.dead_letter for outcome in failed}
        if standing or before:
            self.results.write(DEAD_LETTERS, write_dead_letters(standing.values()), "application/jsonl", {}, replace=True)


@once
def pictures(backdrop: bytes | None, watermark: bytes | None) -> tuple[Backdrop | None, Picture | None]:
    """A job's backdrop and watermark, decoded once a worker. They were read when the job began, so they are readable."""
    return Backdrop(decode(backdrop)) if backdrop is not None else None, decode(watermark) if watermark is not None else None


def sentence(error: Exception) -> str:
    """An error's message without its number: "cutouts: Read-only file system"."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
