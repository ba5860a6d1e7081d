"""Where photos lie and results go: a local folder or a prefix of a bucket, with one face.

Names are relative to the folder or prefix, with / between folders, whatever the system.
"""
import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import storage
from preprocessing.decode import MAX_FILE
from storage import LONGEST_NAME, PATIENCE, Location

PARTIAL = ".partial"   # folder of files that are being written; left behind where a run was killed
STALE = 86_400         # seconds after which nobody writes them any more


@dataclass(frozen=True)
class Item:
    """A file that is there."""

    name: str
    generation: int  # of the object, or the file's time of change in nanoseconds
    size: int        # bytes


class Unwritable(ValueError):
    """No file of that name can be here; `code` says why."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code


class Store(Protocol):
    def items(self) -> Iterator[Item]:
        """All that is there."""

    def read(self, item: Item) -> bytes:
        """Raises FileNotFoundError where it is gone or replaced, OSError or storage.Unreadable where it can't be had, storage.TooLarge."""

    def write(self, name: str, data: bytes, content_type: str, metadata: dict[str, str], replace: bool = False) -> bool:
        """Writes it whole or not at all; False where it is there already and not to be replaced. Raises Unwritable, OSError or storage.Unreadable."""

    def find(self, name: str) -> Item | None:
        """What is there under exactly that name."""

    def holds(self, other: "Store") -> bool:
        """Whether what is written to the other comes up here."""

    def tidy(self) -> None:
        """Removes what killed runs left half written."""


@dataclass(frozen=True)
class Folder:
    root: Path

    def items(self) -> Iterator[Item]:
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name != PARTIAL)
            for name in sorted(files):
                path = Path(folder, name)
                relative = path.relative_to(self.root).as_posix()
                try:
                    about = path.stat()
                except OSError:  # deleted just now, or a link to nothing: its reading tells
                    yield Item(relative, 0, 0)
                else:
                    yield Item(relative, about.st_mtime_ns, about.st_size)

    def read(self, item: Item) -> bytes:
        if item.size > MAX_FILE:
            raise storage.TooLarge(f"the file has more than {MAX_FILE:,} bytes")
        return (self.root / item.name).read_bytes()

    def find(self, name: str) -> Item | None:
        path = self.root / name
        if not self.takes(name) or not path.is_file() or path.name not in os.listdir(path.parent):  # where case does not count, another name may answer
            return None
        return Item(name, path.stat().st_mtime_ns, path.stat().st_size)

    def write(self, name: str, data: bytes, content_type: str, metadata: dict[str, str], replace: bool = False) -> bool:
        if not self.takes(name):
            raise Unwritable("name_unusable", "an object may have such a name, but no file of its own in a folder")
        final, partial = self.root / name, self.root / PARTIAL / uuid4().hex
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            if replace:
                os.replace(partial, final)
            else:
                os.link(partial, final)
        except OSError as error:
            if isinstance(error, FileExistsError) and self.find(name):
                return False
            if isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError):
                raise Unwritable("name_collision", "another file, or a folder, has the place of the result") from error
            if error.errno == errno.ENAMETOOLONG:
                raise Unwritable("name_too_long", "the result's name would be longer than the system allows") from error
            raise
        finally:
            partial.unlink(missing_ok=True)
        return True

    @staticmethod
    def takes(name: str) -> bool:
        """Whether the name leads to one place within the folder, which no other name leads to: an object's may be ../x, /x or a//x."""
        return "\0" not in name and not {"", ".", "..", PARTIAL} & set(name.split("/"))

    def holds(self, other: Store) -> bool:
        return isinstance(other, Folder) and other.root.resolve().is_relative_to(self.root.resolve())

    def tidy(self) -> None:
        """Removes what killed runs left half written, but not what another may be writing."""
        left = list((self.root / PARTIAL).glob("*"))
        for path in left:
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink(missing_ok=True)
        if not left:
            with suppress(OSError):  # there is none, or another run has just begun a file there
                (self.root / PARTIAL).rmdir()


@dataclass(frozen=True)
class Bucket:
    bucket: str
    prefix: str  # empty, or with / at its end

    def items(self) -> Iterator[Item]:
        for found in storage.objects(self.bucket, self.prefix):
            if not found.location.name.endswith("/"):  # what some tools write for an empty folder
                yield Item(found.location.name.removeprefix(self.prefix), found.generation, found.size)

    def read(self, item: Item) -> bytes:
        with missing_as_file():
            return storage.read(self.location(item.name), MAX_FILE, PATIENCE, item.generation)

    def find(self, name: str) -> Item | None:
        found = storage.stat(self.location(name), PATIENCE) if is_unicode(name) else None
        return Item(name, found.generation, found.size) if found else None

    def write(self, name: str, data: bytes, content_type: str, metadata: dict[str, str], replace: bool = False) -> bool:
        if not is_unicode(name):
            raise Unwritable("name_unusable", "the file's name is not UTF-8, and an object's must be")
        if len(self.location(name).name.encode()) > LONGEST_NAME:
            raise Unwritable("name_too_long", f"the result's name would be longer than {LONGEST_NAME} bytes")
        there = self.find(name) if replace else None
        return storage.write(self.location(name), data, content_type, metadata, there.generation if there else 0, PATIENCE)

    def holds(self, other: Store) -> bool:
        return isinstance(other, Bucket) and other.bucket == self.bucket and other.prefix.startswith(self.prefix)

    def location(self, name: str) -> Location:
        return Location(self.bucket, self.prefix + name)

    def tidy(self) -> None:
        """An object is never half written."""


def is_unicode(name: str) -> bool:
    """Whether it is a text: a local file's name may hold any bytes, which Python carries as halves of characters."""
    return not re.search("[\ud800-\udfff]", name)


@contextmanager
def missing_as_file() -> Iterator[None]:
    try:
        yield
    except storage.Missing as error:
        raise FileNotFoundError(str(error)) from error


def store(place: str) -> Store:
    """Of a local folder, or of gs://bucket[/prefix]. Raises ValueError."""
    if not place.startswith("gs://"):
        return Folder(Path(place))
    bucket, _, prefix = place.removeprefix("gs://").partition("/")
    if not bucket:
        raise ValueError(f"{place}: names no bucket")
    return Bucket(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")


def source(place: str) -> tuple[Store, re.Pattern | None]:
    """A store, and which of its names are meant: of a folder, a prefix, or a glob of either. Raises ValueError.

    In a glob, * and ? stay within a folder and ** goes through all; a local folder that has such a name is that folder.
    """
    if not re.search(r"[*?]", place) or not place.startswith("gs://") and Path(place).exists():
        return store(place), None
    folder, _, pattern = re.match(r"([^*?]*)(/|^)(.*)", place, re.DOTALL).groups()
    if folder == "gs:/":
        raise ValueError(f"{place}: the bucket's name can't be a pattern")
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda piece: pieces.get(piece[0]) or re.escape(piece[0]), pattern)
    return store(folder or ("/" if place.startswith("/") else ".")), re.compile(expression, re.DOTALL)
