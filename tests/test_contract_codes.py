"""Every error code of the wire, each with the requests that cause it."""
import base64
import io
import socket
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api import errors
from api.request import KNOWN
from cutout import CutOut
from tests.answers import HEIGHT, PHOTO, RGB, SIZE, WIDTH, Values, post, problem_of
from tests.drawn import draw_street, encode
from tests.fetch_server import says, serving
from tests.files import png
from tests.function import Function

B64 = base64.b64encode(PHOTO).decode()
PRIVATE, PLAIN = "https://127.0.0.1/car.png", "http://pictures.example/car.png"
TOO_HIGH = png(b"", 10_000, 6_000, 8, 2)
MARK = encode(np.full((60, 240, 3), 200, np.uint8), "png")


def file_of(rgba: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    return file.getvalue()


def long_photo() -> bytes:
    """The car at the left of a picture too wide for WebP."""
    rgb = np.full((HEIGHT, 17_000, 3), 128, np.uint8)
    rgb[:, :WIDTH] = RGB
    return encode(rgb, "png")


# what is sent along with a good photo, or as `photo` in place of it
VALUES: dict[str, list[Values]] = {
    "invalid_size": [{"size": "huge"}, {"size": "Preview"}, {"size": ["auto"]}, {"size": {"a": 1}}],
    "invalid_type": [{"type": kind} for kind in ("people", "car_interior", "car_part", "Car")],
    "invalid_type_level": [{"type_level": "3"}, {"type_level": "0"}],
    "invalid_format": [{"format": "gif"}, {"format": "jpeg"}, {"photo": long_photo(), "format": "webp", "roi": f"0px 0px {WIDTH}px {HEIGHT}px"}],
    "invalid_channels": [{"channels": "rgb"}],
    "invalid_bg_color": [{"bg_color": colour} for colour in ("#12", "12345", "#1234567", "##fff", "81d4fg", "no colour", "rgb(0, 0, 0)")],
    "invalid_roi": [{"roi": region} for region in ("1 2 3 4", "0px 0px 10px", "0px 0px 10px 10px 10px", "-1px 0px 10px 10px", "left top right bottom")],
    "roi_exceeds_bounds": [{"roi": region} for region in ("0px 0px 641px 480px", "0px 0px 640px 481px", "641px 0px 640px 480px", "0% 0% 100.1% 100%")],
    "roi_region_empty": [{"roi": region} for region in ("10px 10px 10px 20px", "10px 20px 20px 20px", "50% 0% 20% 100%", "0px 0px 0.4px 480px")],
    "invalid_crop": [{"crop": "maybe"}, {"crop": "2"}, {"crop": 2}, {"crop": ["true", "false"]}],
    "invalid_crop_margin": [{"crop_margin": margin} for margin in ("51%", "50.1%", "501px", "-1px", "10", "10em", "1px 2px 3px", "1px 2px 3px 4px 5px", "px")],
    "invalid_scale": [{"scale": scale} for scale in ("9%", "9.9%", "101%", "50", "50px", "50% 50%", "fit")],
    "invalid_position": [{"position": position} for position in ("101%", "-1%", "50", "10px", "1% 2% 3%", "left", "center center")],
    "invalid_car_width": [{"car_width": width} for width in ("9%", "101%", "50", "50px", "original")] + [{"car_width": "50%", "scale": "50%"}],
    "invalid_ground": [{"ground": ground} for ground in ("9%", "101%", "90", "90px", "center")] + [{"ground": "90%", "position": "center"}],
    "invalid_semitransparency": [{"semitransparency": "see"}],
    "invalid_add_shadow": [{"add_shadow": "soft"}],
    "invalid_shadow_type": [{"shadow_type": "3D"}, {"add_shadow": "true", "shadow_type": "none"}],
    "invalid_shadow_opacity": [{"shadow_opacity": opacity} for opacity in ("101", "-1", "50%", "dark")],
    "invalid_watermark": [{"watermark": "logo"}, {"watermark": "../logo"}, {"watermark": "logo", "watermark_file": MARK}],
    "invalid_watermark_file": [{"watermark_file": b"no picture"}, {"watermark_file": MARK[:-40]}, {"watermark_file": "text"}],
    "invalid_watermark_position": [{"watermark_position": "south"}, {"watermark_position": "top left"}],
    "invalid_watermark_scale": [{"watermark_scale": scale} for scale in ("0", "0.9", "101%", "20px")],
    "invalid_watermark_opacity": [{"watermark_opacity": opacity} for opacity in ("101", "-1", "50%")],
    "invalid_unsuitable": [{"unsuitable": "skip"}, {"unsuitable": "Original"}],
    "invalid_bg_image_file": [{"bg_image_file": b"no picture"}, {"bg_image_file": MARK[:-40]}, {"bg_image_file": "text"}],
    "invalid_bg_image_url": [{"bg_image_url": [PRIVATE]}],
    "invalid_image_file": [{"photo": None, "image_file": "text"}],
    "multiple_sources": [{"image_url": PRIVATE}, {"image_file_b64": B64}],
    "multiple_bg_sources": [{"bg_color": "red", "bg_image_url": PRIVATE}, {"bg_color": "red", "bg_image_file": MARK},
                            {"bg_image_url": PRIVATE, "bg_image_file": MARK}],
    "failed_bg_download": [{"bg_image_url": url} for url in (PRIVATE, PLAIN, "ftp://pictures.example/car.png", "nonsense", "gs://bucket/car.png")],
    "failed_to_read_image": [{"photo": photo} for photo in (b"no picture", b"\0" * 100, PHOTO[:len(PHOTO) // 2], PHOTO[:-40])],
    "unknown_foreground": [{"photo": encode(draw_street(WIDTH, HEIGHT))}, {"photo": encode(np.full((*SIZE, 3), 255, np.uint8))}, {"roi": "0px 0px 100px 60px"},
                           {"photo": file_of(np.dstack([RGB, np.zeros(SIZE, np.uint8)]))}],
    "file_too_large": [{"photo": bytes(22_000_001)}, {"bg_image_file": bytes(22_000_001)}, {"watermark_file": bytes(22_000_001)}],
    "resolution_too_high": [{"photo": TOO_HIGH}, {"bg_image_file": TOO_HIGH}, {"watermark_file": TOO_HIGH}],
    "unknown_parameter": [{"colour": "red"}, {"Size": "auto"}, {"size ": "auto"}, {"file": PHOTO}],
}
# what is sent instead
REQUESTS: dict[str, list[dict[str, Any]]] = {
    "missing_source": [{}, {"data": {"image_file_b64": ""}}, {"data": {"size": "auto"}}, {"json": {}}, {"json": {"image_url": None}},
                       {"files": {"image_file": b""}}, {"data": b"", "headers": {"Content-Type": "image/png"}}],
    "multiple_sources": [{"files": [("image_file", PHOTO), ("image_file", PHOTO)]}, {"data": PHOTO, "params": {"image_url": PRIVATE}}],
    "failed_image_download": [{"data": {"image_url": url}} for url in (PRIVATE, PLAIN, "https://metadata.google.internal/", "gs://bucket/car.png", "nonsense")],
    "failed_to_read_image": [{"data": {"image_file_b64": "%%%"}}, {"json": {"image_file_b64": "x"}}, {"data": b"no picture"}],
    "invalid_image_file_b64": [{"json": {"image_file_b64": [B64]}}],
    "invalid_image_url": [{"json": {"image_url": {"url": PRIVATE}}}],
    "invalid_bg_image_file": [{"files": [("image_file", PHOTO), ("bg_image_file", MARK), ("bg_image_file", MARK)]}],
    "invalid_crop": [{"data": {"image_file_b64": B64, "crop": ["true", "false"]}}, {"data": PHOTO, "params": {"crop": ["true", "true"]}}],
    "file_too_large": [{"json": {"image_file_b64": "A" * 29_333_336}}, {"data": bytes(22_000_001)}],
    "bad_request": [{"data": body, "headers": {"Content-Type": "application/json"}} for body in ("[1, 2]", "{", "null", '"text"', "")],
    "not_found": [{"path": "/v2.0/removebg"}, {"path": "/nowhere", "method": "GET"}],
    "method_not_allowed": [{"method": "PUT"}, {"method": "GET", "path": "/v1.0/removebg"}, {"method": "POST", "path": "/account"}],
    "body_too_large": [{"data": bytes(32_000_001), "headers": {"Content-Type": "image/png"}}, {"files": {"image_file": bytes(32_000_001)}}],
    "unsupported_media_type": [{"data": PHOTO, "headers": {"Content-Type": "text/plain"}}],
}
# settings of the function, how often a good photo is sent to it at once, and what along with it
SETTINGS: dict[str, tuple[dict[str, str], int, Values]] = {
    "auth_failed": ({"API_KEYS": sha256(b"key").hexdigest()}, 1, {}),
    "rate_limit_exceeded": ({"RATE_LIMIT": "1/hour"}, 2, {}),
    "rate_limit_unavailable": ({"RATE_LIMIT": "1/hour", "RATE_LIMIT_STORAGE": "redis://CLOSED/0"}, 1, {}),
    "invalid_bg_image_url": ({"ALLOW_HTTP": "1", "ALLOW_PRIVATE_ADDRESSES": "1"}, 1, {"bg_image_url": "http://SITE/text"}),
    "failed_bg_download": ({"ALLOW_HTTP": "1", "ALLOW_PRIVATE_ADDRESSES": "1"}, 1, {"bg_image_url": "http://CLOSED/"}),
}
STATUSES = {"auth_failed": 403, "not_found": 404, "method_not_allowed": 405, "body_too_large": 413, "unsupported_media_type": 415, "rate_limit_exceeded": 429,
            "internal_error": 500, "busy": 503, "rate_limit_unavailable": 503}


def told(values: Any) -> str:
    return repr({name: "bytes" if isinstance(value, bytes) else value for name, value in values.items()})[:70]


def cases(table: dict[str, list[Values]]) -> list:
    return [pytest.param(code, values, id=f"{code}: {told(values)}") for code, each in table.items() for values in each]


@pytest.mark.parametrize("code, values", cases(VALUES))
def test_what_is_sent_along(function, code, values):
    assert problem_of(post(function, **values)) == (STATUSES.get(code, 400), code)


@pytest.mark.parametrize("code, request_", cases(REQUESTS))
def test_what_is_sent_instead(function, code, request_):
    answer = function.request(**{"method": "POST", "path": "/", **request_})
    assert problem_of(answer) == (STATUSES.get(code, 400), code)


@pytest.fixture(scope="module")
def there() -> Iterator[dict[str, str]]:
    """What the words in capitals stand for."""
    with serving() as site, socket.socket() as closed:
        site.answers = {"/text": says(b"no picture")}
        closed.bind(("127.0.0.1", 0))
        yield {"SITE": f"127.0.0.1:{site.port}", "CLOSED": f"127.0.0.1:{closed.getsockname()[1]}"}


@pytest.mark.parametrize("code", SETTINGS)
def test_what_depends_on_settings(there, code):
    def told(text: str) -> str:
        for word, meaning in there.items():
            text = text.replace(word, meaning)
        return text

    settings, times, values = SETTINGS[code]
    function = Function(**{name: told(text) for name, text in settings.items()})
    *taken, refused = [post(function, **{name: told(value) for name, value in values.items()}) for _ in range(times)]
    assert all(answer.ok for answer in taken) and problem_of(refused) == (STATUSES.get(code, 400), code)
    assert ("Retry-After" in refused.headers) == (refused.status_code in (429, 503))


def test_a_crash_reveals_nothing():
    def crash(*given: object) -> CutOut:
        raise RuntimeError("what went wrong inside")

    answer = post(Function(crash))
    assert problem_of(answer) == (500, "internal_error") and "inside" not in answer.text


def kinds(base: type[errors.ApiError] = errors.ApiError) -> Iterator[type[errors.ApiError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_there_is_a_row_for_every_code():
    """Those of a full function and of a crash have tests of their own, here and in test_capacity.py; those of answers in test_wire.py."""
    without_rows = {errors.InvalidParameter, errors.Refused, errors.Unavailable, errors.Busy, errors.InternalError, errors.AnswerTooLarge}
    named = {kind.code for kind in kinds() if kind not in without_rows}
    assert VALUES.keys() | REQUESTS.keys() | SETTINGS.keys() == named | {f"invalid_{name}" for name in KNOWN} | {*errors.REFUSED}
