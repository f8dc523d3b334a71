"""4 and 5: when a gather ends, and whether it can be stopped and steered."""

from probe.evidence import Evidence, Step, was_taken
from probe.points.outcomes import (
    NOT_TRIED,
    NOTHING_CAME,
    Outcome,
    Point,
    aspect,
    bad,
    bearable,
    good,
    refused,
    unclear,
)
from strict_json import mapping, objects, text

END = "gather-end"
COMMANDS = "gather-commands"
ONE_REQUIRED, NONE_REQUIRED = "one-required", "none-required"
STOP, STEER = "stop", "steer"
# `colour` is required and asked first, `animal` is not required.
REQUIRED, OPTIONAL = "colour", "animal"


def one_required(evidence: Evidence) -> Outcome:
    return _ended(evidence.step(END, ONE_REQUIRED), required=REQUIRED)


def none_required(evidence: Evidence) -> Outcome:
    return _ended(evidence.step(END, NONE_REQUIRED), required="")


def _ended(step: Step | None, *, required: str) -> Outcome:
    failure = refused(step.rest("gather_using_ai", leg="caller") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    payload = step.payload("call.ai_gather.ended", leg="caller")
    if payload is None:
        return NOTHING_CAME
    status = text(payload.get("status"))
    if status in {"client_error", "invalid"}:
        return Outcome(status)
    known = _known(payload.get("result"))
    if not known or (required and required not in known):
        return Outcome("incomplete")
    return Outcome("all" if {REQUIRED, OPTIONAL} <= known else "required")


def _known(results: object) -> set[str]:
    """The questions that have an answer: one that was not asked may be there all the same, as null or empty."""
    return {name for name in (REQUIRED, OPTIONAL) if mapping(results).get(name) not in (None, "", [], {})}


def insights(evidence: Evidence) -> Outcome:
    """Whether anything is concluded from a gather that was seen to end."""
    ended = [step for name in (ONE_REQUIRED, NONE_REQUIRED) if (step := evidence.step(END, name))]
    ended = [step for step in ended if step.webhooks("call.ai_gather.ended")]
    if not ended:
        return NOT_TRIED
    kinds = ("call.conversation_insights.generated", "conversation_insight_result", "conversation.insights.completed")
    came = any(step.webhooks(kind) for step in ended for kind in kinds)
    return Outcome("all" if came else "none")


def stop(evidence: Evidence) -> Outcome:
    step = evidence.step(COMMANDS, STOP)
    failure = refused(step.rest("ai_assistant_stop", leg="caller") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    heard = step.heard("caller", "after stop")
    ended = step.webhooks("call.ai_gather.ended") + step.webhooks("call.conversation.ended")
    if heard is None and not ended:
        return NOT_TRIED
    return Outcome("speaks_on" if heard and heard.has_voice else "accept")


def steer(evidence: Evidence) -> Outcome:
    step = evidence.step(COMMANDS, STEER)
    failure = refused(step.rest("ai_assistant_add_messages", leg="caller") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    sent_at = next(
        one["at"] for one in step.records if one.get("command") == "ai_assistant_add_messages" and was_taken(one)
    )
    later = [one for one in step.webhooks("call.ai_gather.", leg="caller") if one["at"] >= sent_at]
    told = any(_answers(one) for one in later)
    return Outcome("accept" if told else "unheard")


def _answers(record: object) -> bool:
    """Whether the history ends with a turn that follows what was added, or what was asked is known by now."""
    payload = mapping(mapping(record).get("payload"))
    if REQUIRED in _known(payload.get("partial_results")) | _known(payload.get("result")):
        return True
    roles = [text(turn.get("role")) for turn in objects(payload.get("message_history"))]
    return "user" in roles and roles[-1] == "assistant"


_REFUSED_GATHER = bad("gather_using_ai was refused; the detail is the status and code.")
_CLIENT_ERROR = bad(
    "It ended with client_error, as when the speech provider fails: the product starts it once more, then hands over."
)

ENDING = Point(
    END,
    4,
    "When a gather ends",
    "two gathers by the AI in which you answer one short question each (about a minute of it)",
    (
        aspect(
            "one-required",
            "Does a gather with one required and one optional question end after the required one?",
            one_required,
            required=good(
                "It ends with the required ones: every question that is asked is sent as required.",
                "gather_ends=required",
            ),
            all=bearable("It asks both.", "gather_ends=all"),
            invalid=unclear("It ended as invalid: what was said did not fit. Try again in a quiet room."),
            client_error=_CLIENT_ERROR,
            incomplete=unclear("It ended without the required answer."),
            nothing_came=bad("No call.ai_gather.ended came in time: see point 3."),
            refused=_REFUSED_GATHER,
        ),
        aspect(
            "none-required",
            "And one without any required question?",
            none_required,
            required=good("It ends with the first value, as documented.", "gather_ends=required"),
            all=bearable("It asks all.", "gather_ends=all"),
            invalid=unclear("It ended as invalid: what was said did not fit."),
            client_error=_CLIENT_ERROR,
            incomplete=unclear("It ended without any answer."),
            nothing_came=bad("No call.ai_gather.ended came in time: see point 3."),
            refused=_REFUSED_GATHER,
        ),
        aspect(
            "insights",
            "Is anything concluded from a gather?",
            insights,
            none=good("Nothing came: only an assistant's run has insights.", "gather_insights=none"),
            all=bearable("Insights came all the same.", "gather_insights=all"),
        ),
    ),
)

COMMANDING = Point(
    COMMANDS,
    5,
    "Stopping and steering a gather",
    "two gathers by the AI, of which one is stopped (half a minute of it)",
    (
        aspect(
            "stop",
            "Does ai_assistant_stop stop a gather?",
            stop,
            accept=good("It does.", "gather_stop=accept"),
            speaks_on=bad(
                "It is taken and the AI speaks on: the page must come back on a fresh leg.", "gather_stop=refuse"
            ),
            refused=bearable(
                "It is refused: the page comes back on a fresh leg, straight to the closer.", "gather_stop=refuse"
            ),
        ),
        aspect(
            "steer",
            "Does ai_assistant_add_messages reach it?",
            steer,
            accept=good("It does: what a prospect types is heard.", "gather_steering=accept"),
            unheard=bearable(
                "It is taken and nothing follows: typed text does not reach a gather.", "gather_steering=refuse"
            ),
            refused=bearable("It is refused: typed text does not reach a gather.", "gather_steering=refuse"),
        ),
    ),
)
