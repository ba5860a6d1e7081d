"""The page in Chromium against the real server."""
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import running
from tests.page.visitor import CHROMIUM, DESK, FLAGS, KEY


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("the page is tested with Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a function that needs the API key KEY for more than previews."""
    with running(tmp_path_factory.mktemp("limited"), API_KEYS=sha256(KEY.encode()).hexdigest(), DEMO_LIMIT="1000/hour") as server:
        yield server.address


@pytest.fixture(scope="session")
def modules(npm) -> Path:
    """node_modules of this folder."""
    return npm("page") / "node_modules"


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., Page]]:
    """Opens the page. Any error that the browser reports fails the test, except answers that are refusals."""
    contexts, complaints = [], []

    def visit(address: str = server, script: str | None = None, **how) -> Page:
        context = browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **how})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") and "Failed to load" not in line.text else None)
        if script:
            page.add_init_script(script)
        page.goto(f"{address}/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visit) -> Page:
    return visit()
