"""Addresses, methods, bodies and pages of other origins: what is answered, and how what is not answered is refused."""
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.answers import problem_of
from tests.drawn import draw_photo, encode

PHOTO = encode(draw_photo(320, 240, angle="side", seed=5).rgb)
ALLOWED = {"/": {"GET", "HEAD", "POST"}, "/v1.0/removebg": {"POST"}, "/v1.0/account": {"GET", "HEAD"}, "/account": {"GET", "HEAD"}, "/healthz": {"GET", "HEAD"},
           "/health": {"GET", "HEAD"}, "/openapi.yaml": {"GET", "HEAD"}}


def allow(answer: requests.Response) -> set[str]:
    return set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_each_address_takes_its_methods_and_tells_them(server, path, method):
    answer = requests.request(method, server + path, timeout=60)
    if method in ALLOWED[path]:
        assert answer.status_code == (400 if method == "POST" else 200)
    else:
        assert answer.status_code == 405 and allow(answer) == ALLOWED[path] | {"OPTIONS"}
        assert method == "HEAD" or problem_of(answer) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ALLOWED)
def test_options_tells_the_methods(server, path):
    answer = requests.options(server + path, timeout=60)
    assert (answer.status_code, answer.content) == (204, b"") and allow(answer) == ALLOWED[path] | {"OPTIONS"}


def test_head_is_get_without_the_body(server):
    got, head = (requests.request(method, f"{server}/account", timeout=60) for method in ("GET", "HEAD"))
    assert head.content == b"" and all(head.headers[name] == got.headers[name] for name in ("Content-Type", "Content-Length"))


def test_a_slash_at_the_end_changes_nothing(server):
    plain, slashed = (requests.post(server + path, files={"image_file": PHOTO}, timeout=60) for path in ("/v1.0/removebg", "/v1.0/removebg/"))
    assert plain.status_code == 200 and slashed.content == plain.content
    assert requests.get(f"{server}/account/", timeout=60).status_code == 200


@pytest.mark.parametrize("path", ["/v1.0", "/v1.0/removebg/more", "/v2.0/removebg", "/Account", "/%00", "/\xfc"])
def test_elsewhere_is_nothing(server, path):
    for method in ("GET", "POST", "OPTIONS"):
        assert problem_of(requests.request(method, server + path, timeout=60)) == (404, "not_found")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/zip", "video/mp4", "nonsense", "multipart/mixed; boundary=x"])
def test_a_body_of_another_type_is_refused(server, kind):
    assert problem_of(requests.post(server, data=PHOTO, headers={"Content-Type": kind}, timeout=60)) == (415, "unsupported_media_type")


def test_a_body_of_no_type_is_a_picture(server):
    uploaded = requests.post(server, files={"image_file": PHOTO}, timeout=60)
    raw = requests.post(server, data=PHOTO, timeout=60)
    assert "Content-Type" not in raw.request.headers and uploaded.status_code == 200 and raw.content == uploaded.content


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
                                  "application/x-www-form-urlencoded"])
def test_a_form_without_a_picture_is_told_so(server, kind):
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" if "multipart" in kind else b"&&"
    assert problem_of(requests.post(server, data=body, headers={"Content-Type": kind}, timeout=60)) == (400, "missing_source")


@pytest.mark.parametrize("body", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, "\xff"])
def test_json_that_cannot_be_read_is_refused(server, body):
    answer = requests.post(server, data=body.encode("latin-1"), headers={"Content-Type": "application/json"}, timeout=60)
    assert problem_of(answer) == (400, "bad_request")


def test_an_unknown_parameter_makes_no_codes_of_its_own(server):
    assert problem_of(requests.post(server, data={"colour": ["red", "blue"]}, timeout=60)) == (400, "unknown_parameter")


@pytest.mark.parametrize("values, code", [({"image_file_b64": "\xfc" * 8}, "failed_to_read_image"),
                                          ({"image_url": "https://\ud800.example/"}, "failed_image_download"),
                                          ({"image_url": "gs://bucket/\ud800"}, "failed_image_download"), ({"\ud800": 1}, "unknown_parameter")])
def test_odd_characters_in_json_are_no_crash(server, values, code):
    assert problem_of(requests.post(server, json=values, timeout=60)) == (400, code)


