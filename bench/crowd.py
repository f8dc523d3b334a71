"""Several conversations at once: pages of one browser, each with its own call on real audio."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Error as BrowserError

from bench.conversation import Failed
from bench.scene import Scene
from launcher.sandbox_control import ControlError, SandboxControl
from tests.browser.people import Prospect

STAGE = "several at once"
# Losing these two leaves the conversations open in the application after their pages have gone.
ENDS = ("call.hangup", "call.conversation.ended")
LEAVE = "**/api/orchestration/leave"
ALL_HEARD_SECONDS = 60


@dataclass
class Crowd:
    """The legs of those who talk with the assistant, and why others do not."""

    legs: list[dict[str, Any]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


@contextmanager
def talking(scene: Scene, size: int) -> Iterator[Crowd]:
    """Keep so many prospects with the assistant. Afterwards the calls are gone; their sessions stay open."""
    crowd = Crowd()
    scene.control.limits(concurrent_calls=2 * size)  # the account's own limit is not what is measured
    scene.control.scenario(hold_open=True)
    with ExitStack() as exits:
        for _ in range(size):
            # A browser holds one call per visitor, so each is a visitor of their own.
            context = exits.enter_context(scene.prospects.new_context())
            context.route(LEAVE, lambda route: route.abort())
            try:
                Prospect.visit(context, scene.widget_url).agree()
            except BrowserError as error:
                crowd.failed.append(Failed(STAGE, str(error).splitlines()[0]))
        gather(scene.control, crowd, size - len(crowd.failed))
        yield crowd
        scene.control.faults(*({"match": f"webhook {name}", "mode": "drop", "times": size * 4} for name in ENDS))


def gather(control: SandboxControl, crowd: Crowd, size: int) -> None:
    try:
        control.wait_for("the assistants", lambda _: len(talkers(control)) >= size, seconds=ALL_HEARD_SECONDS)
    except ControlError:
        reason = f"{len(talkers(control))} of {size} talked with the assistant after {ALL_HEARD_SECONDS} s"
        crowd.failed.append(Failed(STAGE, reason))
    crowd.legs = talkers(control)


def talkers(control: SandboxControl) -> list[dict[str, Any]]:
    """Those to whom the assistant has spoken."""
    return [dict(leg) for leg in control.legs(role="prospect", state="answered") if leg["first_voice_out_at"]]
