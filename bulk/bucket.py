"""Photos and results under a prefix of a bucket. An object is never half written, and keeps its metadata itself."""
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import storage
from bulk.item import ANY, MAX_LIST_FILE, Item, Store, Unwritable
from preprocessing.decode import MAX_FILE
from storage import LONGEST_NAME, RETRY_SECONDS, Location

TRIES = 10  # of an update that others come before


@dataclass(frozen=True)
class Bucket:
    bucket: str
    prefix: str  # empty, or with / at its end

    @classmethod
    def parse(cls, url: str) -> "Bucket":
        """Of gs://bucket[/prefix]. Raises ValueError."""
        bucket, _, prefix = url.removeprefix("gs://").partition("/")
        if not bucket:
            raise ValueError(f"{url}: names no bucket")
        return cls(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")

    @property
    def place(self) -> str:
        return f"gs://{self.bucket}/{self.prefix}"

    def items(self) -> Iterator[Item]:
        return (item for item, _ in self.items_with_metadata())

    def items_with_metadata(self) -> Iterator[tuple[Item, Mapping[str, str]]]:
        for found in storage.objects(self.bucket, self.prefix):
            if not found.location.name.endswith("/"):  # some tools write such an object for an empty folder
                yield Item(found.location.name.removeprefix(self.prefix), found.generation, found.size), found.metadata

    def read(self, item: Item, most: int = MAX_FILE) -> bytes:
        with missing_as_file():
            return storage.read(self.location(item.name), most, RETRY_SECONDS, item.generation)

    def find(self, name: str) -> Item | None:
        found = storage.stat(self.location(name), RETRY_SECONDS) if is_usable(name) and not self.is_too_long(name) else None
        return Item(name, found.generation, found.size) if found else None

    def write(self, name: str, data: bytes, content_type: str, metadata: Mapping[str, str], replaces: int = 0) -> bool:
        if not is_usable(name):
            raise Unwritable("name_unusable", "an object's name must be UTF-8 without line breaks, and the file's is not")
        if self.is_too_long(name):
            raise Unwritable("name_too_long", f"the result's name would be longer than {LONGEST_NAME} bytes")
        put = partial(storage.write, self.location(name), data, content_type, dict(metadata))
        if replaces != ANY and put(replaces):
            return True
        found = self.find(name)
        if found and found.size and replaces != ANY:
            return False
        return put(found.generation if found else 0)

    def update(self, name: str, change: Callable[[bytes], bytes], content_type: str) -> None:
        for _ in range(TRIES):
            found = self.find(name)
            try:
                before = self.read(found, MAX_LIST_FILE) if found else b""
            except FileNotFoundError:  # replaced meanwhile
                continue
            after = change(before)
            if after == before or storage.write(self.location(name), after, content_type, {}, found.generation if found else 0, RETRY_SECONDS):
                return
        raise storage.Unreachable(f"{name} could not be written: others replaced it {TRIES} times meanwhile")

    def path_to(self, other: Store) -> str:
        within = isinstance(other, Bucket) and other.place.startswith(self.place)
        return other.place.removeprefix(self.place) if within else ""

    def is_too_long(self, name: str) -> bool:
        return len(self.location(name).name.encode()) > LONGEST_NAME

    def location(self, name: str) -> Location:
        return Location(self.bucket, self.prefix + name)

    def prepare(self) -> None:
        """Does nothing: only a write, the run's first, shows whether objects may be written."""

    def tidy(self) -> None:
        """Does nothing: an object is never left half written."""


def is_usable(name: str) -> bool:
    """False where a local file's name has a line break, or bytes that are not UTF-8, which Python carries as lone surrogates."""
    return not re.search("[\r\n\ud800-\udfff]", name)


@contextmanager
def missing_as_file() -> Iterator[None]:
    try:
        yield
    except storage.Missing as error:
        raise FileNotFoundError(str(error)) from error
