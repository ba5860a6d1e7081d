"""Existing clients of remove.bg, unmodified but for their address: every call, and how each reports a refusal."""
import base64
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import remove_bg_api
import removebg.removebg
import requests
from PIL import Image

from tests.drawn import draw_photo, draw_street, encode
from tests.fetch_server import Site, says, serving
from tests.function import Function, listening

KEY = "a-key-of-this-site"
PREVIEW = (433, 577)  # height and width of 800 x 600 within 0.25 million pixels
NPM_ADDRESS = '"https://api.remove.bg/v1.0/removebg"'
FILES = {"car.jpg": encode(draw_photo(800, 600, angle="side", seed=5).rgb), "street.jpg": encode(draw_street(800, 600)), "text.jpg": b"not a picture"}
WAYS = ["file", "base64", "url"]
REFUSED = {"street.jpg": "unknown_foreground", "text.jpg": "failed_to_read_image"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    settings = {"API_KEYS": sha256(KEY.encode()).hexdigest(), "RATE_LIMIT": "1000/hour", "ALLOW_HTTP": "1", "ALLOW_PRIVATE_ADDRESSES": "1"}
    with listening(Function(**settings)) as address:
        yield address


@pytest.fixture
def strict_address() -> Iterator[str]:
    """Where the first cut-out is the last; the account may be asked all the same."""
    with listening(Function(RATE_LIMIT="1/hour")) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        site.answers = {f"/{name}": says(data) for name, data in FILES.items()} | {"/gone.jpg": says(status=404)}
        yield site


@pytest.fixture(scope="module")
def source(folder, site) -> Callable[[str, str], str]:
    """What a client's call takes for a photo: its path, its text in base64, or its URL."""
    return lambda way, name: {"file": lambda: str(folder / name), "base64": lambda: base64.b64encode(FILES[name]).decode(),
                              "url": lambda: f"http://127.0.0.1:{site.port}/{name}"}[way]()


@pytest.fixture(scope="module")
def expected(address) -> Callable[..., bytes]:
    """What a plain request gives for the car's photo."""
    def ask(**values: str) -> bytes:
        answer = requests.post(address, files={"image_file": FILES["car.jpg"]}, data=values, headers={"X-Api-Key": KEY}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.content
    return ask


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


# --- remove-bg-api (PyPI): multipart or urlencoded, the file as a part of no type and no name of its own; binary answers

BY_WAY = {"file": "remove_bg_file", "base64": "remove_bg_base64", "url": "remove_bg_url"}


@pytest.fixture
def wrapper(address, monkeypatch) -> remove_bg_api.RemoveBg:
    monkeypatch.setattr(remove_bg_api, "API_URL", f"{address}/v1.0")
    return remove_bg_api.RemoveBg(KEY)  # asks for the account at once


@pytest.mark.parametrize("way", WAYS)
def test_remove_bg_api_gets_a_preview(wrapper, source, expected, way):
    data = getattr(wrapper, BY_WAY[way])(source(way, "car.jpg"))
    assert data == expected(size="preview") and pixels(data).shape == (*PREVIEW, 4)


def test_remove_bg_api_sends_bytes_too(wrapper, expected):
    assert wrapper.remove_bg_bytes(FILES["car.jpg"], size="full") == expected()


def test_remove_bg_api_writes_the_file_that_it_is_asked_for(wrapper, source, expected, tmp_path):
    path = wrapper.remove_bg_file(source("file", "car.jpg"), out_path=str(tmp_path / "cut.png"), raw=False)
    assert path == str(tmp_path / "cut.png") and Path(path).read_bytes() == expected(size="preview")


@pytest.mark.parametrize("way", WAYS)
def test_remove_bg_api_passes_options_on(wrapper, source, expected, way):
    options = {"size": "regular", "crop": "true", "crop_margin": "10px", "bg_color": "81d4fa", "format": "jpg"}
    assert getattr(wrapper, BY_WAY[way])(source(way, "car.jpg"), data={**options}) == expected(**options)


def test_remove_bg_api_reads_the_account(wrapper, source):
    before = wrapper.account.free_api_calls()
    wrapper.remove_bg_file(source("file", "car.jpg"))
    assert wrapper.account.free_api_calls() == before - 1
    assert wrapper.account.balance() == 0 and wrapper.account.get_balance_dict() == {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_remove_bg_api_reports_a_refused_photo(wrapper, source, way, name):
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode400):
        getattr(wrapper, BY_WAY[way])(source(way, name))


def test_remove_bg_api_reports_a_wrong_key(wrapper, source):
    wrapper.change_api_key("wrong")
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode403):
        wrapper.remove_bg_file(source("file", "car.jpg"))
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode403):
        remove_bg_api.RemoveBg("wrong")


def test_remove_bg_api_reports_a_rate_limit(strict_address, source, monkeypatch):
    monkeypatch.setattr(remove_bg_api, "API_URL", f"{strict_address}/v1.0")
    wrapper = remove_bg_api.RemoveBg(KEY)
    assert wrapper.account.free_api_calls() == 1 and wrapper.remove_bg_file(source("file", "car.jpg"))
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode429):
        wrapper.remove_bg_file(source("file", "car.jpg"))


# --- removebg (PyPI): multipart or urlencoded, size=regular; writes the binary answer to a file

