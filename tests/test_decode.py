"""Decoding: upright pixels in full or at a scale, or an error that says why not, for any bytes. Depths, palettes and colours: test_odd_pictures."""
import random
import struct
import subprocess
import sys
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageFile

from exceptions import ResolutionTooHigh, UnreadablePicture
from preprocessing.decode import MAX_PIXELS, Picture, decode
from preprocessing.isobmff import ends_in_pixels
from tests.files import difference, exif, file_of, picture, tiff

# EXIF 2.32, tag 0x0112: what was done to the upright picture, here by numpy
ORIENTATIONS = {1: lambda up: up, 2: lambda up: up[:, ::-1], 3: lambda up: up[::-1, ::-1], 4: lambda up: up[::-1],
                5: lambda up: up.swapaxes(0, 1), 6: lambda up: np.rot90(up, 1), 7: lambda up: up[::-1, ::-1].swapaxes(0, 1),
                8: lambda up: np.rot90(up, -1)}
EXACT = [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {})]
CLOSE = [("JPEG", {"quality": 98, "subsampling": 0}), ("JPEG", {"quality": 98, "subsampling": 0, "progressive": True}), ("WEBP", {"quality": 98}),
         ("AVIF", {"quality": 98, "subsampling": "4:4:4"}), ("HEIF", {"quality": 98, "chroma": 444}),
         ("TIFF", {"compression": "jpeg", "quality": 98})]


@pytest.mark.parametrize("format, options", EXACT)
def test_lossless_files_give_their_exact_pixels(format, options):
    answer = decode(file_of(picture(), format, **options))
    assert np.array_equal(answer.rgb, picture()) and answer.alpha is None and answer.size == (48, 64)


@pytest.mark.parametrize("format, options", CLOSE)
def test_lossy_files_give_nearly_their_pixels(format, options):
    answer = decode(file_of(picture(), format, **options))
    assert difference(answer.rgb, picture()) < 2 and answer.alpha is None and answer.size == (48, 64)


@pytest.mark.parametrize("format, options", EXACT + CLOSE)
def test_a_grey_picture_has_three_equal_channels(format, options):
    grey = picture()[..., 0]
    options = {key: value for key, value in options.items() if key != "subsampling" and key != "chroma"}
    rgb = decode(file_of(grey, format, **options)).rgb
    assert difference(rgb, np.dstack([grey] * 3)) < 2 and rgb.std(axis=2).max() <= 1


@pytest.mark.parametrize("orientation, disturb", ORIENTATIONS.items())
@pytest.mark.parametrize("format, options", [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
                                             ("JPEG", {"quality": 98}), ("AVIF", {"quality": 98}), ("HEIF", {"quality": 98})])
def test_every_orientation_comes_out_upright(format, options, orientation, disturb):
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:20, :30] = 40
    pixels = picture() if format == "JPEG" else np.dstack([picture(), alpha])
    answer = decode(file_of(np.ascontiguousarray(disturb(pixels)), format, exif=exif(orientation), **options))
    assert difference(answer.rgb, picture()) < 2 and answer.size == (48, 64)
    assert format == "JPEG" or difference(answer.alpha, alpha) < 1


def test_heic_is_turned_by_its_container_once_and_never_by_exif():
    data = file_of(picture(), "HEIF", exif=exif(6))
    assert b"irot" in data and decode(data).size == (64, 48)
    block = Image.Exif()
    block[0x0112] = 6
    data = file_of(picture(), "HEIF", exif=block)  # given so, pillow-heif writes it into EXIF alone
    assert b"irot" not in data and decode(data).size == (48, 64)


def test_a_stale_orientation_in_xmp_is_passed_over():
    stale = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    assert decode(file_of(picture(), "JPEG", xmp=stale)).size == (48, 64)
    assert decode(file_of(picture(), "JPEG", xmp=stale, exif=exif(8))).size == (64, 48)


def test_damaged_exif_is_no_reason_to_refuse_a_photo(caplog):
    assert decode(file_of(picture(), "JPEG", exif=b"Exif\0\0garbage")).size == (48, 64)
    assert "EXIF" in caplog.text


