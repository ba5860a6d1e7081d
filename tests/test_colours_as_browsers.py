"""Colours described by chunks and boxes come out as Chromium shows them; `python -m tests.chromium` measures that."""
import io
import json
import zlib

import numpy as np
import pillow_heif
import pytest

from preprocessing.decode import decode
from tests.chromium import DISPLAY_P3, MEASURED, cases, chrm, cicp, described, gama, picture, seen
from tests.files import file_of
from tests.profiles import P3, grey_profile, rgb_profile

CASES, CHROMIUM = cases(), json.loads(MEASURED.read_text())
NEAR = 3  # levels of 255


def heic(primaries: int, transfer: int) -> bytes:
    """Of 10 bits, as cameras write it."""
    rgb, file = picture().astype("<u2") * 257, io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (rgb.shape[1], rgb.shape[0]), rgb.tobytes()).save(
        file, quality=100, chroma=444, color_primaries=primaries, transfer_characteristics=transfer, matrix_coefficients=9 if primaries == 9 else 6)
    return file.getvalue()


def test_every_case_is_measured():
    assert CASES.keys() == CHROMIUM.keys()


@pytest.mark.parametrize("name", CASES)
def test_colours_are_those_of_chromium(name):
    assert np.abs(seen(decode(CASES[name]).rgb).astype(int) - CHROMIUM[name]).max() <= NEAR


@pytest.mark.parametrize("primaries, transfer, same", [(12, 13, "cICP Display P3"), (9, 16, "cICP PQ"), (9, 18, "cICP HLG"), (12, 16, "cICP PQ in P3"),
                                                       (1, 1, "nothing")])
def test_heic_of_10_bits_is_as_the_same_colours_elsewhere(primaries, transfer, same):
    answer = decode(heic(primaries, transfer))
    assert np.abs(seen(answer.rgb).astype(int) - CHROMIUM[same]).max() <= NEAR and answer.alpha is None


def test_hdr_with_alpha_and_hdr_of_grey():
    clear = np.full(picture().shape[:2], 255, np.uint8)
    clear[:8] = 40
    rgba, file = np.dstack([picture(), clear]).astype("<u2") * 257, io.BytesIO()
    pillow_heif.from_bytes("RGBA;16", (rgba.shape[1], rgba.shape[0]), rgba.tobytes()).save(
        file, quality=100, chroma=444, color_primaries=9, transfer_characteristics=16, matrix_coefficients=9)
    assert np.abs(decode(file.getvalue()).alpha.astype(int) - clear).max() <= 1
    grey = np.tile(np.arange(0, 256, 17, dtype=np.uint8), (8, 1))
    data = file_of(grey, "PNG")
    described_grey = data[:33] + b"\0\0\0\4cICP\x09\x10\0\1" + zlib.crc32(b"cICP\x09\x10\0\1").to_bytes(4) + data[33:]
    assert np.abs(decode(described_grey).rgb[0] - np.array(CHROMIUM["cICP PQ"]).reshape(-1, 3)[:16]).max() <= NEAR


@pytest.mark.parametrize("chunks", [
    [cicp(12, 13), (b"sRGB", b"\0")], [(b"sRGB", b"\0"), gama(100_000), chrm(DISPLAY_P3), cicp(12, 13)], [cicp(12, 13), cicp(1, 8)],
])
def test_the_first_cicp_counts_before_all_others(chunks):
    assert np.array_equal(decode(described(*chunks)).rgb, decode(described(cicp(12, 13))).rgb)


@pytest.mark.parametrize("format, options", [("AVIF", {"quality": 98, "subsampling": "4:4:4"}), ("HEIF", {"quality": 98, "chroma": 444})])
def test_an_icc_profile_counts_before_nclx(format, options):
    profiled = decode(file_of(picture(), format, icc_profile=rgb_profile(P3, 2.2), **options)).rgb
    assert np.abs(seen(profiled).astype(int) - CHROMIUM["iCCP"]).max() <= NEAR + 2  # and the coders' own loss


@pytest.mark.parametrize("chunks", [
    [(b"cICP", b"\x0c")], [(b"gAMA", b"\0")], [(b"iCCP", b"name\0\0not deflated")], [(b"iCCP", b"")], [chrm((0,) * 8)],
    [(b"iCCP", b"name\0\0" + zlib.compress(grey_profile(1.0)))],
])
def test_a_broken_description_is_none(chunks):
    assert np.array_equal(decode(described(*chunks)).rgb, picture())


def test_chromaticities_that_span_no_colours_are_none():
    assert np.array_equal(decode(described(chrm((0,) * 8), gama(50_000))).rgb, picture())
    assert np.array_equal(decode(described(chrm((31270, 32900) * 4), gama(50_000))).rgb, picture())
