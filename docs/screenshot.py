"""Draws docs/page.jpg: the page in Chromium with a drawn photo cut out, a shadow under the car and a colour behind it.

    make screenshot         needs /usr/bin/chromium
"""
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import running

PICTURE = Path(__file__).with_name("page.jpg")
SIZE = {"width": 1280, "height": 800}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")  # else the reveal is still on its way
        page.goto(server.address)
        page.get_by_role("button", name="the red one").click()
        page.get_by_role("button", name="Download PNG").wait_for()
        for choice in ("Colour", "Shadow on the ground"):
            page.get_by_text(choice, exact=True).first.click()
        page.locator("#compare").fill("40")
        page.mouse.move(0, 0)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE, type="jpeg", quality=80, animations="disabled")
        browser.close()
    print(PICTURE)


if __name__ == "__main__":
    main()
