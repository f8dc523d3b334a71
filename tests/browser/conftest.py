"""Chromium with a speaking microphone, against the whole running stack."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from launcher import chromium
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser import aftermath
from tests.browser import speech as speaking
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    PROSPECT_SAYS,
    Database,
    OpenBrowser,
    OpenContext,
    Speech,
    close_everything,
)

HERE = Path(__file__).parent
TIMEOUT_SECONDS = 240
# All visitors of these tests come from one address, and more of them than one address may bring in an hour.
MANY_CALLS = "1000"
FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Calls must connect on a machine whose only network interface is the loopback one.
    "--allow-loopback-in-peer-connection",
    # Whatever a page asks for, nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    database = getattr(item, "funcargs", {}).get("database")
    if report.when == "call" and report.failed and database is not None:
        report.sections.append(("the newest visits", aftermath.tell(database)))
    return report


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """All processes, on a database of their own."""
    with Stack(
        "browser",
        web_port=8300,
        sandbox_port=8400,
        database="browser",
        shared=True,
        fresh=True,
        extra_environment={"TOKEN_LIMIT_PER_ADDRESS": MANY_CALLS, "VISITS_PER_ADDRESS": MANY_CALLS},
    ) as running:
        yield running


@pytest.fixture
def sandbox(stack: Stack) -> Iterator[SandboxControl]:
    """The sandbox's control client; every test begins and ends without calls or faults."""
    control = SandboxControl(stack.sandbox_url, stack.control_token)
    control.clear_faults()
    control.reset()
    yield control
    control.clear_faults()
    control.reset()


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """The stack's rows. (Django's models of this process look at another database.)"""
    rows = psycopg.rows.dict_row
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True, row_factory=rows) as connection:
        yield connection


@pytest.fixture
def settled(database: Database, sandbox: SandboxControl) -> Iterator[None]:
    """Nobody is available and nothing is open when a test begins, and every answer is known to the sandbox."""
    sandbox.scenario(practice_notice=False, answers=list(ANSWERS.values()), field_values=ANSWERS)
    close_everything(database)
    yield
    close_everything(database)


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """Return a sound file of a sentence, for `open_browser(microphone=…)`."""
    synthesiser = speaking.Synthesiser()
    folder = tmp_path_factory.mktemp("speech")
    return lambda text: speaking.write(text, folder, synthesiser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    found = chromium.find()
    assert found, "no Chromium; run `python -m launcher.chromium`"
    return found


@pytest.fixture
def open_browser(playwright: Playwright, chromium_path: Path) -> Iterator[OpenBrowser]:
    """Start a browser whose microphone plays a sound file in a loop; one process per person."""
    opened: list[Browser] = []

    def open_one(microphone: Path | None = None) -> Browser:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags(microphone))
        opened.append(browser)
        return browser

    yield open_one
    for browser in opened:
        browser.close()


@pytest.fixture(scope="session")
def browsers(playwright: Playwright, chromium_path: Path) -> Iterator[dict[Path | None, Browser]]:
    """One process per microphone, kept for later tests."""
    running: dict[Path | None, Browser] = {}
    yield running
    for browser in running.values():
        browser.close()


@pytest.fixture
def open_context(
    browsers: dict[Path | None, Browser], playwright: Playwright, chromium_path: Path
) -> Iterator[OpenContext]:
    """Give a person a fresh browser profile, `options` as for `Browser.new_context`; quicker than a new process."""
    opened: list[BrowserContext] = []

    def open_one(microphone: Path | None = None, **options: Any) -> BrowserContext:
        if microphone not in browsers:
            launched = playwright.chromium.launch(executable_path=chromium_path, args=flags(microphone))
            browsers[microphone] = launched
        opened.append(browsers[microphone].new_context(**options))
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def prospect(stack: Stack, open_context: OpenContext, speech: Speech) -> Prospect:
    return Prospect.visit(open_context(speech(PROSPECT_SAYS)), f"{stack.base_url}/w/demo/")


@pytest.fixture
def alice(request: pytest.FixtureRequest, stack: Stack, open_context: OpenContext, speech: Speech) -> CloserPage:
    # The accessibility checker is a script of its own, which the page's policy would refuse.
    is_checked = request.node.get_closest_marker("checked") is not None
    return CloserPage.log_in(open_context(speech(CLOSER_SAYS), bypass_csp=is_checked), stack.base_url, "alice")


def flags(microphone: Path | None) -> list[str]:
    chosen = list(FLAGS)
    if microphone:
        chosen.append(f"--use-file-for-fake-audio-capture={microphone}")
    if os.geteuid() == 0:
        chosen.append("--no-sandbox")
    return chosen
