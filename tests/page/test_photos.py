"""Photos come in by chooser, drop, paste, camera or sample, one or five, and go; and how the page itself comes."""
import base64
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model.flags import FLAGS, advice
from tests.page.visitor import FIVE, PHONE, PHOTO, STREET, answered, api, choose, cut, done, failed, file, sent, taken, thumbnail


def test_it_comes_in_nine_requests_from_one_place(visit, server):
    page = visit("about:blank#")
    asked = sent(page)
    page.goto(server, wait_until="networkidle")
    assert len(asked) <= 9 and all(address.startswith(f"GET {server}/") for address in asked)
    expect(page.get_by_role("heading", level=1)).to_have_text("Just the car.")
    expect(page.get_by_text("Photos are not kept")).to_be_visible()
    assert page.locator("#before").evaluate("image => image.naturalWidth") > 0 and page.locator("#after").evaluate("image => image.naturalWidth") > 0


def test_a_photo_is_chosen_and_its_cut_out_is_what_the_api_gives(page, server):
    cut(page)
    assert taken(page, "png") == ("car-cut.png", api(server))
    expect(page.locator("#facts")).to_contain_text("640 × 480 pixels")
    expect(page.get_by_role("img", name="The car of car.jpg without its background")).to_be_visible()


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


@pytest.mark.parametrize("way", ["dragover drop", "paste"])
def test_a_photo_is_dropped_or_pasted_anywhere(page, server, way):
    hand(page, way)
    done(page)
    assert taken(page, "png")[1] == api(server)


def drop(page: Page, *paths: Path) -> None:
    """By the browser itself: a page may not make an event that holds a folder."""
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        dropped = {"items": [], "files": [*map(str, paths)], "dragOperationsMask": 1}
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": dropped})


def test_a_folder_is_dropped_for_its_photos(page, tmp_path):
    for name in ("lot/10.jpg", "lot/2.jpg", "lot/lot 2/a.JFIF", "lot/.hidden.jpg", "lot/.trash/b.jpg", "lot/notes.txt", "beside"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(FIVE[0])
    drop(page, tmp_path / "lot", tmp_path / "beside")
    done(page, 4)
    names = [label.split(",")[0] for label in page.locator("#thumbnails button:first-child").evaluate_all("all => all.map(one => one.ariaLabel)")]
    assert names == ["beside", "2.jpg", "10.jpg", "a.JFIF"]


def test_a_folder_without_photos_is_told(page, tmp_path):
    (tmp_path / "notes.txt").write_text("no photo")
    drop(page, tmp_path)
    expect(page.locator("#error-title")).to_have_text("No photos in this folder")


def test_the_whole_page_tells_that_photos_may_be_dropped(page):
    over = page.locator("#drop")
    expect(over).to_have_text("Drop photos here")
    hand(page, "dragover")
    expect(over).to_have_class("drop shown")
    hand(page, "dragleave")
    expect(over).to_have_class("drop")


def test_a_phone_offers_its_camera_and_talks_of_nothing_that_it_lacks(visit):
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    expect(page.get_by_text("Take a photo")).to_be_visible()
    shown = page.locator("main").inner_text()
    assert "drop" not in shown.lower() and "paste" not in shown.lower()
    assert page.locator("#camera").get_attribute("capture") == "environment"
    page.set_input_files("#camera", [file("image.jpg", PHOTO)])
    done(page)


def test_there_are_samples_for_who_has_no_photo(page):
    page.get_by_role("button", name="the red one").click()
    done(page)
    expect(page.locator("#facts")).to_contain_text("1200 × 800")


def test_five_photos_make_a_queue_and_one_zip_without_the_sample(page, server):
    page.get_by_role("button", name="the red one").click()
    done(page)
    expect(page.get_by_role("button", name="Download all")).to_be_hidden()
    held, let_go = [], []
    page.route("**/", lambda route: route.continue_() if let_go else held.append(route))
    choose(page, *(file(f"{number % 4}.jpg", photo) for number, photo in enumerate(FIVE)))  # two of them with the same name
    expect(page.get_by_role("button", name="waiting")).to_have_count(3)  # two at once
    expect(page.locator("#thumbnails progress:visible")).to_have_count(5)
    expect(page.locator("#progress-text")).to_contain_text("Sending")
    let_go.append(True)
    for route in held:
        route.continue_()
    done(page, 6)
    for number in (3, 1):
        thumbnail(page, f"{number}.jpg").click()
        expect(thumbnail(page, f"{number}.jpg")).to_have_attribute("aria-current", "true")
        assert taken(page, "png") == (f"{number}-cut.png", api(server, FIVE[number]))
    name, data = taken(page, "all")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert name == "cut-outs.zip" and archive.testzip() is None
        assert archive.namelist() == ["0-cut.png", "1-cut.png", "2-cut.png", "3-cut.png", "0-2-cut.png"]
        assert archive.read("0-2-cut.png") == api(server, FIVE[4])


def test_many_photos_scroll_below_the_picture_and_cover_no_option(page):
    choose(page, *(file(f"{number}.jpg", FIVE[number % 5]) for number in range(14)))
    expect(page.locator("#side")).to_be_visible()
    edges = page.evaluate("['view', 'side'].map((id) => document.getElementById(id).getBoundingClientRect()).map(({left, right}) => [left, right])")
    assert edges[0][1] <= edges[1][0] and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="Download all")).to_be_in_viewport()


