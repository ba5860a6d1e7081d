"""HEIC and AVIF files: the boxes of an ISO base media file (ISO/IEC 14496-12) that describe the primary picture (ISO/IEC 23008-12)."""
import struct
from collections.abc import Iterator

from exceptions import UnreadablePicture
from preprocessing.colour_encoding import Encoding, HighDynamicRange, encoding_of

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}  # ISO/IEC 23008-12, annex B
SHOWN_AS_SRGB = {1, 2, 6, 14, 15}  # H.273: transfer functions of video, and unspecified; in photos browsers take them for sRGB's
SRGB_CODES = 1, 13  # of primaries and transfer in H.273
MAX_BOXES = 10_000                 # in one container
CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0}  # and their bytes before the first box
TABLES = {b"iloc", b"iinf", b"iref", b"ipma", b"grpl"}  # of items
MAX_TABLES = 100_000               # bytes, all together: thousands of entries, over which libavif takes quadratic time


def is_heic(data: bytes) -> bool:
    """Whether the first box names an HEVC brand."""
    brands = data[8:min(int.from_bytes(data[:4]), 256)]
    return data[4:8] == b"ftyp" and any(brands[first:first + 4] in HEIC_BRANDS for first in range(0, len(brands), 4))


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and end of each box in data[start:end]. The end of the last may lie beyond it; a length of 0 goes up to it.

    Raises UnreadablePicture for more than MAX_BOXES.
    """
    end = len(data) if end is None else end
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if length == 1 and start + 16 <= end:
            length, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        if length == 0:
            length = end - start
        if length < header:
            return
        yield kind, start + header, start + length
        start += length
    raise UnreadablePicture(f"the file has more than {MAX_BOXES:,} boxes in one")


def check_tables(data: bytes) -> None:
    """Raises UnreadablePicture for more than MAX_TABLES of lists of items, and for more than MAX_BOXES."""
    if table_bytes(data, 0, len(data)) > MAX_TABLES:
        raise UnreadablePicture("the file lists too many items")


def table_bytes(data: bytes, start: int, end: int) -> int:
    return sum(last - first if kind in TABLES else table_bytes(data, first + CONTAINERS[kind], min(last, end)) if kind in CONTAINERS else 0
               for kind, first, last in boxes(data, start, end))


def ends_in_pixels(data: bytes) -> bool:
    """Whether the file stops within its pixel data, which libheif would answer with black tiles."""
    return any(kind == b"mdat" and end > len(data) for kind, _, end in boxes(data))


def colour_encoding(data: bytes) -> Encoding:
    """The encoding by the primary picture's nclx box: an ICC profile, or HDR; None for sRGB, or where there is no such box."""
    properties = primary_properties(data)
    for kind, body in properties:
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 10:
            primaries, transfer = struct.unpack_from(">HH", body, 4)
            transfer = SRGB_CODES[1] if transfer in SHOWN_AS_SRGB else transfer
            if (primaries, transfer) == SRGB_CODES:
                return None
            found = encoding_of(primaries, transfer)
            return found._replace(peak=peak(properties)) if isinstance(found, HighDynamicRange) else found
    return None


def peak(properties: list[tuple[bytes, bytes]]) -> float | None:
    """The brightest light in cd/m2: of the content (clli), or of the display that it was made on (mdcv)."""
    bodies = dict(properties)
    if value := int.from_bytes(bodies.get(b"clli", b"")[:2]):
        return float(value)
    return int.from_bytes(bodies.get(b"mdcv", b"")[16:20]) / 10_000 or None


def primary_properties(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kinds and bodies of the primary picture's properties; none where the file does not state which it is."""
    meta = next((span for kind, *span in boxes(data) if kind == b"meta"), None)
    if not meta:
        return []
    inner = {kind: span for kind, *span in boxes(data, meta[0] + 4, min(meta[1], len(data)))}  # behind version and flags
    if b"pitm" not in inner or b"iprp" not in inner:
        return []
    start = inner[b"pitm"][0]
    primary = int.from_bytes(data[start + 4:start + (8 if data[start] else 6)])
    shared: list[tuple[bytes, bytes]] = []
    wanted: list[int] = []
    for kind, first, end in boxes(data, *inner[b"iprp"]):
        if kind == b"ipco":
            shared = [(name, data[body:stop]) for name, body, stop in boxes(data, first, end)]
        elif kind == b"ipma":
            wanted += associated(data[first:end], primary)
    return [shared[number - 1] for number in wanted if 0 < number <= len(shared)]


def associated(body: bytes, item: int) -> list[int]:
    """Numbers, from 1, of the properties that an ipma box associates with an item."""
    long_id, long_index = body[0] > 0, body[3] & 1
    at = 8
    for _ in range(int.from_bytes(body[4:8])):
        if at >= len(body):
            return []
        own = int.from_bytes(body[at:at + (4 if long_id else 2)])
        at += 4 if long_id else 2
        count, at = body[at], at + 1
        width = 2 if long_index else 1
        if own == item:
            mask = 0x7FFF if long_index else 0x7F
            return [int.from_bytes(body[at + width * number:at + width * (number + 1)]) & mask for number in range(count)]
        at += count * width
    return []
