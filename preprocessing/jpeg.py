"""Whether a JPEG holds all of its pixels. libjpeg fills in what is missing, and Pillow does not pass its warning on.

Bits that are missing are read as zeros. So a file with other bits behind each coded segment, that is behind each scan and before each restart marker,
decodes to another picture where pixels are missing, and to the same where none is. That costs two decodes, and few files pay for them: those without an
end marker; those whose last pixel is libjpeg's filling; and those whose damage need not reach the last pixel, with restart markers or several scans.
At an eighth of their size they are cheap, and tell for each block of 8x8 pixels whether it is there. The finer scans of a progressive file with an end
marker are only counted: damage there blurs the picture or roughens it.
"""
import io
import re
from collections.abc import Iterator
from itertools import product, takewhile

import numpy as np
from PIL import Image

from exceptions import UnreadablePicture

START, END, SCAN, INTERVAL = b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda", b"\xff\xdd"
RESTARTS = [bytes([0xff, 0xd0 + number]) for number in range(8)]
MARKER = re.compile(rb"\xff[^\x00\xff]")  # in a scan: neither a stuffed nor a fill byte
FILLING = bytes(range(170, 0, -2))        # its first bit is no zero
FILLED = (127, 128)                       # levels of all channels where libjpeg has no data; 127 is inverted ink


def check(picture: Image.Image, data: bytes, ended: bool) -> None:
    """Raises UnreadablePicture where pixels of a decoded file are missing. ended: whether the file has its own end marker."""
    progressive = bool(picture.info.get("progressive"))
    if progressive and not is_refined(data):
        raise UnreadablePicture("the JPEG ends early: its last scans are missing")
    if ended and not (progressive or has_restarts(data) or ends_in_filling(picture)):
        return
    as_it_is, other = (decoded(rewritten(data, filling, coarse=ended), 8 if ended else 1) for filling in (b"", FILLING))
    if not np.array_equal(as_it_is, other):
        raise UnreadablePicture("the JPEG ends early or is damaged: pixels are missing")


def ends_in_filling(picture: Image.Image) -> bool:
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    return all(level in FILLED for level in (last if isinstance(last, tuple) else (last,)))


def markers(data: bytes) -> Iterator[re.Match[bytes]]:
    """Those of the first picture, the last of which is its end."""
    place = 2
    while found := MARKER.search(data, place):
        yield found
        if found[0] == END:
            return
        place = found.end() + (0 if found[0] in RESTARTS else int.from_bytes(data[found.end():found.end() + 2]))


def has_restarts(data: bytes) -> bool:
    headers = takewhile(lambda marker: marker[0] != SCAN, markers(data))
    return any(marker[0] == INTERVAL for marker in headers)


def rewritten(data: bytes, filling: bytes, coarse: bool) -> bytes:
    """The first picture, of a progressive one only the first pass where `coarse`, with a filling behind each coded segment.

    Behind a scan stand a restart marker and the filling once more, in case that the last segments are missing. Raises UnreadablePicture where others are.
    """
    pieces, start, restarts, coded = [], 0, 0, False
    for marker in markers(data):
        if coded:
            pieces += [data[start:marker.start()], filling]
            start = marker.start()
            if marker[0] not in RESTARTS:
                pieces += [RESTARTS[restarts % 8], filling]
            elif marker[0] != RESTARTS[restarts % 8]:
                raise UnreadablePicture("the JPEG is damaged: pixels are missing")
        restarts = restarts + 1 if marker[0] in RESTARTS else 0
        coded = marker[0] == SCAN or marker[0] in RESTARTS
        if coarse and marker[0] == SCAN and spectrum(data, marker.start())[0]:
            break
    return b"".join(pieces) + END


def decoded(data: bytes, scale: int) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as file:
        file.draft(None, (max(1, file.width // scale), max(1, file.height // scale)))
        return np.asarray(file)


def spectrum(data: bytes, scan: int) -> tuple[int, int, int]:
    """First and last coefficient of the scan whose header starts there, and both its bit positions in a byte (ITU-T T.81, B.2.3)."""
    first, last, bits = data[scan + 5 + 2 * data[scan + 4]:scan + 8 + 2 * data[scan + 4]]
    return first, last, bits


def is_refined(data: bytes) -> bool:
    """Whether scans of a progressive JPEG bring all 64 coefficients of each component down to the last bit, and refine none before its first."""
    reached: dict[tuple[int, int], int] = {}
    for start in (marker.start() for marker in markers(data) if marker[0] == SCAN):
        components = data[start + 5:start + 5 + 2 * data[start + 4]:2]
        first, last, bits = spectrum(data, start)
        for place in product(components, range(first, last + 1)):
            if bits >> 4 and place not in reached:
                return False
            reached[place] = bits & 15
    return all(reached.get(place) == 0 for place in product({component for component, _ in reached}, range(64)))
