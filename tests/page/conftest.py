"""The page in Chromium against the real server."""
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.page.visitor import CHROMIUM, DESK, FLAGS


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
