"""How rows read to a closer: words, tones and the order of things. No queries here."""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.render.isolation import isolated
from handoff.selectors import Handoff
from sessions_app.models import VoiceSession
from sessions_app.visits import visitor_values

GROUPS = (
    ("waiting", "Needs a person", "Prospects who are waiting for a closer appear here first."),
    ("assistant", "With the assistant", "Nobody is talking with the assistant right now."),
    ("human", "With a closer", "No call is with a closer right now."),
    ("earlier", "Earlier", "Calls of the last eight hours are kept here."),
)
GROUP_OF_PHASE = {
    "connecting": "assistant",
    "assistant": "assistant",
    "handing_over": "waiting",
    "human": "human",
    "callback": "earlier",
    "ended": "earlier",
}
PHASE_LABELS = {
    "connecting": "Connecting",
    "assistant": "With the assistant",
    "handing_over": "Waiting for a person",
    "human": "With a closer",
    "callback": "Callback promised",
    "ended": "Ended",
}
END_REASONS = {
    "hung_up": "Hung up",
    "never_called": "Never called",
    "no_credential": "No line could be opened",
    "left_before_call": "Left before the call",
    "normal_clearing": "Hung up",
    "originator_cancel": "Left before the answer",
    "timeout": "Not answered",
    "user_busy": "Declined",
    "not_found": "Not reachable",
    "left": "Left the page",
    "lines_busy": "All lines were busy",
}
DESK_SAYS = {
    "accepted": "Your line is being set up.",
    "queued": "All lines are busy. Yours is called again in a moment.",
    "bridging": "You are being connected.",
    "connected": "You are connected.",
    "dropped": "Your line broke off. It is being called again.",
    "wrap_up": "The call is over. Choose how it ended.",
}
# What the controls of an open call say about a closer who has it.
TAKEN = {
    "accepted": "{closer}'s line is being set up.",
    "queued": "All lines are busy. {closer}'s is called again in a moment.",
    "seated": "{closer} is on standby and takes over when the assistant is done.",
    "bridging": "{closer} is being connected.",
    "connected": "{closer} is talking with the prospect.",
    "dropped": "{closer}'s line broke off; it is being called again.",
}
STEERING_CHIPS = ("Ask about budget", "30 seconds more", "Ask for their phone number")
STATUS_LABELS = {
    "offline": "Offline",
    "away": "Away",
    "missed": "Missed a call",
    "not_ready": "Not ready",
    "ready": "Ready",
    "ringing": "Ringing",
    "busy": "On a call",
    "wrap_up": "Wrapping up",
}
MISSING_LABELS = {
    "softphone": "softphone",
    "microphone": "microphone",
    "sound": "sound",
    "dashboard": "dashboard connection",
    "address": "phone number or address",
}
STATE_LABELS = {
    "reserved": "Looking for a closer",
    "ringing": "Ringing",
    "accepted": "Closer's line is set up",
    "queued": "All lines are busy",
    "seated": "Closer on standby",
    "bridging": "Being connected",
    "connected": "Talking",
    "dropped": "Closer's line broke off",
    "wrap_up": "Notes are written",
    "abandoned": "Prospect left",
    "unanswered": "Nobody came",
}
# What became of a hand-over or of a leg; other words are shown as they are.
OUTCOMES = {"lines_busy": "All lines were busy"}
NO_LINE = {
    "callback": "All lines were busy, so nobody was called. The promise stands: try again in a moment.",
    "": "All lines were busy, so you could not be connected. The prospect was promised a callback.",
}
TRIGGERS = {
    "gather_complete": "All questions answered",
    "conversation_ended": "The assistant finished",
    "assistant_failed": "The assistant could not go on",
    "answers_complete": "All questions answered",
    "gather_invalid": "Not all questions could be answered",
    "fields_known": "Most questions answered",
    "requested": "A person was asked for",
    "closer_took": "A closer took the call",
    "assigned": "Assigned by a supervisor",
    "callback": "Calling back as promised",
}
TOOLS = {
    "save_prospect_details": "Save details",
    "check_closer_availability": "Look for a free closer",
    "request_handoff": "Call a closer",
    "book_callback": "Book a callback",
}
TOOL_OUTCOMES = {"refused": "Refused", "invalid": "Used wrongly", "failed": "Failed"}
BROWSER_CALL = "Browser call"
DISPOSITIONS = (
    ("won", "Sale made"),
    ("follow_up", "Follow-up booked"),
    ("call_back", "Call back later"),
    ("not_now", "Not now"),
    ("not_a_fit", "Not a fit"),
    ("no_conversation", "No conversation"),
)
DISPOSITION_LABELS = dict(DISPOSITIONS)

# How many of the website's values stand where there is little room; all of them stand with the open call.
TOLD_ON_CARD = 2
TOLD_AT_A_GLANCE = 4

