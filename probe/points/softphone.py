"""6: whether a softphone can be rung at its login, before and after its page has gone."""

from probe.evidence import Evidence, Record, Step, was_taken
from probe.points.outcomes import (
    NOT_TRIED,
    NOTHING_CAME,
    Meaning,
    Outcome,
    Point,
    aspect,
    bad,
    bearable,
    good,
    refused,
    unclear,
)
from strict_json import mapping, text

NAME = "softphone"
OPEN, RELOADED, RENEWED, CLOSED = "open", "reloaded", "renewed", "closed"


def rings(evidence: Evidence) -> Outcome:
    return _rung(evidence.step(NAME, OPEN), "closer")


def renewed(evidence: Evidence) -> Outcome:
    return _rung(evidence.step(NAME, RENEWED), "newcomer")


def reloaded(evidence: Evidence) -> Outcome:
    """What the login of a page answers that has registered anew on another one."""
    return _stale(evidence.step(NAME, RELOADED))


def closed(evidence: Evidence) -> Outcome:
    return _stale(evidence.step(NAME, CLOSED))


def _rung(step: Step | None, line: str) -> Outcome:
    failure = refused(step.rest("dial") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    if step.tab("ringing", line=line):
        return Outcome("rings")
    sip = _sip(step)
    return Outcome("unreachable", sip) if sip else NOTHING_CAME


def _stale(step: Step | None) -> Outcome:
    failure = refused(step.rest("dial") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    if step.tab("ringing"):
        return Outcome("rings")
    hangup = step.payload("call.hangup", leg="closer")
    if hangup is None:
        return NOTHING_CAME
    sip = _sip(step)
    if sip in {"480", "404"}:
        return Outcome(f"sip_{sip}")
    return Outcome("other", "/".join(filter(None, (text(hangup.get("hangup_cause")), sip))))


def _sip(step: Step) -> str:
    hangup = step.payload("call.hangup", leg="closer")
    return text(hangup.get("sip_hangup_cause")) if hangup else ""


def _far(evidence: Evidence) -> tuple[Step | None, Record | None]:
    for name in (OPEN, RENEWED):
        step = evidence.step(NAME, name)
        if step and step.tab("ringing"):
            return step, step.payload("call.initiated", leg="far")
    return None, None


def far_side(evidence: Evidence) -> Outcome:
    """Whether the leg is told of a second time, by the connection of the softphone."""
    step, far = _far(evidence)
    if step is None:
        return NOT_TRIED
    if far is None:
        return Outcome("silent")
    ours = step.payload("call.initiated", leg="closer") or mapping((step.rest("dial") or {}).get("answer"))
    session = mapping(ours).get("call_session_id") or mapping(mapping(ours).get("data")).get("call_session_id")
    return Outcome("same_session" if session == far.get("call_session_id") else "own_session")


def far_direction(evidence: Evidence) -> Outcome:
    step, far = _far(evidence)
    if step is None or far is None:
        return NOT_TRIED
    direction = text(far.get("direction"))
    return Outcome(direction if direction in {"incoming", "outgoing"} else "other")


def registration(evidence: Evidence) -> Outcome:
    """What `GET /sip_registration_status` says of a page that is open, and of one that has gone."""
    steps = {name: evidence.step(NAME, name) for name in (OPEN, RELOADED, CLOSED)}
    told = {name: one for name, step in steps.items() if step and (one := step.rest("registration"))}
    if not told:
        return NOT_TRIED
    failure = next((one for one in told.values() if not was_taken(one)), None)
    if failure is not None:
        return refused(failure) or NOT_TRIED
    says = {name: mapping(one.get("answer")).get("registered") for name, one in told.items()}
    if says.get(OPEN, True) is not True:
        return Outcome("blind")
    return Outcome("stale" if True in (says.get(RELOADED), says.get(CLOSED)) else "true")


_DIAL_REFUSED = bad("The call itself was refused; the detail is the status and code.")


def _gone(sip: str, *, choice: bool) -> Meaning:
    return good(
        f"SIP {sip}: the product takes it for the wrong place, registers the page anew and rings once more.",
        f"stale_registration={sip}" if choice else "",
    )


def _stale_outcomes(*, choice: bool) -> dict[str, Meaning]:
    return {
        "sip_480": _gone("480", choice=choice),
        "sip_404": _gone("404", choice=choice),
        "rings": bearable("It still rings: nobody is there to answer, and the ring runs out as one that was missed."),
        "other": unclear(
            "It ends otherwise; the detail is the cause and the SIP status. Only 480 and 404 count as the wrong place."
        ),
        "nothing_came": bearable("Nothing came before the ring ran out: it counts as a ring that was missed."),
        "refused": _DIAL_REFUSED,
    }


_RINGS: dict[str, Meaning] = {
    "rings": good("It rings."),
    "unreachable": bad(
        "It cannot be reached; the detail is the SIP status. Check that SIP URI calls of the connection are “internal”;"
        " closers with a number or a SIP address of their own are not concerned."
    ),
    "nothing_came": bad("Neither the page nor a webhook told of a ring."),
    "refused": _DIAL_REFUSED,
}

POINT = Point(
    NAME,
    6,
    "Ringing a softphone at its login",
    "four calls to this tab's own softphone",
    (
        aspect("open", "Does sip:gencred… ring a page that is open?", rings, **_RINGS),
        aspect(
            "reloaded",
            "What does the old login answer once the page has registered anew?",
            reloaded,
            **_stale_outcomes(choice=True),
        ),
        aspect("renewed", "Does the new login ring?", renewed, **_RINGS),
        aspect("closed", "What does a login answer whose page is closed?", closed, **_stale_outcomes(choice=False)),
        aspect(
            "far-side",
            "Is a leg that arrives at a softphone told of a second time, by the softphone's connection?",
            far_side,
            same_session=bearable("It is, in the same call session.", "far_side=same_session"),
            own_session=bearable("It is, in a call session of its own.", "far_side=own_session"),
            silent=good("It is not.", "far_side=silent"),
        ),
        aspect(
            "far-side-direction",
            "With which direction?",
            far_direction,
            incoming=bearable("Incoming.", "far_side_direction=incoming"),
            outgoing=bearable(
                "Outgoing: only the called login tells it from a prospect's leg.", "far_side_direction=outgoing"
            ),
            other=unclear("It is none of the known values: look at the delivery in the admin."),
        ),
        aspect(
            "registration",
            "Can the registration be looked up before a ring?",
            registration,
            true=good("It tells an open page from one that has gone."),
            stale=bearable("A page that has gone still reads as registered for a while: 480 and 404 stay the proof."),
            blind=bad("A page that is open reads as not registered: rings must not depend on it."),
            refused=bearable("It cannot be looked up; the detail is the status and code. Rings do not depend on it."),
        ),
    ),
)
