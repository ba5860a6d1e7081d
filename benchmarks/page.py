"""What the page weighs: bytes by file, requests until it can be used, time to first paint from the local function.

    .venv-test/bin/python -m benchmarks.page        needs /usr/bin/chromium; nothing is kept between the visits
"""
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Response, sync_playwright

from tests.conftest import running

DEMO = Path(__file__).resolve().parent.parent / "demo"
VISITS = 9
READY = "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd]"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        paints, usable = [], []
        for _ in range(VISITS):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page, answers = context.new_page(), []
            page.on("response", answers.append)
            page.goto(server.address)
            page.wait_for_load_state("networkidle")
            paint, ready = page.evaluate(READY)
            paints.append(paint)
            usable.append(ready)
            rows = [row(answer) for answer in answers]
            context.close()
        browser.close()
    for name, kind, raw, sent in rows:
        print(f"{name:28} {kind:12} {raw / 1000:7.1f} kB, {sent / 1000:6.1f} kB as sent")
    print(f"until it can be used: {len(rows)} requests, {sum(sent for *_, sent in rows) / 1000:.1f} kB as sent")
    page = sum(path.stat().st_size for path in [DEMO / "index.html", DEMO / "style.css", *DEMO.glob("*.js")])
    print(f"HTML, CSS and JavaScript, what is loaded with the first photo included, without the zip library: {page / 1000:.1f} kB before compression")
    print(f"first contentful paint {statistics.median(paints):.0f} ms, usable {statistics.median(usable):.0f} ms after the address was entered "
          f"(medians of {VISITS} visits)")


def row(answer: Response) -> tuple[str, str, int, int]:
    """Path, kind, bytes before compression, bytes of the body as sent."""
    return answer.url.partition("//")[2].partition("/")[2] or "/", answer.request.resource_type, len(answer.body()), answer.request.sizes()["responseBodySize"]


if __name__ == "__main__":
    main()
