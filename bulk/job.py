"""Which photos are to be converted, and the conversion of one of them. Nothing here knows of Beam."""
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

import storage
from bulk.dead_letters import DEAD_LETTERS, DeadLetter, as_lines, read_dead_letters
from bulk.item import ANY, FAULTS, MAX_LIST_FILE, Item, Store, Unwritable
from bulk.left_out import LEFT_OUT, LeftOut, read_left_out
from bulk.where import Where
from cutout import CutOut, cut_out
from events.metadata import GENERATION, described, origin
from events.names import may_be_photo, result_name
from exceptions import CutOutError, FileTooLarge, NoCar
from once import once
from options import Options
from postprocessing.compose import Backdrop
from postprocessing.encode import CONTENT_TYPES
from preprocessing.decode import MAX_FILE, Picture, decode

RETRIED = {"storage_unavailable"}  # codes of failures that the next run tries again by itself

Status = Literal["pending", "done", "failed", "left_out", "skipped", "failed_before", "left_out_before", "ignored", "folder", "gone", "raced"]

log = logging.getLogger(__name__)


class Result(NamedTuple):
    generation: int
    photo_generation: int | None  # of the photo that it shows; None where others wrote it


class OutputFailed(RuntimeError):
    """No result can be written any more, such as on a full disk, or no photo read without credentials."""