MEASURES = {
    "trigger_to_offer_ms": "Trigger → first ring",
    "offer_to_accept_ms": "First ring → accepted",
    "accept_to_seated_ms": "Accepted → closer's line up",
    "free_to_command_ms": "Assistant ended → command",
    "accept_to_command_ms": "Accepted → command",
    "command_to_connected_ms": "Command → connected",
    "accept_to_media_ms": "Accepted → sound both ways",
    "accept_to_first_word_ms": "Accepted → closer heard",
    "dead_air_ms": "Silence before the closer",
    "talk_ms": "Talk with the closer",
}


def tool_arguments(arguments: Any) -> str:
    """What a tool was given; answers by the name of their question."""
    if not isinstance(arguments, dict):
        return text(arguments)
    answers = arguments.get("answers")
    given = {name: value for name, value in arguments.items() if name != "answers" or not isinstance(value, list)}
    for answer in answers if isinstance(answers, list) else ():
        if isinstance(answer, dict):
            given[text(answer.get("question"))] = answer.get("answer")
    return text(given)


def tool_title(name: str) -> str:
    """What the assistant did, on a line of its own."""
    return f"Assistant: {(TOOLS.get(name) or words(name)).lower()}"


def standing(handoff: Handoff | None, *, is_running: bool) -> str:
    """Who holds a call: a closer has “taken” it, the “assistant” speaks, or the prospect is “waiting”; else nobody."""
    if handoff is not None and handoff.state in TAKEN:
        return "taken"
    if is_running:
        return "assistant"
    return "waiting" if handoff is not None else ""


def explanation(standing: str, handoff: Handoff | None, ringing: list[str], *, is_busy: bool = False) -> str:
    """What the controls of an open call say before they offer something; `is_busy` when no line is free for it."""
    if standing == "taken" and handoff is not None:
        closer = isolated(handoff.closer.display_name) if handoff.closer else "A closer"
        return TAKEN[handoff.state].format(closer=closer)
    people = ", ".join(isolated(name) for name in ringing)
    if standing == "assistant":
        if ringing:
            return f"Rings at {people} while the assistant goes on."
        return "The assistant is talking. Take the call to stand by."
    if ringing:
        return f"The prospect waits. Rings at {people}."
    return "The prospect waits: all lines are busy." if is_busy else "The prospect waits for a person."


def desk_says(call: Mapping[str, Any]) -> str:
    """The state of a closer's own call, as the desk knows it, for those who cannot see the desk."""
    handoff = call["handoff"]
    if handoff.state == "seated" and call["is_standby"]:
        if handoff.attempt and handoff.attempt.takes_now:
            return "You are next."
        heard = "You hear the prospect; nobody hears you." if call["is_listening"] else "Nobody hears you."
        return f"You are on standby. {heard}"
    return DESK_SAYS.get(handoff.state, "")


def outcome(name: str) -> str:
    return OUTCOMES.get(name) or words(name)


def why_not(status: str, missing: Iterable[str]) -> str:
    """What keeps a closer from being given a call; empty when nothing does."""
    if status == "ready":
        return ""
    label = STATUS_LABELS.get(status, words(status))
    lacking = ", ".join(MISSING_LABELS.get(name, words(name).lower()) for name in missing)
    return f"{label}: {lacking}" if status == "not_ready" and lacking else label


def text(value: Any) -> str:
    """A value out of JSON as a line of prose; the length is bounded because the outside world writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(text(item) for item in value)[:2000]
    if isinstance(value, dict):
        return "; ".join(f"{words(str(key))}: {text(item)}" for key, item in value.items())[:2000]
    return str(value)[:2000]


def words(name: str) -> str:
    """“first_party_hangup” reads “First party hangup”."""
    plain = name.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def prospect_name(session: VoiceSession) -> str:
    return (session.prospect.name if session.prospect else "") or "Prospect"


def initials(name: str) -> str:
    parts = [part for part in name.split() if part[:1].isalpha()]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


def group(session: VoiceSession) -> str:
    return GROUP_OF_PHASE.get(session.phase, "earlier")


def sort_key(session: VoiceSession) -> int:
    """Milliseconds, ascending on the page: the longest wait comes first, elsewhere the newest."""
    moment = int(session.created_at.timestamp() * 1000)
    return moment if group(session) == "waiting" else -moment


def phase_label(session: VoiceSession) -> str:
    if session.phase == "human" and session.closer_name:
        return f"With {isolated(session.closer_name)}"
    return PHASE_LABELS.get(session.phase, words(session.phase))


def system(session: VoiceSession) -> list[tuple[str, str]]:
    """What Telnyx says of the call, save that it calls one from a browser that parks with us a phone call."""
    told = visitor_values.shown_system(session)
    is_call = session.system_variables.get("channel") in {"phone_call", "web_call"}
    # A visit begins on a page of ours; only one that calls back an earlier visit may be on a telephone.
    if not is_call or session.previous_id is not None:
        return told
    channel = visitor_values.SYSTEM["channel"]
    return [(label, BROWSER_CALL if label == channel else value) for label, value in told]


def end_label(session: VoiceSession) -> str:
    return END_REASONS.get(session.end_reason) or isolated(words(session.end_reason))


def seconds(milliseconds: int | None) -> str:
    """A measured time: "240 ms", "1.4 s" or "–" when it was not measured."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
