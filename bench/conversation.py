"""One conversation from the prospect's click to the closer's goodbye, and what was observed of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

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


@dataclass(frozen=True)
class Timings:
    """Milliseconds; None where nothing was observed."""

    click_to_ai_at_sandbox: float | None
    click_to_ai_in_page: float | None
    ai_ended_to_command: float | None
    ai_ended_to_ring: float | None
    accept_to_row: float | None
    accept_to_command: float | None
    command_to_answered: float | None
    answered_to_bridge_command: float | None
    bridge_command_to_bridged: float | None
    accept_to_closer_hears: float | None
    accept_to_prospect_hears: float | None
    dead_air: float | None

    def as_json(self) -> dict[str, float | None]:
        return {name: None if value is None else round(value, 1) for name, value in asdict(self).items()}


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


def hold(scene: Scene) -> Held | Failed:
    """Hold one conversation on real audio; whatever goes wrong comes back as a failure with its stage."""
    marks = Marks(
        max((entry["n"] for entry in scene.control.requests()), default=0),
        max((entry["n"] for entry in scene.control.webhooks()), default=0),
    )
    context = recorder.install(scene.prospects.new_context())
    try:
        return _hold(scene, Prospect.visit(context, scene.widget_url), marks)
    except (BrowserError, ControlError, AssertionError) as error:
        return Failed(marks.stage, str(error).splitlines()[0][:200])
    finally:
        context.close()


def _hold(scene: Scene, prospect: Prospect, marks: Marks) -> Held:
    control, closer = scene.control, scene.closer
    control.scenario(answers=list(ANSWERS.values()), field_values=ANSWERS)
    marks.stage = "reaching the assistant"
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.hears()
    prospect.page.wait_for_timeout(GREETING_HEARD_MS)
    call = control.legs(role="prospect", state="answered")[-1]["call_control_id"]
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
    marks.stage = "saying goodbye"
    closer.page.keyboard.press("e")
    prospect.wait_for("ended")
    closer.page.locator("[data-complete][data-disposition]").first.click()
    closer.page.wait_for_selector("[data-handoff]", state="detached")
    closer.wait_for_body(softphone="ready")
    return held


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
    command = earliest(one["at"] for one in requests if call in one["path"] and is_later(one, ended))
    dial = earliest(one["at"] for one in requests if one["method"] == "POST" and one["path"].endswith("/calls"))
    bridge = earliest(one["at"] for one in requests if one["path"].endswith("/actions/bridge"))
    handoff, ring = scene.rows.handoff(call), recorder.rung_at(scene.closer.page)
    closer_speaks = first_closer_voice(heard, mine)
    return Timings(
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
        dead_air=difference_ms(heard.last_voice(before=closer_speaks or 0), closer_speaks),
    )


def earliest(moments: Iterable[str]) -> float | None:
    return min((at for at in map(parsed, moments) if at is not None), default=None)


def parsed(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None


def is_later(request: Request, than: float | None) -> bool:
    at = parsed(request["at"])
    return at is not None and than is not None and at >= than


def first_closer_voice(heard: Hearing, leg: Leg) -> float | None:
    """When the prospect's page first played the closer: the first sound after the sandbox passed their voice on."""
    passed_on = [start for start, _, source in leg["voice_out"] if source == "peer"]
    return heard.first_voice(after=passed_on[0]) if passed_on else None
