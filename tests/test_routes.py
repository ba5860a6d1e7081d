"""Addresses, methods, bodies and pages of other origins: what is answered, and how the rest is refused."""
import json
import tracemalloc

import pytest
import requests

from tests.answers import PHOTO, problem_of
from tests.function import Function

ALLOWED = {"/": {"GET", "HEAD", "POST"}, "/v1.0/removebg": {"POST"}, "/v1.0/account": {"GET", "HEAD"}, "/account": {"GET", "HEAD"}, "/healthz": {"GET", "HEAD"},
           "/health": {"GET", "HEAD"}, "/openapi.yaml": {"GET", "HEAD"}}


def allow(answer: requests.Response) -> set[str]:
    return set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_each_address_takes_its_methods_and_lists_them(function, path, method):
    answer = function.request(method, path)
    if method in ALLOWED[path]:
        assert answer.status_code == (400 if method == "POST" else 200)
    else:
        assert answer.status_code == 405 and allow(answer) == ALLOWED[path] | {"OPTIONS"}
        assert method == "HEAD" or problem_of(answer) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ALLOWED)
def test_options_lists_the_methods(function, path):
    answer = function.options(path)
    assert (answer.status_code, answer.content, answer.headers.get("Content-Type")) == (204, b"", None) and allow(answer) == ALLOWED[path] | {"OPTIONS"}


def test_head_is_get_without_the_body(function):
    got, head = (function.request(method, "/account") for method in ("GET", "HEAD"))
    assert head.content == b"" and all(head.headers[name] == got.headers[name] for name in ("Content-Type", "Content-Length"))


def test_a_slash_at_the_end_changes_nothing(function):
    plain, slashed = (function.post(path, files={"image_file": PHOTO}) for path in ("/v1.0/removebg", "/v1.0/removebg/"))
    assert plain.status_code == 200 and slashed.content == plain.content
    assert function.get("/account/").status_code == 200


@pytest.mark.parametrize("path", ["/v1.0", "/v1.0/removebg/more", "/v2.0/removebg", "/Account", "/%00", "/\xfc"])
def test_other_addresses_are_not_found(function, path):
    for method in ("GET", "POST", "OPTIONS"):
        assert problem_of(function.request(method, path)) == (404, "not_found")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/zip", "video/mp4", "nonsense", "multipart/mixed; boundary=x"])
def test_a_body_of_another_type_is_refused(function, kind):
    assert problem_of(function.post("/", data=PHOTO, headers={"Content-Type": kind})) == (415, "unsupported_media_type")


def test_a_body_of_no_type_is_a_picture(function):
    uploaded = function.post("/", files={"image_file": PHOTO})
    raw = function.post("/", data=PHOTO)
    assert "Content-Type" not in raw.request.headers and uploaded.status_code == 200 and raw.content == uploaded.content


@pytest.mark.parametrize("body", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, "\xff"])
def test_json_that_cannot_be_read_is_refused(function, body):
    answer = function.post("/", data=body.encode("latin-1"), headers={"Content-Type": "application/json"})
    assert problem_of(answer) == (400, "bad_request")


def test_an_unknown_parameter_sent_twice_is_still_unknown(function):
    assert problem_of(function.post("/", data={"colour": ["red", "blue"]})) == (400, "unknown_parameter")


@pytest.mark.parametrize("values, code", [({"image_file_b64": "\xfc" * 8}, "failed_to_read_image"),
                                          ({"image_url": "https://\ud800.example/"}, "failed_image_download"),
                                          ({"image_url": "gs://bucket/\ud800"}, "failed_image_download"), ({"\ud800": 1}, "unknown_parameter")])
def test_odd_characters_in_json_are_no_crash(function, values, code):
    assert problem_of(function.post("/", json=values)) == (400, code)


