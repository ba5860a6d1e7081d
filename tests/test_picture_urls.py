"""Photos and backdrops that are fetched from an address, through the whole function: the same cut-out, and a code for each fault."""
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.answers import PHOTO, problem_of
from tests.drawn import draw_photo, encode
from tests.fetch_server import Site, leads_to, says, serving
from tests.function import Function

BLUE = encode(draw_photo(320, 240, seed=1).rgb, "png")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        site.answers = {"/car.jpg": says(PHOTO), "/text": says(b"no picture", Content_Type="image/jpeg"),
                        "/blue.png": says(BLUE), "/moved.jpg": leads_to("/car.jpg"),
                        "/page.html": says(b"<html>", Content_Type="image/jpeg"),
                        "/broken.jpg": says(PHOTO[:len(PHOTO) // 2]), "/missing.jpg": says(b"not here", 404),
                        "/empty.jpg": says(b""), "/round": leads_to("/round"),
                        "/large.jpg": says(bytes(22_000_001)), "/short.jpg": says(PHOTO, length=len(PHOTO) + 1)}
        yield site


@pytest.fixture(scope="module")
def function() -> Function:
    return Function(ALLOW_HTTP="1", ALLOW_PRIVATE_ADDRESSES="1")


def ask(function: Function, site: Site, **paths: str) -> requests.Response:
    return function.post("/", data={name: f"http://127.0.0.1:{site.port}{path}" for name, path in paths.items()})


@pytest.mark.parametrize("path", ["/car.jpg", "/moved.jpg"])
def test_a_fetched_photo_gives_what_an_upload_gives(function, site, path):
    uploaded = function.post("/", files={"image_file": PHOTO})
    assert uploaded.status_code == 200 and ask(function, site, image_url=path).content == uploaded.content


def test_a_fetched_backdrop_gives_what_an_upload_gives(function, site):
    uploaded = function.post("/", files={"image_file": PHOTO, "bg_image_file": ("blue.png", BLUE)})
    fetched = ask(function, site, image_url="/car.jpg", bg_image_url="/blue.png")
    assert uploaded.status_code == 200 and fetched.content == uploaded.content


CODES = [("/text", "failed_to_read_image", "invalid_bg_image_url"),
         ("/page.html", "failed_image_download", "failed_bg_download"), ("/broken.jpg", "failed_to_read_image", "invalid_bg_image_url"),
         ("/missing.jpg", "failed_image_download", "failed_bg_download"), ("/empty.jpg", "failed_image_download", "failed_bg_download"),
         ("/round", "failed_image_download", "failed_bg_download"), ("/short.jpg", "failed_image_download", "failed_bg_download"),
         ("/large.jpg", "file_too_large", "file_too_large")]


@pytest.mark.parametrize("path, of_photo, of_backdrop", CODES)
def test_each_fault_has_its_code(function, site, path, of_photo, of_backdrop):
    assert problem_of(ask(function, site, image_url=path)) == (400, of_photo)
    assert problem_of(ask(function, site, image_url="/car.jpg", bg_image_url=path)) == (400, of_backdrop)


def test_a_host_that_does_not_answer(function):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/car.jpg"
        answer = function.post("/", data={"image_url": url})
        assert problem_of(answer) == (400, "failed_image_download") and "could not be reached" in answer.json()["errors"][0]["detail"]
