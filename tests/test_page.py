"""The page as its visitors use it, in Chromium against the real server: by mouse, keyboard, finger and screen reader."""
import base64
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.drawn import draw_photo, draw_street, encode

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PHOTO = encode(draw_photo(640, 480, angle="side", seed=5).rgb)
FIVE = [encode(draw_photo(400, 300, angle=angle, seed=seed).rgb) for seed, angle in enumerate(["side", "front", "three_quarter", "rear", "side"])]
STREET = encode(draw_street(640, 480, seed=3))
LOGO = encode(np.full((60, 120, 3), (20, 60, 200), np.uint8), "png")
BACKDROP = encode(draw_street(500, 700, seed=8), "png")

expect.set_options(timeout=30_000)


def file(name: str, data: bytes, kind: str = "image/jpeg") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("the page is tested with Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., Page]]:
    """Opens the page anew. Whatever the browser itself complains of fails the test, but for answers that are refusals."""
    contexts, complaints = [], []

    def visit(address: str = server, **how) -> Page:
        context = browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **how})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") and "Failed to load" not in line.text else None)
        page.goto(f"{address}/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visit) -> Page:
    return visit()


def sent(page: Page) -> list[str]:
    """The addresses asked from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request.method + " " + request.url) if request.url.startswith("http") else None)
    return asked


def choose(page: Page, *files: dict) -> None:
    page.set_input_files("#chooser", [*files])


def done(page: Page, count: int = 1) -> None:
    expect(page.locator("#queue button.done")).to_have_count(count)
    expect(page.locator("#progress")).to_be_hidden()


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


def trouble(page: Page) -> str:
    expect(page.locator("#trouble")).to_be_visible()
    text = page.locator("#trouble").inner_text()
    assert page.locator("#trouble-title").inner_text() in page.locator("#status").inner_text()  # and a screen reader is told
    return text


# --- how it comes


def test_it_comes_in_five_requests_from_one_place(visit, server):
    page = visit("about:blank#")
    asked = sent(page)
    page.goto(server, wait_until="networkidle")
    assert len(asked) <= 5 and all(address.startswith(f"GET {server}/") for address in asked)
    expect(page.get_by_role("heading", level=1)).to_have_text("Just the car.")
    expect(page.get_by_text("Photos are not kept")).to_be_visible()
    assert page.locator("#before").evaluate("image => image.naturalWidth") > 0 and page.locator("#after").evaluate("image => image.naturalWidth") > 0


# --- photos on their way in


def test_a_photo_is_chosen_and_its_cut_out_is_what_the_api_gives(page, server):
    cut(page)
    assert taken(page, "png") == ("car-cut.png", api(server))
    expect(page.locator("#facts")).to_contain_text("640 × 480 pixels")
    expect(page.get_by_role("img", name="The car of car.jpg, its background gone")).to_be_visible()


HAND = """([kind, name, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], name, {type: "image/jpeg"}));
    const target = document.querySelector("main");
    if (kind === "paste") return target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: held, bubbles: true}));
    for (const step of kind.split(" ")) target.dispatchEvent(new DragEvent(step, {dataTransfer: held, bubbles: true, cancelable: true}));
}"""


def hand(page: Page, kind: str) -> None:
    page.evaluate(HAND, [kind, "car.jpg", base64.b64encode(PHOTO).decode()])


@pytest.mark.parametrize("way", ["dragenter dragover drop", "paste"])
def test_a_photo_is_dropped_or_pasted_anywhere(page, server, way):
    hand(page, way)
    done(page)
    assert taken(page, "png")[1] == api(server)


def test_the_whole_page_tells_that_a_photo_may_be_let_go(page):
    over = page.locator("#drop")
    hand(page, "dragenter")
    expect(over).to_have_class("drop shown")
    hand(page, "dragleave")
    expect(over).to_have_class("drop")


def test_a_phone_offers_its_camera(visit):
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    expect(page.get_by_text("Take a photo")).to_be_visible()
    assert page.locator("#camera").get_attribute("capture") == "environment"
    page.set_input_files("#camera", [file("image.jpg", PHOTO)])
    done(page)


def test_there_are_samples_for_who_has_no_photo(page):
    page.get_by_role("button", name="the red one").click()
    done(page)
    expect(page.locator("#facts")).to_contain_text("1200 × 800")


def test_five_photos_make_a_queue(page, server):
    held, let_go = [], []
    page.route("**/", lambda route: route.continue_() if let_go else held.append(route))
    choose(page, *(file(f"{number}.jpg", photo) for number, photo in enumerate(FIVE)))
    expect(page.locator("#queue button")).to_have_count(5)
    expect(page.locator("#queue progress:visible")).to_have_count(5)
    expect(page.get_by_role("button", name="waiting")).to_have_count(3)  # two at once
    expect(page.locator("#progress-text")).to_contain_text("Sending")
    let_go.append(True)
    for route in held:
        route.continue_()
    done(page, 5)
    for number in (3, 1):
        page.get_by_role("button", name=f"{number}.jpg, done").click()
        expect(page.locator("#queue button").nth(number)).to_have_attribute("aria-current", "true")
        assert taken(page, "png") == (f"{number}-cut.png", api(server, FIVE[number]))
    names = []
    page.on("download", lambda download: names.append(download.suggested_filename))
    with page.expect_event("download", lambda download: len(names) == 5):
        page.get_by_role("button", name="Download all").click()
    assert names == [f"{number}-cut.png" for number in range(5)]


# --- before and after


def share(page: Page) -> float:
    return float(page.locator("#frame").evaluate("frame => getComputedStyle(frame).getPropertyValue('--at')").rstrip("%"))


def test_the_slider_follows_the_mouse(page):
    cut(page)
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


def test_before_and_after_lie_on_each_other_also_when_cropped(page):
    cut(page)
    asked_again(page, lambda: page.get_by_text("To the car").click())
    before, after = (page.locator(name).bounding_box() for name in ("#before", "#after"))
    whole = pixels(api(page.url))[..., 3] > 127
    cropped = pixels(taken(page, "png")[1])[..., 3] > 127
    left, top = (np.nonzero(matte.any(axis))[0][0] / matte.shape[1 - axis] for matte in (whole,) for axis in (0, 1))
    cropped_left, cropped_top = (np.nonzero(cropped.any(axis))[0][0] / cropped.shape[1 - axis] for axis in (0, 1))
    assert before["x"] + left * before["width"] == pytest.approx(after["x"] + cropped_left * after["width"], abs=2)
    assert before["y"] + top * before["height"] == pytest.approx(after["y"] + cropped_top * after["height"], abs=2)


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


# --- what is behind the car, and what is taken away


@pytest.mark.parametrize("behind, colour", [("white", "ffffff"), ("black", "000000"), ("colour", "d7e3ee")])
def test_a_colour_behind_the_car_needs_no_request(page, server, behind, colour):
    cut(page)
    asked = sent(page)
    pick(page, "behind", behind)
    name, data = taken(page, "png")
    assert asked == [] and name == "car-cut.png"
    assert_same_picture(data, api(server, bg_color=colour, format="png"))


def test_a_backdrop_needs_no_request(page, server):
    cut(page)
    asked = sent(page)
    pick(page, "behind", "picture")
    page.set_input_files("#backdrop", [file("street.png", BACKDROP, "image/png")])
    _, data = taken(page, "png")
    assert asked == []
    assert_same_picture(data, api(server, files={"bg_image_file": BACKDROP}, format="png"), mean=2)


def test_the_picker_changes_the_colour(page, server):
    cut(page)
    pick(page, "behind", "colour")
    page.locator("#colour").fill("#336699")
    assert tuple(pixels(taken(page, "png")[1])[0, 0]) == (0x33, 0x66, 0x99, 255)


@pytest.mark.parametrize("kind, mime", [("webp", "WEBP"), ("jpg", "JPEG")])
def test_webp_and_jpeg_are_written_too(page, server, kind, mime):
    cut(page)
    name, data = taken(page, kind)
    assert name == f"car-cut.{kind}" and Image.open(io.BytesIO(data)).format == mime
    if kind == "jpg":  # on white
        assert_same_picture(data, api(server, bg_color="fff", format="png"), mean=2)
    else:
        assert np.abs(pixels(data)[..., 3].astype(int) - pixels(api(server))[..., 3]).mean() < 1


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
    asked_again(page, lambda: pick(page, "shadow", "contact"))
    asked_again(page, lambda: page.locator("#shadow-opacity").fill("60"))


def crop(page: Page) -> None:
    asked_again(page, lambda: page.get_by_text("To the car").click())
    asked_again(page, lambda: page.locator("#margin").fill("12"))


def logo(page: Page) -> None:
    asked_again(page, lambda: page.set_input_files("#logo", [file("logo.png", LOGO, "image/png")]))
    asked_again(page, lambda: pick(page, "place", "top-left"))
    asked_again(page, lambda: page.locator("#logo-scale").fill("33"))
    asked_again(page, lambda: page.locator("#logo-opacity").fill("50"))


ASKED = {"shadow": (shadow, {"shadow_type": "contact", "shadow_opacity": "60"}, {}), "crop": (crop, {"crop": "true", "crop_margin": "12%"}, {}),
         "logo": (logo, {"watermark_position": "top-left", "watermark_scale": "33", "watermark_opacity": "50"}, {"watermark_file": LOGO})}


@pytest.mark.parametrize("what", ASKED)
def test_shadow_crop_and_logo_are_what_the_api_makes_of_them(page, server, what):
    act, values, files = ASKED[what]
    cut(page)
    act(page)
    assert taken(page, "png")[1] == api(server, files=files, **values)


def test_what_was_answered_once_is_not_asked_again(page):
    cut(page)
    asked_again(page, lambda: pick(page, "shadow", "drop"))
    asked = sent(page)
    for value in ("none", "drop"):
        pick(page, "shadow", value)
        done(page)
    assert asked == []


@pytest.mark.parametrize("language", ["curl", "python"])
def test_the_call_gives_the_same_picture(page, tmp_path, language):
    name = "it's my car.jpg"
    for path, data in ((name, PHOTO), ("logo.png", LOGO)):
        (tmp_path / path).write_bytes(data)
    cut(page, name=name)
    logo(page)
    page.locator("summary").click()
    pick(page, "call", language)
    code = page.locator("#call").inner_text()
    command = ["bash", "-c", code] if language == "curl" else [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "it's my car-cut.png").read_bytes() == taken(page, "png")[1]
    pick(page, "behind", "black")
    expect(page.locator("#call")).to_contain_text("bg_color")


# --- where a visitor without a key gets less


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
    body = asked.value.post_data_buffer
    if body:
        start = body.index(b"\xff\xd8\xff")
        with Image.open(io.BytesIO(body[start:])) as picture:
            assert picture.width * picture.height <= 250_000 and picture.width > picture.height and picture.getexif().get(0x0112, 1) == 1
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


# --- what goes wrong


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


# --- for everyone


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """axe-core's code, from npm."""
    if not shutil.which("npm"):
        pytest.fail("axe-core is installed by npm: install it, such as by apt-get install npm")
    folder = shutil.copytree(Path(__file__).parent / "page", tmp_path_factory.mktemp("npm") / "page")
    subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


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
