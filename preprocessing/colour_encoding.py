"""Colour encodings that files name by numbers instead of an ICC profile: code points of ITU-T H.273, gamma and chromaticities of PNG.

An encoding of standard range becomes an ICC profile, so that LittleCMS converts all of them (preprocessing/colour.py). High dynamic range,
transfer functions PQ and HLG, is tone-mapped (preprocessing/tone_mapping.py).
"""
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Chromaticities = tuple[float, float, float, float, float, float, float, float]  # x, y of white, red, green and blue
Transfer = Callable[[np.ndarray], np.ndarray]  # encoded values 0..1 -> linear light 0..1

D65 = (0.3127, 0.329)
SRGB_PRIMARIES: Chromaticities = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
REC2020: Chromaticities = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
PRIMARIES: dict[int, Chromaticities] = {  # H.273, table 2
    1: SRGB_PRIMARIES, 4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08), 5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070), 7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049), 9: REC2020,
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060), 12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)}
PQ, HLG = 16, 18  # H.273, table 3: SMPTE ST 2084, and ARIB STD-B67

# ICC.1:2022: the connection space's white, and Bradford's cone responses, for adaptation to it (annex E)
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
CURVE_POINTS = 4096


def power(exponent: float, scale: float = 1.0) -> Transfer:
    return lambda encoded: np.minimum(scale * encoded ** exponent, 1)


def with_toe(exponent: float, offset: float, slope: float, end: float) -> Transfer:
    """A power curve with a straight toe up to `end`, as in sRGB."""
    return lambda encoded: np.where(encoded <= end, encoded / slope, ((encoded + offset) / (1 + offset)) ** exponent)


BT1886, SRGB = power(2.4), with_toe(2.4, 0.055, 12.92, 0.04045)
TRANSFERS: dict[int, Transfer] = {  # H.273, table 3; those of video by the curve of its displays, ITU-R BT.1886, as Chromium does
    1: BT1886, 4: power(2.2), 5: power(2.8), 6: BT1886, 7: with_toe(1 / 0.45, 0.1115, 4.0, 0.0912), 8: power(1.0), 11: BT1886, 12: BT1886,
    13: SRGB, 14: BT1886, 15: BT1886, 17: power(2.6, 52.37 / 48)}


class HighDynamicRange(NamedTuple):
    primaries: Chromaticities
    transfer: int              # PQ or HLG
    peak: float | None = None  # cd/m2, the brightest light, where the file states it


Encoding = bytes | HighDynamicRange | None  # an ICC profile, or HDR, or sRGB


def encoding_of(primaries: int, transfer: int) -> Encoding:
    """The encoding of two code points of H.273: an ICC profile, or HDR; None where either is unknown or unspecified, which means sRGB."""
    if primaries not in PRIMARIES:
        return None
    if transfer in (PQ, HLG):
        return HighDynamicRange(PRIMARIES[primaries], transfer)
    return icc_profile(PRIMARIES[primaries], TRANSFERS[transfer]) if transfer in TRANSFERS else None


def xyz_matrix(primaries: Chromaticities) -> np.ndarray:
    """float64 (3, 3): linear RGB of these primaries to XYZ of their own white, of Y = 1."""
    white, *columns = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(primaries[::2], primaries[1::2]))
    matrix = np.stack(columns, 1)
    scaled: np.ndarray = matrix * np.linalg.solve(matrix, white)
    return scaled


def icc_profile(primaries: Chromaticities, transfer: Transfer) -> bytes:
    """A matrix profile of version 2.4. Raises ValueError for primaries that span no colours."""
    try:
        matrix = xyz_matrix(primaries)
    except (np.linalg.LinAlgError, ZeroDivisionError) as error:
        raise ValueError("chromaticities that span no colours") from error
    cones = BRADFORD @ matrix.sum(1)
    adapted = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ D50 / cones) @ BRADFORD @ matrix
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 4:
        raise ValueError("chromaticities that span no colours")
    levels = np.rint(65535 * np.clip(transfer(np.linspace(0, 1, CURVE_POINTS)), 0, 1)).astype(">u2")
    curve = b"curv" + struct.pack(">II", 0, CURVE_POINTS) + levels.tobytes()
    tags = [(b"wtpt", xyz_tag(D50)), *((name + b"XYZ", xyz_tag(column)) for name, column in zip((b"r", b"g", b"b"), adapted.T)), (b"rTRC", curve)]
    start = 128 + 4 + 12 * (len(tags) + 2)
    table, body = b"", b""
    for name, tag in tags:
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    table += b"gTRC" + table[-8:] + b"bTRC" + table[-8:]  # one curve for all three
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    return header.ljust(68, b"\0") + xyz_tag(D50)[8:] + bytes(48) + struct.pack(">I", len(tags) + 2) + table + body


def xyz_tag(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * float(value)) for value in values))
