"""Before and after: the slider by mouse and keyboard, and zoom down to the pixels."""
import re
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.drawn import encode
from tests.page.visitor import DRAWN, LOGO, api, asked_again, cut, file, pick, pixels, taken


def share(page: Page) -> float:
    return float(page.locator("#frame").evaluate("frame => getComputedStyle(frame).getPropertyValue('--at')").rstrip("%"))


def test_the_slider_follows_the_mouse(page):
    box = page.locator("#frame").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    assert share(page) == pytest.approx(70, abs=1)
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 40)
    assert share(page) == pytest.approx(70, abs=1)


def test_the_slider_obeys_the_keyboard_and_tells_where_it_is(page):
    slider = page.get_by_role("slider", name="Before and after")
    slider.focus()
    page.keyboard.press("Home")
    assert share(page) == 0
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert share(page) == 3
    expect(slider).to_have_attribute("aria-valuetext", "3 percent before, 97 percent after")


def test_before_and_after_lie_on_each_other_in_every_framing(page):
    cut(page)
    photo = first_pixel(api(page.url))
    for framing in ("crop", "place"):
        asked_again(page, partial(pick, page, "framing", framing))
        before, after = (page.locator(name).bounding_box() for name in ("#before", "#after"))
        framed = first_pixel(taken(page, "png")[1])
        for side, length, of_photo, of_framed in (("x", "width", photo[1], framed[1]), ("y", "height", photo[0], framed[0])):
            assert before[side] + of_photo * before[length] == pytest.approx(after[side] + of_framed * after[length], abs=2)


def first_pixel(data: bytes) -> tuple[float, float]:
    """Where a cut-out's car begins, from the top and from the left, as shares of the picture."""
    matte = pixels(data)[..., 3] > 127
    return tuple(np.nonzero(matte.any(axis))[0][0] / matte.shape[1 - axis] for axis in (1, 0))


def test_motion_is_spared_those_who_ask_for_it(visit):
    page = visit(reduced_motion="no-preference")
    cut(page)
    assert share(page) > 10  # on its way
    still = visit()
    cut(still)
    expect(still.locator("#compare")).to_have_value("10")


def test_zoom_goes_down_to_the_pixels(page):
    cut(page)
    page.get_by_role("button", name="1:1").click()
    assert page.locator("#after").bounding_box()["width"] == 640
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator("#after").bounding_box()["width"] == 2560
    assert page.locator("#after").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    region = page.get_by_role("region", name=re.compile("zoomed"))
    region.focus()
    before = region.evaluate("view => view.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.getElementById('view').scrollLeft > before", arg=before)
    page.get_by_role("button", name="Fit").click()
    expect(page.locator("#view")).not_to_have_class(re.compile("zoomed"))


PORTRAIT = encode(np.ascontiguousarray(DRAWN.rgb[:, 170:470]))


def test_before_and_after_are_written_on_the_photo_where_there_is_room(page):
    cut(page, PORTRAIT)
    frame = page.locator("#frame").bounding_box()
    right = frame["x"] + frame["width"]
    for at, before, after in ((50, True, True), (4, False, True), (97, True, False)):
        page.locator("#compare").fill(str(at))
        line = frame["x"] + at / 100 * frame["width"]
        for name, first, last, shown in ((".tag-before", frame["x"], line, before), (".tag-after", line, right, after)):
            tag = page.locator(name).bounding_box()
            assert first < tag["x"] and tag["x"] + tag["width"] < last if shown else tag["x"] > right or tag["x"] + tag["width"] < frame["x"]


def test_the_background_ends_at_the_slider(visit):
    page = visit(color_scheme="dark", viewport={"width": 1283, "height": 807})
    cut(page, PORTRAIT)
    pick(page, "background", "colour")
    asked_again(page, partial(pick, page, "framing", "line"))
    page.locator("#compare").fill("50")
    frame = page.locator("#frame").bounding_box()
    seen = pixels(page.screenshot())[int(frame["y"]) + 4, int(frame["x"]) - 3:int(frame["x"] + 0.4 * frame["width"]), :3]
    assert seen.max() < 0xd7, "no line of the background's colour beside the photo"


def test_nothing_lies_on_a_logo(page):
    cut(page)
    asked_again(page, lambda: page.set_input_files("#logo", [file("logo.png", LOGO, "image/png")]))
    picture, zoom = page.locator("#view").bounding_box(), page.locator("#zoom").bounding_box()
    assert zoom["y"] >= picture["y"] + picture["height"]
    expect(page.locator(".tag-after")).to_be_hidden()
