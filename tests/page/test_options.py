"""Background, shadow, framing, glass, size and logo, and what is downloaded."""
import base64
import io
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.visitor import BACKDROP, DESK, LOGO, PHONE, PHOTO, api, asked_again, assert_same_picture, cut, done, file, pick, pixels, sent, taken


def test_a_background_needs_no_request(page, server):
    cut(page)
    asked = sent(page)
    for background, colour in (("white", "ffffff"), ("black", "000000"), ("colour", "d7e3ee")):
        pick(page, "background", background)
        name, data = taken(page, "png")
        assert name == "car-cut.png"
        assert_same_picture(data, api(server, bg_color=colour, format="png"))
    page.locator("#colour").fill("#336699")
    assert tuple(pixels(taken(page, "png")[1])[0, 0]) == (0x33, 0x66, 0x99, 255)
    pick(page, "background", "picture")
    page.set_input_files("#backdrop", [file("street.png", BACKDROP, "image/png")])
    assert_same_picture(taken(page, "png")[1], api(server, files={"bg_image_file": BACKDROP}, format="png"), mean=2)
    assert asked == []


def test_webp_and_jpeg_are_written_too(page, server):
    cut(page)
    pictures = {kind: taken(page, kind) for kind in ("webp", "jpg")}
    for kind, mime in (("webp", "WEBP"), ("jpg", "JPEG")):
        name, data = pictures[kind]
        assert name == f"car-cut.{kind}" and Image.open(io.BytesIO(data)).format == mime
    assert_same_picture(pictures["jpg"][1], api(server, bg_color="fff", format="png"), mean=2)  # on white
    assert np.abs(pixels(pictures["webp"][1])[..., 3].astype(int) - pixels(api(server))[..., 3]).mean() < 1


def test_the_picture_is_copied(visit, server):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    cut(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#status")).to_have_text("Copied")
    data = page.evaluate("""async () => {
        const [item] = await navigator.clipboard.read();
        const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }""")
    one, other = pixels(base64.b64decode(data)), pixels(api(server))
    assert np.array_equal(one[..., 3], other[..., 3]) and np.array_equal(one[other[..., 3] == 255], other[other[..., 3] == 255])


def shadow(page: Page) -> None:
    asked_again(page, lambda: page.get_by_label("Shadow on the ground").check())
    asked_again(page, lambda: page.get_by_label("Strength").fill("60"))


def crop(page: Page) -> None:
    asked_again(page, lambda: pick(page, "framing", "crop"))
    asked_again(page, lambda: page.get_by_label("Margin").fill("12"))


def place(page: Page) -> None:
    asked_again(page, lambda: pick(page, "framing", "place"))
    for label, value in (("Scale", "60"), ("Across", "25"), ("Down", "90")):
        asked_again(page, partial(page.get_by_label(label, exact=True).fill, value))


def line(page: Page) -> None:
    asked_again(page, lambda: pick(page, "framing", "line"))
    for label, value in (("Car width", "60"), ("Ground", "90")):
        asked_again(page, partial(page.get_by_label(label, exact=True).fill, value))


def glass(page: Page) -> None:
    expect(page.get_by_text("experimental")).to_be_visible()
    asked_again(page, lambda: page.get_by_label("See-through glass").check())


def size(page: Page) -> None:
    asked_again(page, lambda: page.get_by_label("Size", exact=True).select_option("preview"))


def logo(page: Page) -> None:
    asked_again(page, lambda: page.set_input_files("#logo", [file("logo.png", LOGO, "image/png")]))
    asked_again(page, lambda: pick(page, "place", "top-left"))
    asked_again(page, lambda: page.get_by_label("Width", exact=True).fill("33"))
    asked_again(page, lambda: page.get_by_label("Opacity").fill("50"))


ASKED = {
    "shadow": (shadow, {"shadow_type": "contact", "shadow_opacity": "60"}, {}),
    "crop": (crop, {"crop": "true", "crop_margin": "12%"}, {}),
    "place": (place, {"scale": "60%", "position": "25% 90%"}, {}),
    "line": (line, {"car_width": "60%", "ground": "90%"}, {}),
    "glass": (glass, {"semitransparency": "true"}, {}),
    "size": (size, {"size": "preview"}, {}),
    "logo": (logo, {"watermark_position": "top-left", "watermark_scale": "33", "watermark_opacity": "50"}, {"watermark_file": LOGO}),
}


@pytest.mark.parametrize("what", ASKED)
def test_options_are_what_the_api_makes_of_them(page, server, what):
    act, values, files = ASKED[what]
    cut(page)
    act(page)
    assert taken(page, "png")[1] == api(server, files=files, **values)


def test_what_was_answered_once_is_not_asked_again(page):
    cut(page)
    shadow = page.get_by_label("Shadow on the ground")
    asked_again(page, shadow.check)
    asked = sent(page)
    for act in (shadow.uncheck, shadow.check):
        act()
        done(page)
    assert asked == []


def test_the_picture_stays_in_view_while_the_options_scroll(visit):
    for size in (DESK | {"height": 560}, PHONE):
        page = visit(viewport=size)
        cut(page)
        page.get_by_text("API call").click()
        page.get_by_role("button", name="Copy the call").scroll_into_view_if_needed()
        assert page.evaluate("() => scrollY") > 100
        expect(page.locator("#view")).to_be_in_viewport(ratio=0.9)


def test_the_call_gives_the_same_picture(page, tmp_path):
    name = "it's my car; blue, 5\" rims.jpg"
    for path, data in ((name, PHOTO), ("logo.png", LOGO)):
        (tmp_path / path).write_bytes(data)
    cut(page, name=name)
    logo(page)
    page.get_by_text("API call").click()
    cut_name, own = name.replace(".jpg", "-cut.png"), taken(page, "png")[1]
    for language, program in (("curl", ["bash", "-c"]), ("python", [sys.executable, "-c"])):
        pick(page, "language", language)
        ended = subprocess.run([*program, page.locator("#code").inner_text()], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        assert (tmp_path / cut_name).read_bytes() == own
        (tmp_path / cut_name).unlink()
    pick(page, "background", "black")
    expect(page.locator("#code")).to_contain_text("bg_color")
