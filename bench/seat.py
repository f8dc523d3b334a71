"""A conversation whose closer waits in the warm seat, and the silence when the assistant has ended by itself."""

from bench import recorder
from bench.conversation import (
    AI_ENDED,
    TALK_MS,
    Held,
    Marks,
    Timings,
    dead_air,
    earliest,
    first_closer_voice,
    is_later,
    measured,
    own_error,
    parsed,
    reach_assistant,
    say_goodbye,
)
from bench.figures import difference_ms
from bench.scene import Scene
from tests.browser.people import ELEMENT, Prospect
from tests.browser.scene import SEATED

ANSWER = "Jordan Blake"
LAST_SENTENCE_SECONDS = 20


def warm(scene: Scene, prospect: Prospect, marks: Marks) -> Held:
    """The closer takes a seat while the assistant speaks; its last words are followed by the closer's first."""
    closer = scene.closer
    call = reach_assistant(scene, prospect, marks)
    marks.stage = "taking a seat"
    closer.watch_newest()
    closer.page.wait_for_selector("#detail-controls[data-standing=assistant] [data-take]")
    closer.page.keyboard.press("t")
    closer.page.wait_for_selector(SEATED)
    closer.wait_for_body(softphone="standby")
    marks.stage = "answering the assistant's last question"
    answer(prospect)
    prospect.wait_for("human", seconds=LAST_SENTENCE_SECONDS)
    closer.wait_for_body(softphone="in-call")
    marks.stage = "talking"
    closer.hears()
    prospect.page.wait_for_timeout(TALK_MS)
    marks.stage = "reading the figures"
    held = Held(observe(scene, prospect, call, marks), scene.control.webhooks(marks.webhooks))
    say_goodbye(scene, prospect, marks)
    return held


def answer(prospect: Prospect) -> None:
    """In writing, because the microphone never pauses and the assistant would wait for that."""
    field = prospect.page.locator(ELEMENT).locator(".composer input")
    field.fill(ANSWER)
    field.press("Enter")


def observe(scene: Scene, prospect: Prospect, call: str, marks: Marks) -> Timings:
    requests, deliveries = scene.control.requests(marks.requests), scene.control.webhooks(marks.webhooks)
    mine = next(leg for leg in scene.control.state()["legs"] if leg["call_control_id"] == call)
    heard, handoff = recorder.hearing(prospect.page), scene.rows.handoff(call)
    ended = earliest(one["at"] for one in deliveries if one["event_type"] in AI_ENDED)
    bridges = [one for one in requests if one["path"].endswith("/actions/bridge") and is_later(one, ended)]
    bridge, closer_speaks = earliest(one["at"] for one in bridges), first_closer_voice(heard, mine)
    seated = [parsed(one["at"]) for one in deliveries if one["event_type"] == "call.answered"]
    silence = dead_air(heard, closer_speaks)
    return measured(
        take_to_seated=difference_ms(recorder.pressed_at(scene.closer.page, "t"), seated[-1] if seated else None),
        warm_ended_to_bridge=difference_ms(ended, bridge),
        warm_bridge_to_heard=difference_ms(bridge, closer_speaks),
        warm_dead_air=silence,
        own_error=own_error(handoff, silence),
    )