def in_pieces(size: int, head: bytes = b"") -> Iterator[bytes]:
    """A body whose length is not told beforehand."""
    yield head
    for _ in range(size // 1_000_000):
        yield bytes(1_000_000)


def test_a_picture_may_come_in_pieces(server):
    uploaded = requests.post(server, files={"image_file": PHOTO}, timeout=60)
    pieces = (PHOTO[start:start + 5000] for start in range(0, len(PHOTO), 5000))
    assert requests.post(server, data=pieces, headers={"Content-Type": "image/jpeg"}, timeout=60).content == uploaded.content


@pytest.mark.parametrize("kind", ["image/jpeg", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_gets_its_answer(server, kind, told):
    head = b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\n' if "multipart" in kind else b""
    body = b"".join(in_pieces(40_000_000, head)) if told else in_pieces(40_000_000, head)
    assert problem_of(requests.post(server, data=body, headers={"Content-Type": kind}, timeout=60)) == (413, "body_too_large")


@pytest.mark.parametrize("told", [True, False])
def test_a_large_body_for_nothing_gets_its_answer_too(server, told):
    body = bytes(40_000_000) if told else in_pieces(40_000_000)
    assert problem_of(requests.post(f"{server}/nowhere", data=body, timeout=60)) == (404, "not_found")


def test_a_form_of_too_many_parts_is_refused(server):
    assert problem_of(requests.post(server, files=[(f"part{number}", b"") for number in range(1001)], timeout=60)) == (413, "body_too_large")


def test_a_body_that_breaks_off_is_refused(server):
    with socket.create_connection((urlsplit(server).hostname, urlsplit(server).port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nno number\r\n")
        assert connection.recv(100_000).startswith(b"HTTP/1.1 400")


# --- pages of other origins

SITE, OTHER = "https://cars.example", "https://other.example:8443"


@pytest.fixture(scope="module")
def open_to_two(serve) -> str:
    return serve(CORS_ORIGINS=f"{SITE}, {OTHER}", RATE_LIMIT="1000/hour").address


def cors_of(answer: requests.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}


def test_by_default_no_page_may_read_answers(server):
    for answer in (requests.post(server, headers={"Origin": SITE}, timeout=60), requests.options(server, headers={"Origin": SITE}, timeout=60)):
        assert not cors_of(answer)


@pytest.mark.parametrize("origin", [SITE, OTHER])
@pytest.mark.parametrize("sent", [{"files": {"image_file": PHOTO}}, {}], ids=["cut-out", "error"])
def test_pages_of_allowed_origins_may_read_everything(open_to_two, origin, sent):
    answer = requests.post(open_to_two, headers={"Origin": origin}, timeout=60, **sent)
    assert answer.headers["Access-Control-Allow-Origin"] == origin and "Origin" in answer.headers["Vary"]
    own = {name for name in answer.headers if name.startswith("X-") or name == "Server-Timing"}
    assert {"X-Request-Id", "X-RateLimit-Remaining"} <= own == set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize("origin", ["https://evil.example", "http://cars.example", f"{SITE}.evil.example", f"{SITE}:444", "null", ""])
def test_pages_of_other_origins_may_not(open_to_two, origin):
    for answer in (requests.post(open_to_two, headers={"Origin": origin}, timeout=60), requests.options(open_to_two, headers={"Origin": origin}, timeout=60)):
        assert not cors_of(answer) and answer.headers["Vary"] == "Origin"


def test_a_browser_is_told_beforehand_what_a_page_may_send(open_to_two):
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    answer = requests.options(f"{open_to_two}/v1.0/removebg", headers=asked, timeout=60)
    assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Content-Type", "X-Api-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_any_page_may_where_the_setting_is_a_star(serve):
    answer = requests.post(serve(CORS_ORIGINS="*").address, headers={"Origin": "https://anyone.example"}, timeout=60)
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Vary" not in answer.headers


@pytest.mark.parametrize("origins", ["cars.example", f"{SITE}/", f"{SITE},", f"*, {SITE}", "https://Cars.example"])
def test_a_malformed_origin_ends_the_start(refused, origins):
    assert "CORS_ORIGINS takes * or origins" in refused(CORS_ORIGINS=origins)
