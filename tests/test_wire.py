"""Every parameter of the wire and every error code, a row each, through HTTP."""
import base64
import io
import json
import zipfile

import numpy as np
import pytest
import requests
from PIL import Image

from options import PARAMETERS
from tests.answers import problem_of
from tests.drawn import draw_photo, encode

SIZE = (480, 640)
PHOTO = encode(draw_photo(SIZE[1], SIZE[0], angle="side", seed=5).rgb)
LARGE = encode(draw_photo(1600, 1200, angle="side", seed=5).rgb)
BLUE = encode(np.full((300, 200, 3), (20, 40, 220), np.uint8), "png")
TRUNCATED = PHOTO[:len(PHOTO) // 2]


def post(server: str, photo: bytes = PHOTO, path: str = "/v1.0/removebg", files: dict | None = None, **values: str) -> requests.Response:
    return requests.post(server + path, files={"image_file": ("car.jpg", photo), **(files or {})}, data=values, timeout=60)


def pixels_of(answer: requests.Response, kind: str = "image/png") -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == kind
    with Image.open(io.BytesIO(answer.content)) as file:
        return np.array(file)


@pytest.fixture(scope="module")
def plain(server) -> np.ndarray:
    """The cut-out with every parameter left out."""
    return pixels_of(post(server))


def box_of(alpha: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = (np.nonzero(alpha.any(axis))[0] for axis in (1, 0))
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def told_box(answer: requests.Response) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"X-Foreground-{side}"]) for side in ("Top", "Left", "Height", "Width"))


@pytest.mark.parametrize("name, value", [
    (name, value) for name, values in {
        "size": ["auto", "full", "50MP", "4k", "hd", "medium"], "type": ["auto", "car"], "type_level": ["none", "1", "2", "latest"],
        "format": ["auto", "png"], "channels": ["rgba"], "bg_color": [""], "roi": ["0% 0% 100% 100%", "0px 0px 640px 480px"],
        "crop": ["false", "0", "no", "False"], "crop_margin": ["0", "10px"], "scale": ["original"], "position": ["original"],
        "semitransparency": ["false"], "add_shadow": ["false"], "shadow_type": ["none"],
        "shadow_opacity": ["0", "50", "100"], "watermark": [""], "watermark_position": ["top-left", "bottom-right"],
        "watermark_scale": ["20", "50%"], "watermark_opacity": ["30"]}.items() for value in values])
def test_what_means_the_default_changes_nothing(server, plain, name, value):
    assert np.array_equal(pixels_of(post(server, **{name: value})), plain)


def test_every_parameter_has_a_row():
    rows = {row for row, _ in test_what_means_the_default_changes_nothing.pytestmark[0].args[1]}
    assert rows == set(PARAMETERS)


@pytest.mark.parametrize("size, most", [("preview", 250_000), ("small", 250_000), ("regular", 250_000), ("medium", 1_500_000), ("hd", 4_000_000),
                                        ("full", 1_920_000), ("auto", 1_920_000)])
def test_size(server, size, most):
    answer = post(server, LARGE, size=size)
    height, width, _ = pixels_of(answer).shape
    assert 0.99 * min(most, 1_920_000) < height * width <= most and abs(width / height - 4 / 3) < 0.01
    assert (answer.headers["X-Width"], answer.headers["X-Height"]) == (str(width), str(height))
    assert (answer.headers["X-Max-Width"], answer.headers["X-Max-Height"]) == ("1600", "1200")


@pytest.mark.parametrize("level, told", [("none", None), ("1", "car"), ("2", "car"), ("latest", "car")])
def test_type_level(server, level, told):
    assert post(server, type_level=level).headers.get("X-Type") == told


def test_format_jpg_stands_on_white(server, plain):
    rgb = pixels_of(post(server, format="jpg"), "image/jpeg")
    assert rgb.shape == (*SIZE, 3) and rgb[plain[..., 3] == 0].mean() > 253


def test_format_webp_has_the_same_alpha(server, plain):
    assert np.array_equal(pixels_of(post(server, format="webp"), "image/webp")[..., 3], plain[..., 3])


