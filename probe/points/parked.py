"""1: what a browser call that parks looks like in `call.initiated`."""

from typing import Any

from probe.evidence import Evidence, Record, Step
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
    refused_on_page,
    unclear,
)
from probe.vocabulary import HEADERS
from strict_json import objects, text

NAME = "parked-call"
NUMBER, WORD, CALLER = "number", "word", "caller-number"
STEPS = (NUMBER, WORD, CALLER)

_NOTHING = bad(
    "No call.initiated came. Parking is off, the webhook URL or its version is not as telnyx_provision sets it, or the"
    " signature was refused: see the admin's deliveries and the log."
)
_OTHER = unclear("It is none of the known values: look at the delivery in the admin.")


def initiated(evidence: Evidence, *names: str) -> tuple[Step | None, Record | None]:
    """Return the first of the steps that was tried and whose call was told of, with the payload."""
    tried = [step for name in names or STEPS if (step := evidence.step(NAME, name))]
    for step in tried:
        payload = step.payload("call.initiated", leg="caller")
        if payload is not None:
            return step, payload
    return (tried[0] if tried else None), None


def arrival(evidence: Evidence) -> Outcome:
    step, payload = initiated(evidence)
    if step is None:
        return NOT_TRIED
    if payload is not None:
        return Outcome("reported")
    ended = step.tab("ended", line="caller") or step.tab("refused", line="caller")
    if ended:
        return refused_on_page(ended[0])
    return NOTHING_CAME


def _value(evidence: Evidence, name: str, known: dict[Any, str]) -> Outcome:
    step, payload = initiated(evidence)
    if step is None:
        return NOT_TRIED
    if payload is None:
        return NOTHING_CAME
    value = payload.get(name)
    return Outcome(known[value]) if value in known else Outcome("other")


def direction(evidence: Evidence) -> Outcome:
    return _value(evidence, "direction", {"outgoing": "outgoing", "incoming": "incoming"})


def state(evidence: Evidence) -> Outcome:
    return _value(evidence, "state", {"parked": "parked", None: "null"})


def caller(evidence: Evidence) -> Outcome:
    """`from` of a call without a caller number of its own."""
    step, payload = initiated(evidence, NUMBER, WORD)
    if step is None:
        return NOT_TRIED
    if payload is None:
        return NOTHING_CAME
    found = form(payload.get("from"))
    return Outcome("beside" if found in {"number", "other"} and names_beside(payload) else found)


def names_beside(payload: Record) -> bool:
    """Whether the credential is named elsewhere than in `from`."""
    return any("<user " in text(payload.get(name)) for name in ("from_sip_uri", "sip_username"))


def form(address: Any) -> str:
    """Say what kind of address it is: sip_uri, username, number or other."""
    told = text(address)
    if "@" in told:
        return "sip_uri" if "<user " in told else "other"
    return "username" if told.startswith("<user ") else "number" if told.startswith("<number ") else "other"


def headers(evidence: Evidence) -> Outcome:
    step, payload = initiated(evidence)
    if step is None:
        return NOT_TRIED
    if payload is None:
        return NOTHING_CAME
    told = [item for name in sorted(HEADERS) for item in objects(payload.get(name))]
    for name in ("name", "header_name"):
        if any(text(item.get(name)).lower().startswith("x-") for item in told):
            return Outcome(name)
    return Outcome("withheld")


def client_state(evidence: Evidence) -> Outcome:
    """Of the leg before anything was commanded on it."""
    step, payload = initiated(evidence)
    if step is None:
        return NOT_TRIED
    if payload is None:
        return NOTHING_CAME
    if "client_state" not in payload:
        return Outcome("absent")
    return Outcome("null" if payload["client_state"] in (None, "") else "given")


def destination(evidence: Evidence) -> Outcome:
    """What may be dialled: a number, a word, or both."""
    tried = {name: evidence.step(NAME, name) for name in (NUMBER, WORD)}
    if not all(tried.values()):
        return NOT_TRIED
    parked = [name for name, step in tried.items() if step and step.payload("call.initiated", leg="caller")]
    return Outcome({2: "both", 0: "neither"}.get(len(parked)) or f"{parked[0]}_only")


