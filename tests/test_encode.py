"""Encoding: what another reader finds in the file."""
import io
import zipfile

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from postprocessing.compose import over_colour
from postprocessing.encode import TooLargeForFormat, encode_alpha, encode_jpeg, encode_png, encode_webp, encode_zip, is_opaque
from tests.drawn import draw_photo


@pytest.fixture
def noise() -> tuple[np.ndarray, np.ndarray]:
    """Random colours with ten rows of nothing, ten rows of car and twenty of everything between."""
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (40, 50, 3), np.uint8), rng.random((40, 50), np.float32)
    alpha[:10], alpha[10:20] = 0, 1
    return rgb, alpha


@pytest.fixture(scope="module")
def car() -> tuple[np.ndarray, np.ndarray]:
    """A drawn car with its own colours at the edge, before its street. No side is a multiple of a JPEG block's."""
    photo = draw_photo(330, 250)
    return np.where((photo.alpha > 0)[..., None], photo.foreground, photo.rgb), photo.alpha


def read(data: bytes, format: str, mode: str, shape: tuple[int, ...]) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode, picture.size) == (format, mode, shape[1::-1])
        return np.array(picture)


def test_pillow_reads_back_straight_alpha(noise):
    rgb, alpha = noise
    rgba = read(encode_png(rgb, alpha), "PNG", "RGBA", rgb.shape)
    assert np.array_equal(rgba[..., 3], np.rint(alpha * 255))
    visible = rgba[..., 3] > 0
    assert np.array_equal(rgba[visible][:, :3], rgb[visible])
    assert (rgba[~visible] == 0).all() and (~visible).sum() >= 500


def test_a_png_without_alpha_has_three_channels(noise):
    assert np.array_equal(read(encode_png(noise[0]), "PNG", "RGB", noise[0].shape), noise[0])


def test_alpha_alone_is_a_grey_png(noise):
    assert np.array_equal(read(encode_alpha(noise[1]), "PNG", "L", noise[1].shape), np.rint(noise[1] * 255))


def test_jpeg_is_near_the_picture_and_halves_its_colour(car):
    rgb, _ = over_colour(*car, (255, 255, 255, 255))
    data = encode_jpeg(rgb)
    assert np.abs(read(data, "JPEG", "RGB", rgb.shape).astype(int) - rgb).mean() < 1.5
    with Image.open(io.BytesIO(data)) as picture:
        assert JpegImagePlugin.get_sampling(picture) == JpegImagePlugin.get_sampling(Image.open(io.BytesIO(pillow_jpeg(rgb))))


def test_jpeg_is_as_good_and_as_small_as_pillows(car):
    rgb, _ = over_colour(*car, (255, 255, 255, 255))
    ours, pillows = encode_jpeg(rgb), pillow_jpeg(rgb)
    errors = [np.abs(read(data, "JPEG", "RGB", rgb.shape).astype(int) - rgb).mean() for data in (ours, pillows)]
    assert len(ours) < 1.02 * len(pillows) and errors[0] < 1.05 * errors[1]


def pillow_jpeg(rgb: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=90, optimize=True, subsampling="4:2:0")
    return file.getvalue()


@pytest.mark.parametrize("encode", [encode_jpeg, encode_webp])
def test_quality_trades_bytes_for_errors(car, encode):
    files = [encode(car[0], quality=quality) for quality in (50, 90, 97)]
    errors = [np.abs(np.array(Image.open(io.BytesIO(data))).astype(int) - car[0]).mean() for data in files]
    assert len(files[0]) < len(files[1]) < len(files[2]) and errors[0] > errors[1] > errors[2]


def test_webp_keeps_alpha_exact_and_colours_near(car):
    rgb, alpha = car
    rgba = read(encode_webp(rgb, alpha), "WEBP", "RGBA", rgb.shape)
    assert np.array_equal(rgba[..., 3], np.rint(alpha * 255))
    whole = alpha == 1
    assert np.abs(rgba[whole][:, :3].astype(int) - rgb[whole]).mean() < 5
    assert len(encode_webp(rgb, alpha)) < len(encode_png(rgb, alpha)) / 3


def test_webp_without_alpha_has_three_channels(car):
    read(encode_webp(car[0]), "WEBP", "RGB", car[0].shape)


