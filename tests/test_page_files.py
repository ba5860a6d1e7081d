"""The page's files as the function serves them, and how the page is limited where the API needs a key."""
from hashlib import sha256

import pytest
import requests

from api.page import FOLDER
from tests.answers import PHOTO, problem_of
from tests.function import Function

KEYS = {"API_KEYS": sha256(b"key").hexdigest()}
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8",
         ".svg": "image/svg+xml", ".webp": "image/webp"}
SERVED = [path for path in sorted(FOLDER.rglob("*.*")) if not path.name.endswith(".d.ts")]
FILES = {"/" if path.name == "index.html" else f"/demo/{path.relative_to(FOLDER).as_posix()}": TYPES[path.suffix] for path in SERVED}


def try_out(function: Function, **values: str) -> requests.Response:
    return function.post("/try", files={"image_file": PHOTO}, data=values)


def test_each_file_comes_with_its_type_and_is_sent_once(function):
    for path, kind in FILES.items():
        answer = function.get(path)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == kind, path
        again = function.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert ("max-age=86400" if kind.startswith("image/") else "no-cache") in answer.headers["Cache-Control"]


def test_each_file_forbids_all_that_the_page_does_not_need(function):
    for path in FILES:
        headers = function.get(path).headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert not any(word in headers["Content-Security-Policy"] for word in ("unsafe", "http", "*"))
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/demo", "/demo/", "/demo/index.html", "/demo/types.d.ts", "/demo/none.js", "/demo/../main.py", "/demo/%2e%2e/main.py"])
def test_nothing_else_is_served(server, path):
    session = requests.Session()
    asked = session.prepare_request(requests.Request("GET", server))
    asked.url = server + path  # as it is, not tidied up
    assert problem_of(session.send(asked, timeout=60)) == (404, "not_found")


def test_the_page_is_light():
    later = FOLDER / "folders.js"  # with the first folder, as the library with the first zip; the reference is a page of its own
    loaded = {FOLDER / "index.html", FOLDER / "style.css", *FOLDER.glob("*.js")} - {later}
    assert sum(path.stat().st_size for path in loaded) <= 72_000
    assert sum((FOLDER / name).stat().st_size for name in ("api.html", "api.css")) <= 20_000
    pictures = [path.stat().st_size for path in FOLDER.glob("*.webp")]
    assert len(pictures) <= 3 and max(pictures) <= 40_000


def test_the_page_can_be_left_out():
    function = Function(DEMO="off")
    assert {function.get(path).status_code for path in FILES} == {404}
    assert function.post("/", files={"image_file": PHOTO}).status_code == 200


def test_without_keys_nothing_is_limited(function):
    assert '"forecourt" content="full"' in function.get("/").text
    assert problem_of(try_out(function)) == (404, "not_found")


def test_where_keys_are_needed_visitors_get_previews_and_no_more_than_so_many():
    function = Function(**KEYS, DEMO_LIMIT="3/hour")
    assert '"forecourt" content="preview"' in function.get("/").text
    answer = try_out(function, size="preview")
    assert answer.status_code == 200 and int(answer.headers["X-Width"]) * int(answer.headers["X-Height"]) <= 250_000
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("3", "2")
    for size in ("full", "hd"):
        assert problem_of(try_out(function, size=size)) == (400, "invalid_size")
    over = try_out(function, size="preview")
    assert problem_of(over) == (429, "rate_limit_exceeded") and 0 < int(over.headers["Retry-After"]) <= 3601
    assert problem_of(function.post("/", files={"image_file": PHOTO})) == (403, "auth_failed")
    keyed = function.post("/", files={"image_file": PHOTO}, headers={"X-Api-Key": "key"})
    assert (keyed.status_code, keyed.headers["X-Width"]) == (200, "640")  # the page's limit is not the key's


def test_without_the_page_there_are_no_previews_without_a_key():
    assert problem_of(try_out(Function(**KEYS, DEMO="off"), size="preview")) == (404, "not_found")
