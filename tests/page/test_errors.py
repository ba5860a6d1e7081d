"""Limits and errors, said plainly, and the API key."""
import io
import time

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.drawn import draw_photo
from tests.page.visitor import FIVE, KEY, PHOTO, STREET, answered, choose, cut, done, error, failed, file, pick, pixels, sent, taken, thumbnail


def turned(rgb: np.ndarray, orientation: int) -> bytes:
    """A JPEG that a camera would have written held upright, for EXIF orientation 6."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(np.rot90(rgb)).save(file, "jpeg", quality=92, exif=exif)
    return file.getvalue()


def test_a_large_photo_is_shrunk_before_it_is_sent_and_stays_upright(visit, limited):
    photo = draw_photo(1000, 750, angle="side", seed=5)
    page = visit(limited)
    expect(page.get_by_text("Without an API key: previews")).to_be_visible()
    with page.expect_request(lambda request: request.method == "POST") as asked:
        choose(page, file("car.jpg", turned(photo.rgb, 6)))
    done(page)
    assert asked.value.url == f"{limited}/try"
    assert asked.value.sizes()["requestBodySize"] < len(turned(photo.rgb, 6)) / 1.5
    got = pixels(taken(page, "png")[1])
    assert got.shape[0] * got.shape[1] <= 250_000 and got.shape[1] / got.shape[0] == pytest.approx(4 / 3, abs=0.02)
    expected = cv2.resize(photo.alpha, got.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    matte = got[..., 3] > 127
    assert (matte & expected).sum() / (matte | expected).sum() > 0.9
    page.get_by_text("API call").click()
    expect(page.locator("#code")).to_contain_text("X-Api-Key")


def test_with_an_api_key_there_are_no_limits_and_it_stands_in_no_address(visit, limited):
    page = visit(limited)
    asked = sent(page)
    cut(page)
    expect(page.locator("#facts")).to_contain_text("577 × 433")
    key = page.get_by_label("With an API key")
    key.fill("wrong")
    key.press("Enter")
    expect(page.get_by_text("This key isn’t valid.")).to_be_visible()
    key.fill(KEY)
    with page.expect_request(lambda request: request.method == "POST") as again:
        page.get_by_role("button", name="Use").click()
    assert again.value.url == f"{limited}/" and again.value.header_value("X-Api-Key") == KEY
    expect(page.locator("#facts")).to_contain_text("640 × 480")
    expect(key).to_be_hidden()
    assert not any(KEY in address for address in asked) and KEY not in page.url
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#facts")).to_contain_text("577 × 433")
    expect(key).to_be_visible()


def refusal(status: int, code: str, **headers: str) -> dict:
    return {"status": status, "json": {"errors": [{"title": "", "detail": "", "code": code}]}, "headers": headers}


def test_the_rate_limit_counts_down_takes_a_key_and_ends_by_itself(visit, limited):
    page = visit(limited)
    page.clock.install()
    cut(page)
    page.clock.pause_at(time.time() + 60)
    page.route("**/try", lambda route: route.fulfill(**refusal(429, "rate_limit_exceeded", **{"Retry-After": "3599"})))
    choose(page, file("next.jpg", FIVE[1]))
    told = error(page)
    assert "Rate limit reached" in told and "Finished cut-outs stay here" in told
    expect(page.get_by_role("timer")).to_have_text("59:59")
    page.clock.run_for(10_000)
    expect(page.get_by_role("timer")).to_have_text("59:49")
    expect(page.locator("#error").get_by_label("With an API key")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    thumbnail(page, "car.jpg").click()  # what is done stays
    expect(page.locator("#error")).to_be_hidden()
    page.unroute("**/try")
    page.clock.run_for(3_600_000)
    page.clock.resume()
    done(page, 2)


def test_a_key_lifts_the_rate_limit_at_once(visit, limited):
    page = visit(limited)
    page.route("**/try", lambda route: route.fulfill(**refusal(429, "rate_limit_exceeded", **{"Retry-After": "60"})))
    choose(page, file("car.jpg", PHOTO))
    error(page)
    page.get_by_label("With an API key").fill(KEY)
    page.get_by_role("button", name="Use").click()
    done(page)
    expect(page.locator("#error")).to_be_hidden()


def test_a_photo_without_a_car(page):
    choose(page, file("street.jpg", STREET))
    assert "No usable car in this photo" in error(page)
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("[data-take=png]")).to_be_disabled()


def test_an_interior_is_no_failure(page):
    answered(page, status=400, json={"errors": [{"code": "unknown_foreground", "detail": "this is an interior"}]}, headers={"X-Kind": "interior"})
    choose(page, file("seats.jpg", PHOTO))
    assert error(page).split("\n")[-1] == "This is an interior."
    expect(page.locator("#verdict")).to_have_text("– Not an exterior")
    expect(thumbnail(page, "seats.jpg")).to_have_accessible_name("seats.jpg, not an exterior")
    colours = [page.locator(place).evaluate("element => getComputedStyle(element).getPropertyValue('--tone')") for place in ("#error", "#verdict")]
    assert colours == 2 * [page.evaluate("() => getComputedStyle(document.documentElement).getPropertyValue('--soft')")]  # none is red


def test_a_file_that_is_no_picture_is_told_without_a_broken_icon(page):
    choose(page, file("notes.txt", b"no picture"), file("half.jpg", PHOTO[:3000]))
    failed(page, 2)
    assert "isn’t a picture" in error(page)
    thumbnail(page, "half.jpg").click()
    assert "isn’t a picture" in error(page)
    broken = "() => [...document.images].filter((image) => image.checkVisibility({visibilityProperty: true}) && image.src && !image.naturalWidth).length"
    assert page.evaluate(broken) == 0
    empty = "() => [...document.images].filter((image) => image.checkVisibility({visibilityProperty: true}) && !image.src).length"
    assert page.evaluate(empty) == 0


def test_a_file_that_is_too_big_is_not_even_sent(page, tmp_path):
    (tmp_path / "film.mov").write_bytes(bytes(22_000_001))
    asked = sent(page)
    page.set_input_files("#chooser", tmp_path / "film.mov")
    assert "This file is too big" in error(page) and not any(address.startswith("POST") for address in asked)


def test_a_logo_that_is_no_picture(page):
    cut(page)
    page.set_input_files("#logo", [file("logo.png", b"no picture", "image/png")])
    assert "The logo can’t be read" in error(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#error")).to_be_hidden()
    done(page)


def test_a_backdrop_that_the_browser_can_not_draw(page):
    cut(page)
    pick(page, "background", "picture")
    page.set_input_files("#backdrop", [file("wall.heic", b"no picture", "image/heic")])
    expect(page.locator("#backdrop-name")).to_have_text("wall.heic can’t be read: use JPEG, PNG or WebP")
    assert taken(page, "png")[1]


ANSWERS = {
    "resolution": (refusal(400, "resolution_too_high"), "This photo has too many pixels", False),
    "too large": (refusal(400, "file_too_large"), "This file is too big", False),
    "body": (refusal(413, "body_too_large"), "This file is too big", False),
    "key": (refusal(403, "auth_failed"), "An API key is needed", False),
    "full": (refusal(503, "busy", **{"Retry-After": "7"}), "Try again in 7 seconds", True),
    "fault": (refusal(500, "internal_error"), "Something went wrong on our side", True),
    "proxy": ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "Something went wrong on our side", True),
}


def test_every_other_refusal_is_said_plainly_and_tried_again_where_that_may_help(page):
    for case, (answer, sentence, again) in ANSWERS.items():
        answered(page, **answer)
        choose(page, file("car.jpg", PHOTO))
        failed(page)
        assert sentence in error(page), case
        assert page.get_by_role("button", name="Try again").is_visible() == again, case
        page.unroute("**/")
        if again:
            page.get_by_role("button", name="Try again").click()
            done(page)
        page.get_by_role("button", name="Remove car.jpg").click()
        expect(page.locator(".intro")).to_be_visible()


def test_offline_the_photo_waits_and_goes_out_when_the_connection_is_back(page):
    page.evaluate("import('./demo/editor.js')")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    choose(page, file("car.jpg", PHOTO))
    assert "You are offline" in error(page)
    page.context.set_offline(False)
    done(page)
    expect(page.locator("#error")).to_be_hidden()
