"""What a visitor of the page does and sees, as the tests say it."""
import io
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import requests
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.drawn import draw_photo, draw_street, encode

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
DRAWN = draw_photo(640, 480, angle="side", seed=5)
PHOTO = encode(DRAWN.rgb)
FIVE = [encode(cv2.resize(DRAWN.rgb[:, ::-1], (400, 300 - 4 * number), interpolation=cv2.INTER_AREA)) for number in range(5)]
KEY = "key-of-a-shop"
STREET = encode(draw_street(640, 480, seed=3))
LOGO = encode(np.full((60, 120, 3), (20, 60, 200), np.uint8), "png")
BACKDROP = encode(draw_street(500, 700, seed=8), "png")

expect.set_options(timeout=30_000)


def file(name: str, data: bytes, kind: str = "image/jpeg") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


def sent(page: Page) -> list[str]:
    """The addresses asked from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request.method + " " + request.url) if request.url.startswith("http") else None)
    return asked


def choose(page: Page, *files: dict) -> None:
    page.set_input_files("#chooser", [*files])


def done(page: Page, count: int = 1) -> None:
    expect(page.locator("#thumbnails .done")).to_have_count(count)
    expect(page.locator("#progress")).to_be_hidden()


def failed(page: Page, count: int = 1) -> None:
    expect(page.locator("#thumbnails .failed")).to_have_count(count)


def thumbnail(page: Page, name: str) -> Locator:
    """The button that shows a photo; its accessible name begins with the photo's, and goes on with its state."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}, "))


def answered(page: Page, told: dict[str, str] | None = None, **answer) -> None:
    """The function's answers from now on: its own with these headers and without flags of its own, or made up."""
    def handle(route: Route) -> None:
        if told is None:
            route.fulfill(**answer)
        else:
            own = route.fetch()
            headers = {name: value for name, value in own.headers.items() if name not in ("x-flags", "x-advice")}
            route.fulfill(response=own, headers={**headers, **told})

    page.route("**/", handle)


def cut(page: Page, data: bytes = PHOTO, name: str = "car.jpg") -> None:
    choose(page, file(name, data))
    done(page)


def pick(page: Page, group: str, value: str) -> None:
    page.locator(f"label:has(> input[name={group}][value={value}])").click()


def asked_again(page: Page, act: Callable[[], None]) -> None:
    with page.expect_response(lambda response: response.request.method == "POST"):
        act()
    expect(page.locator("[data-take=png]")).to_be_enabled()


def taken(page: Page, kind: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator(f"[data-take={kind}]").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def api(server: str, photo: bytes = PHOTO, files: dict | None = None, **values: str) -> bytes:
    answer = requests.post(server, files={"image_file": ("car.jpg", photo), **(files or {})}, data=values, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.content


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.array(picture.convert("RGBA"))


def assert_same_picture(one: bytes, other: bytes, mean: float = 0.6) -> None:
    one, other = pixels(one).astype(int), pixels(other).astype(int)
    assert one.shape == other.shape and np.abs(one - other).mean() < mean


def error(page: Page) -> str:
    expect(page.locator("#error")).to_be_visible()
    text = page.locator("#error").inner_text()
    assert page.locator("#error-title").inner_text() in page.locator("#status").inner_text()  # and a screen reader is told
    return text
