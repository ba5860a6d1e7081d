"""A file of any format is read where all of its pixels are there, whatever else it lacks, and refused where any is missing."""
import io
import struct
import time
import zlib
from itertools import product

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import jpeg_factory

from exceptions import UnreadablePicture
from preprocessing.decode import decode
from tests.drawn import draw_photo
from tests.files import difference, exif, file_of, picture, png, rows_of, tiff

PHOTO = draw_photo(320, 240, seed=5).rgb
JPEGS = {"baseline": {}, "progressive": {"progressive": True}, "4:4:4": {"subsampling": 0}, "grey": {}, "restarts": {"restart_marker_rows": 1}}


def jpeg(name: str) -> bytes:
    image = Image.fromarray(PHOTO).convert("L" if name == "grey" else "RGB")
    return file_of(image, "JPEG", quality=90, **JPEGS[name])


# JPEG

@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("least", [None, 10])
def test_a_jpeg_without_its_end_marker_is_read(name, least):
    whole = jpeg(name)
    assert np.array_equal(decode(whole[:-2], least).rgb, decode(whole, least).rgb)
    assert np.array_equal(decode(whole[:-1], least).rgb, decode(whole, least).rgb)


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"], ids=["without an end marker", "with one"])
def test_a_jpeg_that_ends_early_says_so(name, share, end):
    if name == "progressive" and end:
        share /= 2  # what is missing of its last scan, a bit of refinement, can't be seen
    whole = jpeg(name)
    with pytest.raises(UnreadablePicture, match="ends early"):
        decode(whole[:int(share * len(whole))] + end)


@pytest.mark.parametrize("name, share", [("progressive", 0.02), ("progressive", 0.05), *product(["baseline", "4:4:4", "grey", "restarts"], [0.1, 0.5, 0.9])])
@pytest.mark.parametrize("lost", [400, 3000])
@pytest.mark.parametrize("least", [None, 10])
def test_a_jpeg_that_lost_bytes_in_its_middle_is_refused(name, share, lost, least):
    """Of a progressive one, in the pass that gives each block of 8x8 pixels its colour."""
    whole = jpeg(name)
    start = int(share * len(whole))
    with pytest.raises(UnreadablePicture, match="damaged|ends early"):
        decode(whole[:start] + whole[start + lost:], least)


def test_a_progressive_jpeg_without_its_last_scan_is_refused():
    whole = jpeg("progressive")
    for cut in (whole.rindex(b"\xff\xc4"), whole.rindex(b"\xff\xda")):
        with pytest.raises(UnreadablePicture, match="scans are missing"):
            decode(whole[:cut])


@pytest.mark.parametrize("level", [127, 128])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_picture_that_ends_in_mid_grey_is_no_short_one(level, mode):
    """Such as a car before a grey wall: libjpeg fills with this grey what is missing."""
    grey = PHOTO.copy()
    grey[200:] = level
    data = file_of(Image.fromarray(grey).convert(mode), "JPEG", quality=95)
    assert decode(data).size == (240, 320) and decode(data[:-2]).size == (240, 320)


SEGMENTS = {"ICC profile": (0xe2, b"ICC_PROFILE\0"), "Photoshop's": (0xed, b"Photoshop 3.0\x008BIM\x03\xed"), "JFIF": (0xe0, b"JFIF\0\1"),
            "Adobe's": (0xee, b"Adobe\0"), "EXIF whose density is a text": (0xe1, b"Exif\0\0MM\0*\0\0\0\x08\0\2" + bytes.fromhex(
                "011a 0002 00000001 31000000  0128 0003 00000001 00020000  00000000"))}


@pytest.mark.parametrize("name", SEGMENTS)
def test_damaged_segments_beside_the_pixels_of_a_jpeg_are_left_out(name):
    kind, content = SEGMENTS[name]
    whole = file_of(picture(), "JPEG")
    whole = whole[:2] + whole[20:]  # without JFIF, whose density EXIF's would not be asked beside
    damaged = whole[:2] + bytes([0xff, kind]) + (len(content) + 2).to_bytes(2) + content + whole[2:]
    with pytest.raises(SyntaxError):
        jpeg_factory(io.BytesIO(damaged))
    assert np.array_equal(decode(damaged).rgb, decode(whole).rgb)
    oriented = exif(6)
    beside = damaged[:2] + b"\xff\xe1" + (len(oriented) + 2).to_bytes(2) + oriented + damaged[2:]
    assert name.startswith("EXIF") or decode(beside).size == decode(whole).size[::-1], "other segments count"


