"""How the entries of a timeline read to a closer. No queries here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.render import presenters
from dashboard.render.isolation import isolated
from dashboard.render.presenters import text, words
from sessions_app.models import TimelineEntry
from sessions_app.visits import visitor_values

# kind → (what the timeline says, tone). A kind that is not here is numbered and pushed, but reads as its own name.
TITLES = {
    "session.created": ("Prospect arrived and agreed to be recorded", "plain"),
    "session.described": ("Details of the visit came in", "faint"),
    "session.typed": ("Typed, not read by the assistant:", "warning"),
    "call.initiated": ("Call started", "plain"),
    "call.answered": ("Call answered", "plain"),
    "call.hangup": ("Call hung up", "plain"),
    "assistant.started": ("Assistant started talking", "plain"),
    "assistant.ended": ("Assistant finished", "plain"),
    "assistant.fell_short": ("Assistant did not get through", "warning"),
    "assistant.steered": ("Assistant told by", "human"),
    "tool.called": ("Assistant used a tool", "plain"),
    "field.captured": ("Answer captured", "good"),
    "field.edited": ("Answer edited by", "human"),
    "field.unlocked": ("Answer unlocked by", "human"),
    "field.dismissed": ("Suggestion dismissed by", "faint"),
    "insight.awaited": ("Waiting for AI data", "faint"),
    "insight.received": ("Insight received", "plain"),
    "insight.missing": ("No insights came", "faint"),
    "transcript.finalised": ("Transcript completed", "plain"),
    "transcript.withheld": ("Telnyx keeps no transcript", "faint"),
    "handoff.triggered": ("Hand-over started", "calling"),
    "handoff.offered": ("Offered to", "calling"),
    "handoff.assigned": ("Assigned to", "calling"),
    "handoff.declined": ("Declined by", "warning"),
    "handoff.unanswered": ("Not answered by", "warning"),
    "handoff.accepted": ("Accepted by", "human"),
    "handoff.line_sought": ("The closer's phone was not there and connects anew", "warning"),
    "handoff.line_found": ("The closer's phone is there again", "plain"),
    "handoff.queued": ("No line is free for", "warning"),
    "handoff.busy": ("All lines are busy", "warning"),
    "handoff.line_free": ("A line is tried again for", "calling"),
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
    "callback.page_rung": ("The prospect's page rings", "calling"),
    "callback.unanswered": ("Callback not answered", "warning"),
    "callback.missed": ("Callback missed", "danger"),
    "callback.kept": ("Callback done", "good"),
    "command.sent": ("Asked Telnyx to", "faint"),
    "command.confirmed": ("Telnyx did", "faint"),
    "command.failed": ("Telnyx could not", "danger"),
    "session.ended": ("Session ended", "plain"),
    "notes.saved": ("Notes saved", "faint"),
}
# What the assistant came back for.
RUNS = {
    "returned": "Assistant is back on the line",
    "callback": "Assistant is back to book a callback",
}
# Their own words say more than who it was about.
_QUOTED = frozenset({"assistant.steered", "handoff.handed_back"})
_TONES_OF_TOOLS = {"done": "plain", "failed": "danger"}
# Many of these come in one conversation and would bury the rest; they are numbered and pushed all the same.
SILENT_KINDS = frozenset({"transcript.updated", "field.heard", "media.reported"})


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
    if row.kind == "assistant.started":
        title = RUNS.get(text(row.payload.get("purpose")), title)
    who = text(row.payload.get("closer_name"))
    if who and title.endswith((" to", " by", " for", ":")):
        title, who = f"{title} {isolated(who)}", ""
    if row.kind == "tool.called":
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
        case "field.captured" | "field.edited" | "field.unlocked" | "field.dismissed":
            names = payload.get("fields")
            return ", ".join(words(text(name)) for name in names) if isinstance(names, list) else ""
        case "session.described":
            names = payload.get("names")
            return ", ".join(visitor_values.label(text(name)) for name in names) if isinstance(names, list) else ""
        case "assistant.fell_short":
            return presenters.TRIGGERS.get(text(payload.get("reason")), "")
        case "handoff.assigned":
            return f"by {isolated(text(payload.get('by')))}"
        case "handoff.offered":
            return text(payload.get("reason"))
        case "assistant.steered" | "handoff.handed_back" | "session.typed":
            quoted = text(payload.get("text") or payload.get("instruction"))
            return f"“{quoted}”" if quoted else ""
        case "handoff.triggered" | "handoff.completed" | "handoff.queued" | "handoff.busy" | "handoff.line_free":
            return ""
        case "tool.called" | "command.failed":
            return text(payload.get("text") or payload.get("error"))
        case "call.hangup":
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
