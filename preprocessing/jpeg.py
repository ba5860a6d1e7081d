"""Whether a JPEG holds all of its pixels. libjpeg fills in what is missing, and Pillow does not pass its warning on.

Bits that are missing are read as zeros. So a file with other bits behind each coded segment, that is behind each scan and before each restart marker,
decodes to another picture where pixels are missing, and to the same where none is. That costs two decodes, and few files pay for them:
- those without an end marker, at full size;
- those whose last pixel is libjpeg's filling, or whose damage need not reach the last pixel (restart markers, several scans), at an eighth of their size,
  which is cheap and tells for each block of 8x8 pixels whether it is there.
The finer scans of a progressive file with an end marker are only counted: damage there blurs the picture or roughens it.
"""
import io
import re
from collections.abc import Iterator
from itertools import islice, product

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import jpeg_factory

from exceptions import UnreadablePicture

START, END, SCAN, INTERVAL = b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda", b"\xff\xdd"
EXIF, PICTURES = b"\xff\xe1", b"\xff\xe2"
APPLICATION = {bytes([0xff, kind]) for kind in range(0xe0, 0xf0)}
WITHOUT_DENSITY = bytes.fromhex("ffe000104a46494600010101000100010000")  # JFIF of 1 pixel an inch, which counts as none; Pillow then asks no EXIF
ONE_PIXEL = bytes.fromhex("ffc0000b080001000101011100 ffda0008010100003f00")  # frame and scan of the smallest file that Pillow opens
RESTARTS = [bytes([0xff, 0xd0 + number]) for number in range(8)]
MARKER = re.compile(rb"\xff[^\x00\xff]")  # in a scan: neither a stuffed nor a fill byte
STANDALONE = {*RESTARTS, *(bytes([0xff, kind]) for kind in (0x01, 0xc8, 0xd8, 0xd9, *range(0xf0, 0xfe)))}  # without a length, also to Pillow
FRAME = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]")
PROGRESSIVE = {b"\xff\xc2", b"\xff\xca"}
MAX_SEGMENTS = 1000      # of a header: in full they hold 65 MB; Pillow copies EXIF once for each of its segments
MAX_STRAY = 1_000_000    # bytes between a header's segments
MAX_SCANS = 100          # each costs a pass over the whole picture
MAX_MARKERS = 800_000    # a restart marker for each block of 8x8 pixels of the largest picture
FILLING = bytes(range(170, 0, -2))        # its first bit is no zero
FILLED = (127, 128)                       # levels of all channels where libjpeg has no data; 127 is inverted ink


def check_header(data: bytes) -> None:
    """Raises UnreadablePicture for a file whose segments or scans take long to read, whatever its size. Called before the file is opened."""
    frame, scan = frame_of(data), header(data)[-1]
    several = frame[0] in PROGRESSIVE or data[scan.end() + 2] < data[frame.end() + 7]  # a scan of less than all components
    if several and data.count(SCAN + b"\0") > MAX_SCANS:
        raise UnreadablePicture(f"the JPEG has more than {MAX_SCANS} scans")


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
    """Those of the first picture, the last of which is its end. Raises UnreadablePicture for more than MAX_MARKERS."""
    place = 2
    for _ in range(MAX_MARKERS):
        found = MARKER.search(data, place)
        if not found:
            return
        yield found
        if found[0] == END:
            return
        place = behind(data, found)
    raise UnreadablePicture(f"the JPEG has more than {MAX_MARKERS:,} markers")


def behind(data: bytes, marker: re.Match[bytes]) -> int:
    """Where the segment of a marker ends."""
    return marker.end() + (0 if marker[0] in STANDALONE else int.from_bytes(data[marker.end():marker.end() + 2]))


def header(data: bytes) -> list[re.Match[bytes]]:
    """The markers up to the first scan's. Raises UnreadablePicture where there is none, and for too many segments or stray bytes before it."""
    found: list[re.Match[bytes]] = []
    stray, place = 0, 2
    for marker in islice(markers(data), MAX_SEGMENTS):
        found.append(marker)
        stray += marker.start() - place
        place = behind(data, marker)
        if stray > MAX_STRAY:
            break
        if marker[0] == SCAN:
            return found
    raise UnreadablePicture("the JPEG has no pixels, or a header of too many segments")


def essential(data: bytes) -> bytes:
    """The file without the application segments that Pillow can't read: EXIF, an ICC profile, JFIF, ... It holds all of the pixels."""
    kept, start = [], 0
    for marker in header(data):
        end = behind(data, marker)
        if marker[0] in APPLICATION and not is_readable(data[marker.start():end]):
            kept.append(data[start:marker.start()])
            if is_readable(WITHOUT_DENSITY + data[marker.start():end]):  # EXIF whose density can't be read; its orientation counts
                kept.append(WITHOUT_DENSITY + data[marker.start():end])
            start = end
    return b"".join([*kept, data[start:]])


def is_readable(segment: bytes) -> bool:
    try:
        jpeg_factory(io.BytesIO(START[:2] + segment + ONE_PIXEL))
    except SyntaxError:
        return False
    return True


def frame_of(data: bytes) -> re.Match[bytes]:
    """The marker of the frame. Raises UnreadablePicture unless the header has just one."""
    frames = [marker for marker in header(data) if FRAME.match(marker[0])]
    if len(frames) != 1:
        raise UnreadablePicture("the JPEG's header is damaged")
    return frames[0]


def blocks(data: bytes) -> int:
    """How many blocks of 8x8 pixels the picture has, and so at most how many restart intervals a scan."""
    size = frame_of(data).end() + 3
    height, width = int.from_bytes(data[size:size + 2]), int.from_bytes(data[size + 2:size + 4])
    return -(-height // 8) * -(-width // 8)


def has_tags(data: bytes) -> bool:
    """Whether there may be EXIF or a directory of several pictures."""
    return any(marker[0] in (EXIF, PICTURES) for marker in header(data))


def has_restarts(data: bytes) -> bool:
    return any(marker[0] == INTERVAL for marker in header(data))


def rewritten(data: bytes, filling: bytes, coarse: bool) -> bytes:
    """The first picture, of a progressive one only the first pass where `coarse`, with a filling behind each coded segment.

    Behind a scan stand a restart marker and the filling once more, in case that the last segments are missing. Raises UnreadablePicture where others are.
    """
    pieces, start, restarts, coded, most = [], 0, 0, False, blocks(data)
    for marker in markers(data):
        if coded:
            pieces += [data[start:marker.start()], filling]
            start = marker.start()
            if marker[0] not in RESTARTS:
                pieces += [RESTARTS[restarts % 8], filling]
            elif marker[0] != RESTARTS[restarts % 8]:
                raise UnreadablePicture("the JPEG is damaged: pixels are missing")
            elif restarts > most:
                raise UnreadablePicture("the JPEG has more restart markers than blocks of pixels")
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
