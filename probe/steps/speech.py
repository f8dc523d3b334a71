"""How the points about the AI are tried: gathers, starts, transfers, tools, and a call without a login."""

from collections.abc import Callable

from django.conf import settings

from probe import tooling
from probe.points import anonymous, assistant, gather, tools
from probe.scene import Scene
from probe.steps import talk
from probe.watching import Leg
from sessions_app.models import WidgetConfig
from sessions_app.models.people import ConnectionMode
from strict_json import mapping, objects

GATHER, LONG = 110, 120
ENDED = "call.ai_gather.ended"


def gather_end(scene: Scene) -> None:
    tries: tuple[tuple[str, tuple[str, ...]], ...] = (
        (gather.ONE_REQUIRED, (gather.REQUIRED,)),
        (gather.NONE_REQUIRED, ()),
    )
    for name, required in tries:
        with scene.step(gather.END, name, seconds=GATHER):
            leg = scene.caller()
            attempt = talk.gather(scene, leg, required=required)
            if attempt is None or not attempt.was_taken:
                continue
            scene.told(leg, "call.ai_gather.", "call.conversation.")
            scene.wait(min(5.0, scene.site.patience))
            for words in (talk.COLOUR, talk.ANIMAL, talk.COLOUR):
                scene.speak_now("caller", words)
                if scene.told(leg, ENDED, seconds=scene.site.patience + 6):
                    break
            # What is concluded from it, if anything is, comes a while after.
            scene.told(leg, "call.conversation_insights.", "conversation")


def gather_commands(scene: Scene) -> None:
    with scene.step(gather.COMMANDS, gather.STOP, seconds=GATHER):
        leg = scene.caller()
        talk.gather(scene, leg, greeting=talk.LONG)
        scene.measure("greeting", "caller", seconds=talk.FIRST_WORD)
        attempt = scene.command("ai_assistant_stop", leg)
        if attempt is not None and attempt.was_taken:
            scene.wait(1)
            scene.measure("after stop", "caller", seconds=3)
    with scene.step(gather.COMMANDS, gather.STEER, seconds=GATHER):
        leg = scene.caller()
        talk.gather(scene, leg)
        scene.told(leg, "call.ai_gather.", "call.conversation.")
        scene.wait(min(5.0, scene.site.patience))
        said = [{"role": "user", "content": "My favourite colour is blue."}]
        attempt = scene.command("ai_assistant_add_messages", leg, messages=said)
        if attempt is not None and attempt.was_taken:
            scene.told(leg, ENDED)


def assistant_start(scene: Scene) -> None:
    with scene.step(assistant.START, assistant.COMMAND, seconds=LONG):
        leg = scene.place()
        _await_first_word(scene)
        if scene.answered(leg):
            talk.assistant(scene, leg)
            scene.seen("caller", "heard", name="first word", seconds=25)
            scene.command("ai_assistant_stop", leg)
            scene.told(leg, "call.conversation.ended", seconds=3)
            _read_messages(scene, leg)
            scene.told(leg, "call.conversation_insights.", "conversation")
    with scene.step(assistant.START, assistant.ANSWER, seconds=LONG):
        leg = scene.place()
        _await_first_word(scene)
        if scene.answered(leg, assistant={"id": scene.site.widget.assistant_id, "greeting": talk.SHORT}):
            scene.seen("caller", "heard", name="first word", seconds=25)
            scene.command("ai_assistant_stop", leg)
            scene.told(leg, "call.conversation.ended", seconds=3)


def _await_first_word(scene: Scene) -> None:
    """From before the answer on, so that nothing that comes at once is missed."""
    scene.tab.order("measure", line="caller", name="first word", ms=25_000, first_voice=True)


def _read_messages(scene: Scene, leg: Leg | None) -> None:
    if leg is None or not leg.conversation_id:
        return
    for _ in range(8):
        attempt = scene.telnyx.messages(leg.conversation_id)
        count = len(objects(mapping(attempt.answer).get("data")))
        scene.note("messages", "caller", attempt, answer={"count": count})
        if count:
            break
        scene.wait(1)


def assistant_transfer(scene: Scene) -> None:
    with scene.step(assistant.TRANSFER, assistant.TRY, seconds=LONG):
        leg = scene.caller()
        scene.login("closer")
        scene.tab.order("expect", line="closer", answers=True)
        address = f"sip:{scene.logins.get('closer', '')}@{settings.TELNYX_SIP_DOMAIN}"
        tool = {
            "type": "transfer",
            "transfer": {"from": settings.TELNYX_CALLER_NUMBER, "targets": [{"name": "closer", "to": address}]},
        }
        orders = "As soon as the caller has said anything, transfer them to the target named closer. Ask nothing."
        attempt = talk.assistant(scene, leg, greeting="I connect you now.", instructions=orders, tools=[tool])
        if attempt is not None and attempt.was_taken:
            scene.wait(min(4.0, scene.site.patience))
            scene.speak_now("caller", "“Please connect me now.”")
            if scene.seen("closer", "ringing", seconds=scene.site.patience + 6):
                scene.wait(4)


def without_login(scene: Scene) -> None:
    """Only where a widget of this installation offers it: nothing is opened for the sake of a probe."""
    open_one = WidgetConfig.objects.filter(connection_mode=ConnectionMode.ANONYMOUS, is_active=True).first()
    if open_one is None:
        return
    with scene.step(anonymous.NAME, anonymous.CALL, seconds=LONG):
        leg = scene.anonymous(open_one.assistant_id)
        if leg is not None:
            scene.wait(scene.site.patience)
            closer = scene.seat()
            scene.command("bridge", closer, call_control_id_to_bridge_with=leg.call_control_id)
            scene.wait(2)


def gather_tools(scene: Scene) -> None:
    with scene.step(tools.NAME, tools.GATHER, seconds=LONG):
        leg = scene.caller()
        given = {
            "instructions": "Save every answer with save_prospect_details as soon as you hear it, before you go on.",
            "tools": [tooling.description(scene.tool_url)],
        }
        attempt = talk.gather(scene, leg, assistant=given)
        if attempt is None or not attempt.was_taken:
            return
        scene.told(leg, "call.ai_gather.", "call.conversation.")
        scene.wait(min(5.0, scene.site.patience))
        scene.speak_now("caller", talk.COLOUR)
        if scene.until(lambda: scene.tool_uses, scene.site.patience + 6):
            scene.wait(6)


TRIES: dict[str, Callable[[Scene], None]] = {
    gather.END: gather_end,
    gather.COMMANDS: gather_commands,
    assistant.START: assistant_start,
    assistant.TRANSFER: assistant_transfer,
    anonymous.NAME: without_login,
    tools.NAME: gather_tools,
}
