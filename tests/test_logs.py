"""The log: one line of JSON a request, in the fields of Cloud Logging, without any secret of the caller."""
import json
import socket
from collections.abc import Callable
from hashlib import sha256

import pytest
import requests

from api import logs
from cutout import CutOut
from tests.answers import PHOTO
from tests.drawn import draw_street, encode
from tests.function import Function

KEY = "a-secret-key"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def function() -> Function:
    return Function(API_KEYS=sha256(KEY.encode()).hexdigest())


@pytest.fixture
def lines(capsys) -> Callable[[], list[dict]]:
    """What was logged since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def post(function: Function, photo: bytes = PHOTO, key: str = KEY, **headers: str) -> requests.Response:
    headers = {"X-Api-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return function.post("/v1.0/removebg?size=preview", data=photo, headers={"Content-Type": "image/png", **headers})


def test_a_cut_out_is_one_line(function, lines):
    answer = post(function, User_Agent="a test")
    (line,) = lines()
    assert (line["severity"], line["code"], line["message"]) == ("INFO", "ok", "POST /v1.0/removebg 200 ok")
    request = line["httpRequest"]
    assert float(request.pop("latency").removesuffix("s")) > 0
    assert request == {"requestMethod": "POST", "requestUrl": "/v1.0/removebg", "userAgent": "a test", "protocol": "HTTP/1.1", "status": 200,
                       "requestSize": str(len(PHOTO)), "responseSize": str(len(answer.content))}
    assert line["photo"] == {"bytes": len(PHOTO), "width": 640, "height": 480}
    width, height = int(answer.headers["X-Width"]), int(answer.headers["X-Height"])
    assert line["answer"] == {"format": "png", "bytes": len(answer.content), "width": width, "height": height}
    assert line["confidence"] == float(answer.headers["X-Confidence"])
    assert [*line["milliseconds"]] == ["receive", "wait", "decode", "predict", "refine", "compose", "encode"]


def test_a_photo_as_it_is_has_no_confidence(function, lines):
    answer = function.post("/?unsuitable=original", data=encode(draw_street(320, 240), "png"), headers={"X-Api-Key": KEY, "Content-Type": "image/png"})
    (line,) = lines()
    assert answer.headers["X-Cut-Out"] == "none" and line["code"] == "ok" and "confidence" not in line


@pytest.mark.parametrize("photo, key, status, code, severity", [
    (b"no picture", KEY, 400, "failed_to_read_image", "WARNING"), (PHOTO, "wrong", 403, "auth_failed", "WARNING"),
    (b"", KEY, 400, "missing_source", "WARNING")])
def test_a_refusal_is_logged_with_its_code(function, lines, photo, key, status, code, severity):
    post(function, photo, key)
    (line,) = lines()
    assert (line["httpRequest"]["status"], line["code"], line["severity"]) == (status, code, severity) and "answer" not in line


@pytest.mark.parametrize("values, detail", [
    ({"image_url": "https://user:pass@127.0.0.1/car.jpg?signature=1"}, "the address must not hold a user name or password"),
    ({"image_file_b64": "!"}, "image_file_b64 is not base64"), ({"crop": "a-secret"}, "crop takes true or false, not ***"),
    ({"bg_color": "https://a-user:a-secret-password-of-40-letters@host/x"},
     "bg_color takes 3, 4, 6 or 8 hexadecimal digits or the name of a CSS colour, not ***"),
    ({"crop": "it's \"a-secret\""}, "crop takes true or false, not ***"), ({"roi": "a-secret"}, "roi takes space-separated numbers with px or %, such as ***"),
    ({"a-secret'": "x"}, "*** is not a parameter"), ({f"a-secret-{number}" + "x" * 90: "y" for number in range(5)}, "*** is not a parameter"),
    ({"siz": "x", "a-secret": "y"}, "*** is not a parameter (did you mean size?)")])
def test_a_refusal_is_logged_with_its_reason_but_not_with_the_callers_words(function, lines, values, detail):
    photo = {} if {"image_url", "image_file_b64"} & {*values} else {"image_file_b64": "aaaa"}
    answer = function.post("/", data=photo | values, headers={"X-Api-Key": KEY})
    (line,) = lines()
    assert answer.status_code == 400 and (line["detail"], line["code"]) == (detail, answer.json()["errors"][0]["code"])


def test_an_apostrophe_is_no_quote(function, lines):
    mark = encode(draw_street(64, 64), "jpeg")
    frame = mark.index(b"\xff\xc0")
    twice = mark[:frame + 19] + mark[frame:]  # the frame's segment of 19 bytes
    function.post("/", files={"image_file": PHOTO, "watermark_file": ("mark.jpg", twice)}, headers={"X-Api-Key": KEY})
    (line,) = lines()
    assert line["detail"] == "watermark_file can't be read: the JPEG's header is damaged"


def test_the_log_of_a_refused_photo_has_the_times_of_its_stages(function, lines):
    post(function, encode(draw_street(320, 240), "png"))
    (line,) = lines()
    assert line["code"] == "unknown_foreground" and [*line["milliseconds"]] == ["receive", "wait", "decode", "predict"]
    assert line["milliseconds"]["predict"] > 5


def test_keys_and_query_strings_are_never_logged(function, capsys):
    post(function)
    post(function, key="almost-a-secret")
    photo = {"image_url": "https://127.0.0.1/car.jpg?signature=of-the-photo"}
    function.post("/?token=in-the-query", data=photo, headers={"X-Api-Key": KEY})
    log = capsys.readouterr().out
    assert log.count("\n") == 3
    assert not [secret for secret in (KEY, "almost-a-secret", "in-the-query", "of-the-photo", "size=preview", "127.0.0.1/car") if secret in log]


def test_a_key_is_logged_by_a_part_of_its_digest(function, lines):
    post(function)
    post(function, key="wrong")
    right, wrong = lines()
    assert right["key"] == sha256(KEY.encode()).hexdigest()[:16] and "key" not in wrong


@pytest.mark.parametrize("header, value, sampled", [
    ("traceparent", f"00-{TRACE}-{SPAN}-01", True), ("traceparent", f"00-{TRACE}-{SPAN}-00", False),
    ("X_Cloud_Trace_Context", f"{TRACE}/{int(SPAN, 16)};o=1", True), ("X_Cloud_Trace_Context", f"{TRACE}/{int(SPAN, 16)}", False)])
def test_a_line_belongs_to_its_trace(function, lines, monkeypatch, header, value, sampled):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "my-project")
    post(function, b"", **{header: value})
    (line,) = lines()
    assert line["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
    assert (line["logging.googleapis.com/spanId"], line["logging.googleapis.com/trace_sampled"]) == (SPAN, sampled)


@pytest.mark.parametrize("value", ["", "nonsense", f"00-{TRACE}-{SPAN}-0g", f"{TRACE}/99999999999999999999999"])
def test_an_invalid_trace_is_left_out(function, lines, value):
    post(function, b"", traceparent=value, X_Cloud_Trace_Context=value)
    (line,) = lines()
    assert not [name for name in line if name.startswith("logging.googleapis.com")]


def test_a_caller_cannot_write_lines_of_its_own(function, lines):
    function.get("/%0A%7B%22severity%22%3A%22CRITICAL%22%7D" + "x" * 5000, headers={"User-Agent": "y" * 5000})
    (line,) = lines()
    assert max(map(len, (line["httpRequest"][name] for name in ("requestUrl", "userAgent")))) == 200


def test_a_crash_is_reported_to_error_reporting_and_not_to_the_caller(lines, monkeypatch):
    def crash(*given: object) -> CutOut:
        raise RuntimeError("what went wrong inside")

    monkeypatch.setenv("K_SERVICE", "forecourt")
    monkeypatch.setenv("K_REVISION", "forecourt-7")
    answer = post(Function(crash), User_Agent="a test")
    (line,) = lines()
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "internal_error") and "inside" not in answer.text
    assert (line["severity"], line["code"]) == ("ERROR", "internal_error")
    assert line["@type"].endswith("ReportedErrorEvent") and line["serviceContext"] == {"service": "forecourt", "version": "forecourt-7"}
    assert line["stack_trace"].startswith("Traceback (most recent call last):\n") and "RuntimeError: what went wrong inside" in line["stack_trace"]
    assert line["context"]["httpRequest"] == {"method": "POST", "url": "/v1.0/removebg", "userAgent": "a test", "responseStatusCode": 500}


def test_a_rate_limit_that_cannot_be_checked_is_logged_with_the_storages_own_error(lines):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        answer = Function(RATE_LIMIT="1/hour", RATE_LIMIT_STORAGE=f"redis://user:a-password@127.0.0.1:{port}/0").post("/")
    (line,) = lines()
    assert (answer.status_code, line["severity"], line["code"]) == (503, "ERROR", "rate_limit_unavailable")
    assert line["cause"] == f"redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:{port}. Connection refused."
    assert str(port) not in answer.text and "stack_trace" not in line


def test_only_answers_of_5xx_have_a_cause(function, lines):
    post(function)
    post(function, b"no picture")
    assert not [line for line in lines() if "cause" in line]


@pytest.mark.parametrize("text, told", [
    ("no answer of redis://user:a-password@host:6379/0", "no answer of redis://***@host:6379/0"),
    ("at (rediss://:a-p@ssword@host/0) or at redis://host:1/0", "at (rediss://***@host/0) or at redis://host:1/0"),
    ("'https://cars.example/car.jpg?signature=secret&a=b': 404", "'https://cars.example/car.jpg?***': 404"),
    ("gs://photos/lot@3.jpg: not now, why?", "gs://photos/lot@3.jpg: not now, why?"),
])
def test_what_is_secret_in_an_address_is_masked_in_what_is_logged_of_an_exception(lines, text, told):
    def crash(*given: object) -> CutOut:
        raise RuntimeError(text)

    post(Function(crash))
    with pytest.raises(RuntimeError), logs.arrival("gs://photos/car.jpg", 7):
        raise RuntimeError(text)
    of_request, of_arrival = lines()
    assert of_request["cause"] == f"RuntimeError: {told}"
    for line in (of_request, of_arrival):
        assert line["stack_trace"].endswith(f"RuntimeError: {told}\n")


@pytest.mark.parametrize("fault", [SystemExit(3), KeyboardInterrupt(), ValueError("of the photo")])
def test_whatever_ends_the_work_on_an_arrival_is_its_code_and_goes_on(lines, fault):
    with pytest.raises(type(fault)) as ended, logs.arrival("gs://photos/car.jpg", 7):
        raise fault
    (line,) = lines()
    assert ended.value is fault and (line["severity"], line["code"]) == ("ERROR", type(fault).__name__)
    assert line["photo"] == {"source": "gs://photos/car.jpg", "generation": 7} and line["stack_trace"].startswith("Traceback")