@pytest.mark.parametrize("kind", ["image/jpeg", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_is_too_large_is_refused(function, kind):
    assert problem_of(function.post("/", data=bytes(32_000_001), headers={"Content-Type": kind})) == (413, "body_too_large")


def test_a_large_body_for_an_unknown_address_gets_its_answer(function):
    assert problem_of(function.post("/nowhere", data=bytes(32_000_001))) == (404, "not_found")


@pytest.mark.parametrize("sent", [{"files": [(f"part{number}", b"") for number in range(1001)]}, {"data": [(f"field{number}", "") for number in range(1001)]},
                                  {"json": {f"field{number}": "" for number in range(1001)}}], ids=["multipart", "urlencoded", "json"])
def test_a_form_of_too_many_fields_is_refused(function, sent):
    assert problem_of(function.post("/", **sent)) == (413, "body_too_large")


FORM, JSON, PARTS = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=X"
PART = b'--X\r\nContent-Disposition: form-data; name="size"'


@pytest.mark.parametrize("kind, head, unit, tail", [
    (FORM, b"image_file_b64=", b"%41", b""), (FORM, b"image_file_b64=", b"ab%41", b""), (FORM, b"image_file_b64=", b"%", b""),
    (FORM, b"image_file_b64=", b"abcd+", b""), (FORM, b"image_file_b64=AAAA&roi=", b"0+", b""),
    (JSON, b'{"size":[', b"[],", b"[]]}"), (JSON, b"{", b'"a":0,', b'"a":0}'), (JSON, b'{"image_file_b64":"', b"\\u0041", b'"}'),
    (PARTS, PART, b"\r\n ", b"\r\n\r\nauto\r\n--X--"), (PARTS, PART + b"\r\n", b"a:\r\n", b"\r\nauto\r\n--X--"), (PARTS, b"", PART + b"\r\n\r\n\r\n", b"")])
def test_a_body_takes_no_more_memory_than_a_few_times_its_size(function, kind, head, unit, tail):
    body = head + unit * (300_000 // len(unit)) + tail
    function.post("/", data=body[:1000], headers={"Content-Type": kind})  # so that all that is kept is there
    tracemalloc.start()
    function.post("/", data=body, headers={"Content-Type": kind})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(body)


# --- pages of other origins

SITE, OTHER = "https://cars.example", "https://other.example:8443"


@pytest.fixture(scope="module")
def open_to_two() -> Function:
    return Function(CORS_ORIGINS=f"{SITE}, {OTHER}", RATE_LIMIT="1000/hour")


def cors_of(answer: requests.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}


def test_by_default_no_page_may_read_answers(function):
    for answer in (function.post("/", headers={"Origin": SITE}), function.options("/", headers={"Origin": SITE})):
        assert not cors_of(answer)


@pytest.mark.parametrize("origin", [SITE, OTHER])
@pytest.mark.parametrize("sent", [{"files": {"image_file": PHOTO}}, {}], ids=["cut-out", "error"])
def test_pages_of_allowed_origins_may_read_everything(open_to_two, origin, sent):
    answer = open_to_two.post("/", headers={"Origin": origin}, **sent)
    assert answer.headers["Access-Control-Allow-Origin"] == origin and "Origin" in answer.headers["Vary"]
    own = {name for name in answer.headers if name.startswith("X-") or name == "Server-Timing"}
    assert {"X-Request-Id", "X-RateLimit-Remaining"} <= own == set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("origin", ["https://evil.example", "http://cars.example", f"{SITE}.evil.example", f"{SITE}:444", "null", ""])
def test_pages_of_other_origins_may_not(open_to_two, origin):
    for answer in (open_to_two.post("/", headers={"Origin": origin}), open_to_two.options("/", headers={"Origin": origin})):
        assert not cors_of(answer) and answer.headers["Vary"] == "Origin"


def test_a_preflight_answer_says_what_a_page_may_send(open_to_two):
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    answer = open_to_two.options("/v1.0/removebg", headers=asked)
    assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Content-Type", "X-Api-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("settings", [{}, {"CORS_ORIGINS": SITE}, {"CORS_ORIGINS": "*"}], ids=["none", "one", "any"])
def test_a_preflight_of_an_unknown_address_is_not_found_and_logged(settings, capsys):
    answer = Function(**settings).options("/nope", headers={"Origin": SITE})
    assert problem_of(answer) == (404, "not_found") and answer.headers["X-Request-Id"] == json.loads(capsys.readouterr().out)["request_id"]
    assert ("Access-Control-Allow-Origin" in cors_of(answer)) == bool(settings) and "Access-Control-Allow-Methods" not in cors_of(answer)


def test_a_star_allows_every_page():
    answer = Function(CORS_ORIGINS="*").post("/", headers={"Origin": "https://anyone.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Vary" not in answer.headers