def test_download_all_says_how_many_are_in_the_zip(page):
    choose(page, file("car.jpg", PHOTO), file("street.jpg", STREET))
    done(page)
    failed(page)
    asked = sent(page)
    taken(page, "all")
    expect(page.get_by_role("button", name="1 of 2 saved")).to_be_visible()
    assert not [address for address in asked if address.startswith("POST")]


def told(flags: tuple[str, ...]) -> dict[str, str]:
    """Headers of a cut-out with these flags."""
    return {"x-flags": ",".join(flags), "x-advice": advice(flags)} if flags else {}


def test_what_is_to_do_with_a_photo_is_told(page):
    for flags, state, words in [((), "ready", "Ready"), (("low_confidence",), "look", "Look at this one"), (("dark",), "retake", "Take it again")]:
        answered(page, told(flags))
        cut(page, FIVE[0])
        expect(page.locator("#thumbnails .done")).to_have_class(f"done {state}")
        expect(page.locator("#verdict")).to_contain_text(words)
        expect(page.get_by_role("button", name=f"car.jpg, {words.lower()}")).to_be_visible()
        page.get_by_role("button", name="Remove car.jpg").click()
        page.unroute("**/")
    choose(page, file("street.jpg", STREET))
    failed(page)
    expect(page.get_by_role("button", name="street.jpg, no usable car")).to_be_visible()


SHOWN = [
    ("front-left", (), "Exterior, front left."),
    ("rear", ("dark",), "Exterior, rear. The photo is dark: take it again."),
    ("left", FLAGS, "Exterior, left. The car is cut off, the car is small, the photo is dark, the photo is blurred, the photo is tilted, "
                    "something stands before the car, another vehicle is as large, the outline is uncertain: take it again."),
    ("front", ("low_confidence",), "Exterior, front. The outline is uncertain: look at this one."),
]


def test_kind_view_and_flags_are_told_in_words(page):
    for view, flags, words in SHOWN:
        answered(page, {**told(flags), "x-view": view})
        cut(page, FIVE[0])
        expect(page.locator("#shown")).to_have_text(words)
        page.get_by_role("button", name="Remove car.jpg").click()
        page.unroute("**/")


OBJECT_URLS = """
    window.urls = new Set();
    const create = URL.createObjectURL, revoke = URL.revokeObjectURL;
    URL.createObjectURL = (blob) => { const url = create.call(URL, blob); window.urls.add(url); return url; };
    URL.revokeObjectURL = (url) => { window.urls.delete(url); revoke.call(URL, url); };
"""


def test_a_photo_is_removed_and_nothing_of_it_is_kept(visit):
    page = visit(script=OBJECT_URLS)
    choose(page, *(file(f"{number}.jpg", photo) for number, photo in enumerate(FIVE[:2])))
    done(page, 2)
    assert page.evaluate("() => urls.size") == 4  # the photos and their cut-outs
    page.get_by_role("button", name="Remove 0.jpg").click()
    expect(thumbnail(page, "1.jpg")).to_have_attribute("aria-current", "true")
    expect(thumbnail(page, "1.jpg")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", level=1, name="Just the car.")).to_be_visible()
    expect(page.get_by_alt_text("The car alone, its background gone")).to_be_visible()
    assert page.evaluate("() => urls.size") == 0


def test_a_photo_that_is_removed_is_not_waited_for(page):
    held = []
    page.route("**/", lambda route: held.append(route))
    choose(page, file("car.jpg", PHOTO))
    expect(page.locator("#progress-text")).to_contain_text("Sending")
    page.get_by_role("button", name="Remove car.jpg").click()
    expect(page.get_by_text("Choose photos")).to_be_visible()
    page.unroute("**/")
    cut(page)


def test_old_cut_outs_and_backdrops_are_let_go(visit):
    page = visit(script=OBJECT_URLS)
    cut(page, FIVE[0])
    page.get_by_label("Shadow on the ground").check()
    for strength in range(10, 60, 5):
        with page.expect_response(lambda response: response.request.method == "POST"):
            page.get_by_label("Strength").fill(str(strength))
        done(page)
    assert page.evaluate("() => urls.size") <= 1 + 8
    before = page.evaluate("() => urls.size")
    for name in ("one.jpg", "two.jpg", "three.jpg"):
        page.set_input_files("#backdrop", [file(name, STREET)])
    assert page.evaluate("() => urls.size") == before + 1