@pytest.mark.parametrize("least, expected", [(None, (150, 201)), (150 * 201, (150, 201)), (75 * 101 + 1, (150, 201)), (75 * 101, (75, 101)),
                                             (38 * 51, (38, 51)), (19 * 26, (19, 26)), (1, (19, 26)), (10 ** 9, (150, 201))])
def test_a_jpeg_is_reduced_to_no_less_than_is_asked_for(least, expected):
    answer = decode(file_of(picture(150, 201), "JPEG", quality=95), least)
    assert answer.rgb.shape == (*expected, 3) and answer.size == (150, 201)


def test_a_reduced_jpeg_is_upright_and_a_pixel_of_it_the_mean_of_its_block():
    answer = decode(file_of(np.ascontiguousarray(np.rot90(picture(160, 240), 1)), "JPEG", quality=98, subsampling=0, exif=exif(6)), min_pixels=40 * 60)
    assert answer.size == (160, 240)
    assert difference(answer.rgb, picture(160, 240).reshape(40, 4, 60, 4, 3).mean((1, 3))) < 1.5


def test_a_reduced_jpeg_of_any_shape_is_never_below_what_is_asked_for():
    for width, height in [(1, 900), (900, 1), (7, 300), (3, 3), (65, 17)]:
        data = file_of(picture(height, width), "JPEG")
        for least in (1, 10, 100, width * height):
            shape = decode(data, least).rgb.shape
            assert shape[0] * shape[1] >= min(least, width * height)


@pytest.mark.parametrize("format, options", EXACT)
def test_other_formats_come_in_full(format, options):
    assert np.array_equal(decode(file_of(picture(), format, **options), min_pixels=10).rgb, picture())


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "MPO", "AVIF", "HEIF"])
def test_of_several_frames_the_first_counts(format):
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
    options = {} if format == "TIFF" else {"quality": 95}
    rgb = decode(file_of(frames[0], format, save_all=True, append_images=frames[1:], **options)).rgb
    assert difference(rgb, np.full((48, 64, 3), (255, 0, 0))) < 3


@pytest.mark.parametrize("data", [b"", b"\xff", b"not a picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a" + bytes(20), b"BM" + bytes(60),
                                  b"II*\0" + bytes(60), b"RIFF\0\0\0\0WEBPVP8 " + bytes(60), b"\0\0\0\x18ftypheic" + bytes(60),
                                  b"\0\0\0\x18ftypavif" + bytes(60),
                                  b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
                                  b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(400)])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadablePicture):
        decode(data)


@pytest.mark.parametrize("format", ["ICO", "PPM", "TGA", "PCX", "JPEG2000", "EPS", "PDF", "QOI", "SGI", "ICNS"])
def test_formats_of_no_listing_photo_are_refused(format):
    with pytest.raises(UnreadablePicture):
        decode(file_of(picture(64, 64), format))


def whole_files() -> dict[str, bytes]:
    """A file of each kind of coding, of a noise that no coder makes small."""
    rgb = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    shape = {256: 128, 257: 96, 258: 8, 262: 2, 277: 3}
    frames = {"save_all": True, "append_images": [Image.fromarray(rgb[::-1].copy())]}
    files = {"jpeg": ("JPEG", {}), "progressive": ("JPEG", {"progressive": True}), "png": ("PNG", {}), "webp": ("WEBP", {}), "gif": ("GIF", {}),
             "lossless webp": ("WEBP", {"lossless": True}), "animated webp": ("WEBP", frames), "bmp": ("BMP", {}), "tiff": ("TIFF", {}),
             "lzw tiff": ("TIFF", {"compression": "tiff_lzw"}), "jpeg tiff": ("TIFF", {"compression": "jpeg"}), "avif": ("AVIF", {}),
             "heic": ("HEIF", {}), "heic of tiles": ("HEIF", {"tile_size": 64})}
    return {name: file_of(rgb, format, **options) for name, (format, options) in files.items()} \
        | {"tiff from the front": tiff(rgb.tobytes(), shape), "deflated tiff from the front": tiff(zlib.compress(rgb.tobytes()), shape | {259: 8})}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of tags that a cut has taken
