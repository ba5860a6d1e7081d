"""A site's mark: nine places, its share of the width, its own transparency, and never beyond the picture."""
import io

import numpy as np
import pytest
import requests
from PIL import Image

from postprocessing.watermark import GROWTH, POSITIONS, Watermark, stamp, watermark_box
from preprocessing.decode import Picture
from tests.answers import problem_of
from tests.drawn import draw_photo, encode
from tests.function import Function

CANVAS = (400, 600)
MARGIN = 12
PHOTO = encode(draw_photo(640, 480, angle="side", seed=5).rgb)
RED = Picture(np.full((60, 240, 3), (200, 10, 30), np.uint8), None, (60, 240))


@pytest.mark.parametrize("position, top, left", [
    ("top-left", MARGIN, MARGIN), ("top", MARGIN, 240), ("top-right", MARGIN, 600 - MARGIN - 120),
    ("left", 185, MARGIN), ("center", 185, 240), ("right", 185, 600 - MARGIN - 120),
    ("bottom-left", 400 - MARGIN - 30, MARGIN), ("bottom", 400 - MARGIN - 30, 240), ("bottom-right", 400 - MARGIN - 30, 600 - MARGIN - 120),
])
def test_nine_places(position, top, left):
    assert watermark_box(CANVAS, (60, 240), Watermark(position=position)) == (top, left, 30, 120)


@pytest.mark.parametrize("scale, size", [(1, (2, 6)), (10, (15, 60)), (50, (75, 300)), (80, (120, 480)), (100, (120, 480))])
def test_scale_is_the_share_of_the_width_up_to_twice_the_marks_own_pixels(scale, size):
    assert watermark_box(CANVAS, (60, 240), Watermark(scale=scale))[2:] == size
    assert GROWTH == 2


@pytest.mark.parametrize("mark", [(3000, 100), (100, 3000), (1, 1), (1, 500), (500, 1), (2000, 2000)])
@pytest.mark.parametrize("canvas", [(400, 600), (600, 400), (1, 1), (20, 900), (31, 17)])
@pytest.mark.parametrize("position", POSITIONS)
def test_it_is_always_whole_and_keeps_off_the_edge(mark, canvas, position):
    top, left, height, width = watermark_box(canvas, mark, Watermark(position=position, scale=100))
    margin = round(0.03 * min(canvas))
    assert height >= 1 and width >= 1
    assert top >= margin and left >= margin and top + height <= canvas[0] - margin and left + width <= canvas[1] - margin


def test_an_opaque_mark_replaces_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (*CANVAS, 3), np.uint8), rng.random(CANVAS, np.float32)
    marked_rgb, marked_alpha = rgb.copy(), alpha.copy()
    stamp(marked_rgb, marked_alpha, RED, Watermark(position="center", scale=40))
    box = np.s_[170:230, 180:420]
    assert (marked_rgb[box] == (200, 10, 30)).all() and (marked_alpha[box] == 1).all()
    outside = np.ones(CANVAS, bool)
    outside[box] = False
    assert np.array_equal(marked_rgb[outside], rgb[outside]) and np.array_equal(marked_alpha[outside], alpha[outside])


@pytest.mark.parametrize("below", [0.0, 0.4, 1.0])
def test_its_own_alpha_and_its_opacity_multiply(below):
    own = np.full((60, 240), 51, np.uint8)
    own[:, :120] = 0
    rgb, alpha = np.full((*CANVAS, 3), 90, np.uint8), np.full(CANVAS, below, np.float32)
    stamp(rgb, alpha, RED._replace(alpha=own), Watermark(position="center", scale=40, opacity=0.6))
    assert np.allclose(alpha[170:230, 180:299], below, atol=1e-6) and np.allclose(alpha[170:230, 301:420], 0.12 + 0.88 * below, atol=1e-5)
    share = 0.12 / (0.12 + 0.88 * below)
    assert np.abs(rgb[200, 400] - (share * np.array([200, 10, 30]) + (1 - share) * 90)).max() <= 1


