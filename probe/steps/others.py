"""How the rest is tried: the page's own clients, the account's objects, and what Telnyx lists of calls."""

from collections.abc import Callable

from probe.points import objects, pages
from probe.scene import Scene
from strict_json import mapping, text
from strict_json import objects as objects_of

SHORT = 60
# Something to hear for a quarter of a minute.
SPEECH = "I speak for a while so that it can be heard whether this line goes on. " * 4
LISTED_AT_MOST = 40


def two_clients(scene: Scene) -> None:
    with scene.step(pages.CLIENTS, pages.BOTH, seconds=SHORT):
        scene.login("caller", anew=True)
        leg = scene.caller()
        scene.command("speak", leg, payload=SPEECH, voice=scene.site.widget.voice, language="en-AU")
        if leg is not None:
            scene.login("newcomer", anew=True)
            scene.measure("second", "caller", seconds=4)
    scene.tab.order("close", line="newcomer")
    scene.logins.pop("newcomer", None)


def reattach(scene: Scene) -> None:
    """Alone on the page: the token by which a line finds its call again is kept for the whole tab."""
    for line in tuple(scene.logins):
        scene.tab.order("close", line=line)
        scene.logins.pop(line)
    with scene.step(pages.REATTACH, pages.LOSE, seconds=SHORT):
        leg = scene.caller()
        if leg is None:
            return
        scene.tab.order("lose_socket", line="caller")
        scene.seen("caller", "lost", seconds=5)
        scene.until(lambda: scene.has_told("caller", "reattached", "not reattached", "ended"), 20)
        scene.wait(1)
        scene.command("speak", leg, payload=SPEECH, voice=scene.site.widget.voice, language="en-AU")
        scene.wait(1)
        scene.measure("after", "caller", seconds=4)
    scene.logins.pop("caller", None)


def updates(scene: Scene) -> None:
    with scene.step(objects.UPDATES, objects.ASSISTANT, seconds=SHORT):
        made = scene.telnyx.create_assistant(
            name="AgileAdapt probe",
            instructions="Say nothing.",
            telephony_settings={objects.SENT: 20, objects.LEFT_OUT: objects.LEFT_OUT_SECONDS},
        )
        assistant_id = text(mapping(made.answer).get("id"))
        scene.note("create_assistant", "", made, answer=_settings(made.answer))
        if not assistant_id:
            return
        try:
            changed = scene.telnyx.update_assistant(assistant_id, telephony_settings={objects.SENT: 25})
            scene.note("update_assistant", "", changed, answer={})
            found = scene.telnyx.read_assistant(assistant_id)
            scene.note("read_assistant", "", found, answer=_settings(found.answer))
        finally:
            scene.note("delete_assistant", "", scene.telnyx.delete_assistant(assistant_id), answer={})


def _settings(answer: object) -> dict[str, object]:
    told = mapping(answer)
    return {name: told.get(name) for name in ("telephony_settings", "insight_settings") if name in told}


def call_events(scene: Scene) -> None:
    with scene.step(objects.LISTED, objects.LIST, seconds=SHORT):
        legs = [leg for leg in scene.watch.legs if leg.role == "caller" and leg.call_leg_id]
        # The newest one that an AI spoke on, whose events must be there if any are.
        leg = next((one for one in reversed(legs) if one.conversation_id), legs[-1] if legs else None)
        if leg is None:
            return
        attempt = scene.telnyx.call_events(leg.call_leg_id)
        listed = objects_of(mapping(attempt.answer).get("data"))[:LISTED_AT_MOST]
        told = [{"event_type": text(item.get("name")), "record": item.get("metadata")} for item in listed]
        scene.note("call_events", "caller", attempt, answer={"data": told})


TRIES: dict[str, Callable[[Scene], None]] = {
    pages.CLIENTS: two_clients,
    pages.REATTACH: reattach,
    objects.UPDATES: updates,
    objects.LISTED: call_events,
}
