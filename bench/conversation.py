"""One conversation from the prospect's click to the closer's goodbye, and what was observed of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playwright.sync_api import Error as BrowserError

from bench import recorder
from bench.figures import difference_ms
from bench.hearing import Hearing
from bench.rows import seconds
from bench.scene import Scene
from launcher.sandbox_control import ControlError, Delivery, Leg, Request, SandboxControl
from tests.browser.people import Prospect

GREETING_HEARD_MS = 1_500
# A person needs a moment to find the key; it also keeps the end of the announcement out of the measured silence.
THINKING_MS = 400
TALK_MS = 1_500
ANNOUNCEMENT_SECONDS = 15
AI_ENDED = ("call.ai_gather.ended", "call.conversation.ended")
ANSWERS = {
    "full_name": "Jordan Blake",
    "email": "jordan.blake@example.com",
    "budget": "about twelve thousand dollars",
    "timeline": "next month",
}


# Milliseconds by name; None where nothing was observed.
Timings = Mapping[str, float | None]


@dataclass(frozen=True)
class Held:
    """A conversation that went to its end, and the webhooks that belong to it."""

    timings: Timings
    deliveries: list[Delivery]


@dataclass(frozen=True)
class Failed:
    """A conversation that did not, and where it stopped."""

    stage: str
    reason: str


@dataclass
class Marks:
    """Where the sandbox's logs stood before, and what the bench itself saw happen."""

    requests: int
    webhooks: int
    stage: str = "opening the page"


Course = Callable[[Scene, Prospect, Marks], Held]


def hold(scene: Scene, course: Course) -> Held | Failed:
    """Hold one conversation on real audio; whatever goes wrong comes back as a failure with its stage."""
    marks = Marks(
        max((entry["n"] for entry in scene.control.requests()), default=0),
        max((entry["n"] for entry in scene.control.webhooks()), default=0),
    )
    context = recorder.install(scene.prospects.new_context())
    try:
        return course(scene, Prospect.visit(context, scene.widget_url), marks)
    except (BrowserError, ControlError, AssertionError) as error:
        return Failed(marks.stage, str(error).splitlines()[0][:200])
    finally:
        context.close()


def cold(scene: Scene, prospect: Prospect, marks: Marks) -> Held:
    """The closer is rung and accepts after the assistant has ended."""
    control, closer = scene.control, scene.closer
    call = reach_assistant(scene, prospect, marks)
    prospect.page.wait_for_timeout(GREETING_HEARD_MS)
    marks.stage = "ringing the closer"
    control.end_assistant(call)
    closer.wait_for_ring()
    marks.stage = "announcing"
    control.wait_for("the end of the announcement", lambda _: announced(control, marks), seconds=ANNOUNCEMENT_SECONDS)
    closer.page.wait_for_timeout(THINKING_MS)
    marks.stage = "connecting"
    closer.page.keyboard.press("a")
    closer.wait_for_body(softphone="in-call")
    prospect.wait_for("human")
    closer.hears()
    prospect.page.wait_for_timeout(TALK_MS)
    marks.stage = "reading the figures"
    held = Held(observe(scene, prospect, call, marks), control.webhooks(marks.webhooks))
    say_goodbye(scene, prospect, marks)
    return held


def reach_assistant(scene: Scene, prospect: Prospect, marks: Marks) -> str:
    """Return the call's id once the assistant is heard."""
    scene.control.scenario(answers=list(ANSWERS.values()), field_values=ANSWERS)
    marks.stage = "reaching the assistant"
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.hears()
    return str(scene.control.legs(role="prospect", state="answered")[-1]["call_control_id"])


def say_goodbye(scene: Scene, prospect: Prospect, marks: Marks) -> None:
    closer = scene.closer
    marks.stage = "saying goodbye"
    closer.page.keyboard.press("e")
    prospect.wait_for("ended")
    closer.page.locator("[data-complete][data-disposition]").first.click()
    closer.page.wait_for_selector("[data-handoff]", state="detached")
    closer.wait_for_body(softphone="ready")