def caller_number(evidence: Evidence) -> Outcome:
    """What a caller number that the page sends does to the names of the credential."""
    step, payload = initiated(evidence, CALLER)
    if step is None:
        return NOT_TRIED
    if payload is None:
        ended = step.tab("ended", line="caller")
        return refused_on_page(ended[0]) if ended else NOTHING_CAME
    if form(payload.get("from")) != "number" and "<number " not in text(payload.get("from")):
        return Outcome("ignored")
    return Outcome("beside" if names_beside(payload) else "replaces")


_FROM: dict[str, Meaning] = {
    "sip_uri": good("The credential's SIP address stands in from: it proves whose visit it is.", "parked_from=sip_uri"),
    "username": good("The bare login stands in from: it proves whose visit it is.", "parked_from=username"),
    "number": bearable(
        "A number stands in from, and nothing names the credential: only our ticket header proves whose visit it is.",
        "parked_from=number",
    ),
    "beside": bearable(
        "Not the credential, which is named beside it (sip_username or from_sip_uri): it proves whose visit it is."
    ),
    "other": _OTHER,
    "nothing_came": _NOTHING,
}

POINT = Point(
    NAME,
    1,
    "A browser call that parks",
    "three short browser calls that are never answered",
    (
        aspect(
            "arrival",
            "Does Telnyx tell us of a call that a browser places?",
            arrival,
            reported=good("It does, at our own door."),
            refused=bad("The call was refused before we were told of it; the detail is the SIP status or reason."),
            nothing_came=_NOTHING,
        ),
        aspect(
            "direction",
            "Which direction does it have?",
            direction,
            outgoing=good(
                "As in Telnyx's own demos. The product binds by proof, whatever it is.", "parked_direction=outgoing"
            ),
            incoming=bearable("Incoming. The product binds by proof, whatever it is.", "parked_direction=incoming"),
            other=_OTHER,
            nothing_came=_NOTHING,
        ),
        aspect(
            "state",
            "And which state?",
            state,
            parked=good("Parked.", "parked_state=parked"),
            null=bearable("None is told.", "parked_state=null"),
            other=_OTHER,
            nothing_came=_NOTHING,
        ),
        aspect("from", "What stands in its from?", caller, **_FROM),
        aspect(
            "headers",
            "How are the page's custom headers told?",
            headers,
            name=good("As name and value.", "custom_headers=name"),
            header_name=bearable("As header_name and header_value; both are read.", "custom_headers=header_name"),
            withheld=bearable(
                "They are not told, so no ticket arrives: only the credential's name in from proves whose visit it is.",
                "custom_headers=withheld",
                "TELNYX_PAGE_CALLER_NUMBER stays off: a caller number would replace the only proof",
            ),
            nothing_came=_NOTHING,
        ),
        aspect(
            "client-state",
            "What is client_state on a leg that has none?",
            client_state,
            null=good("Null.", "client_state=null"),
            absent=bearable("Left out.", "client_state=absent"),
            given=unclear("The platform sets one of its own; ours replaces it with the first command."),
            nothing_came=_NOTHING,
        ),
        aspect(
            "destination",
            "Does a call to a word park as one to a number does?",
            destination,
            both=good("Both do. The page dials a number all the same."),
            number_only=good("Only the number does, and the page dials one."),
            word_only=bad(
                "Only the word does, and the page dials digits (TELNYX_PAGE_DESTINATION): no call would park."
            ),
            neither=_NOTHING,
        ),
        aspect(
            "caller-number",
            "What does a caller number that the page sends replace?",
            caller_number,
            replaces=bearable(
                "It replaces every name of the credential: send one only where our ticket header arrives.",
                setting="TELNYX_PAGE_CALLER_NUMBER only if the headers are told",
            ),
            beside=good(
                "The credential is named beside it: it may be sent.", setting="TELNYX_PAGE_CALLER_NUMBER may be on"
            ),
            ignored=good(
                "It is left out, the credential stays in from.", setting="TELNYX_PAGE_CALLER_NUMBER has no effect"
            ),
            refused=bad("The call is refused with it.", setting="TELNYX_PAGE_CALLER_NUMBER stays off"),
            nothing_came=bad("With it no call is told of.", setting="TELNYX_PAGE_CALLER_NUMBER stays off"),
        ),
    ),
)
