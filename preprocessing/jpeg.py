"""Whether a JPEG holds all of its pixels. libjpeg fills in what is missing, and Pillow does not pass its warning on.

Bits that are missing are read from what follows. So a scan with something else behind it decodes to another picture where pixels are missing, and to
the same where none is. That costs two decodes, and only suspicious files pay: those without an end, and those whose last pixel is libjpeg's filling.
"""
import io
import re

import numpy as np
from PIL import Image

from exceptions import UnreadablePicture

START, END = b"\xff\xd8\xff", b"\xff\xd9"
FILLINGS = b"\x55" * 64, b"\xaa" * 64       # alternating bits: they differ in every bit
MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # in a scan: not a stuffed byte, a fill byte or a restart
FILLED = (127, 128)                         # levels of all channels where libjpeg has no data; 127 is inverted ink


def seems_short(picture: Image.Image, data: bytes) -> bool:
    """Whether the last pixel of a decoded file is what libjpeg fills in, or scans of a progressive one are missing."""
    if picture.info.get("progressive") and not is_refined(data, last_scan(data)[1]):
        return True
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    return all(level in FILLED for level in (last if isinstance(last, tuple) else (last,)))


def with_end(data: bytes) -> bytes:
    """The file with an end marker behind its last scan. Raises UnreadablePicture where pixels are missing."""
    end, scans = last_scan(data)
    if not scans or (b"\xff\xc2" in data[:scans[0]] and not is_refined(data, scans)):
        raise UnreadablePicture("the JPEG ends early: its last scans are missing")
    one, other = (pixels_of(data[:end] + filling + END) for filling in FILLINGS)
    if not np.array_equal(one, other):
        raise UnreadablePicture("the JPEG ends early or is damaged: pixels are missing")
    return data[:end] + END


def last_scan(data: bytes) -> tuple[int, list[int]]:
    """Where the first picture's data ends, without its end marker, and where its scans' headers start."""
    place, scans = 2, []
    while (found := MARKER.search(data, place)) and found[0] != END:
        place = found.end() + int.from_bytes(data[found.end():found.end() + 2])
        if found[0] == b"\xff\xda":
            scans.append(found.start())
    return (found.start() if found else len(data.rstrip(b"\xff"))), scans


def is_refined(data: bytes, scans: list[int]) -> bool:
    """Whether scans of a progressive JPEG bring all 64 coefficients of each component down to the last bit."""
    exact: dict[int, set[int]] = {}
    for start in scans:
        count = data[start + 4]
        first, last, bits = data[start + 5 + 2 * count:start + 8 + 2 * count]
        for component in data[start + 5:start + 5 + 2 * count:2]:
            exact.setdefault(component, set())
            if not bits & 15:
                exact[component] |= set(range(first, last + 1))
    return all(len(coefficients) == 64 for coefficients in exact.values())


def pixels_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as file:
        return np.asarray(file)
