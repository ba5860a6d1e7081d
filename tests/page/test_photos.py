"""Photos come in by chooser, drop, paste, camera or sample, one or five; and how the page itself comes."""
import base64

import pytest
from playwright.sync_api import Page, expect

from tests.page.visitor import FIVE, PHONE, PHOTO, api, choose, cut, done, file, sent, taken


def test_it_comes_in_five_requests_from_one_place(visit, server):
    page = visit("about:blank#")
    asked = sent(page)
    page.goto(server, wait_until="networkidle")
    assert len(asked) <= 5 and all(address.startswith(f"GET {server}/") for address in asked)
    expect(page.get_by_role("heading", level=1)).to_have_text("Just the car.")
    expect(page.get_by_text("Photos are not kept")).to_be_visible()
    assert page.locator("#before").evaluate("image => image.naturalWidth") > 0 and page.locator("#after").evaluate("image => image.naturalWidth") > 0


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
