"""Limits for the directories of tags (TIFF 6.0) that Pillow reads: those of TIFF, of EXIF in every format, and of MPO.

A directory of few bytes may name one long value for many tags, or a list of millions of numbers, and Pillow makes an object of each.
"""
import io
import struct
from typing import IO

from PIL.TiffImagePlugin import STRIPOFFSETS, TILEOFFSETS, ImageFileDirectory_v2

from exceptions import UnreadablePicture

MAX_BYTES = 22_000_000  # of all values: as many as a file may have
MAX_NUMBERS = 250_000   # of all lists: a TransferFunction of 16 bits has 196,608
MAX_TAGS = 65_536
BLOBS = (1, 2, 7)       # types that Pillow reads as one object: BYTE, ASCII, UNDEFINED
LISTS = (STRIPOFFSETS, TILEOFFSETS)  # which it goes through number by number in any type

read = ImageFileDirectory_v2.load


def limit() -> None:
    """Has Pillow raise UnreadablePicture for directories beyond these limits, before it reads their values."""
    ImageFileDirectory_v2.load = load  # type: ignore[assignment, method-assign]


def load(directory: ImageFileDirectory_v2, file: IO[bytes]) -> None:
    check(directory, file)
    read(directory, file)


def check(directory: ImageFileDirectory_v2, file: IO[bytes]) -> None:
    """Raises UnreadablePicture for a directory at the file's position, which stays, with too many tags, or too many or too long values."""
    start = file.tell()
    length = file.seek(0, io.SEEK_END)
    file.seek(start)
    big = directory._bigtiff
    count, entry, offset = (struct.Struct(directory._endian + layout) for layout in (("Q", "HHQ8s", "Q") if big else ("H", "HHL4s", "L")))
    tags = int.from_bytes(file.read(count.size), "little" if directory._endian == "<" else "big")
    table = file.read(entry.size * min(tags, MAX_TAGS))
    file.seek(start)
    size = numbers = 0
    for tag, kind, values, place in entry.iter_unpack(table[:len(table) // entry.size * entry.size]):
        unit = directory._load_dispatch[kind][0] if kind in directory._load_dispatch else 0
        if unit * values > offset.size and offset.unpack(place)[0] + unit * values > length:
            continue  # Pillow cannot read it
        size += unit * values
        numbers += values if unit and (kind not in BLOBS or tag in LISTS) else 0
    if tags > MAX_TAGS or size > MAX_BYTES or numbers > MAX_NUMBERS:
        raise UnreadablePicture("the picture's tags hold too many values")
