"""The wire, value by value: each value of each parameter, each way to send a photo, each form of answer, with the expected result."""
import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest

from api.request import KNOWN
from cutout import CutOut
from exceptions import NoCar
from model.flags import FLAGS
from model.kind import KINDS, Kind
from options import PARAMETERS, Choice, boolean
from postprocessing.encode import CONTENT_TYPES
from tests.answers import (
    HEIGHT,
    PHOTO,
    RGB,
    SIZE,
    Ask,
    Holds,
    Values,
    as_it_is,
    as_jpeg,
    as_webp,
    as_zip,
    before,
    box_of,
    coloured,
    cropped,
    marked,
    matte,
    named,
    only,
    opened,
    pixels_of,
    placed,
    post,
    same,
    shaded,
    sized,
    stands,
    told_box,
)
from tests.drawn import draw_photo, draw_street, encode
from tests.fetch_server import Site, says, serving
from tests.function import Function, remembered

B64 = base64.b64encode(PHOTO).decode()
LINES = "\r\n".join(B64[at:at + 76] for at in range(0, len(B64), 76))
LARGE = encode(cv2.resize(draw_photo(1400, 1050, angle="side", seed=5).rgb, (4200, 3150)))
LARGE_SIZE = (3150, 4200)
NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT, 1000, 3), np.uint8)
MIDDLE = NOISE[:, 180:820]  # what covers the photo
VEIL = cv2.imencode(".png", np.full((8, 8, 4), (220, 40, 20, 128), np.uint8))[1].tobytes()  # OpenCV's blue, green, red
STREET = draw_street(640, HEIGHT)
NO_CAR = encode(STREET, "png")
MARKED = STREET.copy()
MARKED[434:466, 498:626] = (200, 10, 30)
VEILED = cv2.imencode(".png", np.dstack([STREET[..., ::-1], np.full(SIZE, 128, np.uint8)]))[1].tobytes()
RED = encode(np.full((60, 240, 3), (200, 10, 30), np.uint8), "png")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        site.answers = {"/car.png": says(PHOTO), "/noise.png": says(encode(NOISE, "png"))}
        yield site


@pytest.fixture(scope="module")
def function(tmp_path_factory) -> Function:
    folder = tmp_path_factory.mktemp("watermarks")
    (folder / "logo.png").write_bytes(RED)
    return Function(WATERMARKS_DIR=str(folder), ALLOW_HTTP="1", ALLOW_PRIVATE_ADDRESSES="1")


@pytest.fixture(scope="module")
def ask(function) -> Ask:
    known: dict[tuple, np.ndarray] = {}

    def ask(photo: bytes = PHOTO, **values: str) -> np.ndarray:
        key = photo, *values.items()
        if key not in known:
            known[key] = pixels_of(post(function, photo, **values))
        return known[key]
    return ask


# --- what may be asked for

class Row(NamedTuple):
    name: str
    value: Any
    holds: Holds
    photo: bytes
    along: Values


def rows(name: str, values: dict[Any, Holds], photo: bytes = PHOTO, **along: Any) -> list[Row]:
    return [Row(name, value, holds, photo, along) for value, holds in values.items()]


def either(yes: Holds, no: Holds = same) -> dict[Any, Holds]:
    """Every spelling of a boolean, JSON's own included."""
    return {**dict.fromkeys(["true", "1", "yes", "True", "YES", True], yes), **dict.fromkeys(["false", "0", "no", "False", "NO", "", False], no)}


PLACES = {"top-left": (14, 14), "top": (14, 256), "top-right": (14, 498), "left": (224, 14), "center": (224, 256), "right": (224, 498),
          "bottom-left": (434, 14), "bottom": (434, 256), "bottom-right": (434, 498)}
