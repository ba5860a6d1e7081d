"""Photos and results in a local folder. Two things that a bucket does itself are done here: files are written whole, and have metadata beside them."""
import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import storage
from bulk.item import ANY, MAX_LIST_FILE, Item, Store, Unwritable
from preprocessing.decode import MAX_FILE

NOTES = ".forecourt"                # folder for files that are being written and for metadata
LOCK = "update.lock"                # held while a file is updated
JOURNAL = f"{uuid4().hex}.jsonl"    # this process's own, so that no two processes append to the same file
STALE = 86_400                      # seconds after which a file that is being written was left by a killed run


@dataclass(frozen=True)
class Folder:
    root: Path

    @property
    def place(self) -> str:
        return str(self.root.resolve())

    def items(self) -> Iterator[Item]:
        errors: list[OSError] = []
        for folder, folders, files in os.walk(self.root, onerror=errors.append):
            folders[:] = sorted(name for name in folders if name != NOTES)
            for name in folders:
                if os.path.islink(os.path.join(folder, name)):
                    yield Item(f"{self.relative(folder, name)}/", 0, 0)
            for name in sorted(files):
                try:
                    status = os.stat(os.path.join(folder, name))
                except OSError:  # just deleted, or a link to nothing: reading it will tell
                    yield Item(self.relative(folder, name), 0, 0)
                else:
                    yield Item(self.relative(folder, name), status.st_mtime_ns, status.st_size, stat.S_ISREG(status.st_mode))
        for error in errors:
            if Path(error.filename) == self.root and not isinstance(error, FileNotFoundError):
                raise error
            if Path(error.filename) != self.root:
                yield Item(f"{self.relative(error.filename, '')}/", 0, 0)

    def relative(self, folder: str, name: str) -> str:
        return Path(folder, name).relative_to(self.root).as_posix()

    def items_with_metadata(self) -> Iterator[tuple[Item, Mapping[str, str]]]:
        written: dict[str, str] = {}  # by size and name in one text: of a million photos, tuples would take 0.15 GB more
        for journal in sorted((self.root / NOTES).glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns):
            with journal.open(encoding="utf-8") as lines:
                for line in lines:
                    with suppress(ValueError):  # empty, or cut short by a full disk: that photo has failed
                        note = json.loads(line)
                        written[f"{note.get('size', '')} {note['name']}"] = line
        for item in self.items():
            line = written.pop(f"{item.size} {item.name}", "") or written.pop(f" {item.name}", "")  # older versions noted no size
            yield item, json.loads(line)["metadata"] if line else {}

    def read(self, item: Item, most: int = MAX_FILE) -> bytes:
        with (self.root / item.name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise storage.TooLarge(f"the file has more than {most:,} bytes")
            return file.read(size)  # and no more: a file may grow meanwhile

    def find(self, name: str) -> Item | None:
        path = self.root / name
        try:
            if has_own_file(name) and path.is_file() and path.name in os.listdir(path.parent):  # where case does not count, another name may answer
                return Item(name, path.stat().st_mtime_ns, path.stat().st_size)
        except OSError as error:
            if not unwritable(error, name):
                raise
        return None

    def write(self, name: str, data: bytes, content_type: str, metadata: Mapping[str, str], replaces: int = 0) -> bool:
        if not has_own_file(name):
            raise Unwritable("name_unusable", "an object may have such a name, but no file of its own in a folder")
        final, partial = self.root / name, self.root / NOTES / uuid4().hex
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            self.note(name, len(data), metadata)
            if replaces == ANY or replaces and is_of(final, replaces):
                os.replace(partial, final)
            else:
                create(partial, final)
        except OSError as error:
            if isinstance(error, FileExistsError) and self.find(name):
                return False
            raise unwritable(error, name) or error from error
        finally:
            with suppress(OSError):  # after an error that matters more, such as a disk that is gone
                partial.unlink(missing_ok=True)
        return True

    def update(self, name: str, change: Callable[[bytes], bytes], content_type: str) -> None:
        lock = self.root / NOTES / LOCK
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # the system opens the lock of a run that is killed
            found = self.find(name)
            before = self.read(found, MAX_LIST_FILE) if found else b""
            after = change(before)
            if after != before:
                self.write(name, after, content_type, {}, replaces=ANY)

    def note(self, name: str, size: int, metadata: Mapping[str, str]) -> None:
        """Notes the metadata of a file that is about to be written, so that no file is without.

        Where a killed run, or one that comes too late, does not write it, the note counts for no file: that of another run has another size.
        A size stays when files are copied, a time may not.
        """
        if not metadata:
            return
        with (self.root / NOTES / JOURNAL).open("ab", buffering=0) as journal:
            line = b"\n" + json.dumps({"name": name, "size": size, "metadata": dict(metadata)}).encode() + b"\n"  # the line before may be cut short
            if journal.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.root / NOTES / JOURNAL))

    def path_to(self, other: Store) -> str:
        inner, outer = Path(other.place), Path(self.place)
        within = isinstance(other, Folder) and outer in inner.parents
        return f"{inner.relative_to(outer).as_posix()}/" if within else ""

    def prepare(self) -> None:
        probe = self.root / NOTES / uuid4().hex
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()

    def tidy(self) -> None:
        """Removes what killed runs left half written, but not what another run may be writing."""
        for path in (self.root / NOTES).glob("*"):
            with suppress(FileNotFoundError):  # another run has just given it its name
                if path.suffix not in (".jsonl", ".lock") and time.time() - path.stat().st_mtime > STALE:
                    path.unlink()


def has_own_file(name: str) -> bool:
    """Whether the name leads to one place within a folder, to which no other name leads: an object's may be ../x, /x or a//x."""
    return "\0" not in name and not {"", ".", "..", NOTES} & set(name.split("/"))


def create(partial: Path, final: Path) -> None:
    """Gives a finished file its name. Raises FileExistsError where another has it.

    A hard link does that in one step. Where the file system has none (FAT, exFAT, many network shares), an empty file takes the name first, and the
    finished one then replaces it. A killed run may leave the empty file: it is no result, and is replaced.
    """
    try:
        os.link(partial, final)
        return
    except FileExistsError:
        taken = True
    except OSError:
        taken = not claim(final)
    if taken and not is_empty(final):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
    os.replace(partial, final)


def claim(path: Path) -> bool:
    """Creates an empty file (O_EXCL); False where the name is taken."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def is_of(path: Path, generation: int) -> bool:
    try:
        return path.stat().st_mtime_ns == generation
    except FileNotFoundError:
        return False


def is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def unwritable(error: OSError, name: str) -> Unwritable | None:
    """What a file's name makes impossible; None where the error is not about the name."""
    if isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError):
        return Unwritable("name_collision", f"another file, or a folder, has the place of {name}")
    if error.errno == errno.ENAMETOOLONG:
        return Unwritable("name_too_long", "the result's name would be longer than the system allows")
    if error.errno in (errno.EINVAL, errno.EILSEQ):
        return Unwritable("name_unusable", "the system does not allow the result's name")
    return None