def test_a_jpeg_stands_upright_where_its_density_can_not_be_read():
    whole = file_of(picture(), "JPEG")
    block = b"Exif\0\0MM\0*\0\0\0\x08\0\3" + bytes.fromhex("0112 0003 00000001 00060000  011a 0002 00000001 31000000  0128 0003 00000001 00020000  00000000")
    turned = decode(whole[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2) + block + whole[20:])
    assert turned.dpi is None and np.array_equal(turned.rgb, np.rot90(decode(whole).rgb, -1))


def test_thumbnails_and_trailers_of_a_jpeg_are_no_end_of_it():
    thumbnail = file_of(picture(), "JPEG")
    data = file_of(Image.fromarray(PHOTO), "JPEG", quality=90, exif=exif(1) + thumbnail)
    assert np.array_equal(decode(data[:-2]).rgb, decode(data).rgb)
    assert np.array_equal(decode(data + thumbnail).rgb, decode(data).rgb)
    middle = data.index(b"\xff\xda") + 3000
    with pytest.raises(UnreadablePicture, match="damaged"):
        decode(data[:middle] + data[middle + 400:] + thumbnail)


# PNG: ancillary chunks never decide whether pixels are read

WIDE_PNG = png(rows_of(picture()), 64, 48, 8, 2)
HEADER = 33  # bytes, signature and IHDR


def chunk(kind: bytes, body: bytes, crc: bytes | None = None) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + (zlib.crc32(kind + body).to_bytes(4) if crc is None else crc)


SIDE_CHUNKS = {
    "text with a wrong checksum": chunk(b"tEXt", b"Comment\0a car", b"\1\2\3\4"),
    "profile with a wrong checksum": chunk(b"iCCP", b"icc\0\0" + zlib.compress(b"profile"), bytes(4)),
    "transparency with a wrong checksum": chunk(b"tRNS", bytes(6), bytes(4)),
    "short density": chunk(b"pHYs", b"\0\0"), "short gamma": chunk(b"gAMA", b"\1"), "short chromaticities": chunk(b"cHRM", bytes(5)),
    "empty text": chunk(b"zTXt", b""), "compressed text of no method": chunk(b"zTXt", b"key\0\7rubbish"),
    "broken utf-8": chunk(b"iTXt", b"key\0\1\0\xff\0\xfe\0\xff"),
    "unknown": chunk(b"abCd", bytes(99)), "private": chunk(b"prVt", b"x"),
    "empty orientation": chunk(b"eXIf", b""), "orientation of rubbish": chunk(b"eXIf", b"rubbish"),
    "animation of no frames": chunk(b"acTL", bytes(8)), "frame out of order": chunk(b"fcTL", bytes(26)), "time": chunk(b"tIME", b"\0"),
    "transparency of a wrong length": chunk(b"tRNS", bytes(3)),
    "two of each": 2 * (chunk(b"gAMA", b"\0\0\xb1\x8f") + chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1") + chunk(b"sRGB", b"\0")),
}


@pytest.mark.parametrize("name", SIDE_CHUNKS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_side_chunks_of_any_kind_leave_the_pixels_alone(name, place):
    split = HEADER if place == "before" else len(WIDE_PNG) - 12
    answer = decode(WIDE_PNG[:split] + SIDE_CHUNKS[name] + WIDE_PNG[split:])
    assert np.array_equal(answer.rgb, picture()) and answer.alpha is None


BOMB = zlib.compress(bytes(20_000_000), 1)


def test_megabytes_of_compressed_text_cost_nothing():
    bomb = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(50_000_000), 1)) + 40 * chunk(b"iCCP", b"icc\0\0" + BOMB)
    began = time.perf_counter()
    assert np.array_equal(decode(WIDE_PNG[:HEADER] + bomb + WIDE_PNG[HEADER:]).rgb, picture())
    assert time.perf_counter() - began < 2


def test_endless_chunks_are_refused():
    with pytest.raises(UnreadablePicture, match="chunks"):
        decode(WIDE_PNG[:HEADER] + 100_001 * chunk(b"abCd", b"") + WIDE_PNG[HEADER:])