ROWS = [
    *rows("size", dict.fromkeys(["auto", "full", "medium", "hd", "4k", "50MP", ""], same)),
    *rows("size", dict.fromkeys(["preview", "small", "regular"], sized(433, 577, SIZE))),
    *rows("size", {"preview": sized(433, 577, LARGE_SIZE), "medium": sized(1060, 1414, LARGE_SIZE), "hd": sized(1732, 2309, LARGE_SIZE),
                   "4k": sized(2738, 3651, LARGE_SIZE), "50MP": sized(*LARGE_SIZE, LARGE_SIZE), "auto": sized(*LARGE_SIZE, LARGE_SIZE)}, LARGE),
    *rows("type", dict.fromkeys(["auto", "car", "person", "product", "animal", "graphic", "graphics", "transportation", "other", ""], named("car"))),
    *rows("type_level", {"none": named(None), "1": named("car"), "2": named("car"), "latest": named("car"), "": named("car")}),
    *rows("type_level", {1: named("car")}),
    *rows("format", {"auto": same, "png": same, "jpg": as_jpeg(255, 255, 255), "webp": as_webp, "zip": as_zip, "": same}),
    *rows("format", {"auto": as_jpeg(0, 0, 255), "jpg": as_jpeg(0, 0, 255), "png": coloured(0, 0, 255, 255)}, bg_color="00f"),
    *rows("channels", {"rgba": same, "alpha": matte("image/png"), "": same}),
    *rows("channels", {"alpha": matte("image/png")}, format="zip"),
    *rows("channels", {"alpha": matte("image/jpeg")}, format="jpg"),
    *rows("channels", {"alpha": matte("image/webp")}, format="webp"),
    *rows("channels", {"alpha": matte("image/png")}, add_shadow="true", watermark="logo", bg_color="red"),
    *rows("bg_color", {"": same, "81d": coloured(136, 17, 221, 255), "#81d": coloured(136, 17, 221, 255), "81d4": coloured(136, 17, 221, 68),
                       "#81D4": coloured(136, 17, 221, 68), "81d4fa": coloured(129, 212, 250, 255), "#81d4fa": coloured(129, 212, 250, 255),
                       "81d4fa77": coloured(129, 212, 250, 119), "#81D4FA77": coloured(129, 212, 250, 119), "81d4fa00": coloured(129, 212, 250, 0),
                       "green": coloured(0, 128, 0, 255), "GhostWhite": coloured(248, 248, 255, 255), "rebeccapurple": coloured(102, 51, 153, 255)},
          format="png"),
    *rows("bg_image_file", {encode(NOISE, "png"): before(MIDDLE), encode(MIDDLE.repeat(2, 0).repeat(2, 1), "png"): before(MIDDLE),
                            encode(np.full((8, 8, 3), (20, 40, 220), np.uint8), "png"): before(np.full((1, 1, 3), (20, 40, 220)))}, format="png"),
    *rows("bg_image_file", {VEIL: before(np.full((1, 1, 3), (20, 40, 220)), 128 / 255)}),
    *rows("bg_image_url", {"http://SITE/noise.png": before(MIDDLE)}, format="png"),
    *rows("roi", {"0px 0px 640px 480px": same, "0% 0% 100% 100%": same, "": same, "40px 120px 600px 460px": only(120, 40, 460, 600),
                  "6.25% 25% 93.75% 95%": only(120, 40, 456, 600), "0% 100px 600.4px 100%": only(100, 0, 480, 600), "0% 0% 60% 100%": only(0, 0, 480, 384)}),
    *rows("crop", either(cropped())),
    *rows("crop_margin", {"0": same, "10px": same}, crop="false"),
    *rows("crop_margin", {"0": cropped(), "": cropped(), "0px": cropped(), "0%": cropped(), "20px": cropped(20, 20, 20, 20),
                          "500px": cropped(500, 500, 500, 500), "12.5px": cropped(12.5, 12.5, 12.5, 12.5), "10px 30px": cropped(10, 30, 10, 30),
                          "1px 2px 3px 4px": cropped(1, 2, 3, 4),
                          "10%": cropped(10, 10, 10, 10, True), "50%": cropped(50, 50, 50, 50, True), "5% 33.3%": cropped(5, 33.3, 5, 33.3, True),
                          "0% 10% 20% 30%": cropped(0, 10, 20, 30, True)}, crop="true"),
    *rows("scale", {"original": same, "": same, "10%": placed(10), "50%": placed(50), "72.5%": placed(72.5), "100%": placed(100)}),
    *rows("scale", {"50%": placed(50, crop=True), "100%": placed(100, crop=True)}, crop="true"),
    *rows("position", {"original": same, "": same, "center": placed(), "0%": placed(None, 0, 0), "100%": placed(None, 100, 100),
                       "0% 100%": placed(None, 0, 100), "33.3% 66.6%": placed(None, 33.3, 66.6)}),
    *rows("position", {"original": placed(50), "center": placed(50), "10% 90%": placed(50, 10, 90)}, scale="50%"),
    *rows("car_width", {"": same, "10%": stands(10), "50%": stands(50), "72.5%": stands(72.5), "100%": stands(100)}),
    *rows("ground", {"": same, "10%": stands(None, 10), "70%": stands(None, 70), "100%": stands(None, 100)}),
    *rows("car_width", {"40%": stands(40, 90), "60%": stands(60, 90)}, ground="90%"),
    *rows("semitransparency", either(opened)),
    *rows("add_shadow", either(shaded("contact"))),
    *rows("shadow_type", {"none": same, "": same, "contact": shaded("contact"), "car": shaded("contact"), "drop": shaded("drop")}),
    *rows("shadow_type", {"contact": shaded("contact"), "drop": shaded("drop")}, add_shadow="true"),
    *rows("shadow_opacity", {"0": same, "50": same, "100": same}),
    *rows("shadow_opacity", {"0": same, "40": shaded("drop", 40), "62.5": shaded("drop", 62.5), "100": shaded("drop"), "": shaded("drop"),
                             40: shaded("drop", 40)}, shadow_type="drop"),
    *rows("watermark", {"": same, "logo": marked(434, 498)}),
    *rows("watermark_file", {RED: marked(434, 498)}),
    *rows("watermark_position", dict.fromkeys(["bottom-right", "center"], same)),
    *rows("watermark_position", {"": marked(434, 498), **{name: marked(*place) for name, place in PLACES.items()}}, watermark="logo"),
    *rows("watermark_scale", {"50": same}),
    *rows("watermark_scale", {"1": marked(14, 14, 2, 6), "20%": marked(14, 14), "33.3": marked(14, 14, 53, 213), "50%": marked(14, 14, 80, 320),
                              "100": marked(14, 14, 120, 480), "": marked(14, 14), 20: marked(14, 14)}, watermark="logo", watermark_position="top-left"),
    *rows("watermark_opacity", {"30": same}),
    *rows("watermark_opacity", {"0": same, "30": marked(434, 498, opacity=0.3), "62.5": marked(434, 498, opacity=0.625), "100": marked(434, 498),
                                "": marked(434, 498), 30: marked(434, 498, opacity=0.3)}, watermark="logo"),
    *rows("unsuitable", {"error": same, "original": same, "": same}),
    *rows("unsuitable", {"original": as_it_is(STREET, "image/jpeg")}, NO_CAR),
    *rows("unsuitable", {"original": as_it_is(STREET)}, NO_CAR, format="png", crop="true", crop_margin="20px", scale="50%", shadow_type="drop", bg_color="red"),
    *rows("unsuitable", {"original": as_it_is(STREET)}, NO_CAR, format="png", roi="10% 10% 90% 90%", car_width="50%", ground="50%", semitransparency="true"),
    *rows("unsuitable", {"original": as_it_is(STREET, "image/webp")}, NO_CAR, format="webp"),
    *rows("unsuitable", {"original": as_it_is(cv2.resize(STREET, (577, 433), interpolation=cv2.INTER_AREA))}, NO_CAR, format="png", size="preview"),
    *rows("unsuitable", {"original": as_it_is(np.full(SIZE, 255))}, NO_CAR, channels="alpha"),
    *rows("unsuitable", {"original": as_it_is(MARKED)}, NO_CAR, format="png", watermark="logo"),
    *rows("unsuitable", {"original": as_it_is(np.dstack([STREET, np.full(SIZE, 128)]))}, VEILED),
    *rows("unsuitable", {"original": as_it_is(np.rint(STREET * (128 / 255) + np.array((0, 0, 255)) * (127 / 255)).astype(np.uint8))}, VEILED,
          format="png", bg_color="00f"),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.name}={'a file' if isinstance(row.value, bytes) else repr(row.value)}" for row in ROWS])
