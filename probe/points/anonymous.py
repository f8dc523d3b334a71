"""Beyond the ten: a call without a login, which runs on the assistant's own application."""

from probe.evidence import Evidence
from probe.points.outcomes import (
    NOT_TRIED,
    REFUSED,
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
from strict_json import text

NAME = "anonymous"
CALL = "call"
# 90018: the call has ended.
ENDED = "90018"
# The login is incorrect, by Telnyx's own code and by that of the browser SDK (@telnyx/webrtc 2.27.10).
LOGIN_REFUSED = (-32001, 46001)


def events(evidence: Evidence) -> Outcome:
    """What is told of such a call at our doors, and in which form."""
    step = evidence.step(NAME, CALL)
    if step is None:
        return NOT_TRIED
    told = [one for one in step.webhooks() if one["leg"] == "anonymous"]
    kinds = {str(one["event_type"]) for one in told}
    if kinds - {"assistant.initialization"}:
        is_form = any(kind.startswith("texml") for kind in kinds)
        return Outcome("form" if is_form else "json", f"{len(kinds)} kinds")
    if kinds:
        return Outcome("initialization_only")
    failed = step.tab("refused", line="anonymous")
    if failed:
        code = failed[0].get("code")
        return Outcome(REFUSED if code in LOGIN_REFUSED else UNCLEAR, str(code or ""))
    return Outcome("nothing_came") if step.tab("active", line="anonymous") else NOT_TRIED


def bridge(evidence: Evidence) -> Outcome:
    """Whether its living leg takes a bridge of ours."""
    step = evidence.step(NAME, CALL)
    asked = step.rest("bridge") if step else None
    failure = refused(asked)
    if asked is None or failure is None:
        return Outcome("accept") if asked else NOT_TRIED
    # That it counts as ended while it lives is how such a leg refuses; elsewhere it would say nothing of the command.
    is_refused = failure.key == REFUSED or asked.get("code") == ENDED
    if is_refused and asked.get("status") in (404, 422):
        return Outcome(f"refused_{asked['status']}", failure.detail)
    return failure


def person(evidence: Evidence) -> Outcome:
    """What stands for the visitor in the events of such a call."""
    step = evidence.step(NAME, CALL)
    payload = step.payload("assistant.initialization", leg="anonymous") if step else None
    if payload is None:
        return NOT_TRIED
    told = text(payload.get("telnyx_end_user_target"))
    return Outcome("number" if "<number" in told else "other" if told else "absent")


POINT = Point(
    NAME,
    0,
    "A call without a login",
    "one call to an assistant that is open to everybody (half a minute of it)",
    (
        aspect(
            "events",
            "Where and how are its events told?",
            events,
            json=good("As JSON, at our doors."),
            form=bearable("As form-encoded status callbacks, at our doors."),
            initialization_only=bearable(
                "Only its variables are asked for: the end of such a call is seen by its page and by looking it up."
            ),
            nothing_came=bad("Nothing at all is told: leave the anonymous mode, or rely on what its page says."),
            refused=bad("The login was refused; the detail is the code (-32001: the assistant takes no such calls)."),
        ),
        aspect(
            "bridge",
            "Does its living leg take a bridge?",
            bridge,
            accept=good("It does: a closer is brought onto it.", "anonymous_legs=accept"),
            refused_422=bearable("It is refused as ended: the page comes back on a leg of ours.", "anonymous_legs=422"),
            refused_404=bearable("It is unknown: the page comes back on a leg of ours.", "anonymous_legs=404"),
            refused=bearable("It is refused otherwise: the page comes back on a leg of ours.", "anonymous_legs=422"),
        ),
        aspect(
            "visitor",
            "What stands for the visitor in its variables?",
            person,
            number=unclear("A number. It is display text here."),
            other=good("A name of the call, no number, as third parties' fixtures have it. It is display text here."),
            absent=good("Nothing."),
        ),
    ),
)