def test_format_zip_holds_colour_and_alpha(server, plain):
    answer = post(server, format="zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["alpha.png", "color.jpg"]
        alpha, colour = (np.array(Image.open(io.BytesIO(archive.read(name)))) for name in ("alpha.png", "color.jpg"))
    assert np.array_equal(alpha, plain[..., 3]) and colour.shape == (*SIZE, 3)


@pytest.mark.parametrize("format, kind", [("auto", "image/png"), ("png", "image/png"), ("zip", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")])
def test_channels_alpha_is_the_matte_alone(server, plain, format, kind):
    alpha = pixels_of(post(server, channels="alpha", format=format), kind)
    alpha = alpha if alpha.ndim == 2 else alpha[..., 0]
    assert np.abs(alpha.astype(int) - plain[..., 3]).mean() < (0.001 if kind == "image/png" else 2)


@pytest.mark.parametrize("colour, expected", [("f00", (255, 0, 0)), ("#00ff00", (0, 255, 0)), ("0000ffff", (0, 0, 255)), ("#fffF", (255, 255, 255)),
                                              ("Red", (255, 0, 0)), ("rebeccapurple", (102, 51, 153))])
def test_bg_color_makes_an_opaque_jpeg(server, plain, colour, expected):
    rgb = pixels_of(post(server, bg_color=colour), "image/jpeg")
    ground = np.abs(rgb[plain[..., 3] == 0].astype(int) - expected)
    assert rgb.shape == (*SIZE, 3) and ground.mean() < 4


def test_bg_color_with_opacity_stays_a_png(server, plain):
    rgba = pixels_of(post(server, bg_color="ff000080"))
    assert (rgba[plain[..., 3] == 0] == (255, 0, 0, 128)).all() and (rgba[plain[..., 3] == 255][:, 3] == 255).all()


def test_bg_image_file_covers_the_canvas(server, plain):
    rgb = pixels_of(post(server, files={"bg_image_file": ("blue.png", BLUE)}, format="png"))
    assert rgb.shape == (*SIZE, 3) and (rgb[plain[..., 3] == 0] == (20, 40, 220)).all()
    assert np.array_equal(rgb[plain[..., 3] == 255], plain[plain[..., 3] == 255][:, :3])


def test_roi_keeps_what_lies_within(server, plain):
    answer = post(server, roi="0% 0% 60% 100%")
    rgba = pixels_of(answer)
    assert rgba.shape == plain.shape and not rgba[:, 384:].any() and rgba[:, :384, 3].any()


@pytest.mark.parametrize("margin, top, left, extra", [("0", 0, 0, (0, 0)), ("20px", 20, 20, (40, 40)), ("10px 30px", 10, 30, (20, 60)),
                                                      ("1px 2px 3px 4px", 1, 4, (4, 6))])
def test_crop_and_its_margin_are_exact(server, plain, margin, top, left, extra):
    answer = post(server, crop="true", crop_margin=margin)
    rgba = pixels_of(answer)
    y, x, height, width = box_of(plain[..., 3])
    assert rgba.shape == (height + extra[0], width + extra[1], 4)
    assert np.array_equal(rgba[top:top + height, left:left + width], plain[y:y + height, x:x + width])
    assert told_box(answer) == (top, left, height, width)


@pytest.mark.parametrize("scale", ["10%", "50%", "100%"])
def test_scale_fills_its_share_of_the_canvas(server, scale):
    answer = post(server, scale=scale)
    assert pixels_of(answer).shape == (*SIZE, 4)
    _, _, height, width = told_box(answer)
    assert abs(max(height / SIZE[0], width / SIZE[1]) - float(scale[:-1]) / 100) < 0.005


@pytest.mark.parametrize("position, x, y", [("center", 0.5, 0.5), ("0%", 0, 0), ("100%", 1, 1), ("0% 100%", 0, 1)])
def test_position_shares_out_the_free_space(server, position, x, y):
    answer = post(server, position=position)
    top, left, height, width = told_box(answer)
    assert box_of(pixels_of(answer)[..., 3]) == (top, left, height, width)
    assert abs(left - (SIZE[1] - width) * x) <= 0.5 and abs(top - (SIZE[0] - height) * y) <= 0.5


@pytest.mark.parametrize("asked", [{"add_shadow": "true"}, {"shadow_type": "contact"}, {"shadow_type": "car"}, {"shadow_type": "drop"},
                                   {"add_shadow": "true", "shadow_type": "drop", "shadow_opacity": "40"}])
def test_a_shadow_is_black_with_alpha_and_leaves_the_car_as_it_is(server, plain, asked):
    answer = post(server, **asked)
    shaded = pixels_of(answer)
    added = shaded[..., 3].astype(int) - plain[..., 3]
    assert added.min() >= 0 and 20 < added.max() <= (103 if "shadow_opacity" in asked else 255)
    assert np.array_equal(shaded[plain[..., 3] == 255], plain[plain[..., 3] == 255])
    assert (shaded[(plain[..., 3] == 0) & (added > 0)][:, :3] == 0).all()
    assert told_box(answer) == box_of(plain[..., 3])


def test_a_crop_keeps_the_whole_shadow_and_tells_where_the_car_is(server, plain):
    answer = post(server, add_shadow="true", crop="true")
    alpha = pixels_of(answer)[..., 3]
    _, _, height, width = box_of(plain[..., 3])
    assert told_box(answer)[2:] == (height, width) and alpha.shape[0] > height and alpha.shape[1] > width
    assert box_of(alpha) == (0, 0, *alpha.shape) and max(alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) < 13


def test_the_alpha_channel_alone_has_no_shadow(server, plain):
    assert np.array_equal(pixels_of(post(server, channels="alpha", add_shadow="true")), plain[..., 3])


def test_headers_of_a_cut_out(server, plain):
    answer = post(server)
    assert told_box(answer) == box_of(plain[..., 3])
    assert int(answer.headers["X-Credits-Charged"]) == 0 and 0 < float(answer.headers["X-Confidence"]) <= 1
    assert answer.headers["X-Request-Id"] and post(server).headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def test_a_callers_request_id_is_kept(server):
    answer = requests.post(server, data=PHOTO, headers={"Content-Type": "image/jpeg", "X-Request-Id": "job-17"}, timeout=60)
    assert answer.headers["X-Request-Id"] == "job-17"


def test_json_holds_what_the_binary_answer_holds(server, plain):
    answer = requests.post(server, data=PHOTO, headers={"Content-Type": "image/jpeg", "Accept": "application/json"}, timeout=60)
    data = answer.json()["data"]
    assert np.array_equal(np.array(Image.open(io.BytesIO(base64.b64decode(data["result_b64"])))), plain)
    assert tuple(data[f"foreground_{side}"] for side in ("top", "left", "height", "width")) == box_of(plain[..., 3])


B64 = base64.b64encode(PHOTO).decode()


@pytest.mark.parametrize("send", [
    {"data": {"image_file_b64": B64}}, {"json": {"image_file_b64": B64}}, {"json": {"image_file_b64": f"data:image/jpeg;base64,{B64}", "crop": False}},
    {"files": {"image_file_b64": (None, B64)}}, {"data": PHOTO, "headers": {"Content-Type": "image/png"}},
    {"data": PHOTO, "headers": {"Content-Type": "application/octet-stream"}, "params": {"size": "full"}}])
def test_each_way_to_send_a_picture_gives_the_same(server, plain, send):
    assert np.array_equal(pixels_of(requests.post(server, **send, timeout=60)), plain)


@pytest.mark.parametrize("way", ["files", "data", "json"])
def test_base64_may_be_longer_than_half_a_megabyte(server, way):
    big = base64.b64encode(encode(np.random.default_rng(0).integers(0, 255, (500, 500, 3), np.uint8), "png")).decode()
    assert len(big) > 900_000
    sent = {"image_file_b64": (None, big)} if way == "files" else {"image_file_b64": big}
    assert problem_of(requests.post(server, **{way: sent}, timeout=60)) == (400, "unknown_foreground")


@pytest.mark.parametrize("values, code", [
    ({"size": "huge"}, "invalid_size"), ({"type": "person"}, "invalid_type"), ({"type_level": "3"}, "invalid_type_level"), ({"format": "gif"}, "invalid_format"),
    ({"channels": "rgb"}, "invalid_channels"), ({"bg_color": "#12"}, "invalid_bg_color"), ({"bg_color": "no colour"}, "invalid_bg_color"),
    ({"roi": "1 2 3 4"}, "invalid_roi"), ({"roi": "0px 0px 10px"}, "invalid_roi"), ({"roi": "0px 0px 641px 480px"}, "roi_exceeds_bounds"),
    ({"roi": "10px 10px 10px 20px"}, "roi_region_empty"), ({"roi": "50% 0% 20% 100%"}, "roi_region_empty"), ({"crop": "maybe"}, "invalid_crop"),
    ({"crop_margin": "51%"}, "invalid_crop_margin"), ({"crop_margin": "501px"}, "invalid_crop_margin"), ({"crop_margin": "1px 2px 3px"}, "invalid_crop_margin"),
    ({"scale": "9%"}, "invalid_scale"), ({"scale": "101%"}, "invalid_scale"), ({"position": "101%"}, "invalid_position"),
    ({"position": "1% 2% 3%"}, "invalid_position"), ({"semitransparency": "see"}, "invalid_semitransparency"), ({"add_shadow": "soft"}, "invalid_add_shadow"),
    ({"shadow_type": "3D"}, "invalid_shadow_type"), ({"add_shadow": "true", "shadow_type": "none"}, "invalid_shadow_type"),
    ({"shadow_opacity": "101"}, "invalid_shadow_opacity"), ({"shadow_opacity": "-1"}, "invalid_shadow_opacity"), ({"colour": "red"}, "unknown_parameter"), ({"image_url": "https://example.com/a.jpg"}, "multiple_sources"),
    ({"bg_color": "red", "bg_image_url": "https://example.com/a.jpg"}, "multiple_bg_sources"), ({"bg_image_url": "https://127.0.0.1/a.jpg"}, "failed_bg_download"),
    ({"bg_image_file": "text"}, "invalid_bg_image_file")])
def test_each_wrong_value_has_its_code(server, values, code):
    assert problem_of(post(server, **values)) == (400, code)


@pytest.mark.parametrize("values, code", [
    ({}, "missing_source"), ({"image_file_b64": ""}, "missing_source"), ({"image_file_b64": "%%%"}, "failed_to_read_image"),
    ({"image_url": "https://127.0.0.1/a.jpg"}, "failed_image_download"), ({"image_url": "http://example.com/a.jpg"}, "failed_image_download"),
    ({"image_url": "ftp://example.com/a.jpg"}, "failed_image_download"), ({"image_url": "nonsense"}, "failed_image_download"),
    ({"image_file_b64": B64, "crop": ["true", "false"]}, "invalid_crop")])
def test_each_wrong_source_has_its_code(server, values, code):
    assert problem_of(requests.post(server, data=values, timeout=60)) == (400, code)


@pytest.mark.parametrize("body", ["[1, 2]", "{", "null", '"text"'])
def test_json_that_is_no_object_is_refused(server, body):
    answer = requests.post(server, data=body, headers={"Content-Type": "application/json"}, timeout=60)
    assert problem_of(answer) == (400, "bad_request")


@pytest.mark.parametrize("value", [["a"], {"a": 1}])
def test_json_values_must_be_plain(server, value):
    assert problem_of(requests.post(server, json={"image_file_b64": B64, "size": value}, timeout=60)) == (400, "invalid_size")


def test_a_backdrop_that_is_no_picture(server):
    assert problem_of(post(server, files={"bg_image_file": ("text.txt", b"text")})) == (400, "invalid_bg_image_file")


def test_a_truncated_photo_is_not_half_a_car(server):
    assert problem_of(post(server, TRUNCATED)) == (400, "failed_to_read_image")


def test_webp_cannot_be_that_long(server):
    long = np.full((SIZE[0], 17_000, 3), 128, np.uint8)
    long[:, :SIZE[1]] = draw_photo(SIZE[1], SIZE[0], angle="side", seed=5).rgb
    answer = post(server, encode(long, "png"), format="webp", roi=f"0px 0px {SIZE[1]}px {SIZE[0]}px")
    assert problem_of(answer) == (400, "invalid_format")


def test_what_was_transparent_stays_transparent(server, plain):
    photo = draw_photo(SIZE[1], SIZE[0], angle="side", seed=5)
    rgba = np.dstack([photo.rgb, np.full(SIZE, 255, np.uint8)])
    rgba[:, 320:, 3] = 0
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    answer = pixels_of(post(server, file.getvalue()))
    assert not answer[:, 320:, 3].any() and answer[:, :320, 3].any()


def test_errors_never_tell_what_happened_inside(server):
    for answer in (post(server, b"\x00" * 100), requests.post(server, data={"image_file_b64": "x"}, timeout=60)):
        assert "Traceback" not in answer.text and "Error" not in json.dumps(answer.json())
