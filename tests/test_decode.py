"""Decoding: upright sRGB pixels from JPEG, PNG and WebP, or an error that says why not."""
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from preprocessing.decode import ResolutionTooHigh, UnreadablePicture, decode

# EXIF 2.32, tag 0x0112: what was done to the upright picture, here by numpy
ORIENTATIONS = {1: lambda up: up, 2: lambda up: up[:, ::-1], 3: lambda up: up[::-1, ::-1], 4: lambda up: up[::-1],
                5: lambda up: up.transpose(1, 0, 2), 6: lambda up: np.rot90(up, 1), 7: lambda up: up[::-1, ::-1].transpose(1, 0, 2),
                8: lambda up: np.rot90(up, -1)}


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)


def file_of(rgb: np.ndarray, format: str, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize("format, options", [("PNG", {}), ("WEBP", {"lossless": True})])
def test_lossless_files_give_their_exact_pixels(format, options):
    assert np.array_equal(decode(file_of(picture(), format, **options)), picture())


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_jpeg_gives_its_pixels(options):
    assert np.abs(decode(file_of(picture(), "JPEG", quality=98, subsampling=0, **options)).astype(int) - picture()).mean() < 2


@pytest.mark.parametrize("orientation, disturb", ORIENTATIONS.items())
def test_every_exif_orientation_comes_out_upright(orientation, disturb):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(disturb(picture()))
    assert np.array_equal(decode(file_of(stored, "PNG", exif=exif)), picture())


def test_a_grey_picture_has_three_equal_channels():
    rgb = decode(file_of(picture()[..., 0], "PNG"))
    assert rgb.shape == (48, 64, 3) and (rgb == picture()[..., :1]).all()


def test_an_embedded_profile_is_converted_to_srgb():
    """A profile whose red and green primaries are exchanged: its red is sRGB's green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    rows = {bytes(profile[at:at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    profile[rows[b"rXYZ"]:rows[b"rXYZ"] + 4], profile[rows[b"gXYZ"]:rows[b"gXYZ"] + 4] = b"gXYZ", b"rXYZ"
    profile = bytes(profile).replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be")).replace(b"sRGB", b"xRGB")
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert np.abs(decode(file_of(red, "PNG", icc_profile=profile)).astype(int) - (0, 255, 0)).max() <= 2


def test_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(decode(file_of(picture(), "PNG", icc_profile=profile)), picture())


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a" + bytes(20)])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadablePicture):
        decode(data)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_file_is_refused(format):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    with pytest.raises(UnreadablePicture):
        decode(file_of(noise, format)[:-4000])


def test_too_many_pixels_are_refused_from_the_header():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 10_000, 5_001, 8, 2, 0, 0, 0)
    with pytest.raises(ResolutionTooHigh, match="10000 x 5001"):
        decode(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