def test_each_value_does_what_it_says(function, site, ask, row):
    value = row.value.replace("SITE", f"127.0.0.1:{site.port}") if isinstance(row.value, str) else row.value
    row.holds(post(function, row.photo, **row.along, **{row.name: value}), ask)


def test_there_is_a_row_for_every_value():
    """For words and booleans each, for whatever else at least one."""
    asked = {(row.name, row.value) for row in ROWS}
    assert {name for name, _ in asked} == set(PARAMETERS) | KNOWN - {"image_file", "image_file_b64", "image_url"}
    assert asked >= {(name, word) for name, parameter in PARAMETERS.items() if isinstance(parameter.parse, Choice) for word in parameter.parse.meanings}
    assert asked >= {(name, word) for name, parameter in PARAMETERS.items() if parameter.parse is boolean
                     for word in ("true", "false", "1", "0", "yes", "no", True, False)}


# --- how it may be asked for

WAYS: dict[str, Callable[[str], Values]] = {
    "multipart": lambda url: {"files": {"image_file": ("car.png", PHOTO, "image/png")}},
    "multipart, a part of no type or name": lambda url: {"files": {"image_file": PHOTO}},
    "multipart, a part of a wrong type and name": lambda url: {"files": {"image_file": ("notes.txt", PHOTO, "text/plain")}},
    "multipart, base64": lambda url: {"files": {"image_file_b64": (None, B64)}},
    "multipart, URL": lambda url: {"files": {"image_url": (None, url)}},
    "urlencoded, base64": lambda url: {"data": {"image_file_b64": B64}},
    "urlencoded, URL": lambda url: {"data": {"image_url": url}},
    "JSON, base64": lambda url: {"json": {"image_file_b64": B64}},
    "JSON, a data URL": lambda url: {"json": {"image_file_b64": f"data:image/png;base64,{B64}"}},
    "JSON, base64 in lines and without padding": lambda url: {"json": {"image_file_b64": LINES.rstrip("=")}},
    "JSON, URL": lambda url: {"json": {"image_url": url}},
    "JSON of another name": lambda url: {"json": {"image_file_b64": B64}, "headers": {"Content-Type": "application/vnd.site+json; charset=utf-8"}},
    "raw, image/png": lambda url: {"data": PHOTO, "headers": {"Content-Type": "image/png"}},
    "raw, a wrong image type": lambda url: {"data": PHOTO, "headers": {"Content-Type": "image/jpeg"}},
    "raw, octets": lambda url: {"data": PHOTO, "headers": {"Content-Type": "application/octet-stream"}},
    "raw, no type": lambda url: {"data": PHOTO},
}