@pytest.fixture
def script(address, monkeypatch, tmp_path) -> Callable[..., bytes]:
    """The file that a call writes."""
    monkeypatch.setattr(removebg.removebg, "API_ENDPOINT", f"{address}/v1.0/removebg")
    monkeypatch.chdir(tmp_path)

    def call(way: str, photo: str, key: str = KEY, **options: str) -> bytes:
        client = removebg.RemoveBg(key, os.devnull)
        if way == "file":
            client.remove_background_from_img_file(photo, **options)
            return Path(f"{photo}_no_bg.png").read_bytes()
        {"base64": client.remove_background_from_base64_img, "url": client.remove_background_from_img_url}[way](photo, **options)
        return Path("no-bg.png").read_bytes()
    return call


@pytest.mark.parametrize("way", WAYS)
def test_removebg_gets_a_regular_cut_out(script, source, expected, way):
    data = script(way, source(way, "car.jpg"))
    assert data == expected(size="regular") and pixels(data).shape == (*PREVIEW, 4)


@pytest.mark.parametrize("way", WAYS)
def test_removebg_passes_options_on(script, source, expected, way):
    assert script(way, source(way, "car.jpg"), size="4k", bg_color="red") == expected(size="4k", bg_color="red")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_removebg_reports_a_refused_photo(script, source, way, name):
    with pytest.raises(requests.HTTPError) as refusal:
        script(way, source(way, name))
    assert refusal.value.response.status_code == 400 and refusal.value.response.json()["errors"][0]["code"] == REFUSED[name]


def test_removebg_reports_a_wrong_key(script, source):
    with pytest.raises(requests.HTTPError) as refusal:
        script("file", source("file", "car.jpg"), key="wrong")
    assert refusal.value.response.status_code == 403


# --- remove.bg (npm): multipart with crop as the text "false", or JSON with booleans; JSON answers

FUNCTIONS = {"file": ("removeBackgroundFromImageFile", "path"), "base64": ("removeBackgroundFromImageBase64", "base64img"),
             "url": ("removeBackgroundFromImageUrl", "url")}
TELLS = {"retryAfter", "base64img", "creditsCharged", "detectedType", "resultWidth", "resultHeight", "rateLimit", "rateLimitRemaining", "rateLimitReset"}


@pytest.fixture(scope="module")
def installed(npm) -> Path:
    """A folder with the client, whose address is the one thing that is changed in it, and call.js."""
    folder = npm("clients")
    client = folder / "node_modules" / "remove.bg" / "dist" / "index.js"
    code = client.read_text()
    assert code.count(NPM_ADDRESS) == 1
    client.write_text(code.replace(NPM_ADDRESS, "process.env.ADDRESS"))
    return folder


@pytest.fixture(scope="module")
def node(installed, address, source) -> Iterator[Callable[..., dict]]:
    """Calls the client's function for a way to send a photo, and gives {"result": ...} or {"errors": ...}."""
    with ExitStack() as started:
        @cache
        def client_of(address: str) -> subprocess.Popen:
            process = started.enter_context(subprocess.Popen(["node", "call.js"], cwd=installed, env=os.environ | {"ADDRESS": f"{address}/v1.0/removebg"},
                                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            started.callback(process.stdin.close)
            return process

        def call(way: str, name: str, at: str = address, key: str = KEY, **options: str | bool) -> dict:
            client, (function, argument) = client_of(at), FUNCTIONS[way]
            client.stdin.write(json.dumps([function, {argument: source(way, name), "apiKey": key, **options}]) + "\n")
            client.stdin.flush()
            return json.loads(client.stdout.readline())
        yield call


@pytest.mark.parametrize("way", WAYS)
def test_npm_gets_a_preview_and_its_headers(node, expected, way):
    result = node(way, "car.jpg")["result"]
    assert base64.b64decode(result["base64img"]) == expected(size="preview")
    assert {name: result[name] for name in ("creditsCharged", "detectedType", "resultHeight", "resultWidth", "rateLimit")} \
        == {"creditsCharged": "0", "detectedType": "car", "resultHeight": str(PREVIEW[0]), "resultWidth": str(PREVIEW[1]), "rateLimit": "1000"}
    assert int(result["rateLimitRemaining"]) < 1000 and int(result["rateLimitReset"]) > 0
    assert set(result) == TELLS - {"retryAfter"}


@pytest.mark.parametrize("way", WAYS)
def test_npm_passes_options_on(node, source, expected, way):
    asked = {"size": "full", "type": "car", "crop_margin": "5% 10px", "roi": "0% 0% 100% 100%", "scale": "80%", "position": "50% 100%", "channels": "rgba",
             "add_shadow": True, "bg_image_url": source("url", "street.jpg")}
    result = node(way, "car.jpg", crop=True, **asked)["result"]
    assert base64.b64decode(result["base64img"]) == expected(crop="true", **{**asked, "add_shadow": "true"})


def test_npm_writes_the_file_that_it_is_asked_for(node, expected, tmp_path):
    node("file", "car.jpg", bg_color="#81d4fa77", outputFile=str(tmp_path / "cut.png"))
    assert (tmp_path / "cut.png").read_bytes() == expected(size="preview", bg_color="#81d4fa77")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_npm_reports_a_refused_photo(node, way, name):
    (error,) = node(way, name)["errors"]
    assert error["code"] == REFUSED[name] and error["title"]


def test_npm_reports_other_errors(node, strict_address):
    assert node("file", "car.jpg", key="wrong")["errors"][0]["code"] == "auth_failed"
    assert node("base64", "car.jpg", type="car_part")["errors"][0]["code"] == "invalid_type"
    assert node("url", "gone.jpg")["errors"][0]["code"] == "failed_image_download"
    assert "result" in node("file", "car.jpg", at=strict_address)
    assert node("file", "car.jpg", at=strict_address)["errors"][0]["code"] == "rate_limit_exceeded"
