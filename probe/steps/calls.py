"""How the points about calls are tried: parking, level, events, softphones, joining, listening, text, sound."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from probe.points import account, joining, listening, media, parked, softphone, transcription, webhooks
from probe.redaction import DIALLED_WORD
from probe.scene import Scene, number_to_dial
from probe.steps import talk
from strict_json import mapping, objects

# Each step's longest time, in seconds; what takes longer is told as that.
SHORT, MEDIUM, LONG = 60, 90, 120


def parked_call(scene: Scene) -> None:
    number = number_to_dial()
    tries = (
        (parked.NUMBER, number, ""),
        (parked.WORD, DIALLED_WORD, ""),
        (parked.CALLER, number, settings.TELNYX_CALLER_NUMBER),
    )
    for name, destination, caller_number in tries:
        with scene.step(parked.NAME, name, seconds=SHORT):
            scene.place(destination=destination, caller_number=caller_number)
            scene.wait(1)


def account_level(scene: Scene) -> None:
    with scene.step(account.NAME, account.NOTICE, seconds=SHORT):
        leg = scene.caller()
        scene.tab.order("measure", line="caller", name="notice", ms=11_000)
        scene.command("speak", leg, payload="Hello.", voice=scene.site.widget.voice, language="en-AU")
        scene.seen("caller", "heard", name="notice", seconds=15 if leg else 0)
    with scene.step(account.NAME, account.CALLS, seconds=SHORT):
        if scene.login("closer"):
            for _ in range(account.TO_TRY):
                if scene.ring("closer", answers=False) is None:
                    break
            scene.wait(3)


def webhook_url(scene: Scene) -> None:
    for name, with_url in ((webhooks.PLAIN, False), (webhooks.GIVEN, True)):
        with scene.step(webhooks.NAME, name, seconds=LONG):
            leg = scene.place()
            scene.answered(leg, with_url=with_url)
            scene.command("speak", leg, payload="Hello.", voice=scene.site.widget.voice, language="en-AU")
            scene.told(leg, "call.speak.ended")
            talk.gather(scene, leg)
            scene.told(leg, "call.ai_gather.", "call.conversation.")


def softphones(scene: Scene) -> None:
    scene.login("closer", anew=True)
    old = scene.logins.get("closer", "")
    with scene.step(softphone.NAME, softphone.OPEN, seconds=SHORT):
        scene.login("closer")
        _look_up(scene, old)
        scene.ring("closer", answers=True)
        if scene.seen("closer", "ringing"):
            scene.wait(4)
    with scene.step(softphone.NAME, softphone.RELOADED, seconds=LONG):
        scene.tab.order("close", line="closer")
        scene.login("newcomer", anew=True)
        _look_up(scene, old)
        leg = scene.ring("newcomer", answers=False, username=old)
        scene.told(leg, "call.hangup", seconds=scene.site.patience + 35)
    with scene.step(softphone.NAME, softphone.RENEWED, seconds=SHORT):
        scene.ring("newcomer", answers=True)
        if scene.seen("newcomer", "ringing"):
            scene.wait(4)
    with scene.step(softphone.NAME, softphone.CLOSED, seconds=LONG):
        scene.tab.order("close", line="newcomer")
        scene.seen("newcomer", "closed", seconds=2)
        _look_up(scene, scene.logins.get("newcomer", ""))
        leg = scene.ring("newcomer", answers=False)
        scene.told(leg, "call.hangup", seconds=scene.site.patience + 35)
    scene.logins.pop("closer", None)
    scene.logins.pop("newcomer", None)


def _look_up(scene: Scene, username: str) -> None:
    attempt = scene.telnyx.registration(username)
    # An answer in `data`, which is an object or a list of them.
    data = mapping(attempt.answer).get("data", attempt.answer)
    found = next(iter(objects(data)), mapping(data))
    scene.note("registration", "closer", attempt, answer={"registered": found.get("registered")})


def join(scene: Scene) -> None:
    with scene.step(joining.NAME, joining.STOPPED, seconds=LONG):
        caller, closer = scene.caller(), scene.seat()
        talk.assistant(scene, caller, greeting=talk.LONG)
        scene.measure("greeting", "caller", seconds=talk.FIRST_WORD)
        scene.command("ai_assistant_stop", caller)
        scene.wait(1)
        scene.measure("after stop", "caller", seconds=3)
        _bridge(scene, caller, closer)
        scene.measure("joined", "caller", "closer", seconds=3)
    with scene.step(joining.NAME, joining.CONFERENCE, seconds=LONG):
        caller, closer = scene.caller(), scene.seat()
        if caller and closer:
            region = settings.TELNYX_CONFERENCE_REGION
            name = f"probe-{caller.call_leg_id}"
            made = scene.telnyx.create_conference(call_control_id=caller.call_control_id, name=name, region=region)
            scene.note("create_conference", "caller", made)
            conference_id = mapping(mapping(made.answer).get("data")).get("id")
            if conference_id:
                attempt = scene.telnyx.join_conference(
                    conference_id, call_control_id=closer.call_control_id, region=region, end_conference_on_exit=True
                )
                scene.note("join_conference", "closer", attempt)
                scene.wait(1)
                scene.measure("joined", "caller", "closer", seconds=3)
    with scene.step(joining.NAME, joining.OVER, seconds=LONG):
        caller, closer = scene.caller(), scene.seat()
        for line in ("caller", "closer"):
            scene.tab.order("quiet", line=line)  # Only the assistant's voice is of interest.
        talk.assistant(scene, caller, greeting=talk.LONG)
        scene.measure("greeting", "caller", seconds=talk.FIRST_WORD)
        _bridge(scene, caller, closer)
        scene.wait(0.5)
        scene.measure("over assistant", "caller", "closer", seconds=3)


def _bridge(scene: Scene, caller: "talk.MaybeLeg", closer: "talk.MaybeLeg") -> None:
    if caller and closer:
        other = {"call_control_id_to_bridge_with": closer.call_control_id}
        scene.command("bridge", caller, **other, park_after_unbridge="self")
        scene.wait(1)


def listen_in(scene: Scene) -> None:
    with scene.step(listening.NAME, listening.MONITOR, seconds=LONG):
        caller = scene.caller()
        scene.login("monitor")
        talk.assistant(scene, caller, greeting=talk.LONG)
        if caller is None:
            return
        supervising: dict[str, Any] = {
            "supervise_call_control_id": caller.call_control_id,
            "supervisor_role": "monitor",
        }
        monitor = scene.ring("monitor", role="monitor", **supervising)
        if monitor is None or not scene.seen("monitor", "active"):
            return
        scene.measure("listening", "monitor", "caller", seconds=4)
        scene.command("ai_assistant_stop", caller)
        attempt = scene.telnyx.switch_role(monitor.call_control_id, "barge")
        scene.note("switch_supervisor_role", "monitor", attempt)
        scene.wait(1)
        scene.measure("after switch", "monitor", "caller", seconds=3)
        scene.command("bridge", monitor, call_control_id_to_bridge_with=caller.call_control_id)


def transcribe(scene: Scene) -> None:
    given = {
        "deepgram": ("Deepgram", {"transcription_engine": "Deepgram", "transcription_model": "deepgram/nova-3"}),
        "telnyx": ("Telnyx", {"transcription_engine": "Telnyx"}),
        "google": ("Google", {"transcription_engine": "Google", "language": "en"}),
    }
    for engine in transcription.ENGINES:
        with scene.step(transcription.NAME, engine, seconds=MEDIUM):
            leg = scene.caller()
            name, config = given[engine]
            attempt = scene.command(
                "transcription_start",
                leg,
                transcription_engine=name,
                transcription_engine_config=config,
                transcription_tracks="inbound",
            )
            if attempt is not None and attempt.was_taken:
                scene.speak_now("caller", "“The quick brown fox jumps over the lazy dog.”", seconds=7)
                scene.told(leg, "call.transcription", seconds=scene.site.patience + 7)
                scene.seen("caller", "spoken", seconds=8)
                scene.command("transcription_stop", leg)


def sound(scene: Scene) -> None:
    with scene.step(media.NAME, media.CALL, seconds=MEDIUM):
        scene.login("caller", anew=True)
        if scene.caller():
            for _ in range(5):
                scene.wait(1)
                scene.tab.order("stats", line="caller")
            scene.wait(1)
        attempt = scene.telnyx.call_reports()
        listed = objects(mapping(attempt.answer).get("data"))
        scene.note("call_reports", "", attempt, answer={"count": len(listed)})


TRIES: dict[str, Callable[[Scene], None]] = {
    parked.NAME: parked_call,
    account.NAME: account_level,
    webhooks.NAME: webhook_url,
    softphone.NAME: softphones,
    joining.NAME: join,
    listening.NAME: listen_in,
    transcription.NAME: transcribe,
    media.NAME: sound,
}
