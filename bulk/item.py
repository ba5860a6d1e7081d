"""A store of photos and results: what bulk/folder.py and bulk/bucket.py both provide."""
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from google.auth.exceptions import GoogleAuthError

import storage
from preprocessing.decode import MAX_FILE

ANY = -1  # any generation of a file
MAX_LIST_FILE = 2**31  # bytes of a file that the job itself writes: it has a row for each of millions of photos


@dataclass(frozen=True)
class Item:
    """A file. The name ends in / where it is a folder that is not entered, because it is a link or may not be read."""

    name: str
    generation: int  # of the object, or the file's modification time in nanoseconds
    size: int        # bytes
    is_file: bool = True  # False for a pipe, a socket or a device, which is never opened
    former: int | None = None  # generation of a result that does not count: it shows an earlier photo, or --force has not made it anew yet


class Unwritable(ValueError):
    """The store can't hold a file of that name; `code` says why."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code


FAULTS = (storage.Unreadable, OSError, Unwritable, GoogleAuthError)  # of a store that can't be used; the last one where there are no credentials


class Store(Protocol):
    """Names are relative to the store's root, with / between folders, whatever the system. Where there are no credentials, all raise GoogleAuthError."""

    @property
    def place(self) -> str:
        """Where it is, in one way for each store."""

    def items(self) -> Iterator[Item]:
        """All files but the store's own notes. Raises OSError or storage.Unreadable."""

    def items_with_metadata(self) -> Iterator[tuple[Item, Mapping[str, str]]]:
        """All files, each with the metadata that it was written with; none where others wrote it."""

    def read(self, item: Item, most: int = MAX_FILE) -> bytes:
        """most: bytes. Raises FileNotFoundError where it was deleted or replaced, storage.TooLarge, else OSError or storage.Unreadable."""

    def write(self, name: str, data: bytes, content_type: str, metadata: Mapping[str, str], replaces: int = 0) -> bool:
        """Writes a file whole or not at all, in place of none, an empty one, or one of the generation `replaces`. False where there is another one.

        In a folder, another one may come between the look and the write, and is lost. Raises Unwritable, OSError or storage.Unreadable.
        """

    def update(self, name: str, change: Callable[[bytes], bytes], content_type: str) -> None:
        """Puts what `change` makes of a file's bytes, none where there is no file, in their place. What others write meanwhile is changed, not lost.

        Raises as `write` does, and what `change` raises.
        """

    def find(self, name: str) -> Item | None:
        """The file of exactly that name."""

    def path_to(self, other: "Store") -> str:
        """What names of the other store's files begin with here; empty where it is not a folder within this store."""

    def prepare(self) -> None:
        """Makes sure that files can be written, as far as that can be known without leaving one. Raises OSError."""

    def tidy(self) -> None:
        """Removes what killed runs left half written."""