def announced(control: SandboxControl, marks: Marks) -> bool:
    return any(one["event_type"] == "call.speak.ended" for one in control.webhooks(marks.webhooks))


def observe(scene: Scene, prospect: Prospect, call: str, marks: Marks) -> Timings:
    """Put together what the pages, the sandbox and the rows say of the conversation that is on."""
    requests, deliveries = scene.control.requests(marks.requests), scene.control.webhooks(marks.webhooks)
    legs = {leg["call_control_id"]: leg for leg in scene.control.state()["legs"]}
    mine = legs[call]
    closers = legs[str(mine["peer"])]
    heard, heard_by_closer = recorder.hearing(prospect.page), recorder.hearing(scene.closer.page)
    click = recorder.clicked_at(prospect.page, "Agree and talk")
    accept = recorder.pressed_at(scene.closer.page, "a")
    ended = earliest(one["at"] for one in deliveries if one["event_type"] in AI_ENDED)
    command = earliest(one["at"] for one in requests if is_command(one, call) and is_later(one, ended))
    dial = earliest(one["at"] for one in requests if one["method"] == "POST" and one["path"].endswith("/calls"))
    bridge = earliest(one["at"] for one in requests if one["path"].endswith("/actions/bridge"))
    handoff, ring = scene.rows.handoff(call), recorder.rung_at(scene.closer.page)
    closer_speaks = first_closer_voice(heard, mine)
    return measured(
        click_to_ai_at_sandbox=difference_ms(click, mine["first_voice_out_at"]),
        click_to_ai_in_page=difference_ms(click, heard.first_voice(after=click or 0)),
        ai_ended_to_command=difference_ms(ended, command),
        ai_ended_to_ring=difference_ms(ended, ring),
        accept_to_row=difference_ms(accept, seconds(handoff.get("accepted_at"))),
        accept_to_command=difference_ms(accept, dial),
        command_to_answered=difference_ms(dial, parsed(closers["answered_at"])),
        answered_to_bridge_command=difference_ms(parsed(closers["answered_at"]), bridge),
        bridge_command_to_bridged=difference_ms(bridge, parsed(mine["bridged_at"])),
        accept_to_closer_hears=difference_ms(accept, heard_by_closer.first_voice(after=accept or 0)),
        accept_to_prospect_hears=difference_ms(accept, closer_speaks),
        dead_air=dead_air(heard, closer_speaks),
        own_error=own_error(handoff, dead_air(heard, closer_speaks)),
    )


def measured(**values: float | None) -> Timings:
    return {name: None if value is None else round(value, 1) for name, value in values.items()}


def dead_air(heard: Hearing, closer_speaks: float | None) -> float | None:
    """The silence in the prospect's ears right before the closer."""
    return difference_ms(heard.last_voice(before=closer_speaks or 0), closer_speaks)


def own_error(handoff: Mapping[str, Any], silence: float | None) -> float | None:
    """By how much the figure that the product itself shows is off."""
    own = handoff.get("dead_air_ms")
    return None if own is None or silence is None else abs(own - silence)


def earliest(moments: Iterable[str]) -> float | None:
    return min((at for at in map(parsed, moments) if at is not None), default=None)


def parsed(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None


def is_command(request: Request, call: str) -> bool:
    """Something is asked for this call; looking whether it is alive asks for nothing."""
    return request["method"] == "POST" and call in request["path"]


def is_later(request: Request, than: float | None) -> bool:
    at = parsed(request["at"])
    return at is not None and than is not None and at >= than


def first_closer_voice(heard: Hearing, leg: Leg) -> float | None:
    """When the prospect's page first played the closer: the first sound after the sandbox passed their voice on."""
    passed_on = [start for start, _, source in leg["voice_out"] if source == "peer"]
    return heard.first_voice(after=passed_on[0]) if passed_on else None
