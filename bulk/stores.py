"""Which store and which photos a place on the command line means."""
import re
from pathlib import Path

from bulk.bucket import Bucket
from bulk.folder import Folder
from preprocessing.decode import MAX_FILE

Place = Folder | Bucket


def open_store(place: str) -> Place:
    """A local folder, or gs://bucket[/prefix]. Raises ValueError."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", place)
    if not scheme:
        return Folder(Path(place))
    if scheme[1] != "gs":
        raise ValueError(f"{place}: takes a folder or gs://bucket, not {scheme[0]}")
    return Bucket.parse(place)


def open_input(place: str) -> tuple[Place, re.Pattern[str] | None]:
    """A store and the pattern that names of its photos match, None for all: of a folder, a prefix, or a glob of either. Raises ValueError.

    In a glob, * and ? match within a folder and ** through all. A local folder that is named like a glob is that folder.
    """
    wildcard = re.search(r"[*?]", place)
    if not wildcard or not place.startswith("gs://") and Path(place).exists():
        return open_store(place), None
    folder, slash, _ = place[:wildcard.start()].rpartition("/")
    if folder == "gs:/":
        raise ValueError(f"{place}: a bucket's name can't be a pattern")
    return open_store(folder or slash or "."), glob_pattern(place[len(folder) + len(slash):])


def glob_pattern(glob: str) -> re.Pattern[str]:
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda piece: meanings.get(piece[0]) or re.escape(piece[0]), glob), re.DOTALL)


def read_file(place: str, most: int = MAX_FILE) -> bytes:
    """The bytes of a local file or an object. Raises ValueError, OSError or storage.Unreadable."""
    folder, slash, name = place.rpartition("/")
    store = open_store(folder or slash or ".")
    found = store.find(name)
    if found is None:
        raise FileNotFoundError(f"{place}: there is no such file")
    return store.read(found, most)
