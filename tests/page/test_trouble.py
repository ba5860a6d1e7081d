"""Limits, and what goes wrong, said plainly."""
import io
import re
from hashlib import sha256

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.drawn import draw_photo
from tests.page.visitor import FIVE, PHOTO, STREET, choose, cut, done, file, pixels, sent, taken, trouble


@pytest.fixture(scope="module")
def limited(serve) -> str:
    return serve(API_KEYS=sha256(b"key").hexdigest(), DEMO_LIMIT="1000/hour").address


def turned(rgb: np.ndarray, orientation: int) -> bytes:
    """A JPEG that a camera would have written held upright, for EXIF orientation 6."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(np.rot90(rgb)).save(file, "jpeg", quality=92, exif=exif)
    return file.getvalue()


def test_a_large_photo_is_shrunk_before_it_is_sent_and_stays_upright(visit, limited):
    rgb = draw_photo(1800, 1350, angle="side", seed=5).rgb
    page = visit(limited)
    expect(page.get_by_text("Here it works in preview size")).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST") as asked:
        choose(page, file("car.jpg", turned(rgb, 6)))
    done(page)
    assert asked.value.url == f"{limited}/try"
    assert asked.value.sizes()["requestBodySize"] < len(turned(rgb, 6)) / 3
    got = pixels(taken(page, "png")[1])
    assert got.shape[0] * got.shape[1] <= 250_000 and got.shape[1] / got.shape[0] == pytest.approx(4 / 3, abs=0.02)
    expected = cv2.resize(draw_photo(1800, 1350, angle="side", seed=5).alpha, got.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    matte = got[..., 3] > 127
    assert (matte & expected).sum() / (matte | expected).sum() > 0.9
    page.locator("summary").click()
    expect(page.locator("#call")).to_contain_text("X-Api-Key")


def test_the_limit_tells_when_it_ends(visit, serve):
    address = serve(API_KEYS=sha256(b"key").hexdigest(), DEMO_LIMIT="1/hour").address
    page = visit(address)
    cut(page)
    choose(page, file("next.jpg", FIVE[1]))
    told = trouble(page)
    assert "That’s the limit for now" in told and re.search(r"It ends at \d\d:\d\d( [AP]M)?, in (59|60) minutes", told)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("button", name="car.jpg, done").click()  # what is done stays
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_photo_without_a_car(page):
    choose(page, file("street.jpg", STREET))
    assert "No car found in this photo" in trouble(page)
    expect(page.get_by_role("button", name="street.jpg, failed: No car found in this photo")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("[data-take=png]")).to_be_disabled()


@pytest.mark.parametrize("name, data", [("notes.txt", b"no picture"), ("half.jpg", PHOTO[:3000])])
def test_a_file_that_is_no_picture(page, name, data):
    choose(page, file(name, data))
    assert "This file can’t be read" in trouble(page)


def test_a_file_that_is_too_big_is_not_even_sent(page, tmp_path):
    (tmp_path / "film.mov").write_bytes(bytes(22_000_001))
    asked = sent(page)
    page.set_input_files("#chooser", tmp_path / "film.mov")
    assert "This file is too big" in trouble(page) and not any(address.startswith("POST") for address in asked)


def test_a_logo_that_is_no_picture(page):
    cut(page)
    page.set_input_files("#logo", [file("logo.png", b"no picture", "image/png")])
    assert "The logo can’t be read" in trouble(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#trouble")).to_be_hidden()
    done(page)


def refusal(status: int, code: str, **headers: str) -> dict:
    return {"status": status, "json": {"errors": [{"title": "", "detail": "", "code": code}]}, "headers": headers}


ANSWERS = {
    "resolution": (refusal(400, "resolution_too_high"), "This photo has too many pixels", False),
    "too large": (refusal(400, "file_too_large"), "This file is too big", False),
    "body": (refusal(413, "body_too_large"), "This file is too big", False),
    "key": (refusal(403, "auth_failed"), "A key is needed here", False),
    "full": (refusal(503, "busy", **{"Retry-After": "7"}), "Try again in 7 seconds", True),
    "fault": (refusal(500, "internal_error"), "Something went wrong on our side", True),
    "proxy": ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "Something went wrong on our side", True),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_other_refusal_is_said_plainly(page, case):
    answer, sentence, again = ANSWERS[case]
    page.route("**/", lambda route: route.fulfill(**answer))
    choose(page, file("car.jpg", PHOTO))
    assert sentence in trouble(page)
    assert page.get_by_role("button", name="Try again").is_visible() == again
    if again:
        page.unroute("**/")
        page.get_by_role("button", name="Try again").click()
        done(page)


def test_offline_the_photo_waits_and_goes_out_when_the_connection_is_back(page):
    page.evaluate("import('./demo/studio.js')")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    choose(page, file("car.jpg", PHOTO))
    assert "You are offline" in trouble(page)
    page.context.set_offline(False)
    done(page)
    expect(page.locator("#trouble")).to_be_hidden()