def test_a_png_without_its_end_is_read_and_one_without_pixels_is_not():
    assert np.array_equal(decode(WIDE_PNG[:-12]).rgb, picture())
    with pytest.raises(UnreadablePicture):
        decode(WIDE_PNG[:len(WIDE_PNG) // 2])


def test_oddly_divided_pixel_data_is_read():
    """Chunks of any length, also empty ones; bytes behind the end of the data, in their own chunk or not; no checksum (all in public reports)."""
    rows, header = zlib.compress(rows_of(picture())), WIDE_PNG[:HEADER]
    half = len(rows) // 2
    for chunks in ([rows[:half], b"", rows[half:]], [rows + b"junk"], [rows, b"junk"], [rows[:-4]]):
        assert np.array_equal(decode(header + b"".join(chunk(b"IDAT", body) for body in chunks) + WIDE_PNG[-12:]).rgb, picture())


def test_pixels_with_damaged_data_are_refused():
    damaged = bytearray(WIDE_PNG)
    damaged[len(damaged) // 2] ^= 255
    with pytest.raises(UnreadablePicture):
        decode(bytes(damaged))


# TIFF and BMP

FIELDS = {256: 64, 257: 48, 258: 8, 262: 2, 277: 3}


@pytest.mark.parametrize("fields", [FIELDS | {50706: 0x04010000}, FIELDS | {254: 1}], ids=["DNG", "reduced preview first"])
def test_a_cameras_raw_file_is_refused_with_a_sentence(fields):
    with pytest.raises(UnreadablePicture, match="raw file"):
        decode(tiff(picture().tobytes(), fields))


def test_canons_raw_file_is_known_by_its_mark():
    data = tiff(picture().tobytes(), FIELDS)
    moved = data[:4] + struct.pack("<I", 16) + b"CR\x02\0" + bytes(4) + data[8:]
    with pytest.raises(UnreadablePicture, match="raw file"):
        decode(moved)


def test_separate_planes_are_read_of_8_bits_and_refused_of_16():
    planes = np.ascontiguousarray(np.moveaxis(picture(), -1, 0))
    shape = {256: 64, 257: 48, 262: 2, 277: 3, 284: 2}
    assert np.array_equal(decode(planar(planes, shape | {258: 8})).rgb, picture())
    with pytest.raises(UnreadablePicture, match="separate planes"):
        decode(planar(planes.astype("<u2") * 257, shape | {258: 16}))


def planar(planes: np.ndarray, fields: dict[int, int]) -> bytes:
    """TIFF with a strip a plane: offsets and lengths, three each, stand behind the directory."""
    lists = 8 + 2 + 12 * (len(fields) + 4) + 4
    size, start = planes[0].nbytes, lists + 24
    entries = {tag: (4, 1, value) for tag, value in fields.items()} | {259: (4, 1, 1), 273: (4, 3, lists), 278: (4, 1, fields[257]), 279: (4, 3, lists + 12)}
    directory = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4)
            + struct.pack("<6I", *(start + size * plane for plane in range(3)), size, size, size) + planes.tobytes())


@pytest.mark.parametrize("header", [108, 124], ids=["V4", "V5"])
def test_a_bitmap_whose_alpha_was_never_written_is_opaque(header):
    bgra = np.dstack([picture()[..., ::-1], np.zeros((48, 64), np.uint8)])[::-1]
    fields = struct.pack("<IiiHHIIiiIIIIII", header, 64, 48, 1, 32, 3, bgra.size, 0, 0, 0, 0, 0xff0000, 0xff00, 0xff, 0xff000000).ljust(header, b"\0")
    answer = decode(b"BM" + struct.pack("<IHHI", 14 + header + bgra.size, 0, 0, 14 + header) + fields + bgra.tobytes())
    assert answer.alpha is None and np.array_equal(answer.rgb, picture())


# density

@pytest.mark.parametrize("format, options", [("JPEG", {}), ("PNG", {}), ("TIFF", {}), ("BMP", {})])
def test_the_density_is_the_files(format, options):
    assert decode(file_of(picture(), format, dpi=(300, 300), **options)).dpi == pytest.approx(300, abs=0.01)
    assert decode(file_of(picture(), format, **options)).dpi in (None, pytest.approx(96, abs=0.1)), "Pillow's own for bitmaps"


def test_densities_that_make_no_sense_are_none():
    assert decode(file_of(picture(), "JPEG", dpi=(300, 200))).dpi is None
    assert difference(decode(file_of(picture(), "JPEG", dpi=(300, 200))).rgb, picture()) < 3
