"""The running product with its people: two browsers, the sandbox's control, the rows, a listening dashboard."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from bench import recorder
from bench.listener import Listener
from bench.rows import Rows
from launcher import chromium
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser import speech
from tests.browser.conftest import flags
from tests.browser.people import CloserPage

WEB_PORT, SANDBOX_PORT = 21700, 21740
# Without commas and full stops, because the synthesiser pauses there and a pause would look like dead air.
PROSPECT_SAYS = "we would like to put solar panels on the roof of our house and want to know what that would cost us"
CLOSER_SAYS = "good morning and thank you for waiting I will gladly go through all of that with you right away"
# One address places all calls here, which a real visitor does not.
NO_LIMITS = {f"TOKEN_LIMIT_{scope}": "1000000" for scope in ("PER_ADDRESS", "PER_WIDGET", "OVERALL")} | {
    "VISITS_PER_ADDRESS": "100000",
    "TELNYX_MAX_LEGS": "100000",
}


@dataclass
class Scene:
    stack: Stack
    control: SandboxControl
    rows: Rows
    prospects: Browser
    closer: CloserPage
    listener: Listener

    @property
    def widget_url(self) -> str:
        return f"{self.stack.base_url}/w/demo/"


@contextmanager
def running_stack() -> Iterator[Stack]:
    """As durable as the demo is: what is measured must include the disk."""
    with Stack(
        "bench", web_port=WEB_PORT, sandbox_port=SANDBOX_PORT, durable=True, fresh=True, extra_environment=NO_LIMITS
    ) as stack:
        yield stack


@contextmanager
def peopled(stack: Stack) -> Iterator[Scene]:
    """Open the browsers, log the closer in and let her take calls."""
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="bench-speech-")))
        voices = speech.Synthesiser()
        playwright = exits.enter_context(sync_playwright())
        prospects = exits.enter_context(browser(playwright, endless(voices, PROSPECT_SAYS, folder)))
        closers = exits.enter_context(browser(playwright, endless(voices, CLOSER_SAYS, folder)))
        context = recorder.install(closers.new_context())
        closer = CloserPage.log_in(context, stack.base_url, "alice")
        closer.take_calls()
        rows = Rows(stack.env["DATABASE_URL"])
        rows.ask_only("full_name")
        exits.callback(rows.close)
        listener = exits.enter_context(Listener(stack.base_url, cookies(context)))
        control = SandboxControl(stack.sandbox_url, stack.control_token)
        yield Scene(stack, control, rows, prospects, closer, listener)


@contextmanager
def browser(playwright: Playwright, microphone: Path) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium.ensure(), args=flags(microphone))
    try:
        yield launched
    finally:
        launched.close()


def cookies(context: BrowserContext) -> dict[str, str]:
    return {str(cookie.get("name")): str(cookie.get("value")) for cookie in context.cookies()}


def endless(voices: speech.Synthesiser, text: str, folder: Path) -> Path:
    """A sound file of the sentence without the pauses around it: Chromium plays it in a loop."""
    spoken = speech.microphone_sound(voices.speak(text), voices.rate)
    lead, tail = (int(pause * speech.RATE) for pause in (speech.LEAD_SECONDS, speech.TAIL_SECONDS))
    path = folder / f"{len(text)}.wav"
    speech.save(path, spoken[lead:-tail])
    return path
