"""Small files that would take a reader minutes or gigabytes are refused before it starts, and ordinary ones near to them are read."""
import struct
import time

import numpy as np
import pytest
from PIL import Image

from exceptions import UnreadablePicture
from preprocessing.decode import decode
from tests.files import difference, exif, file_of, picture

SHAPE = {256: (4, 1, 16), 257: (4, 1, 16), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 8), 277: (3, 1, 1), 278: (3, 1, 16)}


def refused(data: bytes, reason: str) -> None:
    began = time.process_time()
    with pytest.raises(UnreadablePicture, match=reason):
        decode(data)
    assert time.process_time() - began < 2


def jpeg(**options) -> bytes:
    return file_of(picture(16, 16), "JPEG", **options)


def segment(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 255, kind, len(body) + 2) + body


def with_header(piece: bytes) -> bytes:
    return b"\xff\xd8" + piece + jpeg()[2:]


def directory(entries: dict[int, tuple[int, int, int]]) -> bytes:
    """TIFF 6.0: type, count and value, or its place, by tag."""
    rows = (struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(rows) + bytes(4)


def overlapping() -> bytes:
    """An EXIF block of 500 tags that share one value."""
    return b"Exif\0\0" + directory({40_000 + tag: (7, 50_000, 8) for tag in range(500)}) + bytes(45_000)


# JPEG

@pytest.mark.parametrize("progressive", [False, True])
def test_a_restart_marker_for_each_block_is_read_and_more_are_refused(progressive):
    data = jpeg(progressive=progressive, restart_marker_blocks=1)
    assert difference(decode(data).rgb, decode(jpeg()).rgb) < 3
    if not progressive:
        refused(data[:-2] + b"".join(bytes([255, 0xd0 + number % 8]) for number in range(1000)) + b"\xff\xd9", "restart markers")


def test_endless_markers_behind_a_scan_are_refused(monkeypatch):
    monkeypatch.setattr("preprocessing.jpeg.MAX_MARKERS", 8000)
    data = jpeg(restart_marker_blocks=1)
    refused(data[:-2] + 9000 * b"\xff\x01" + b"\xff\xd9", "markers")


@pytest.mark.parametrize("piece", [segment(0xe1, b"Exif\0\0" + bytes(10)), segment(0xee, b""), segment(0xfe, b"x"), segment(0xe2, b"ICC_PROFILE\0\1\1")],
                         ids=["exif", "application", "comment", "profile"])
def test_a_header_of_a_thousand_segments_is_refused_and_one_of_hundreds_is_read(piece):
    assert np.array_equal(decode(with_header(300 * piece)).rgb, decode(jpeg()).rgb)
    refused(with_header(1000 * piece), "header")
    refused(with_header(b"\xff\xd9" + 1000 * piece), "header")
    refused(with_header(b"\xff\xd8" + 1000 * piece), "header")


def test_a_header_of_fill_bytes_alone_is_refused():
    assert decode(with_header(10_000 * b"\xff")).size == (16, 16)
    refused(with_header(1_000_001 * b"\xff"), "header")


def test_a_baseline_jpeg_of_endless_scans_is_refused():
    data = jpeg(subsampling=0)
    start = data.index(b"\xff\xda")
    scans = b"".join(segment(0xda, bytes([1, component, 0, 0, 63, 0])) for component in (1, 2, 3))
    refused(data[:start] + 40 * scans + b"\xff\xd9", "scans")


# directories of tags

@pytest.mark.parametrize("kind, size", [(4, 4), (1, 1)], ids=["long", "byte"])
def test_a_tiff_of_endless_strips_is_refused(kind, size):
    rows = 251_000
    shape = SHAPE | {256: (4, 1, 1), 257: (4, 1, rows), 273: (kind, rows, 110), 278: (3, 1, 1)}
    refused(directory(shape) + rows * b"\x08".ljust(size, b"\0"), "tags")


def test_a_tiff_of_a_strip_a_row_is_read():
    data = directory(SHAPE | {256: (4, 1, 1), 257: (4, 1, 5000), 273: (4, 5000, 110), 278: (3, 1, 1)})
    assert decode(data + 5000 * b"\x08\0\0\0").size == (5000, 1)


def test_a_tiff_of_endless_numbers_is_refused():
    refused(directory(SHAPE | {282: (5, 300_000, 8)}) + bytes(2_400_000), "tags")


def test_a_tiff_whose_tags_share_their_value_is_refused():
    refused(directory(SHAPE | {40_000 + tag: (7, 100_000, 8) for tag in range(500)}) + bytes(100_000), "tags")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_an_exif_block_whose_tags_share_their_value_is_refused(format):
    refused(file_of(picture(16, 16), format, exif=overlapping()), "tags")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, of each
def test_an_exif_block_with_values_beyond_its_end_is_passed_over():
    block = directory({274: (3, 1, 6), **{40_000 + tag: (7, 4_000_000_000, 8) for tag in range(500)}})
    assert decode(file_of(picture(), "JPEG", exif=b"Exif\0\0" + block)).size == (64, 48)


# other formats

def test_a_gif_is_read_without_its_comments_and_refused_where_they_are_endless():
    data = file_of(Image.fromarray(picture()).quantize(16), "GIF", transparency=3, comment="a car")
    start = data.index(b"!\xfe")
    few, many = (data[:start] + b"!\xfe" + number * b"\1a" + b"\0" + data[start:] for number in (20_000, 100_000))
    assert np.array_equal(decode(few).rgb, decode(data).rgb) and np.array_equal(decode(few).alpha, decode(data).alpha)
    refused(many, "GIF")


def avif(iloc: bytes, boxes: bytes = b"") -> bytes:
    """With longer lists of items, which no item needs."""
    data = file_of(picture(16, 16), "AVIF", exif=exif(1))
    end = data.index(b"meta") - 4 + int.from_bytes(data[data.index(b"meta") - 4:data.index(b"meta")])
    extra = struct.pack(">I4s", 8 + len(iloc), b"iref") + iloc + boxes
    start = data.index(b"meta") - 4
    return data[:start] + struct.pack(">I", end - start + len(extra)) + data[start + 4:end] + extra + data[end:]


def test_an_avif_of_endless_items_or_boxes_is_refused():
    refused(avif(bytes(100_001)), "items")
    refused(avif(b"", 10_001 * b"\0\0\0\x08free"), "boxes")
