"""The log: one line of JSON a request, in Cloud Logging's words, that tells much and gives nothing away."""
import json
from hashlib import sha256

import pytest
import requests

from tests.conftest import ROOT, Server, running
from tests.drawn import draw_photo, encode

PHOTO = encode(draw_photo(640, 480, angle="side", seed=5).rgb)
KEY = "a-secret-key"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def logged(serve) -> Server:
    return serve(API_KEYS=sha256(KEY.encode()).hexdigest(), GOOGLE_CLOUD_PROJECT="my-project")


def lines(server: Server) -> list[dict]:
    return [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]


def line_of(server: Server, answer: requests.Response) -> dict:
    (line,) = [line for line in lines(server) if line["request_id"] == answer.headers["X-Request-Id"]]
    return line


def post(server: Server, photo: bytes = PHOTO, key: str = KEY, **headers: str) -> requests.Response:
    headers = {"X-Api-Key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return requests.post(f"{server.address}/v1.0/removebg?size=preview", data=photo, headers={"Content-Type": "image/jpeg", **headers}, timeout=60)


def test_a_cut_out_is_told_in_one_line(logged):
    answer = post(logged, User_Agent="a test")
    line = line_of(logged, answer)
    assert (line["severity"], line["code"], line["message"]) == ("INFO", "ok", "POST /v1.0/removebg 200 ok")
    request = line["httpRequest"]
    assert float(request.pop("latency").removesuffix("s")) > 0
    assert request == {"requestMethod": "POST", "requestUrl": "/v1.0/removebg", "userAgent": "a test", "protocol": "HTTP/1.1", "status": 200,
                       "requestSize": str(len(PHOTO)), "responseSize": str(len(answer.content))}
    assert line["photo"] == {"bytes": len(PHOTO), "width": 640, "height": 480}
    width, height = int(answer.headers["X-Width"]), int(answer.headers["X-Height"])
    assert line["answer"] == {"format": "png", "bytes": len(answer.content), "width": width, "height": height}
    assert line["confidence"] == float(answer.headers["X-Confidence"])
    assert [*line["milliseconds"]] == ["decode", "predict", "refine", "compose", "encode"]


@pytest.mark.parametrize("photo, key, status, code, severity", [
    (b"no picture", KEY, 400, "failed_to_read_image", "WARNING"), (PHOTO, "wrong", 403, "auth_failed", "WARNING"),
    (b"", KEY, 400, "missing_source", "WARNING")])
def test_a_refusal_is_told_by_its_code(logged, photo, key, status, code, severity):
    line = line_of(logged, post(logged, photo, key))
    assert (line["httpRequest"]["status"], line["code"], line["severity"]) == (status, code, severity) and "answer" not in line


def test_keys_and_query_strings_are_never_told(logged):
    post(logged)
    post(logged, key="almost-a-secret")
    photo = {"image_url": "https://127.0.0.1/car.jpg?signature=of-the-photo"}
    requests.post(f"{logged.address}/?token=in-the-query", data=photo, headers={"X-Api-Key": KEY}, timeout=60)
    log = logged.log.read_text()
    assert not [secret for secret in (KEY, "almost-a-secret", "in-the-query", "of-the-photo", "size=preview", "127.0.0.1/car") if secret in log]


def test_a_key_is_told_by_a_name_that_only_it_has(logged):
    assert line_of(logged, post(logged))["key"] == sha256(KEY.encode()).hexdigest()[:16]
    assert "key" not in line_of(logged, post(logged, key="wrong"))


@pytest.mark.parametrize("header, value, sampled", [
    ("traceparent", f"00-{TRACE}-{SPAN}-01", True), ("traceparent", f"00-{TRACE}-{SPAN}-00", False),
    ("X_Cloud_Trace_Context", f"{TRACE}/{int(SPAN, 16)};o=1", True), ("X_Cloud_Trace_Context", f"{TRACE}/{int(SPAN, 16)}", False)])
def test_a_line_belongs_to_its_trace(logged, header, value, sampled):
    line = line_of(logged, post(logged, b"", **{header: value}))
    assert line["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
    assert (line["logging.googleapis.com/spanId"], line["logging.googleapis.com/trace_sampled"]) == (SPAN, sampled)


@pytest.mark.parametrize("value", ["", "nonsense", f"00-{TRACE}-{SPAN}-0g", f"{TRACE}/99999999999999999999999"])
def test_a_trace_that_is_none_is_left_out(logged, value):
    line = line_of(logged, post(logged, b"", traceparent=value, X_Cloud_Trace_Context=value))
    assert not [name for name in line if name.startswith("logging.googleapis.com")]


def test_a_caller_cannot_write_lines_of_its_own(logged):
    before = len(lines(logged))
    answer = requests.get(logged.address + "/%0A%7B%22severity%22%3A%22CRITICAL%22%7D" + "x" * 5000, headers={"User-Agent": "y" * 5000}, timeout=60)
    assert len(lines(logged)) == before + 1
    assert max(map(len, (line_of(logged, answer)["httpRequest"][name] for name in ("requestUrl", "userAgent")))) == 200


def test_a_crash_is_told_to_error_reporting_and_not_to_the_caller(tmp_path):
    source = tmp_path / "crashing.py"
    source.write_text("import main\nfrom main import remove_background\n\n"
                      "def crash(*given):\n    raise RuntimeError('what went wrong inside')\n\nmain.cut_out = crash\n")
    with running(tmp_path, source, PYTHONPATH=str(ROOT), K_SERVICE="forecourt", K_REVISION="forecourt-7") as server:
        answer = post(server)
        line = line_of(server, answer)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "internal_error") and "inside" not in answer.text
    assert (line["severity"], line["code"]) == ("ERROR", "internal_error")
    assert line["@type"].endswith("ReportedErrorEvent") and line["serviceContext"] == {"service": "forecourt", "version": "forecourt-7"}
    assert line["stack_trace"].startswith("Traceback (most recent call last):\n") and "RuntimeError: what went wrong inside" in line["stack_trace"]
    agent = line["httpRequest"]["userAgent"]
    assert line["context"]["httpRequest"] == {"method": "POST", "url": "/v1.0/removebg", "userAgent": agent, "responseStatusCode": 500}
