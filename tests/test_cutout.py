"""The core as its callers use it, without a server."""
import io
import zipfile

import numpy as np
import pytest
from PIL import ExifTags, Image

import cutout
from cutout import cut_out
from exceptions import NoCar, RegionEmpty
from model.kind import Kind
from options import parse
from tests.drawn import draw_photo, encode


def rgba_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.array(picture.convert("RGBA"))


@pytest.mark.parametrize("kind", ["contact", "drop"])
@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_car_that_lies_on_its_side_or_head_has_the_shadow_of_one_that_stands(kind, quarter_turns):
    options = parse({"shadow_type": kind, "crop": "true", "format": "png"})
    rgb = draw_photo(640, 480, angle="side", seed=5).rgb
    upright, lying = (rgba_of(cut_out(encode(photo, "png"), options).data) for photo in (rgb, np.ascontiguousarray(np.rot90(rgb, quarter_turns))))
    turned = np.rot90(lying, -quarter_turns)
    assert max(abs(one - other) for one, other in zip(turned.shape, upright.shape)) <= 2
    height, width = (min(sides) for sides in zip(turned.shape[:2], upright.shape[:2]))
    assert np.abs(turned[:height, :width].astype(float) - upright[:height, :width]).mean() < 3


@pytest.mark.parametrize("values", [{"crop_margin": "500px"}, {"crop_margin": "50%", "shadow_type": "drop"}, {"crop_margin": "0 500px", "scale": "40%"}])
def test_an_answer_with_margins_has_no_more_pixels_than_its_size(values):
    photo = draw_photo(1200, 800, angle="side", seed=5)
    options = {"crop": "true", "format": "png", **values}
    whole, small = (cut_out(encode(photo.rgb, "png"), parse({"size": size, **options})) for size in ("full", "preview"))
    assert small.size == rgba_of(small.data).shape[:2]
    assert 200_000 < small.size[0] * small.size[1] <= 250_000 < whole.size[0] * whole.size[1]
    top, left, height, width = small.car
    alpha = rgba_of(small.data)[..., 3]
    assert np.count_nonzero(alpha[top:top + height, left:left + width] > 127) > 0.5 * height * width


@pytest.mark.parametrize("values", [{"crop": "true"}, {"crop": "true", "crop_margin": "100px"}, {"crop": "true", "crop_margin": "10%", "scale": "80%"}])
def test_a_preview_is_the_whole_answer_made_smaller_with_all_the_pixels_it_may_have(values):
    photo = encode(draw_photo(1600, 1200, angle="side", seed=5).rgb, "png")
    whole, small = (cut_out(photo, parse({"size": size, "format": "png", **values})) for size in ("full", "preview"))
    assert 240_000 < small.size[0] * small.size[1] <= 250_000
    assert np.abs(np.divide(small.car, small.size * 2) - np.divide(whole.car, whole.size * 2)).max() < 0.01


@pytest.mark.parametrize("format", ["png", "jpg", "zip"])
def test_the_photos_density_survives(format):
    file = io.BytesIO()
    Image.fromarray(draw_photo(320, 240, angle="side", seed=5).rgb).save(file, "JPEG", quality=95, dpi=(240, 240))
    data = cut_out(file.getvalue(), parse({"format": format})).data
    if format == "zip":
        data = zipfile.ZipFile(io.BytesIO(data)).read("color.jpg")
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.info["dpi"] == pytest.approx((240, 240), abs=0.02)


def test_an_answer_states_no_density_that_the_photo_does_not():
    file, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Make] = "camera"
    Image.fromarray(draw_photo(320, 240, angle="side", seed=5).rgb).save(file, "JPEG", exif=exif)
    with Image.open(io.BytesIO(cut_out(file.getvalue(), parse({"format": "png"})).data)) as picture:
        assert "dpi" not in picture.info


@pytest.mark.parametrize("values", [{"scale": "60%"}, {"position": "100% 50%"}, {"crop": "true", "crop_margin": "20px"},
                                    {"scale": "60%", "shadow_type": "drop"}])