@pytest.mark.parametrize("data", whole_files().values(), ids=whole_files())
def test_a_truncated_file_is_refused(data):
    """Cut anywhere, near the end above all. A cut may pass where it takes nothing but an end marker: then every pixel must be there."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    whole = decode(data).rgb
    refused = 0
    for left in sorted({*np.linspace(1, len(data) - 1, 40).astype(int), *range(len(data) - 12, len(data))}):
        try:
            assert np.array_equal(decode(data[:left]).rgb, whole), f"{left} of {len(data)} bytes"
        except UnreadablePicture:
            refused += 1
    assert refused >= 39


def test_a_heic_cut_within_a_long_box_is_known():
    """ISO/IEC 14496-12, 4.2: a length of 1 stands for one of 64 bits behind the kind, a length of 0 for all the rest."""
    start = b"\0\0\0\x10ftypheic\0\0\0\0"
    whole = start + struct.pack(">I4sQ", 1, b"mdat", 116) + bytes(100)
    assert not ends_in_pixels(whole) and ends_in_pixels(whole[:-1])
    assert not ends_in_pixels(start + struct.pack(">I4s", 0, b"mdat") + bytes(100))


def test_a_heic_whose_header_and_pixels_disagree_is_refused():
    data = bytearray(file_of(picture(24, 32), "HEIF"))
    data[data.index(b"clap") + 20] = 128  # the crop's horizontal offset, now far outside
    with pytest.raises(UnreadablePicture, match="header"):
        decode(bytes(data))


@pytest.mark.parametrize("data", [file_of(picture(), "JPEG") + bytes(5000), file_of(picture(), "PNG") + b"more", file_of(picture(), "HEIF") + b"SEFT"])
def test_what_follows_a_picture_is_passed_over(data):
    assert difference(decode(data).rgb, picture()) < 3


def headers_that_promise(width: int, height: int) -> dict[str, bytes]:
    """Files of hardly any bytes, of each format."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def resized(data: bytes, mark: bytes, now: bytes, at: int) -> bytes:
        at += data.index(mark)
        return data[:at] + now + data[at + len(now):]

    small = picture(64, 64)
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes([16, 0, 0, 0]) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return {
        "PNG": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        "JPEG": resized(file_of(small, "JPEG"), b"\xff\xc0", struct.pack(">HH", height, width), 5),
        "GIF": b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\1\0\0;",
        "GIF frame": b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\1\0\0;",
        "BMP": b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(4),
        "TIFF": tiff(b"\0", {256: width, 257: height, 258: 8, 259: 8, 262: 2, 277: 3}),
        "HEIF": resized(file_of(small, "HEIF"), b"ispe", struct.pack(">II", width, height), 8),
        "AVIF": resized(file_of(small, "AVIF"), b"ispe", struct.pack(">II", width, height), 8),
        "WEBP": resized(file_of(small, "WEBP", exif=exif(1)), b"VP8X", vp8x, 0),
    }


SLIGHTLY_MORE, BOMBS = headers_that_promise(10_000, 5_034), headers_that_promise(16_000, 16_000)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("format", SLIGHTLY_MORE)
def test_too_many_pixels_are_refused_from_the_header(format):
    with pytest.raises(UnreadablePicture if format == "WEBP" else ResolutionTooHigh) as refusal:  # libwebp sees through the header
        decode(SLIGHTLY_MORE[format])
    assert format == "WEBP" or "10000 x 5034" in str(refusal.value)


@pytest.mark.parametrize("format", BOMBS)
def test_decompression_bombs_are_refused_from_the_header(format):
    with pytest.raises(ResolutionTooHigh):
        decode(BOMBS[format])


def test_as_many_pixels_as_allowed_are_decoded():
    assert decode(file_of(Image.new("L", (8192, 6144), 90), "JPEG"), min_pixels=1).size == (6144, 8192) and MAX_PIXELS == 8192 * 6144


