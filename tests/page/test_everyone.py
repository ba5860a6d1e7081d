"""The page for everyone: any size, light and dark, keyboard, screen reader."""
import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.page.visitor import DESK, LOGO, PHONE, PHOTO, STREET, api, asked_again, assert_same_picture, choose, cut, done, file, pick, trouble


@pytest.fixture(scope="module")
def axe(npm) -> str:
    """axe-core's code, from npm."""
    return (npm("page") / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(visit, axe, scheme, size):
    page = visit(viewport=size, color_scheme=scheme)

    def violations() -> str:
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        return json.dumps([(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found], indent=1)

    assert violations() == "[]"
    cut(page)
    pick(page, "shadow", "contact")
    page.get_by_text("To the car").click()
    page.set_input_files("#logo", [file("logo.png", LOGO, "image/png")])
    pick(page, "behind", "colour")
    page.locator("summary").click()
    done(page)
    assert violations() == "[]"
    page.get_by_role("button", name="1:1").click()
    assert violations() == "[]"
    choose(page, file("street.jpg", STREET))
    trouble(page)
    assert violations() == "[]"


@pytest.mark.parametrize("width, height", [(320, 568), (390, 844), (768, 1024), (1280, 800), (3840, 2160)])
def test_nothing_is_cut_off_at_any_size(visit, width, height):
    page = visit(viewport={"width": width, "height": height})
    inside = "() => document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(inside)
    expect(page.get_by_text("Choose photos")).to_be_in_viewport()
    cut(page)
    page.locator("summary").click()
    assert page.evaluate(inside)
    for taking in page.locator("[data-take]:visible").all():
        assert within(taking, width)


def within(element: Locator, width: int) -> bool:
    box = element.bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= width


def test_on_a_phone_the_photo_comes_first_and_goes_from_edge_to_edge(visit):
    page = visit(viewport=PHONE)
    stage, button = page.locator("#view").bounding_box(), page.get_by_text("Choose photos").bounding_box()
    assert (stage["x"], stage["width"]) == (0, PHONE["width"]) and stage["y"] + stage["height"] < button["y"] < PHONE["height"]


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
    tab_to("None")
    asked_again(page, lambda: page.keyboard.press("ArrowRight"))  # a shadow
    tab_to("Download PNG")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert_same_picture(Path(download.value.path()).read_bytes(), api(server, bg_color="fff", shadow_type="contact", format="png"))
