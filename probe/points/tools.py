"""Beyond the ten: what proof a gather's webhook tool brings along, and what follows when it is not answered in time."""

from probe.evidence import Evidence, Record, Step
from probe.points.outcomes import NOT_TRIED, Outcome, Point, aspect, bearable, good, refused, unclear

NAME = "tools"
GATHER = "gather"


def _used(evidence: Evidence) -> tuple[Step | None, list[Record]]:
    step = evidence.step(NAME, GATHER)
    return step, step.tools() if step else []


def proof(evidence: Evidence) -> Outcome:
    step, used = _used(evidence)
    failure = refused(step.rest("gather_using_ai") if step else None)
    if failure:
        return failure
    if not used:
        return Outcome("nothing_came")
    first = used[0]
    if first.get("signed") is True:
        return Outcome("signed", "and names the call" if first.get("names_call") else "without naming the call")
    return Outcome("call_named" if first.get("names_call") else "none")


def repeat(evidence: Evidence) -> Outcome:
    """Whether a use that was not answered in time comes again, and under a new signature."""
    step, used = _used(evidence)
    if step is None or not used:
        return NOT_TRIED
    again = [one for one in used[1:] if one.get("again") is True]
    if not again:
        return Outcome("once")
    return Outcome("signed_anew" if again[0].get("anew") else "as_it_was", f"{len(again)} times")


POINT = Point(
    NAME,
    0,
    "A gather's webhook tool",
    "one gather by the AI with a tool of this server, answered late on purpose (half a minute of it)",
    (
        aspect(
            "proof",
            "What proves that it is Telnyx that uses a gather's tool?",
            proof,
            signed=good("Telnyx's signature.", "gather_tool_proof=signed"),
            call_named=bearable(
                "No signature; only a header that names the call. The address's own ticket is the proof.",
                "gather_tool_proof=none",
            ),
            none=bearable("Nothing. The address's own ticket is the proof.", "gather_tool_proof=none"),
            nothing_came=unclear("The tool was not used."),
            refused=bearable("A gather with a tool was refused; the detail is the status and code."),
        ),
        aspect(
            "repeat",
            "Is a use repeated that was not answered in time?",
            repeat,
            once=good("It is not.", "tool_repeats=never"),
            as_it_was=good(
                "It is, as it was: known again by its key, it is not carried out twice.", "tool_repeats=as_it_was"
            ),
            signed_anew=bearable(
                "It is, signed anew: it is carried out once more; only a correction made in between is undone.",
                "tool_repeats=signed_anew",
            ),
        ),
    ),
)