def test_a_mark_of_no_opacity_is_not_seen():
    rgb, alpha = np.full((*CANVAS, 3), 90, np.uint8), np.ones(CANVAS, np.float32)
    stamp(rgb, alpha, RED, Watermark(opacity=0))
    assert (rgb == 90).all() and (alpha == 1).all()


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory) -> str:
    """A function with one picture configured, and what is none beside it."""
    folder = tmp_path_factory.mktemp("watermarks")
    (folder / "logo.png").write_bytes(encode(RED.rgb, "png"))
    (folder / "old.2025").mkdir()
    (folder / ".DS_Store.png").write_text("no picture")
    return serve(WATERMARKS_DIR=str(folder)).address


def post(address: str, mark: bytes | None = None, **values: str) -> requests.Response:
    files = {"image_file": PHOTO} | ({"watermark_file": ("logo.png", mark)} if mark is not None else {})
    return requests.post(address, files=files, data=values, timeout=60)


def pixels_of(answer: requests.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as file:
        return np.array(file.convert("RGBA"))


def test_sent_or_configured_it_is_the_same_and_is_kept_in_the_alpha(site):
    sent, named, plain = (pixels_of(answer) for answer in (post(site, encode(RED.rgb, "png")), post(site, watermark="logo"), post(site)))
    assert np.array_equal(sent, named)
    marked = (sent != plain).any(-1)
    rows, columns = (np.nonzero(marked.any(axis))[0] for axis in (1, 0))
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (480 - 14 - 32, 480 - 14, 640 - 14 - 128, 640 - 14)
    assert (sent[marked][:, 3] == 255).all()


@pytest.mark.parametrize("values", [{"bg_color": "fff"}, {"crop": "true", "watermark_position": "top-left"}, {"watermark_scale": "50%"},
                                    {"watermark_opacity": "50"}, {"watermark_position": "center"}])
def test_it_goes_with_every_other_option(site, values):
    assert not np.array_equal(pixels_of(post(site, watermark="logo", **values)), pixels_of(post(site, **values)))


def test_the_alpha_channel_alone_has_no_mark(site):
    assert np.array_equal(pixels_of(post(site, watermark="logo", channels="alpha")), pixels_of(post(site, channels="alpha")))


@pytest.mark.parametrize("values, mark, code", [
    ({"watermark": "other"}, None, "invalid_watermark"), ({"watermark": "../logo"}, None, "invalid_watermark"),
    ({"watermark": "old"}, None, "invalid_watermark"), ({"watermark": "logo"}, b"x", "invalid_watermark"),
    ({}, b"no picture", "invalid_watermark_file"), ({"watermark_file": "text"}, None, "invalid_watermark_file"),
    ({"watermark_position": "south"}, None, "invalid_watermark_position"), ({"watermark_scale": "0"}, None, "invalid_watermark_scale"),
    ({"watermark_scale": "101%"}, None, "invalid_watermark_scale"), ({"watermark_opacity": "101"}, None, "invalid_watermark_opacity"),
])
def test_each_wrong_value_has_its_code(site, values, mark, code):
    assert problem_of(post(site, mark, **values)) == (400, code)


def test_without_a_folder_no_name_is_known(server):
    assert problem_of(post(server, watermark="logo")) == (400, "invalid_watermark")


def test_configured_pictures_are_read_once_at_start(tmp_path):
    (tmp_path / "logo.png").write_bytes(encode(RED.rgb, "png"))
    function = Function(WATERMARKS_DIR=str(tmp_path))
    (tmp_path / "logo.png").unlink()
    sent, named = ({"image_file": PHOTO, "watermark_file": encode(RED.rgb, "png")}, {}), ({"image_file": PHOTO}, {"watermark": "logo"})
    by_file, by_name = (pixels_of(function.post("/", files=files, data=data)) for files, data in (sent, named))
    assert np.array_equal(by_file, by_name)