def test_a_tiff_whose_tile_dwarfs_its_picture_is_refused():
    with pytest.raises((UnreadablePicture, ResolutionTooHigh)):
        decode(tiff(zlib.compress(bytes(9_000_000)), {256: 64, 257: 48, 258: 8, 259: 8, 262: 2, 277: 3, 322: 40_000, 323: 40_000}))


def test_a_jpeg_of_endless_scans_is_refused():
    data = file_of(picture(), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xc4"):-2]
    assert decode(data[:-2] + 20 * last + b"\xff\xd9").size == (48, 64)
    with pytest.raises(UnreadablePicture, match="scans"):
        decode(data[:-2] + 200 * last + b"\xff\xd9")


def test_a_lack_of_memory_is_the_pictures_size(monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    data = file_of(picture(), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", exhausted)
    with pytest.raises(ResolutionTooHigh):
        decode(data)


def test_heic_is_refused_where_its_reader_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadablePicture, match="send a JPEG"):
        decode(b"\0\0\0\x18ftypheic" + bytes(60))


def test_a_codec_that_can_not_be_loaded_is_not_the_files_fault(monkeypatch, tmp_path):
    (tmp_path / "pillow_heif.py").write_text("raise ImportError('libheif.so')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pillow_heif", raising=False)
    with pytest.raises(ImportError):
        decode(b"\0\0\0\x18ftypheic" + bytes(60))


@pytest.mark.filterwarnings("ignore")
def test_no_bytes_raise_anything_else():
    """Seeded mutations of a file of every kind: bytes and words changed, runs zeroed, lost and repeated, near the header above all."""
    chance = random.Random(7)
    small = Image.fromarray(picture(24, 32))
    few, grey = small.quantize(16), small.convert("LA")
    files = [file_of(small, format, **options) for format, options in EXACT + CLOSE]
    files += [file_of(small, "HEIF", tile_size=16), file_of(small.convert("RGBA"), "AVIF"), file_of(small, "JPEG", exif=exif(6)), file_of(grey, "TIFF"),
              file_of(few, "PNG", transparency=bytes(range(16)), exif=exif(5)), file_of(few, "BMP"), file_of(small.convert("CMYK"), "JPEG"),
              *(file_of(small, format, save_all=True, append_images=[small]) for format in ("GIF", "WEBP", "MPO"))]
    answers = Counter()
    for _ in range(2000):
        data = bytearray(chance.choice(files))
        for _ in range(chance.randint(1, 4)):
            at = int(len(data) * chance.random() ** chance.choice((1, 2)))
            match chance.randrange(5):
                case 0 | 1:
                    data[at:at + 1] = bytes([chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))])
                case 2:
                    data[at:at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice((0, 1, 0xffff, 2 ** 31 - 1, 2 ** 32 - 1, len(data))))
                case 3:
                    data[at:at + chance.randint(1, 40)] = bytes(chance.randint(0, 40))
                case 4:
                    data[at:at] = data[:chance.randint(1, 60)]
        try:
            answer = decode(bytes(data), min_pixels=chance.choice((None, 100)))
        except (UnreadablePicture, ResolutionTooHigh) as error:
            answer = error
        answers[type(answer)] += 1
    assert min(answers[Picture], answers[UnreadablePicture]) > 200 and answers[ResolutionTooHigh] > 0


def test_a_plain_photo_loads_neither_the_colour_library_nor_what_reads_other_formats():
    code = ("import sys; from preprocessing.decode import decode; decode(sys.stdin.buffer.read()); "
            "others = ('pillow_heif', 'PIL.ImageCms', 'PIL.PngImagePlugin', 'PIL.TiffImagePlugin', 'preprocessing.tone_mapping'); "
            "print([name for name in others if name in sys.modules])")
    answer = subprocess.run([sys.executable, "-c", code], input=file_of(picture(), "JPEG"), capture_output=True, check=True)
    assert answer.stdout.strip() == b"[]"
