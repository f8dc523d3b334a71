"""Beyond the ten: the assistant's start, what is kept of it, and the legs that it rings itself."""

from probe.evidence import Evidence, Record, Step, was_taken
from probe.points.outcomes import (
    NOT_TRIED,
    UNCLEAR,
    Outcome,
    Point,
    aspect,
    bad,
    bearable,
    good,
    refused,
    unclear,
)
from strict_json import mapping

START = "assistant-start"
COMMAND, ANSWER = "command", "answer"
TRANSFER = "assistant-transfer"
TRY = "transfer"
# Below this a visitor notices no difference.
ALIKE_SECONDS = 0.3
AT_ONCE_SECONDS = 0.7


def start(evidence: Evidence) -> Outcome:
    """From the first command to the assistant's first word in the browser, started in either way."""
    steps = {name: evidence.step(START, name) for name in (COMMAND, ANSWER)}
    if None in steps.values():
        return NOT_TRIED
    times = {name: seconds for name, step in steps.items() if step and (seconds := _first_word(step)) is not None}
    if len(times) < len(steps):
        return Outcome("neither" if not times else f"{next(iter(times))}_only")
    ahead = times[ANSWER] - times[COMMAND]
    detail = f"ai_assistant_start {times[COMMAND]:.1f} s, answer {times[ANSWER]:.1f} s"
    if abs(ahead) < ALIKE_SECONDS:
        return Outcome("alike", detail)
    return Outcome("command_sooner" if ahead > 0 else "answer_sooner", detail)


def _first_word(step: Step) -> float | None:
    asked, heard = step.rest("answer", leg="caller"), step.tab("heard", line="caller", name="first word")
    if asked is None or not heard or not heard[0].get("loud"):
        return None
    return float(heard[0]["at"]) - float(asked["at"])


def kept(evidence: Evidence) -> Outcome:
    """How soon after the end the conversation can be read."""
    step = evidence.step(START, COMMAND)
    asked = [one for one in step.records if one.get("command") == "messages"] if step else []
    looks = [one for one in asked if was_taken(one)]
    if step is None or not looks:
        return refused(asked[-1] if asked else None) or NOT_TRIED
    full = [one for one in looks if mapping(one.get("answer")).get("count")]
    if not full:
        return Outcome("never")
    ended_at = _ended_at(step, before=looks[0])
    waited = "" if ended_at is None else f"{float(full[0]['at']) - ended_at:.1f} s"
    if ended_at is not None and float(full[0]["at"]) - ended_at < AT_ONCE_SECONDS:
        return Outcome("at_once", waited)
    # It was there when it was first looked for, too late to say since when.
    return Outcome(UNCLEAR if full[0] is looks[0] else "late", waited)


def _ended_at(step: Step, *, before: Record) -> float | None:
    """When the conversation was told to have ended, or else was stopped, before somebody looked."""
    told, stopped = step.webhooks("call.conversation.ended"), step.rest("ai_assistant_stop")
    seen = [*told[:1], *([stopped] if stopped and was_taken(stopped) else [])]
    return next((float(one["at"]) for one in seen if one["at"] <= before["at"]), None)


def concluded(evidence: Evidence) -> Outcome:
    steps = [step for name in (COMMAND, ANSWER) if (step := evidence.step(START, name))]
    ended = [step for step in steps if step.webhooks("call.conversation.ended")]
    if not ended:
        return NOT_TRIED
    kinds = ("call.conversation_insights.generated", "conversation_insight_result", "conversation.insights.completed")
    doors = sorted({str(one["door"]) for step in ended for kind in kinds for one in step.webhooks(kind)})
    return Outcome("came", ", ".join(doors)) if doors else Outcome("none")


def transfer(evidence: Evidence) -> Outcome:
    """Whether the leg that the assistant's own transfer tool rings is told to us."""
    step = evidence.step(TRANSFER, TRY)
    failure = refused(step.rest("ai_assistant_start") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    told = step.webhooks("call.initiated", leg="far") + step.webhooks("call.initiated", leg="closer")
    if not told:
        return Outcome("silent") if step.tab("ringing") else Outcome("not_transferred")
    caller = step.payload("call.initiated", leg="caller") or {}
    sessions = {mapping(one.get("payload")).get("call_session_id") for one in told}
    return Outcome("same_session" if caller.get("call_session_id") in sessions else "own_session")


STARTING = Point(
    START,
    0,
    "How an assistant is started",
    "two runs of the widget's assistant (half a minute of it)",
    (
        aspect(
            "start",
            "Which way of starting it lets the visitor hear it sooner?",
            start,
            command_sooner=good("ai_assistant_start.", setting="TELNYX_ASSISTANT_START=command"),
            answer_sooner=good("answer with the assistant in it.", setting="TELNYX_ASSISTANT_START=answer"),
            alike=good("Neither: they are alike.", setting="TELNYX_ASSISTANT_START as it is"),
            command_only=bearable("Only ai_assistant_start was heard.", setting="TELNYX_ASSISTANT_START=command"),
            answer_only=bearable("Only answer with the assistant was heard.", setting="TELNYX_ASSISTANT_START=answer"),
            neither=bad(
                "It was heard in neither way: check the widget's assistant.",
                setting="let widgets gather (assistant_run) until it is",
            ),
        ),
        aspect(
            "kept",
            "How soon can the conversation be read after its end?",
            kept,
            at_once=good("At once.", "conversations=at_once"),
            late=bearable("A while after; the product asks five times.", "conversations=late"),
            never=unclear("Not while it was asked for: the assistant may keep no data, or takes longer."),
            unclear=unclear(
                "It was there at the first look, too late to tell since when, or no look was answered. Try again; the"
                " detail is how long after the end, or the status and code."
            ),
            refused=bad("It cannot be read; the detail is the status and code."),
        ),
        aspect(
            "insights",
            "Do insights come after the end?",
            concluded,
            came=good("They do; the detail is at which door."),
            none=unclear(
                "None came in the time that was waited: the assistant needs an insight group (telnyx_provision)."
            ),
        ),
    ),
)

TRANSFERRING = Point(
    TRANSFER,
    0,
    "The assistant's own transfer",
    "one run of the assistant, which transfers to this tab's own softphone",
    (
        aspect(
            "told",
            "Is the leg that it rings told to us?",
            transfer,
            same_session=good("It is, in the call session of the visitor's leg.", "far_side=same_session"),
            own_session=bearable(
                "It is, in a call session of its own: our ticket in its headers says whose it is.",
                "far_side=own_session",
            ),
            silent=bad(
                "It rings and is not told: leave the transfer tool out (telnyx_provision without --transfer-tool)."
            ),
            not_transferred=unclear("The assistant did not transfer."),
            refused=bad(
                "The assistant could not be started with a tool of the call's own; the detail is the status and code."
            ),
        ),
    ),
)
