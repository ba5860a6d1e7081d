"""The page for everyone: any size, light and dark, keyboard, screen reader."""
import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.visitor import DESK, LOGO, PHONE, PHOTO, api, asked_again, assert_same_picture, choose, cut, done, error, file, pick


@pytest.fixture(scope="session")
def axe(modules) -> str:
    """axe-core's code, from npm."""
    return (modules / "axe-core" / "axe.min.js").read_text()


def violations(page: Page, axe: str) -> str:
    """What axe-core finds in light, and of colours in dark."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    found = []
    for scheme, rules in (("light", "{resultTypes: ['violations']}"), ("dark", "{resultTypes: ['violations'], runOnly: ['color-contrast']}")):
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in page.evaluate(f"() => axe.run({rules})")["violations"]]
    return json.dumps(found, indent=1)


def test_axe_finds_nothing(visit, limited, axe):
    page = visit(limited)
    assert violations(page, axe) == "[]"
    cut(page)
    page.get_by_label("Shadow on the ground").check()
    pick(page, "framing", "place")
    page.set_input_files("#logo", [file("logo.png", LOGO, "image/png")])
    pick(page, "background", "colour")
    page.get_by_text("API call").click()
    done(page)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert violations(page, axe) == "[]"
    page.get_by_role("button", name="1:1").click()
    page.route("**/try", lambda route: route.fulfill(status=429, headers={"Retry-After": "600"}, body=""))
    choose(page, file("notes.txt", b"no picture"))
    error(page)
    assert violations(page, axe) == "[]"
    page.goto(f"{limited}/demo/api.html")
    assert violations(page, axe) == "[]"


def test_nothing_is_cut_off_at_any_size(page):
    sizes = [(320, 568), (390, 844), (768, 1024), (1280, 800), (3840, 2160)]
    inside = "() => document.documentElement.scrollWidth <= innerWidth"
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(inside), width
        expect(page.get_by_text("Choose photos")).to_be_in_viewport()
    cut(page)
    page.get_by_text("API call").click()
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(inside), width
        for taking in page.locator("[data-take]:visible").all():
            assert within(taking, width)


def within(element: Locator, width: int) -> bool:
    box = element.bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= width


def test_the_api_link_leads_to_a_readable_reference_and_back(page):
    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API")
    expect(page.get_by_role("cell", name="crop_margin", exact=True)).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("heading", level=1).first).to_have_text("Just the car.")  # until styles are loaded, the panel's heading is there, too


def test_on_a_phone_the_photo_comes_first_and_goes_from_edge_to_edge(visit):
    page = visit(viewport=PHONE)
    stage, button = page.locator("#view").bounding_box(), page.get_by_text("Choose photos").bounding_box()
    assert (stage["x"], stage["width"]) == (0, PHONE["width"]) and stage["y"] + stage["height"] < button["y"] < PHONE["height"]


def test_downloads_stand_directly_below_the_picture(visit):
    for size in (DESK, PHONE):
        page = visit(viewport=size)
        cut(page)
        picture, taking = page.locator("#view").bounding_box(), page.get_by_role("button", name="Download PNG").bounding_box()
        assert 0 < taking["y"] - picture["y"] - picture["height"] < 16
        for button in page.locator(".take button").all():
            expect(button).to_be_in_viewport(ratio=1)


def test_all_can_be_done_without_a_mouse(page, server):
    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("() => (document.activeElement.getAttribute('aria-label') || document.activeElement.closest('label')?.innerText"
                             " || document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText || '').trim()") == name:
                return
        raise AssertionError(f"the Tab key does not lead to {name}")

    page.on("filechooser", lambda chooser: None)  # Chromium hands choosers over from here on: only asked for with the key, the key may come first
    tab_to("Choose photos")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([file("car.jpg", PHOTO)])
    done(page)
    tab_to("None")
    page.keyboard.press("ArrowRight")  # white
    tab_to("Shadow on the ground")
    asked_again(page, lambda: page.keyboard.press("Space"))
    tab_to("Download PNG")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert_same_picture(Path(download.value.path()).read_bytes(), api(server, bg_color="fff", shadow_type="contact", format="png"))
