"""How the entries of a timeline read to a closer. No queries here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.render import presenters
from dashboard.render.isolation import isolated
from dashboard.render.presenters import text, words
from sessions_app.kinds import Kind
from sessions_app.models import TimelineEntry
from sessions_app.visits import visitor_values

# kind → (what the timeline says, tone). A kind that is not here is numbered and pushed, but reads as its own name.
TITLES: dict[str, tuple[str, str]] = {
    Kind.SESSION_CREATED: ("Prospect arrived and agreed to be recorded", "plain"),
    Kind.SESSION_DESCRIBED: ("Details of the visit came in", "faint"),
    Kind.SESSION_TYPED: ("Typed, not read by the assistant:", "warning"),
    Kind.CALL_INITIATED: ("Call started", "plain"),
    Kind.CALL_ANSWERED: ("Call answered", "plain"),
    Kind.CALL_HANGUP: ("Call hung up", "plain"),
    Kind.ASSISTANT_STARTED: ("Assistant started talking", "plain"),
    Kind.ASSISTANT_ENDED: ("Assistant finished", "plain"),
    Kind.ASSISTANT_FELL_SHORT: ("Assistant did not get through", "warning"),
    Kind.ASSISTANT_STEERED: ("Assistant told by", "human"),
    Kind.TOOL_CALLED: ("Assistant used a tool", "plain"),
    Kind.FIELD_CAPTURED: ("Answer captured", "good"),
    Kind.FIELD_EDITED: ("Answer edited by", "human"),
    Kind.FIELD_UNLOCKED: ("Answer unlocked by", "human"),
    Kind.FIELD_DISMISSED: ("Suggestion dismissed by", "faint"),
    Kind.INSIGHT_AWAITED: ("Waiting for AI data", "faint"),
    Kind.INSIGHT_RECEIVED: ("Insight received", "plain"),
    Kind.INSIGHT_MISSING: ("No insights came", "faint"),
    Kind.TRANSCRIPT_FINALISED: ("Transcript completed", "plain"),
    Kind.TRANSCRIPT_WITHHELD: ("Telnyx keeps no transcript", "faint"),
    Kind.HANDOFF_TRIGGERED: ("Hand-over started", "calling"),
    Kind.HANDOFF_OFFERED: ("Offered to", "calling"),
    Kind.HANDOFF_ASSIGNED: ("Assigned to", "calling"),
    Kind.HANDOFF_DECLINED: ("Declined by", "warning"),
    Kind.HANDOFF_UNANSWERED: ("Not answered by", "warning"),
    Kind.HANDOFF_ACCEPTED: ("Accepted by", "human"),
    Kind.HANDOFF_LINE_SOUGHT: ("The closer's phone was not there and connects anew", "warning"),
    Kind.HANDOFF_LINE_FOUND: ("The closer's phone is there again", "plain"),
    Kind.HANDOFF_QUEUED: ("No line is free for", "warning"),
    Kind.HANDOFF_BUSY: ("All lines are busy", "warning"),
    Kind.HANDOFF_LINE_FREE: ("A line is tried again for", "calling"),
    Kind.HANDOFF_SEATED: ("Standing by:", "human"),
    Kind.HANDOFF_TAKEN_OVER: ("Taken over by", "human"),
    Kind.HANDOFF_BRIDGING: ("Joining the two calls", "human"),
    Kind.HANDOFF_CONNECTED: ("Closer connected", "human"),
    Kind.HANDOFF_DROPPED: ("The closer's line broke off", "warning"),
    Kind.HANDOFF_HANDED_BACK: ("Given back to the assistant by", "plain"),
    Kind.HANDOFF_RELEASED: ("Talk with the closer ended", "plain"),
    Kind.HANDOFF_COMPLETED: ("Wrapped up", "good"),
    Kind.HANDOFF_ABANDONED: ("Prospect left before a closer came", "warning"),
    Kind.HANDOFF_FAILED: ("Hand-over failed", "danger"),
    Kind.CALLBACK_PROMISED: ("Callback promised", "warning"),
    Kind.CALLBACK_BOOKED: ("Callback booked", "good"),
    Kind.CALLBACK_CALLED: ("Calling back:", "calling"),
    Kind.CALLBACK_PAGE_RUNG: ("The prospect's page rings", "calling"),
    Kind.CALLBACK_UNANSWERED: ("Callback not answered", "warning"),
    Kind.CALLBACK_MISSED: ("Callback missed", "danger"),
    Kind.CALLBACK_KEPT: ("Callback done", "good"),
    Kind.COMMAND_SENT: ("Asked Telnyx to", "faint"),
    Kind.COMMAND_CONFIRMED: ("Telnyx did", "faint"),
    Kind.COMMAND_FAILED: ("Telnyx could not", "danger"),
    Kind.PROSPECT_REJOINS: ("The prospect's page comes back on a fresh call", "plain"),
    Kind.SESSION_ENDED: ("Session ended", "plain"),
    Kind.NOTES_SAVED: ("Notes saved", "faint"),
}
# What the assistant came back for.
RUNS = {
    "returned": "Assistant is back on the line",
    "callback": "Assistant is back to book a callback",
}
# Their own words say more than who it was about.
_QUOTED = frozenset({Kind.ASSISTANT_STEERED, Kind.HANDOFF_HANDED_BACK})
_TONES_OF_TOOLS = {"done": "plain", "failed": "danger"}
# Many of these come in one conversation and would bury the rest; they are numbered and pushed all the same.
SILENT_KINDS = frozenset({Kind.TRANSCRIPT_UPDATED, Kind.FIELD_HEARD, Kind.MEDIA_REPORTED})


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
    if row.kind == Kind.ASSISTANT_STARTED:
        title = RUNS.get(text(row.payload.get("purpose")), title)
    who = text(row.payload.get("closer_name"))
    if who and title.endswith((" to", " by", " for", ":")):
        title, who = f"{title} {isolated(who)}", ""
    if row.kind == Kind.TOOL_CALLED:
        title = presenters.tool_title(isolated(text(row.payload.get("tool"))))
        tone = _TONES_OF_TOOLS.get(text(row.payload.get("outcome")), "warning")
    if row.kind.startswith("call.") and row.payload.get("role") == "closer":
        title = title.replace("Call ", "Closer's leg ")
    if row.kind.startswith("command."):
        title = f"{title} {isolated(words(text(row.payload.get('command'))).lower())}"
    detail = _detail(row) if row.kind in _QUOTED else who or _detail(row)
    return EntryView(f"entry-{row.session_id}-{row.seq}", row.seq, row.kind, row.occurred_at, title, detail, tone)


def _detail(row: TimelineEntry) -> str:
    payload = row.payload
    match row.kind:
        case Kind.FIELD_CAPTURED | Kind.FIELD_EDITED | Kind.FIELD_UNLOCKED | Kind.FIELD_DISMISSED:
            names = payload.get("fields")
            return ", ".join(words(text(name)) for name in names) if isinstance(names, list) else ""
        case Kind.SESSION_DESCRIBED:
            names = payload.get("names")
            return ", ".join(visitor_values.label(text(name)) for name in names) if isinstance(names, list) else ""
        case Kind.ASSISTANT_FELL_SHORT:
            return presenters.TRIGGERS.get(text(payload.get("reason")), "")
        case Kind.HANDOFF_ASSIGNED:
            return f"by {isolated(text(payload.get('by')))}"
        case Kind.HANDOFF_OFFERED:
            return text(payload.get("reason"))
        case Kind.ASSISTANT_STEERED | Kind.HANDOFF_HANDED_BACK | Kind.SESSION_TYPED:
            quoted = text(payload.get("text") or payload.get("instruction"))
            return f"“{quoted}”" if quoted else ""
        case (
            Kind.HANDOFF_TRIGGERED
            | Kind.HANDOFF_COMPLETED
            | Kind.HANDOFF_QUEUED
            | Kind.HANDOFF_BUSY
            | Kind.HANDOFF_LINE_FREE
        ):
            return ""
        case Kind.TOOL_CALLED | Kind.COMMAND_FAILED:
            return text(payload.get("text") or payload.get("error"))
        case Kind.CALL_HANGUP:
            code = text(payload.get("code"))
            return words(text(payload.get("cause"))) + (f" ({code})" if code else "")
    return presenters.outcome(text(payload.get("reason")))


@dataclass(frozen=True)
class Steered:
    seq: int
    at: datetime
    who: str
    text: str


def steered(row: TimelineEntry) -> Steered:
    who = text(row.payload.get("closer_name")) or "A closer"
    return Steered(row.seq, row.occurred_at, who, text(row.payload.get("text")))


@dataclass(frozen=True)
class Unread:
    seq: int
    at: datetime
    text: str


def unread(row: TimelineEntry) -> Unread:
    return Unread(row.seq, row.occurred_at, text(row.payload.get("text")))
