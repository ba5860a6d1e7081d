"""Pictures beyond the plain photo: ink, 16 bits, palettes, transparency and colour profiles, against arithmetic or colours known beforehand."""
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from exceptions import UnreadablePicture
from preprocessing.colour import conversion_from
from preprocessing.decode import decode
from tests.files import cv2_file_of, difference, file_of, picture, png, rows_of, tiff
from tests.profiles import ADOBE, ADOBE_TO_SRGB, P3, P3_TO_SRGB, encoded, grey_profile, ink_profile, profile, rgb_profile, table_profile

STEPS = np.arange(0, 65536, 1111, dtype=np.uint16).reshape(1, -1)  # 16-bit levels
CLEAR = np.tile(np.repeat(np.uint8([0, 90, 255, 255]), 16), (48, 1))  # an alpha for picture()


# ink

def ink(height: int = 48, width: int = 64) -> np.ndarray:
    return np.dstack([picture(height, width), picture(height, width)[::-1, :, 1] // 2])


def on_paper(cmyk: np.ndarray) -> np.ndarray:
    """CMYK 0..255 (255: all ink) as light, without a profile: every ink takes its share."""
    light = 255 - cmyk.astype(float)
    return light[..., :3] * light[..., 3:] / 255


def cmyk_jpeg() -> bytes:
    """As Photoshop writes it: an Adobe marker, and every channel inverted. Pillow does both."""
    data = file_of(Image.fromarray(ink(), "CMYK"), "JPEG", quality=98)
    assert b"Adobe\0d\0\0\0\0\0" in data
    return data


def ycck_jpeg() -> bytes:
    """The same with CMY as YCbCr, which transform 2 of the Adobe marker tells: YCCK is Y, Cb, Cr of 255 less the stored, so inverted, CMY."""
    y, cr, cb = np.moveaxis(cv2.cvtColor(ink()[..., :3], cv2.COLOR_RGB2YCrCb), -1, 0)
    stored = np.dstack([y, cb, cr, 255 - ink()[..., 3]])
    data = file_of(Image.fromarray(255 - stored, "CMYK"), "JPEG", quality=98)  # Pillow inverts
    return data.replace(b"Adobe\0d\0\0\0\0\0", b"Adobe\0d\0\0\0\0\2")


@pytest.mark.parametrize("data", [cmyk_jpeg(), ycck_jpeg(), file_of(Image.fromarray(ink(), "CMYK"), "TIFF"),
                                  file_of(Image.fromarray(ink(), "CMYK"), "TIFF", compression="tiff_lzw"),
                                  tiff((ink().astype("<u2") * 257).tobytes(), {256: 64, 257: 48, 258: 16, 262: 5, 277: 4})],
                         ids=["adobe jpeg", "ycck jpeg", "tiff", "lzw tiff", "16-bit tiff"])
def test_ink_becomes_light(data):
    assert difference(decode(data).rgb, on_paper(ink())) < 2.5


@pytest.mark.parametrize("data", [cmyk_jpeg(), ycck_jpeg()], ids=["cmyk", "ycck"])
def test_opencv_sees_the_same_in_ink(data):
    assert difference(decode(data).rgb, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]) < 2


def test_a_cmyk_jpeg_can_be_reduced():
    answer = decode(cmyk_jpeg(), min_pixels=24 * 32)
    assert answer.size == (48, 64)
    assert difference(answer.rgb, on_paper(ink()).reshape(24, 2, 32, 2, 3).mean((1, 3))) < 2.5


def test_a_jpeg_that_holds_rgb_itself():
    assert difference(decode(file_of(picture(), "JPEG", quality=98, keep_rgb=True)).rgb, picture()) < 2


# 16 bits

@pytest.mark.parametrize("data", [cv2_file_of(STEPS, ".png"), file_of(Image.fromarray(STEPS), "TIFF"),
                                  file_of(Image.fromarray(STEPS), "TIFF", compression="tiff_lzw"),
                                  tiff(STEPS.astype(">u2").tobytes(), {256: STEPS.size, 257: 1, 258: 16, 262: 1}, ">"),
                                  tiff((65535 - STEPS).astype("<u2").tobytes(), {256: STEPS.size, 257: 1, 258: 16, 262: 0})],
                         ids=["png", "tiff", "lzw tiff", "big-endian tiff", "white-is-zero tiff"])
def test_16_bits_of_grey(data):
    rgb = decode(data).rgb
    assert rgb.shape == (1, STEPS.size, 3) and np.abs(rgb - STEPS[..., None] / 257).max() <= 1


def test_12_bits_of_grey():
    """Two levels in three bytes: 0, 2048, 4095 and 1024 of 4095."""
    assert decode(tiff(bytes.fromhex("000800fff400"), {256: 4, 257: 1, 258: 12, 262: 1})).rgb[0, :, 0].tolist() == [0, 128, 255, 64]


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_16_bits_of_colour(suffix, channels):
    pixels = np.dstack([STEPS, STEPS[:, ::-1], STEPS // 2, STEPS][:channels])
    answer = decode(cv2_file_of(pixels, suffix))
    assert np.abs(answer.rgb - pixels[..., :3] / 257).max() <= 1
    assert answer.alpha is None if channels == 3 else np.abs(answer.alpha - STEPS / 257).max() <= 1


def test_pixels_of_no_known_range_are_refused():
    with pytest.raises(UnreadablePicture):
        decode(file_of(Image.fromarray(np.float32([[0, 1e6]])), "TIFF"))


# palettes and transparency

def test_palette():
    colours = np.random.default_rng(0).integers(0, 255, (16, 3), np.uint8)
    indices = np.arange(16, dtype=np.uint8).reshape(2, 8)
    image = Image.fromarray(indices, "P")
    image.putpalette(colours.tobytes())
    for format in ("PNG", "GIF", "BMP", "TIFF"):
        answer = decode(file_of(image, format))
        assert np.array_equal(answer.rgb, colours[indices]) and answer.alpha is None
    for format in ("PNG", "GIF"):
        answer = decode(file_of(image, format, transparency=5))
        assert np.array_equal(answer.rgb, colours[indices]) and np.array_equal(answer.alpha, np.where(indices == 5, 0, 255))
    levels = bytes(range(0, 160, 10))
    answer = decode(file_of(image, "PNG", transparency=levels))
    assert np.array_equal(answer.rgb, colours[indices]) and np.array_equal(answer.alpha, np.frombuffer(levels, np.uint8)[indices])


@pytest.mark.parametrize("depth, row, levels, key", [(1, "a0", [255, 0, 255, 0], 1), (2, "1b", [0, 85, 170, 255], 2), (4, "027f", [0, 34, 119, 255], 7),
                                                     (8, "000740ff", [0, 7, 64, 255], 64), (16, "00000741ff00ff01", [0, 7, 255, 255], 0xff01)])
def test_a_transparent_grey(depth, row, levels, key):
    """PNG, tRNS of colour type 0: the key is in the file's own depth."""
    answer = decode(png(b"\0" + bytes.fromhex(row), 4, 1, depth, 0, (b"tRNS", struct.pack(">H", key))))
    assert answer.rgb[0, :, 1].tolist() == levels
    assert answer.alpha.tolist() == [{1: [0, 255, 0, 255], 2: [255, 255, 0, 255], 4: [255, 255, 0, 255], 8: [255, 255, 0, 255], 16: [255, 255, 255, 0]}[depth]]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_colour(depth):
    """PNG, tRNS of colour type 2: only where all three channels are the key's."""
    pixels = np.array([[[1, 2, 3], [1, 2, 4], [3, 2, 1], [1, 2, 3]]])
    stored = pixels.astype(np.uint8) if depth == 8 else (pixels * 257).astype(">u2")
    answer = decode(png(rows_of(stored), 4, 1, depth, 2, (b"tRNS", struct.pack(">HHH", *(stored[0, 0].tolist())))))
    assert np.array_equal(answer.rgb, pixels) and answer.alpha.tolist() == [[0, 255, 255, 0]]


@pytest.mark.parametrize("format, options, tolerance", [("PNG", {}, 0), ("WEBP", {"lossless": True, "exact": True}, 0), ("TIFF", {}, 0),
                                                        ("AVIF", {"quality": 98}, 2), ("HEIF", {"quality": 98}, 2)])
def test_alpha_is_the_files_own_and_colours_beneath_it_stay_straight(format, options, tolerance):
    answer = decode(file_of(np.dstack([picture(), CLEAR]), format, **options))
    assert answer.alpha.dtype == np.uint8 and difference(answer.alpha, CLEAR) <= tolerance
    assert difference(answer.rgb, picture()) <= tolerance


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_grey_with_alpha(format):
    grey = picture()[..., 0]
    answer = decode(file_of(Image.fromarray(np.dstack([grey, CLEAR])), format, **({"lossless": True, "exact": True} if format == "WEBP" else {})))
    assert np.array_equal(answer.rgb, np.dstack([grey] * 3)) and np.array_equal(answer.alpha, CLEAR)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_an_alpha_that_is_all_opaque_is_none(format):
    assert decode(file_of(np.dstack([picture(), np.full_like(CLEAR, 255)]), format)).alpha is None


def test_premultiplied_colours_are_divided_by_their_alpha():
    """TIFF 6.0, ExtraSamples 1: associated alpha."""
    answer = decode(tiff(bytes([64, 32, 16, 128, 200, 100, 0, 255]), {256: 2, 257: 1, 258: 8, 262: 2, 277: 4, 338: 1}))
    assert answer.alpha.tolist() == [[128, 255]] and np.abs(answer.rgb.astype(int) - [[[127, 64, 32], [200, 100, 0]]]).max() <= 1
    answer = decode(tiff(bytes([64, 128, 200, 255]), {256: 2, 257: 1, 258: 8, 262: 1, 277: 2, 338: 1}))
    assert answer.alpha.tolist() == [[128, 255]] and np.abs(answer.rgb[0, :, 0].astype(int) - [127, 200]).max() <= 1


def test_premultiplied_colours_in_heic():
    some = np.maximum(CLEAR, 90)
    answer = decode(file_of(Image.fromarray(np.dstack([picture(), some])).convert("RGBa"), "HEIF", quality=98, chroma=444))
    assert difference(answer.alpha, some) < 1 and difference(answer.rgb, picture()) < 2


def test_a_bitmap_with_alpha():
    """BITMAPV4HEADER with bit fields, the rows from the bottom."""
    bgra = np.dstack([picture()[..., ::-1], CLEAR])[::-1]
    header = struct.pack("<IiiHHIIiiIIIIII", 108, 64, 48, 1, 32, 3, bgra.size, 0, 0, 0, 0, 0xff0000, 0xff00, 0xff, 0xff000000).ljust(108, b"\0")
    answer = decode(b"BM" + struct.pack("<IHHI", 122 + bgra.size, 0, 0, 122) + header + bgra.tobytes())
    assert np.array_equal(answer.rgb, picture()) and np.array_equal(answer.alpha, CLEAR)


def test_an_animated_gif_gives_its_first_frame_with_its_transparency():
    frames = [Image.fromarray(np.dstack([np.full((48, 64, 3), colour, np.uint8), CLEAR // 255 * 255]), "RGBA") for colour in ((200, 40, 60), (0, 0, 250))]
    answer = decode(file_of(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2))
    assert np.array_equal(answer.alpha, CLEAR // 255 * 255) and (answer.rgb[answer.alpha > 0] == (200, 40, 60)).all()


def test_an_animated_webp_gives_its_first_frame_with_its_transparency():
    frames = [np.dstack([picture(), CLEAR]), np.dstack([picture()[::-1], CLEAR])]
    answer = decode(file_of(frames[0], "WEBP", save_all=True, append_images=[Image.fromarray(frames[1])], lossless=True))
    assert np.array_equal(answer.alpha, CLEAR) and np.array_equal(answer.rgb[CLEAR == 255], picture()[CLEAR == 255])


def test_an_interlaced_png():
    """Adam7: seven passes, each every so-manieth pixel of every so-manieth row."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(rows_of(np.ascontiguousarray(picture()[top::down, left::right])) for top, left, down, right in passes)
    assert np.array_equal(decode(png(rows, 64, 48, 8, 2, interlaced=True)).rgb, picture())


def test_cielab():
    """TIFF 6.0, section 23: L* 100 and 50 without colour are white and sRGB's 119."""
    rgb = decode(tiff(bytes([255, 0, 0, 128, 0, 0]), {256: 2, 257: 1, 258: 8, 262: 8, 277: 3})).rgb
    assert np.abs(rgb.astype(int) - [[[255] * 3, [119] * 3]]).max() <= 1


# colour profiles

@pytest.mark.parametrize("format, options", [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 98, "subsampling": 0}),
                                             ("AVIF", {"quality": 98, "subsampling": "4:4:4"}), ("HEIF", {"quality": 98, "chroma": 444})])
@pytest.mark.parametrize("primaries, exponent, to_srgb", [(ADOBE, 563 / 256, ADOBE_TO_SRGB), (P3, 2.2, P3_TO_SRGB)], ids=["Adobe RGB", "Display P3"])
def test_wide_colours_become_srgb(format, options, primaries, exponent, to_srgb):
    expected = encoded((picture() / 255.0) ** exponent @ np.transpose(to_srgb))
    answer = decode(file_of(picture(), format, icc_profile=rgb_profile(primaries, exponent), **options))
    assert difference(answer.rgb, expected) < (0.7 if format in ("PNG", "TIFF", "WEBP") else 3)
    assert difference(answer.rgb, picture()) > 5


def test_alpha_is_no_colour():
    answer = decode(file_of(np.dstack([picture(), CLEAR]), "PNG", icc_profile=rgb_profile(P3, 2.2)))
    plain = decode(file_of(picture(), "PNG", icc_profile=rgb_profile(P3, 2.2)))
    assert np.array_equal(answer.alpha, CLEAR) and np.array_equal(answer.rgb, plain.rgb)


def test_a_palette_has_its_profile_too():
    image = Image.fromarray(picture()).quantize(64)
    expected = encoded((np.asarray(image.convert("RGB")) / 255.0) ** 2.2 @ np.transpose(P3_TO_SRGB))
    assert difference(decode(file_of(image, "PNG", icc_profile=rgb_profile(P3, 2.2))).rgb, expected) < 0.7


@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
def test_a_grey_profile(format):
    grey = picture()[..., 0]
    expected = np.dstack([encoded((grey / 255.0) ** 1.8)] * 3)
    assert difference(decode(file_of(grey, format, icc_profile=grey_profile(1.8), **({"quality": 98} if format == "JPEG" else {}))).rgb, expected) < 1


def test_a_grey_picture_with_a_colour_profile():
    grey = picture()[..., 0]
    expected = np.dstack([encoded((grey / 255.0) ** 1.8)] * 3)
    assert difference(decode(file_of(grey, "PNG", icc_profile=rgb_profile(P3, 1.8))).rgb, expected) < 1


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_an_ink_profile(format):
    cmyk = np.zeros((16, 32, 4), np.uint8)
    cmyk[:, 16:, 0], cmyk[:8, :, 1] = 255, 200
    rgb = decode(file_of(Image.fromarray(cmyk, "CMYK"), format, icc_profile=ink_profile())).rgb
    assert np.abs(rgb[:, 2:14].astype(int) - 255).max() <= 2 and np.abs(rgb[:, 18:30].astype(int) - 119).max() <= 3


def test_the_darkest_that_a_profile_can_is_black():
    dull = table_profile(b"RGB ", [50] + 7 * [255])  # L* 20 to 100
    dark = np.zeros((8, 16, 3), np.uint8)
    dark[:, 8:] = 255
    rgb = decode(file_of(dark, "PNG", icc_profile=dull)).rgb
    assert rgb[:, :8].max() <= 4 and rgb[:, 8:].min() >= 253


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_srgb_by_any_name_changes_nothing():
    named = srgb_profile()
    unnamed = named.replace("sRGB".encode("utf-16-be"), "c002".encode("utf-16-be")).replace(b"sRGB", b"c002")
    assert unnamed != named
    for data in (named, unnamed):
        assert conversion_from(data, "RGB") is None
        assert np.array_equal(decode(file_of(picture(), "PNG", icc_profile=data)).rgb, picture())


def test_a_profile_is_known_by_what_it_does_and_not_by_its_name():
    """One that calls itself sRGB and has red and green exchanged."""
    data = bytearray(srgb_profile())
    rows = {bytes(data[at:at + 4]): at for at in range(132, 132 + 12 * struct.unpack_from(">I", data, 128)[0], 12)}
    data[rows[b"rXYZ"]:rows[b"rXYZ"] + 4], data[rows[b"gXYZ"]:rows[b"gXYZ"] + 4] = b"gXYZ", b"rXYZ"
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    assert np.abs(decode(file_of(red, "PNG", icc_profile=bytes(data))).rgb.astype(int) - (0, 255, 0)).max() <= 2


@pytest.mark.parametrize("damaged", [b"not a profile", srgb_profile()[:200], rgb_profile(P3, 2.2)[:-40], srgb_profile()[:16] + b"CMYK" + srgb_profile()[20:],
                                     grey_profile(1.0), ink_profile(), profile(b"RGB ", {})],
                         ids=["garbage", "cut", "cut late", "of ink by its header", "of grey", "of ink", "empty"])
def test_a_profile_of_no_use_leaves_the_photo_as_browsers_show_it(damaged, caplog):
    conversion_from.cache_clear()
    assert np.array_equal(decode(file_of(picture(), "PNG", icc_profile=damaged)).rgb, picture())
    assert "profile was ignored" in caplog.text


def test_an_ink_photo_with_a_damaged_profile_is_plain_ink():
    data = file_of(Image.fromarray(ink(), "CMYK"), "TIFF", icc_profile=b"not a profile")
    assert difference(decode(data).rgb, on_paper(ink())) < 2