def test_a_car_that_the_photo_cuts_off_stays_at_the_edge(values):
    photo = draw_photo(640, 480, angle="side", seed=5)
    columns = np.flatnonzero((photo.alpha > 0.5).any(0))
    cropped = np.ascontiguousarray(photo.rgb[:, (columns[0] + columns[-1]) // 2:])
    alpha = rgba_of(cut_out(encode(cropped, "png"), parse({"format": "png", **values})).data)[..., 3]
    assert np.count_nonzero(alpha[:, 0] > 127) > 0.2 * np.count_nonzero((alpha > 127).any(1))


def test_a_screenshots_round_corners_do_not_hide_that_the_photo_cuts_the_car_off():
    photo = draw_photo(640, 480, angle="side", seed=5)
    columns = np.flatnonzero((photo.alpha > 0.5).any(0))
    rgb = np.ascontiguousarray(photo.rgb[:, (columns[0] + columns[-1]) // 2:])
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:8, :8] = alpha[-8:, :8] = 0
    options = parse({"format": "png", "car_width": "60%"})
    made, opaque = cut_out(rgba_file(rgb, alpha), options), cut_out(encode(rgb, "png"), options)
    assert "cut_off" in made.flags and made.flags == opaque.flags
    assert made.car[1] == 0 and np.abs(np.subtract(made.car, opaque.car)).max() <= 2


@pytest.mark.parametrize("shadow", ["contact", "drop"])
@pytest.mark.parametrize("values", [{"scale": "60%"}, {"position": "20% 80%"}, {"car_width": "60%", "ground": "80%"}])
def test_a_shadow_changes_neither_the_size_nor_the_place_of_the_car(shadow, values):
    photo = encode(draw_photo(640, 480, angle="side", seed=5).rgb, "png")
    plain, shaded, matte = (cut_out(photo, parse({"format": "png", **values, **more})) for more in
                            ({}, {"shadow_type": shadow}, {"shadow_type": shadow, "channels": "alpha"}))
    assert np.abs(np.subtract(shaded.car, plain.car)).max() <= 1 and matte.car == shaded.car


@pytest.mark.parametrize("kind, detail", [
    ("interior", "this is an interior, not a vehicle from outside"), ("boot", "this is a boot, not a vehicle from outside"),
    ("engine", "this is an engine, not a vehicle from outside"), ("detail", "this is a detail of a vehicle, not a vehicle from outside"),
    ("other", "no vehicle was found"),
])
def test_what_is_no_exterior_is_refused_or_comes_back_as_it_is(monkeypatch, kind, detail):
    class Says:
        def classify(self, prediction: object) -> Kind:
            return Kind(kind, 0.9, None)

    monkeypatch.setattr(cutout, "kind_model", Says)
    rgb = draw_photo(320, 240, angle="side", seed=5).rgb
    with pytest.raises(NoCar) as refusal:
        cut_out(encode(rgb, "png"))
    assert (str(refusal.value), refusal.value.kind) == (detail, kind)
    made = cut_out(encode(rgb, "png"), parse({"unsuitable": "original", "format": "png"}))
    assert np.array_equal(rgba_of(made.data)[..., :3], rgb) and not made.is_cut and (made.kind.kind, made.car, made.confidence) == (kind, (0, 0, 240, 320), 0)


def rgba_file(rgb: np.ndarray, alpha: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.dstack([rgb, alpha])).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_a_see_through_picture_has_a_shadow(kind):
    photo = draw_photo(640, 480, angle="side", seed=5)
    made = cut_out(rgba_file(photo.rgb, np.full((480, 640), 100, np.uint8)), parse({"shadow_type": kind, "format": "png"}))
    alpha = rgba_of(made.data)[..., 3]
    assert made.is_cut and alpha.max() > 0 and np.count_nonzero(alpha[photo.alpha == 0]) > 1000


def test_a_photo_of_which_refinement_leaves_nothing_is_refused_or_comes_back_as_it_is(monkeypatch):
    rgb = draw_photo(640, 480, angle="side", seed=5).rgb
    monkeypatch.setattr(cutout, "full_size_alpha", lambda matte, photo, refiner: np.zeros(photo.shape[:2], np.float32))
    with pytest.raises(NoCar, match="no vehicle was found"):
        cut_out(encode(rgb, "png"))
    made = cut_out(encode(rgb, "png"), parse({"unsuitable": "original", "format": "png"}))
    assert not made.is_cut and np.array_equal(rgba_of(made.data)[..., :3], rgb)


@pytest.mark.parametrize("roi", ["320px 240px 321px 241px", "639px 479px 640px 480px"])
def test_a_region_of_a_pixel_is_no_error_of_its_edges(roi):
    photo = encode(draw_photo(640, 480, angle="side", seed=5).rgb, "png")
    made = cut_out(photo, parse({"roi": roi, "size": "preview", "unsuitable": "original"}))
    assert not made.is_cut
    with pytest.raises(RegionEmpty):
        cut_out(photo, parse({"roi": "320px 240px 320px 241px"}))
