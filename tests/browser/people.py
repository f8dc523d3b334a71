"""The people of a browser test, as what they can see and do on their pages."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

PASSWORD = "talk-to-alice"
ELEMENT = "telnyx-ai-agent"
# On the scale 0–255. Digital silence is 0; the quietest speech in these tests reaches 5.
AUDIBLE = 4
SILENT = 1
# The microphones pause for 2.8 s between two rounds of their sentence; a window of 2 s that stays silent for this
# long has seen more than such a pause.
LONGER_THAN_A_PAUSE = 1.5

# What a page received in the last two seconds, as RMS values 50 ms apart.
HEARD_BY_PROSPECT = f"document.querySelector('{ELEMENT}').loudness()"
HEARD_BY_CLOSER = "window.agileadapt.softphone.loudness()"


@dataclass
class Prospect:
    """A visitor on the widget page."""

    page: Page
    problems: list[str] = field(default_factory=list)

    @classmethod
    def visit(cls, browser: Browser | BrowserContext, url: str) -> "Prospect":
        page = new_page(browser, width=1024, height=860)
        prospect = cls(page)
        note_problems(page, prospect.problems)
        page.goto(url)
        prospect.wait_for("ready")
        return prospect

    def agree(self) -> None:
        element = self.page.locator(ELEMENT)
        element.get_by_role("button", name="Start talking").click()
        self.wait_for("consent")
        element.get_by_role("button", name="Agree and talk").click()

    def wait_for(self, *states: str, seconds: float = 20) -> None:
        wanted = ", ".join(f'{ELEMENT}[data-state="{state}"]' for state in states)
        self.page.wait_for_selector(wanted, timeout=seconds * 1000)

    @property
    def state(self) -> str:
        return self.page.locator(ELEMENT).get_attribute("data-state") or ""

    def sees(self, text: str, *, seconds: float = 15) -> None:
        expect(self.page.locator(ELEMENT).get_by_text(text).first).to_be_visible(timeout=seconds * 1000)

    def press(self, name: str) -> None:
        self.page.locator(ELEMENT).get_by_role("button", name=name).first.click()

    def stats(self) -> dict[str, Any]:
        return dict(self.page.evaluate(f"document.querySelector('{ELEMENT}').stats()"))

    def hears(self, *, above: float = AUDIBLE, seconds: float = 20) -> None:
        """Wait until the received audio is louder than `above` somewhere in the last two seconds."""
        wait_for_loudness(self.page, HEARD_BY_PROSPECT, lambda heard: max(heard, default=0) > above, seconds)

    def hears_nothing(self, *, seconds: float = 15) -> None:
        wait_for_loudness(self.page, HEARD_BY_PROSPECT, is_silence, seconds, lasting=LONGER_THAN_A_PAUSE)


@dataclass
class CloserPage:
    """A closer on the dashboard."""

    page: Page
    problems: list[str] = field(default_factory=list)

    @classmethod
    def log_in(cls, browser: Browser | BrowserContext, base_url: str, login: str) -> "CloserPage":
        page = new_page(browser, width=1440, height=900)
        closer = cls(page)
        note_problems(page, closer.problems)
        page.goto(f"{base_url}/dashboard/")
        page.fill("input[name=username]", f"{login}@agileadapt.example")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        closer.wait_for_body(connection="live")
        return closer

    def take_calls(self) -> None:
        self.page.get_by_role("button", name="Take calls").click()
        self.wait_for_body(softphone="ready")

    def wait_for_body(self, *, seconds: float = 20, **data: str) -> None:
        attributes = "".join(f'[data-{name}="{value}"]' for name, value in data.items())
        self.page.wait_for_selector(f"body{attributes}", timeout=seconds * 1000)

    def wait_for_ring(self, *, seconds: float = 20) -> None:
        self.page.wait_for_selector("[data-ring]", state="visible", timeout=seconds * 1000)

    def wait_for_no_ring(self, *, seconds: float = 10) -> None:
        self.page.wait_for_selector("[data-ring] [data-accept]", state="hidden", timeout=seconds * 1000)

    def field(self, name: str, value: str, *, seconds: float = 15) -> None:
        shown = self.page.locator(f'[data-field="{name}"] [data-value]')
        expect(shown).to_have_text(value, timeout=seconds * 1000)

    def watch_newest(self) -> None:
        self.page.locator("[data-card] a[data-watch]").first.click()

    def stats(self) -> dict[str, Any]:
        return dict(self.page.evaluate("window.agileadapt.softphone.stats()"))

    def hears(self, *, above: float = AUDIBLE, seconds: float = 20) -> None:
        wait_for_loudness(self.page, HEARD_BY_CLOSER, lambda heard: max(heard, default=0) > above, seconds)

    def hears_nothing(self, *, seconds: float = 15) -> None:
        wait_for_loudness(self.page, HEARD_BY_CLOSER, is_silence, seconds, lasting=LONGER_THAN_A_PAUSE)


def new_page(browser: Browser | BrowserContext, *, width: int, height: int) -> Page:
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    return page


def is_silence(heard: list[float]) -> bool:
    return len(heard) > 20 and max(heard) < SILENT


def wait_for_loudness(
    page: Page, expression: str, is_right: Callable[[list[float]], bool], seconds: float, *, lasting: float = 0
) -> None:
    """Poll from here: the pages forbid the evaluation of strings, which waiting inside them would need."""
    deadline = time.monotonic() + seconds
    heard: list[float] = []
    since: float | None = None
    while time.monotonic() < deadline:
        heard = list(page.evaluate(expression))
        since = (since or time.monotonic()) if is_right(heard) else None
        if since and time.monotonic() - since >= lasting:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not heard as expected within {seconds} s: {[round(value, 1) for value in heard]}")


def note_problems(page: Page, problems: list[str]) -> None:
    """Keep what a developer would see as an error in the console."""
    page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