def test_zip_holds_a_colour_jpeg_and_the_alpha(car):
    rgb, alpha = car
    with zipfile.ZipFile(io.BytesIO(encode_zip(rgb, alpha))) as files:
        assert files.testzip() is None and files.namelist() == ["color.jpg", "alpha.png"]
        assert all(entry.compress_type == zipfile.ZIP_STORED and entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in files.infolist())
        colour, matte = read(files.read("color.jpg"), "JPEG", "RGB", rgb.shape), read(files.read("alpha.png"), "PNG", "L", alpha.shape)
    assert np.array_equal(matte, np.rint(alpha * 255))
    assert np.abs(colour[alpha == 1].astype(int) - rgb[alpha == 1]).mean() < 5


@pytest.mark.parametrize("colour", [(240, 240, 240), (168, 28, 34), (230, 200, 30)])
def test_the_zips_colours_hold_up_to_the_outline_and_show_nothing_of_the_street(colour):
    photo = draw_photo(640, 480, colour=colour)
    rgb = np.where((photo.alpha > 0)[..., None], photo.foreground, photo.rgb)
    soft = (photo.alpha > 0.1) & (photo.alpha < 1)

    def error(picture: np.ndarray) -> float:
        decoded = np.array(Image.open(io.BytesIO(encode_jpeg(picture)))).astype(int)
        return np.abs(decoded - rgb)[soft].mean()
    with zipfile.ZipFile(io.BytesIO(encode_zip(rgb, photo.alpha))) as files:
        decoded = np.array(Image.open(io.BytesIO(files.read("color.jpg")))).astype(int)
    over_black = np.where((photo.alpha * 255 > 0.5)[..., None], rgb, 0).astype(np.uint8)
    assert np.abs(decoded - rgb)[soft].mean() < error(over_black)

    rows, columns = np.nonzero(photo.alpha)
    beside = np.ones(photo.alpha.shape, bool)
    beside[max(0, rows.min() - 48):rows.max() + 48, max(0, columns.min() - 48):columns.max() + 48] = False
    assert beside.any() and (decoded[beside] <= 1).all()


@pytest.mark.parametrize("encode", [
    lambda rgb, alpha: encode_png(rgb, alpha), lambda rgb, alpha: encode_jpeg(rgb), lambda rgb, alpha: encode_webp(rgb, alpha), encode_zip,
], ids=["png", "jpeg", "webp", "zip"])
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (33, 16), (250, 330)])
def test_equal_pixels_give_equal_bytes_at_any_size(encode, size):
    rng = np.random.default_rng(1)
    rgb, alpha = rng.integers(0, 256, (*size, 3), np.uint8), rng.random(size, np.float32)
    assert encode(rgb, alpha) == encode(rgb.copy(), alpha.copy())


def test_windows_of_larger_pictures_will_do(noise):
    rgb, alpha = noise
    window = np.s_[5:35, 5:45]
    for encode in (encode_png, encode_webp, encode_zip):
        assert encode(rgb[window], alpha[window]) == encode(rgb[window].copy(), alpha[window].copy())


@pytest.mark.parametrize("encode, longest", [(encode_webp, 16_383), (encode_jpeg, 65_500), (encode_png, 1_000_000)])
def test_a_side_that_the_format_cannot_hold_is_a_clear_error(encode, longest):
    assert encode(np.zeros((1, longest, 3), np.uint8))
    with pytest.raises(TooLargeForFormat, match=f"at most {longest:,} pixels"):
        encode(np.zeros((1, longest + 1, 3), np.uint8))


def test_opaque_is_what_rounds_to_255_everywhere():
    alpha = np.full((5, 6), 0.999, np.float32)
    assert is_opaque(alpha)
    alpha[2, 3] = 0.99
    assert not is_opaque(alpha)


def test_encoding_writes_nothing_into_its_pixels(noise):
    kept = [layer.copy() for layer in noise]
    for encode in (encode_png, encode_webp, encode_zip):
        encode(*noise)
    assert all(np.array_equal(layer, before) for layer, before in zip(noise, kept))


@pytest.mark.parametrize("dpi", [72, 299.9994, 600])
def test_the_density_is_written(noise, dpi):
    rgb, alpha = noise
    for data in (encode_png(rgb, alpha, dpi), encode_png(rgb, dpi=dpi), encode_alpha(alpha, dpi), encode_jpeg(rgb, dpi=dpi)):
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    with zipfile.ZipFile(io.BytesIO(encode_zip(rgb, alpha, dpi=dpi))) as files:
        assert all("dpi" in Image.open(io.BytesIO(files.read(name))).info for name in files.namelist())


def test_no_density_is_invented(noise):
    for data in (encode_png(*noise), encode_jpeg(noise[0])):
        assert "dpi" not in Image.open(io.BytesIO(data)).info
