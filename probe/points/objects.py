"""Beyond the ten: how an update of an account's object treats what it leaves out, and what Telnyx lists of a call."""

from typing import Any

from probe.evidence import Evidence, was_taken
from probe.points.outcomes import NOT_TRIED, Outcome, Point, aspect, bad, bearable, good, refused, unclear
from strict_json import mapping, objects, text

UPDATES = "updates"
ASSISTANT = "assistant"
LISTED = "call-events"
LIST = "list"
# Two settings of one part; the second update sends only the first of them.
SENT, LEFT_OUT = "user_idle_reply_secs", "time_limit_secs"
LEFT_OUT_SECONDS = 600


def parts(evidence: Evidence) -> Outcome:
    step = evidence.step(UPDATES, ASSISTANT)
    failure = refused(step.rest("update_assistant") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    after = mapping(mapping((step.rest("read_assistant") or {}).get("answer")).get("telephony_settings"))
    if not after:
        return NOT_TRIED
    return Outcome("merged" if after.get(LEFT_OUT) == LEFT_OUT_SECONDS else "replaced")


def group(evidence: Evidence) -> Outcome:
    step = evidence.step(UPDATES, ASSISTANT)
    made = step.rest("create_assistant") if step else None
    failure = refused(made)
    if failure:
        return failure
    answer = mapping(made.get("answer")) if made else {}
    return Outcome("own" if mapping(answer.get("insight_settings")).get("insight_group_id") else "none")


def shape(evidence: Evidence) -> Outcome:
    """Where in an entry of `GET /call_events` the event itself stands."""
    listed = _listed(evidence)
    if isinstance(listed, Outcome):
        return listed
    places = {_place(mapping(item.get("record"))) for item in listed}
    for place in ("inside", "bare"):
        if place in places:
            return Outcome(place)
    return Outcome("nowhere")


def _place(record: dict[str, Any]) -> str:
    if "payload" in record or "call_control_id" in record:
        return "bare"
    return (
        "inside"
        if any(_place(mapping(inner)) != "nowhere" for inner in record.values() if mapping(inner))
        else "nowhere"
    )


def listed_ai(evidence: Evidence) -> Outcome:
    listed = _listed(evidence)
    if isinstance(listed, Outcome):
        return listed
    kinds = {text(item.get("event_type")) for item in listed}
    is_there = any(kind.startswith(("call.conversation", "call.ai_gather")) for kind in kinds)
    return Outcome("listed" if is_there else "unlisted", f"{len(kinds)} kinds")


def _listed(evidence: Evidence) -> list[dict[str, Any]] | Outcome:
    step = evidence.step(LISTED, LIST)
    asked = step.rest("call_events") if step else None
    failure = refused(asked)
    if failure:
        return failure
    items = objects(mapping(asked.get("answer")).get("data")) if asked and was_taken(asked) else []
    return items or Outcome("nothing_came")


_LIST_REFUSED = bad("The list cannot be read; the detail is the status and code. Lost webhooks stay lost then.")
_LIST_EMPTY = unclear("The list was empty: events may come into it later than was waited.")

UPDATING = Point(
    UPDATES,
    0,
    "What an update leaves of an object",
    "an assistant named “AgileAdapt probe” is made, changed and deleted again; nobody talks with it",
    (
        aspect(
            "parts",
            "Does a part that is sent replace what it leaves out?",
            parts,
            replaced=good("It does, as third parties saw in 2026: telnyx_provision sends parts whole."),
            merged=good("It does not; telnyx_provision sends parts whole all the same."),
            refused=bad("The update was refused; the detail is the status and code."),
        ),
        aspect(
            "group",
            "Does a new assistant begin with an insight group of its own?",
            group,
            none=good("It does not."),
            own=bearable("It does; ours takes its place, and its insights have to be assigned to ours."),
            refused=bad("No assistant can be made; the detail is the status and code."),
        ),
    ),
)

LISTING = Point(
    LISTED,
    0,
    "What Telnyx lists of a call",
    "nothing: it reads about the calls of the points before",
    (
        aspect(
            "shape",
            "Where in an entry stands the event itself?",
            shape,
            inside=good("Inside, beside attempt and delivered_to, as documented; it is read."),
            bare=good("The entry is the event; it is read."),
            nowhere=bearable("Nowhere: an event that was lost is read without its payload."),
            nothing_came=_LIST_EMPTY,
            refused=_LIST_REFUSED,
        ),
        aspect(
            "assistants",
            "Are events of the AI in the list?",
            listed_ai,
            listed=good("They are: a lost end of a conversation is found there."),
            unlisted=bearable("They are not: a lost end of a conversation is seen by the dead leg alone."),
            nothing_came=_LIST_EMPTY,
            refused=_LIST_REFUSED,
        ),
    ),
)
