"""How rows read to a closer: words, tones and the order of things. No queries here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.models import TimelineEntry, VoiceSession

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
}
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
    "seated": "Closer on standby",
    "bridging": "Being connected",
    "connected": "Talking",
    "dropped": "Closer's line broke off",
    "wrap_up": "Notes are written",
    "abandoned": "Prospect left",
    "unanswered": "Nobody came",
}
TRIGGERS = {
    "gather_complete": "All questions answered",
    "conversation_ended": "The assistant finished",
    "assistant_failed": "The assistant could not go on",
    "fields_known": "Most questions answered",
    "requested": "A person was asked for",
    "closer_took": "A closer took the call",
    "assigned": "Assigned by a supervisor",
    "callback": "Calling back as promised",
}
DISPOSITIONS = (
    ("won", "Sale made"),
    ("follow_up", "Follow-up booked"),
    ("call_back", "Call back later"),
    ("not_now", "Not now"),
    ("not_a_fit", "Not a fit"),
    ("no_conversation", "No conversation"),
)
DISPOSITION_LABELS = dict(DISPOSITIONS)

# kind → (what the timeline says, tone). A kind that is not here is numbered and pushed, but reads as its own name.
TITLES = {
    "session.created": ("Prospect arrived and agreed to be recorded", "plain"),
    "call.initiated": ("Call started", "plain"),
    "call.answered": ("Call answered", "plain"),
    "call.hangup": ("Call hung up", "plain"),
    "assistant.started": ("Assistant started talking", "plain"),
    "assistant.ended": ("Assistant finished", "plain"),
    "assistant.steered": ("Assistant told by", "human"),
    "assistant.returned": ("Assistant is back on the line", "plain"),
    "field.captured": ("Answer captured", "good"),
    "insight.received": ("Insight received", "plain"),
    "transcript.finalised": ("Transcript completed", "plain"),
    "handoff.triggered": ("Hand-over started", "calling"),
    "handoff.offered": ("Offered to", "calling"),
    "handoff.declined": ("Declined by", "warning"),
    "handoff.unanswered": ("Not answered by", "warning"),
    "handoff.accepted": ("Accepted by", "human"),
    "handoff.seated": ("Standing by:", "human"),
    "handoff.taken_over": ("Taken over by", "human"),
    "handoff.bridging": ("Joining the two calls", "human"),
    "handoff.connected": ("Closer connected", "human"),
    "handoff.dropped": ("The closer's line broke off", "warning"),
    "handoff.handed_back": ("Given back to the assistant by", "plain"),
    "handoff.released": ("Talk with the closer ended", "plain"),
    "handoff.completed": ("Wrapped up", "good"),
    "handoff.abandoned": ("Prospect left before a closer came", "warning"),
    "handoff.failed": ("Hand-over failed", "danger"),
    "callback.promised": ("Callback promised", "warning"),
    "callback.booked": ("Callback booked", "good"),
    "callback.called": ("Calling back:", "calling"),
    "callback.missed": ("Callback missed", "danger"),
    "callback.kept": ("Callback done", "good"),
    "command.sent": ("Asked Telnyx to", "faint"),
    "command.confirmed": ("Telnyx did", "faint"),
    "command.failed": ("Telnyx could not", "danger"),
    "session.ended": ("Session ended", "plain"),
    "notes.saved": ("Notes saved", "faint"),
}
# Their own words say more than who it was about.
_QUOTED = frozenset({"assistant.steered", "handoff.handed_back"})
# Many of these come in one conversation and would bury the rest; they are numbered and pushed all the same.
SILENT_KINDS = frozenset({"transcript.updated", "media.reported"})


@dataclass(frozen=True)
class EntryView:
    id: str
    seq: int
    kind: str
    at: datetime
    title: str
    detail: str
    tone: str

    @property
    def sort(self) -> int:
        return -self.seq  # Newest first.

    def for_frame(self) -> dict[str, Any]:
        return {"seq": self.seq, "kind": self.kind, "at": self.at.isoformat(), "title": self.title}


def entry(row: TimelineEntry) -> EntryView:
    title, tone = TITLES.get(row.kind, (words(row.kind.replace(".", " ")), "plain"))
    who = text(row.payload.get("closer_name"))
    if who and title.endswith((" to", " by", ":")):
        title, who = f"{title} {who}", ""
    if row.kind.startswith("call.") and row.payload.get("role") == "closer":
        title = title.replace("Call ", "Closer's leg ")
    if row.kind.startswith("command."):
        title = f"{title} {words(text(row.payload.get('command'))).lower()}"
    detail = _detail(row) if row.kind in _QUOTED else who or _detail(row)
    return EntryView(f"entry-{row.session_id}-{row.seq}", row.seq, row.kind, row.occurred_at, title, detail, tone)


def _detail(row: TimelineEntry) -> str:
    payload = row.payload
    match row.kind:
        case "field.captured":
            names = payload.get("fields")
            return ", ".join(words(text(name)) for name in names) if isinstance(names, list) else ""
        case "handoff.offered":
            return text(payload.get("reason"))
        case "assistant.steered" | "handoff.handed_back":
            quoted = text(payload.get("text") or payload.get("instruction"))
            return f"“{quoted}”" if quoted else ""
        case "handoff.triggered" | "handoff.completed":
            return ""
        case "call.hangup":
            return words(text(payload.get("cause")))
        case "command.failed":
            return text(payload.get("error"))
    return words(text(payload.get("reason")))


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
        return f"With {session.closer_name}"
    return PHASE_LABELS.get(session.phase, words(session.phase))


def end_label(session: VoiceSession) -> str:
    return END_REASONS.get(session.end_reason, words(session.end_reason))


def seconds(milliseconds: int | None) -> str:
    """A measured time: "240 ms", "1.4 s" or "–" when it was not measured."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
