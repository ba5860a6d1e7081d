"""Colour profiles (ICC.1:2001-04), written field by field, and what their colours are in sRGB."""
import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
# the primaries' XYZ as such profiles give them, adapted to D50, in columns of red, green, blue
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
P3 = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]
# linear light of these to linear sRGB, from the chromaticities of their primaries, all of white D65 (Adobe RGB (1998) 4.3.6.1; SMPTE EG 432-1)
ADOBE_TO_SRGB = [[1.39836, -0.39836, 0], [0, 1, 0], [0, -0.04293, 1.04293]]
P3_TO_SRGB = [[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09827]]


def profile(space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile of version 2.4."""
    tags = {b"desc": b"desc" + struct.pack(">II", 0, 5) + b"made\0" + bytes(79), b"wtpt": xyz(D50), **tags}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02400000, kind, space, connection) + struct.pack(">6H", 2025, 1, 1, 0, 0, 0) + b"acsp"
    return header.ljust(68, b"\0") + xyz(D50)[8:] + bytes(48) + struct.pack(">I", len(tags)) + table + body


def xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in values))


def gamma(exponent: float) -> bytes:
    return b"curv" + struct.pack(">IIH", 0, 1, round(256 * exponent)) + bytes(2)


def rgb_profile(primaries: list[tuple[float, ...]], exponent: float) -> bytes:
    return profile(b"RGB ", {name + b"XYZ": xyz(column) for name, column in zip((b"r", b"g", b"b"), primaries)}
                   | {name + b"TRC": gamma(exponent) for name in (b"r", b"g", b"b")})


def grey_profile(exponent: float) -> bytes:
    return profile(b"GRAY", {b"kTRC": gamma(exponent)})


def table_profile(space: bytes, lightness: list[int], paper: tuple[float, ...] = D50) -> bytes:
    """One of greys: a lut8Type of two grid points a channel, the last turning fastest, with the L* 0..255 of each corner."""
    channels = len(space.strip())
    straight = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([channels, 3, 2, 0]) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) \
        + channels * straight + b"".join(bytes([level, 128, 128]) for level in lightness) + 3 * straight
    return profile(space, {b"A2B0": lut, b"A2B1": lut, b"wtpt": xyz(paper)}, b"prtr" if space == b"CMYK" else b"mntr", b"Lab ")


def ink_profile() -> bytes:
    """A press on yellowish paper whose cyan ink is a grey of L* 50 and whose others do not print."""
    return table_profile(b"CMYK", 8 * [255] + 8 * [128], (0.80, 0.84, 0.60))


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light 0..1 -> sRGB levels (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