@dataclass(frozen=True)
class Outcome:
    """What became of a photo."""

    item: Item
    status: Status            # done, failed, left_out, raced (another run wrote the result meanwhile), gone (deleted or replaced meanwhile)
    code: str = ""            # of a failure
    detail: str = ""
    confidence: float = 0.0   # of a cut-out, written or left out
    kind: str = ""            # of a photo that is done or left out, or can't be cut out
    view: str | None = None
    refused: bool = False     # of a photo that is left out: it can't be cut out
    cpu_seconds: float = 0.0

    @property
    def dead_letter(self) -> DeadLetter:
        return {"name": self.item.name, "generation": self.item.generation, "code": self.code, "detail": self.detail, "former_result": self.item.former,
                "kind": self.kind}

    @property
    def left_out(self) -> LeftOut:
        return {"name": self.item.name, "generation": self.item.generation, "kind": self.kind, "view": self.view, "refused": self.refused,
                "former_result": self.item.former}


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
    where: Where = Where()               # which results are written
    skip_unsuitable: bool = False        # leave out photos that show no vehicle from outside

    def dead_letters(self) -> dict[str, DeadLetter]:
        """Those of earlier runs, by name."""
        file = self.results.find(DEAD_LETTERS)
        return read_dead_letters(self.results.read(file, MAX_LIST_FILE)) if file else {}

    def left_out(self) -> dict[str, LeftOut]:
        """Those of earlier runs, by name; some may have a result or a dead letter since."""
        file = self.results.find(LEFT_OUT)
        return read_left_out(self.results.read(file, MAX_LIST_FILE)) if file else {}

    def leaves_out(self, kind: str, view: str | None, refused: bool) -> bool:
        return not self.where.matches(kind, view) or refused and self.skip_unsuitable

    def tries_again(self, letter: DeadLetter) -> bool:
        """Whether a photo that failed may have another end now: a passing fault is over, or this run leaves it out."""
        return letter["code"] in RETRIED or letter["code"] == NoCar.code and self.leaves_out(letter.get("kind", ""), None, refused=True)

    def find_result(self, name: str) -> int | None:
        """The generation of a photo's result, None where it has none."""
        found = self.results.find(result_name(name, self.options.format))
        return found.generation if found and found.size else None

    def finished(self) -> dict[str, Result]:
        """Results by name."""
        return {item.name: Result(item.generation, int(metadata[GENERATION]) if GENERATION in metadata else None)
                for item, metadata in self.results.items_with_metadata() if item.size}

    def listing(self) -> Iterator[tuple[Item, Status]]:
        """Each file of the input, but none of an output within it.

        pending, skipped (it has its result), failed_before, left_out_before, ignored (by its name, or no file), or folder.
        """
        finished = {} if self.force else self.finished()
        failed, left_out = self.dead_letters(), self.left_out()  # read in any case: a damaged file shall stop the run before it converts anything
        former = former_results(failed.values()) | former_results(left_out.values())
        if self.force or self.retry is not None:
            failed, left_out = {}, {}
        output = self.photos.path_to(self.results)
        for item in self.photos.items():
            if output and item.name.startswith(output):
                continue
            if self.retry is not None and item.name not in self.retry or self.pattern and not self.pattern.fullmatch(item.name.rstrip("/")):
                continue
            letter, left = failed.get(item.name), left_out.get(item.name)
            result = finished.get(result_name(item.name, self.options.format))
            if item.name.endswith("/"):
                yield item, "folder"
            elif not item.is_file or not may_be_photo(item.name):
                yield item, "ignored"
            elif result and result.photo_generation in (item.generation, None) and (item.name, result.generation) not in former:
                yield item, "skipped"
            elif letter and letter["generation"] == item.generation and not self.tries_again(letter):
                yield item, "failed_before"
            elif left and left["generation"] == item.generation and self.leaves_out(left["kind"], left["view"], left["refused"]):
                yield item, "left_out_before"
            else:
                yield replace(item, former=result.generation if result else None), "pending"

    def convert(self, item: Item) -> Outcome:
        """Converts a photo and writes its result. A fault of the photo, or of its storage, is in the outcome. Raises OutputFailed."""
        outcome = self.attempt(item)
        if not self.force or outcome.status not in ("failed", "left_out"):
            return outcome
        try:
            return replace(outcome, item=replace(item, former=self.find_result(item.name)))  # perhaps made with other options
        except PermissionError:  # of one folder: what it holds is never listed either, so no old result there counts
            return outcome
        except FAULTS as error:
            raise OutputFailed(f"the result of {item.name} could not be looked up: {sentence(error)}") from error

    def attempt(self, item: Item) -> Outcome:
        """As `convert`, but an old result that --force leaves is not in the outcome."""
        began = time.thread_time()
        try:
            made = cut_out(self.photos.read(item), self.options, *pictures(self.backdrop, self.watermark))
        except DefaultCredentialsError as error:
            raise OutputFailed(f"{item.name} could not be read: {sentence(error)}") from error
        except FileNotFoundError:
            return Outcome(item, "gone")
        except storage.TooLarge:
            return Outcome(item, "failed", FileTooLarge.code, f"at most {MAX_FILE:,} bytes")
        except CutOutError as refusal:
            seconds = time.thread_time() - began
            kind = refusal.kind if isinstance(refusal, NoCar) else ""
            if kind and self.leaves_out(kind, None, refused=True):
                return Outcome(item, "left_out", kind=kind, refused=True, cpu_seconds=seconds)
            return Outcome(item, "failed", refusal.code, str(refusal), kind=kind, cpu_seconds=seconds)
        except (OSError, storage.Unreadable) as error:
            return Outcome(item, "failed", "storage_unavailable", str(error))
        except Exception:  # a fault of the program, which must not keep the other photos waiting
            log.exception("%s", printable(item.name))
            return Outcome(item, "failed", "internal_error", "a fault of the program: see its log")
        if self.leaves_out(made.kind.kind, made.kind.view, refused=False):
            return Outcome(item, "left_out", confidence=made.confidence, kind=made.kind.kind, view=made.kind.view, cpu_seconds=time.thread_time() - began)
        return self.write_result(item, made, time.thread_time() - began)

    def write_result(self, item: Item, made: CutOut, cpu_seconds: float) -> Outcome:
        """Writes a result. Raises OutputFailed."""
        name = result_name(item.name, made.format)
        try:
            metadata = origin(self.source_prefix + item.name, item.generation) | described(made)
            written = self.results.write(name, made.data, CONTENT_TYPES[made.format], metadata, replaces=ANY if self.force else item.former or 0)
        except Unwritable as error:
            return Outcome(item, "failed", error.code, str(error), cpu_seconds=cpu_seconds)
        except (storage.Unreachable, PermissionError) as error:  # later, or in another folder, it may succeed
            return Outcome(item, "failed", "storage_unavailable", str(error), cpu_seconds=cpu_seconds)
        except FAULTS as error:
            raise OutputFailed(f"{name} could not be written: {sentence(error)}") from error
        return Outcome(item, "done" if written else "raced", confidence=made.confidence, kind=made.kind.kind, view=made.kind.view, cpu_seconds=cpu_seconds)

    def keep(self, outcomes: list[Outcome]) -> None:
        """Writes which photos failed in this run or were left out, beside those of other runs: dead letters that still have no result, and all left out."""
        left_out = {outcome.item.name: outcome.left_out for outcome in outcomes if outcome.status == "left_out"}
        failed = {outcome.item.name: outcome.dead_letter for outcome in outcomes if outcome.status == "failed"}

        finished = self.finished() if failed or self.dead_letters() else {}

        def is_over(letter: DeadLetter) -> bool:
            result = finished.get(result_name(letter["name"], self.options.format))
            return letter["name"] in left_out or result is not None and result.generation != letter.get("former_result")

        def with_failed(data: bytes) -> bytes:
            letters = read_dead_letters(data) | failed  # of both, others may have converted a photo meanwhile
            return as_lines(letter for letter in letters.values() if not is_over(letter))

        self.results.update(DEAD_LETTERS, with_failed, "application/jsonl")
        if left_out:
            self.results.update(LEFT_OUT, lambda data: as_lines((read_left_out(data) | left_out).values()), "application/jsonl")


def former_results(lines: Iterable[DeadLetter] | Iterable[LeftOut]) -> set[tuple[str, int]]:
    """Names of photos and generations of their results that do not count: see Item.former."""
    return {(line["name"], former) for line in lines if (former := line.get("former_result")) is not None}


@once
def pictures(backdrop: bytes | None, watermark: bytes | None) -> tuple[Backdrop | None, Picture | None]:
    """A job's backdrop and watermark, decoded once a worker. They were read when the job began, so they are readable."""
    return Backdrop(decode(backdrop)) if backdrop is not None else None, decode(watermark) if watermark is not None else None


def sentence(error: Exception) -> str:
    """An error's message without its number: "cutouts: Read-only file system"; with what the credentials' own error says, which often names the remedy."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    unrenewed = isinstance(error, storage.Unreachable) and isinstance(error.__cause__, GoogleAuthError)
    return f"{error}: {error.__cause__}" if unrenewed else str(error)


def printable(text: str) -> str:
    """Without the lone surrogates of a name that is not UTF-8."""
    return text.encode(errors="replace").decode()
