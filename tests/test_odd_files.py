"""Twelve files that people do send, through the whole function: each gives the cut-out that the plain photo gives, or its code."""
import io

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from tests.answers import problem_of
from tests.drawn import draw_photo, encode
from tests.files import cv2_file_of, file_of, png, rows_of
from tests.profiles import P3, rgb_profile

DRAWN = draw_photo(640, 480, angle="side", seed=5)
PHOTO = Image.fromarray(DRAWN.rgb)
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]  # Adam7
HALF = np.where(np.arange(640) < 320, 0, 255).astype(np.uint8)[None].repeat(480, 0)


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def animated(format: str, **options) -> bytes:
    return file_of(PHOTO, format, save_all=True, append_images=[Image.new("RGB", PHOTO.size, "blue")], **options)


def resized(size: tuple[int, int]) -> bytes:
    return cv2.imencode(".jpg", cv2.resize(cv2.cvtColor(DRAWN.rgb, cv2.COLOR_RGB2BGR), size))[1].tobytes()


# the file, and how far the car's colours may be from the photo's on average, in levels of 255; None where they are meant to differ
FILES = {
    "CMYK": (file_of(PHOTO.convert("CMYK"), "JPEG", quality=95), 6),
    "16-bit": (cv2_file_of(DRAWN.rgb.astype(np.uint16) * 257, ".png"), 0.01),
    "palette": (file_of(PHOTO.quantize(256), "PNG"), 12),
    "P3": (file_of(PHOTO, "PNG", icc_profile=rgb_profile(P3, 2.2)), None),
    "orientation 6": (file_of(PHOTO.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=orientation(6)), 6),
    "HEIC": (file_of(PHOTO, "HEIF", quality=95), 6),
    "animated": (animated("WEBP", lossless=True), 0.01),
    "interlaced": (png(b"".join(rows_of(np.ascontiguousarray(DRAWN.rgb[top::down, left::right])) for top, left, down, right in PASSES), 640, 480, 8, 2,
                       interlaced=True), 0.01),
    "grey": (file_of(PHOTO.convert("L"), "JPEG", quality=95), None),
}


def answer(server: str, data: bytes, **values: str) -> requests.Response:
    return requests.post(server, files={"image_file": ("photo", data)}, data={"format": "png", **values}, timeout=120)


def pixels(reply: requests.Response) -> np.ndarray:
    assert reply.status_code == 200, reply.text
    with Image.open(io.BytesIO(reply.content)) as picture:
        return np.array(picture.convert("RGBA"))


@pytest.fixture(scope="module")
def plain(server) -> np.ndarray:
    return pixels(answer(server, encode(DRAWN.rgb, "png")))


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """IoU of two mattes."""
    one, other = one[..., 3] > 127, other[..., 3] > 127
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("name", FILES)
def test_an_odd_file_gives_what_the_plain_photo_gives(server, plain, name):
    data, difference = FILES[name]
    got = pixels(answer(server, data))
    assert got.shape == plain.shape and alike(got, plain) > 0.97
    if difference is not None:
        inside = (got[..., 3] == 255) & (plain[..., 3] == 255)
        assert np.abs(got[inside].astype(int) - plain[inside]).mean() <= difference


def test_wide_colours_come_out_more_vivid_and_greys_as_greys(server, plain):
    """The same numbers read as Display P3 mean more saturated colours than read as sRGB."""
    car = plain[..., 3] == 255
    spread = {name: np.ptp(pixels(answer(server, FILES[name][0]))[car][:, :3].astype(int), axis=1).mean() for name in ("P3", "grey")}
    assert spread["P3"] > 1.05 * np.ptp(plain[car][:, :3].astype(int), axis=1).mean() and spread["grey"] <= 0.5


def test_what_was_transparent_stays_so(server, plain):
    got = pixels(answer(server, file_of(Image.fromarray(np.dstack([DRAWN.rgb, HALF])), "PNG")))
    assert (got[:, :320, 3] == 0).all() and alike(got[:, 320:], plain[:, 320:]) > 0.95


def test_one_pixel_shows_no_car(server):
    assert problem_of(answer(server, file_of(Image.new("RGB", (1, 1)), "PNG"))) == (400, "unknown_foreground")


def test_50_megapixels_as_phones_count_them_are_taken_and_more_are_not(server, plain):
    got = pixels(answer(server, resized((8192, 6144)), size="preview"))
    assert got.shape == (433, 577, 4) and alike(cv2.resize(got, (640, 480)), plain) > 0.95
    assert problem_of(answer(server, resized((8200, 6150)))) == (400, "resolution_too_high")
