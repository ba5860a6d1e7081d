"""PNG files reduced to the chunks that pixels need, and the colour encoding that the others describe (W3C 2025, PNG third edition).

No ancillary chunk decides whether the pixels are read: one that is damaged, unknown or enormous is left out, as browsers do.
"""
import logging
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from exceptions import UnreadablePicture
from preprocessing.colour_encoding import SRGB_PRIMARIES, Chromaticities, Encoding, HighDynamicRange, encoding_of, icc_profile, power

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CRITICAL = {b"IHDR", b"PLTE", b"IDAT"}
KEPT = {b"tRNS", b"eXIf", b"pHYs"}  # beside the critical ones: transparency, orientation, density
DESCRIBING = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"cLLI"}
END = b"\0\0\0\0IEND\xaeB`\x82"
COLOUR_TYPE = 25         # its offset: IHDR is the first chunk
MAX_CHUNKS = 100_000
MAX_PROFILE = 4_000_000  # bytes
SRGB_GAMMA = 45_455      # gAMA that stands for sRGB where nothing else is described

log = logging.getLogger(__name__)


class Chunk(NamedTuple):
    kind: bytes
    start: int  # of the chunk in the file
    end: int
    body: bytes


def essential(data: bytes) -> tuple[bytes, Encoding]:
    """A PNG file with nothing but critical chunks, transparency, orientation and density; and the encoding of its colours.

    Raises UnreadablePicture for more than MAX_CHUNKS chunks.
    """
    parts: list[bytes] = []
    describing: dict[bytes, bytes] = {}
    seen: set[bytes] = set()
    start = end = len(SIGNATURE)
    for chunk in chunks(data):
        kept = chunk.kind in CRITICAL or chunk.kind in KEPT - seen and fits(data, chunk) and intact(data, chunk)
        seen.add(chunk.kind)
        if not kept:
            parts.append(data[start:chunk.start])
            start = chunk.end
        if chunk.kind in DESCRIBING and chunk.kind not in describing and b"IDAT" not in seen and intact(data, chunk):
            describing[chunk.kind] = chunk.body
        end = chunk.end
    parts.append(data[start:end])
    return b"".join([SIGNATURE, *parts, END]), encoding(describing)


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks up to IEND, or up to where there is none; the last may be cut short. Bodies are given of describing chunks alone."""
    start = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if start + 8 > len(data) or data[start + 4:start + 8] == b"IEND":
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        if not kind.isalpha():
            return
        end = min(start + 12 + length, len(data))
        yield Chunk(kind, start, end, data[start + 8:start + 8 + length] if kind in DESCRIBING else b"")
        start = end
    raise UnreadablePicture(f"the PNG has more than {MAX_CHUNKS:,} chunks")


def fits(data: bytes, chunk: Chunk) -> bool:
    """Whether a kept chunk is as long as it must be: tRNS by the picture's colour type, of which those with alpha have none."""
    length = chunk.end - chunk.start - 12
    match chunk.kind, data[COLOUR_TYPE:COLOUR_TYPE + 1]:
        case b"pHYs", _:
            return length == 9
        case b"tRNS", b"\0":
            return length == 2
        case b"tRNS", b"\2":
            return length == 6
        case b"tRNS", b"\3":
            return 0 < length <= 256
    return chunk.kind == b"eXIf"


def intact(data: bytes, chunk: Chunk) -> bool:
    """Whether a chunk's checksum is right."""
    if chunk.end < chunk.start + 12 or zlib.crc32(data[chunk.start + 4:chunk.end - 4]).to_bytes(4) != data[chunk.end - 4:chunk.end]:
        log.warning("a damaged %s chunk was ignored", chunk.kind.decode())
        return False
    return True


def encoding(chunks: dict[bytes, bytes]) -> Encoding:
    """Of the colour chunks, by precedence (section 4.3): cICP, iCCP, sRGB, gAMA with cHRM."""
    if len(cicp := chunks.get(b"cICP", b"")) == 4 and cicp[2:] == b"\0\1" and (found := encoding_of(cicp[0], cicp[1])):
        return found._replace(peak=peak(chunks)) if isinstance(found, HighDynamicRange) else found
    if profile := embedded_profile(chunks.get(b"iCCP", b"")):
        return profile
    if b"sRGB" in chunks or len(gamma := chunks.get(b"gAMA", b"")) != 4:
        return None
    gamma_value, primaries = int.from_bytes(gamma), chromaticities(chunks.get(b"cHRM", b""))
    if not gamma_value or gamma_value == SRGB_GAMMA and b"cHRM" not in chunks:
        return None
    try:
        return icc_profile(primaries, power(100_000 / gamma_value))
    except ValueError as error:
        log.warning("a colour description was ignored: %s", error)
        return None


def embedded_profile(body: bytes) -> bytes:
    """The ICC profile of an iCCP chunk; empty where it cannot be unpacked or is larger than MAX_PROFILE."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(body.partition(b"\0")[2][1:], MAX_PROFILE)
    except zlib.error:
        profile = b""
    if body and not unpacker.eof:
        log.warning("a colour profile was ignored: it cannot be unpacked")
        return b""
    return profile


def chromaticities(body: bytes) -> Chromaticities:
    if len(body) != 32:
        return SRGB_PRIMARIES
    white_x, white_y, *primaries = (value / 100_000 for value in struct.unpack(">8I", body))
    return (white_x, white_y, *primaries)


def peak(chunks: dict[bytes, bytes]) -> float | None:
    """The brightest light in cd/m2 by the picture's chunks: of its content (cLLI), or of the display that it was made on (mDCV)."""
    for kind, length, first in ((b"cLLI", 8, 0), (b"mDCV", 24, 16)):
        if len(body := chunks.get(kind, b"")) == length and (value := int.from_bytes(body[first:first + 4])):
            return value / 10_000
    return None
