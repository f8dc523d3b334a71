"""What the recorder inside a page has written down, in Unix seconds."""

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from bench.hearing import Frame, Hearing

SCRIPT = Path(__file__).with_name("recorder.js")
Position = tuple[str, int]


def install(context: BrowserContext) -> BrowserContext:
    """Record in every page that this context opens from now on."""
    context.add_init_script(path=SCRIPT)
    return context


def clicked_at(page: Page, button: str) -> float | None:
    """When this button was clicked last."""
    return newest(page.evaluate("benchSeen.clicks"), button)


def pressed_at(page: Page, key: str) -> float | None:
    return newest(page.evaluate("benchSeen.keys"), key)


def rung_at(page: Page) -> float | None:
    """When the dashboard showed the ring, counted from the last `forget`: a ring may be told more than once."""
    rings = page.evaluate("benchSeen.rings")
    return rings[0]["at"] / 1000 if rings else None


def newest(events: list[dict[str, Any]], name: str) -> float | None:
    return next((event["at"] / 1000 for event in reversed(events) if event["name"] == name), None)


def hearing(page: Page) -> Hearing:
    """All sound of the call that was connected last."""
    tracks = page.evaluate("benchSeen.tracks")
    rows = tracks[-1] if tracks else []
    return Hearing.of([Frame(arrived / 1000, stamp / 1000, loudness) for arrived, stamp, loudness in rows])


def shown(page: Page) -> dict[Position, float]:
    """When each numbered event that changed the dashboard was in the picture."""
    frames = page.evaluate("benchSeen.frames")
    return {(frame["session"], frame["seq"]): frame["shownAt"] / 1000 for frame in frames if frame["shownAt"]}


def forget(page: Page) -> None:
    """Let go of what was read; a page that lives long would collect for ever."""
    page.evaluate("Object.values(benchSeen).forEach((list) => list.splice(0))")