@pytest.mark.parametrize("path", ["/", "/v1.0/removebg"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_send_a_photo_gives_the_same(function, site, ask, way, path):
    assert len(B64) > 500_000  # beyond the framework's own limit for a field
    sent = WAYS[way](f"http://127.0.0.1:{site.port}/car.png")
    assert np.array_equal(pixels_of(function.post(path, **sent)), ask())


@pytest.mark.parametrize("sent", [{"files": {"image_file": PHOTO}}, {"data": {"image_file_b64": B64}}, {"json": {"image_file_b64": B64}}, {"data": PHOTO}],
                         ids=["multipart", "urlencoded", "JSON", "raw"])
def test_options_may_stand_in_the_address_whatever_the_body(function, ask, sent):
    answer = function.post("/", params={"crop": "true", "crop_margin": "10px 30px"}, **sent)
    cropped(10, 30, 10, 30)(answer, ask)


# --- how it is answered

@pytest.mark.parametrize("values", [{}, {"format": "jpg"}, {"crop": "true", "format": "webp"}, {"format": "zip"}])
def test_json_holds_what_the_binary_answer_holds(function, values):
    binary, told = (post(function, headers={"Accept": accept}, **values) for accept in ("*/*", "application/json"))
    data = told.json()["data"]
    assert told.headers["Content-Type"] == "application/json" and base64.b64decode(data.pop("result_b64")) == binary.content
    headers = binary.headers
    assert (data.pop("kind"), data.pop("view")) == (headers["X-Kind"], headers.get("X-View"))
    assert data.pop("cut_out") == headers["X-Cut-Out"] == "car"
    assert (",".join(data.pop("flags")), data.pop("advice")) == (headers.get("X-Flags", ""), headers.get("X-Advice"))
    assert data.pop("kind_confidence") == pytest.approx(float(headers["X-Kind-Confidence"]), abs=1e-3)
    assert data.pop("confidence") == float(headers["X-Confidence"])
    assert (data.pop("width"), data.pop("height")) == (int(headers["X-Width"]), int(headers["X-Height"]))
    assert CONTENT_TYPES[data.pop("format")] == headers["Content-Type"]
    assert data == dict(zip(("foreground_top", "foreground_left", "foreground_height", "foreground_width"), told_box(binary)))
    assert told_box(told) == told_box(binary)


@pytest.mark.parametrize("accept, kind", [(None, "image/png"), ("image/*", "image/png"), ("application/json;q=0.5, image/png", "image/png"),
                                          ("image/png;q=0.5, application/json", "application/json"), ("*/*, application/json;q=0.9", "image/png")])
def test_json_is_sent_where_accept_prefers_it(function, accept, kind):
    assert post(function, headers={"Accept": accept}).headers["Content-Type"] == kind


def test_a_mirrored_photo_is_of_the_same_kind_and_of_the_mirrored_view(function):
    plain, mirrored = (post(function, encode(rgb)).headers for rgb in (RGB, RGB[:, ::-1]))
    assert plain["X-Kind"] == mirrored["X-Kind"] == "exterior" and 0.5 < float(plain["X-Kind-Confidence"]) <= 1
    assert mirrored["X-View"] == plain["X-View"].replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")


TYPES = {"exterior": ("car", "car"), "interior": ("car", "car_interior"), "boot": ("car", "car_part"), "engine": ("car", "car_part"),
         "detail": ("car", "car_part"), "other": ("other", "other")}  # at level 1, at levels 2 and latest


@pytest.mark.parametrize("kind", KINDS)
def test_the_type_follows_from_the_kind(kind):
    function = Function(lambda *given: replace(remembered(*given), kind=Kind(kind, 0.9, None)))
    told = {level: post(function, type_level=level).headers.get("X-Type") for level in ("none", "1", "2", "latest")}
    coarse, fine = TYPES[kind]
    assert told == {"none": None, "1": coarse, "2": fine, "latest": fine}


def test_json_tells_that_nothing_was_cut_out(function):
    told = post(function, NO_CAR, headers={"Accept": "application/json"}, unsuitable="original")
    assert told.headers["X-Cut-Out"] == told.json()["data"]["cut_out"] == "none"


RETAKE = [("cut_off",), ("small",), ("dark",), ("blurred",), ("tilted",), ("dark", "low_confidence"), FLAGS]
ADVICE = {**dict.fromkeys(RETAKE, "retake"), ("occluded",): "look", ("several",): "look", ("low_confidence",): "look", (): None}


@pytest.mark.parametrize("flags", ADVICE)
def test_flags_and_what_to_do_about_them(flags):
    function = Function(lambda *given: replace(remembered(*given), flags=flags))
    binary, data = post(function).headers, post(function, headers={"Accept": "application/json"}).json()["data"]
    assert (binary.get("X-Flags"), binary.get("X-Advice")) == (",".join(flags) or None, ADVICE[flags])
    assert (data["flags"], data["advice"]) == ([*flags], ADVICE[flags])


def test_there_is_advice_for_every_flag():
    assert {(flag,) for flag in FLAGS} <= ADVICE.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_tells_the_kind(kind):
    def refuse(*given: object) -> CutOut:
        raise NoCar("what it is", kind)

    answer = post(Function(refuse))
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["code"], problem["detail"], answer.headers["X-Kind"]) == (400, "unknown_foreground", "what it is", kind)


def test_headers_of_a_cut_out(function):
    first, second = (post(function).headers for _ in range(2))
    assert first["X-Credits-Charged"] == "0" and 0 < float(first["X-Confidence"]) <= 1
    assert first["X-Request-Id"] and first["X-Request-Id"] != second["X-Request-Id"]
    assert post(function, headers={"X-Request-Id": "job-17"}).headers["X-Request-Id"] == "job-17"


def test_a_crop_keeps_the_whole_shadow_and_tells_where_the_car_is(function, ask):
    answer, matte = (post(function, add_shadow="true", crop="true", channels=channels) for channels in ("rgba", "alpha"))
    assert told_box(matte) == told_box(answer) and pixels_of(matte).shape[:2] == pixels_of(answer).shape[:2]
    alpha = pixels_of(answer)[..., 3]
    height, width = box_of(ask()[..., 3])[2:]
    assert told_box(answer)[2:] == (height, width) and alpha.shape[0] > height and alpha.shape[1] > width
    assert box_of(alpha) == (0, 0, *alpha.shape) and max(alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) < 13
