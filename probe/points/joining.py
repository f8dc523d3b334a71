"""7: whether two legs hear each other after a bridge and in a conference, and what a running assistant does to it."""

from probe.evidence import Evidence, Heard, Step
from probe.points.outcomes import NOT_TRIED, Meaning, Outcome, Point, aspect, bad, bearable, good, refused

NAME = "joining"
STOPPED, CONFERENCE, OVER = "bridge", "conference", "over-assistant"


def assistant_stop(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, STOPPED)
    failure = refused(step.rest("ai_assistant_stop", leg="caller") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    heard = step.heard("caller", "after stop")
    if heard is None:
        return NOT_TRIED
    return Outcome("speaks_on" if heard.has_voice else "accept")


def bridge(evidence: Evidence) -> Outcome:
    return _joined(evidence.step(NAME, STOPPED), "bridge")


def conference(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, CONFERENCE)
    failure = refused(step.rest("create_conference") if step else None)
    return failure or _joined(step, "join_conference")


def _joined(step: Step | None, command: str) -> Outcome:
    failure = refused(step.rest(command) if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    caller, closer = step.heard("caller", "joined"), step.heard("closer", "joined")
    if caller is None or closer is None:
        return NOT_TRIED
    return Outcome(mutual(caller.tone("closer"), closer.tone("caller")))


def mutual(caller_hears: bool, closer_hears: bool) -> str:
    if caller_hears and closer_hears:
        return "both_hear"
    return "caller_hears" if caller_hears else "closer_hears" if closer_hears else "silence"


def over_assistant(evidence: Evidence) -> Outcome:
    """What a bridge does with an assistant that is in the middle of a long sentence."""
    step = evidence.step(NAME, OVER)
    failure = refused(step.rest("bridge") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    heard = [one for line in ("caller", "closer") if (one := step.heard(line, "over assistant"))]
    greeting: Heard | None = step.heard("caller", "greeting")
    if not heard or greeting is None or not greeting.has_voice:
        return NOT_TRIED
    return Outcome("speaks_on" if any(one.has_voice for one in heard) else "ends")


def _joining(how: str) -> dict[str, Meaning]:
    return {
        "both_hear": good(f"Both hear each other {how}."),
        "caller_hears": bad("Only the prospect's side hears: see point 10 for the way of the sound, then try again."),
        "closer_hears": bad("Only the closer's side hears: see point 10 for the way of the sound, then try again."),
        "silence": bad("It is taken, and nobody hears anybody."),
        "refused": bad("It is refused; the detail is the status and code."),
    }


POINT = Point(
    NAME,
    7,
    "Bringing two legs together",
    "three pairs of browser legs, and the assistant twice (a minute of it)",
    (
        aspect(
            "assistant-stop",
            "Does ai_assistant_stop silence an assistant and leave the leg up?",
            assistant_stop,
            accept=good("It does.", "assistant_stop=accept"),
            speaks_on=bad("It is taken and the assistant speaks on.", "assistant_stop=refuse"),
            refused=bearable(
                "It is refused: the page comes back on a fresh leg, straight to the closer.", "assistant_stop=refuse"
            ),
        ),
        aspect("bridge", "Do both hear each other after a bridge?", bridge, **_joining("after a bridge")),
        aspect(
            "conference",
            "And in a conference?",
            conference,
            **_joining("in a conference"),
        ),
        aspect(
            "over-assistant",
            "What becomes of an assistant that still speaks when its leg is bridged?",
            over_assistant,
            speaks_on=bearable(
                "It speaks on: nobody is bridged before it is stopped.", "bridge_over_assistant=speaks_on"
            ),
            ends=good("The bridge ends it.", "bridge_over_assistant=ends", "TELNYX_BRIDGE_ENDS_ASSISTANT=1 may be set"),
            refused=bearable("The bridge is refused while it runs.", "bridge_over_assistant=refuse"),
        ),
    ),
)
