"""Pieces of the page as HTML: the same partials that the page itself includes."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from threading import Lock
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dashboard import bodies
from dashboard.render import answers, brief, entries, presenters
from handoff import selectors as handoffs
from handoff.selectors import Handoff
from sessions_app import selectors as sessions
from sessions_app.kinds import Kind
from sessions_app.models import TimelineEntry, VoiceSession
from sessions_app.selectors import FieldView
from sessions_app.visits import visitor_values

Fragment = dict[str, Any]

PARTS = ("head", "controls", "brief", "fields", "visit", "transcript", "unread", "handoff", "tools", "insights")
# What was said grows with the call, so only those kinds send it anew that are about it.
UNLESS_TOLD = tuple(part for part in PARTS if part not in {"transcript", "unread"})
OF_HANDOFFS = ("head", "controls", "handoff")
# What of the open session a kind can change, and all kinds of a family. Others may change whatever is not said.
PARTS_OF_FAMILY = {
    "handoff": OF_HANDOFFS,
    "callback": OF_HANDOFFS,
    "command": OF_HANDOFFS,
    "call": ("head", "controls"),
}
PARTS_OF_KIND: dict[str, tuple[str, ...]] = {
    Kind.TRANSCRIPT_UPDATED: ("brief",),  # The conversation itself goes turn by turn, see `turns`.
    Kind.TRANSCRIPT_FINALISED: ("brief", "transcript"),
    Kind.TRANSCRIPT_WITHHELD: ("transcript",),
    Kind.TOOL_CALLED: ("tools",),
    Kind.FIELD_CAPTURED: ("head", "brief", "fields"),
    Kind.FIELD_HEARD: ("brief", "fields"),
    Kind.FIELD_EDITED: ("head", "brief", "fields"),
    Kind.FIELD_UNLOCKED: ("head", "brief", "fields"),
    Kind.FIELD_DISMISSED: ("brief", "fields"),
    Kind.INSIGHT_AWAITED: ("insights",),
    Kind.INSIGHT_RECEIVED: ("brief", "insights"),
    Kind.INSIGHT_MISSING: ("insights",),
    Kind.ASSISTANT_STEERED: ("controls",),
    Kind.NOTES_SAVED: ("handoff",),
    Kind.SESSION_DESCRIBED: ("head", "visit"),
    Kind.SESSION_TYPED: ("unread",),
    Kind.MEDIA_REPORTED: (),
}
TIMELINE_ROWS = 500
STEERED_ROWS = 3
TYPED_ROWS = 5
CARDS_KEPT = 2000
# An entry names at most this many changed utterances; then the whole conversation is sent.
MOST_POSITIONS = 50

_cards: OrderedDict[tuple[UUID, int], SafeString] = OrderedDict()
_cards_lock = Lock()


def card(session: VoiceSession) -> Fragment:
    """The session in the list. `into` and `sort` say where it stands, for it moves as the call goes on."""
    return {
        "target": f"card-{session.pk}",
        "into": f"group-{presenters.group(session)}",
        "sort": presenters.sort_key(session),
        "html": card_html(session),
    }


def card_html(session: VoiceSession) -> SafeString:
    return cards_html([session])[session.pk]


def cards_html(visible: Sequence[VoiceSession]) -> dict[UUID, SafeString]:
    """Rendered once per entry of a session's timeline: nothing on a card changes without one."""
    kept = {session.pk: html for session in visible if (html := _kept_card(session))}
    others = [session for session in visible if session.pk not in kept]
    known = sessions.fields_of(others) if others else {}
    for session in others:
        context = _card_context(session, known[session.pk])
        kept[session.pk] = _keep_card(session, render_to_string("dashboard/_card.html", context))
    return kept


def _kept_card(session: VoiceSession) -> SafeString | None:
    key = (session.pk, session.last_seq)
    with _cards_lock:
        if key in _cards:
            _cards.move_to_end(key)
        return _cards.get(key)


def _keep_card(session: VoiceSession, html: SafeString) -> SafeString:
    with _cards_lock:
        _cards[session.pk, session.last_seq] = html
        while len(_cards) > CARDS_KEPT:
            _cards.popitem(last=False)
    return html


def forget() -> None:
    """Drop every rendered card, as a new process starts."""
    with _cards_lock:
        _cards.clear()


def _card_context(session: VoiceSession, fields: list[FieldView]) -> dict[str, Any]:
    required = [field for field in fields if field.is_required] or fields
    name = presenters.prospect_name(session)
    return {
        "session": session,
        "name": name,
        "initials": presenters.initials(name),
        "group": presenters.group(session),
        "sort": presenters.sort_key(session),
        "phase_label": presenters.phase_label(session),
        "end_label": presenters.end_label(session),
        "known": sum(1 for field in required if field.captured_at),
        "wanted": len(required),
        "pips": [bool(field.captured_at) for field in required],
        "told": visitor_values.shown(session)[: presenters.TOLD_ON_CARD],
    }


def board(visible: Sequence[VoiceSession]) -> Fragment:
    """The whole list, grouped by what the sessions need."""
    cards: dict[str, list[str]] = {key: [] for key, _, _ in presenters.GROUPS}
    html = cards_html(visible)
    for session in sorted(visible, key=presenters.sort_key):
        cards[presenters.group(session)].append(html[session.pk])
    groups = [
        {"key": key, "label": label, "empty": empty, "cards": cards[key]} for key, label, empty in presenters.GROUPS
    ]
    return {"target": "board", "html": render_to_string("dashboard/_board.html", {"groups": groups})}


def detail(session: VoiceSession | None, *, was_asked: bool = False) -> Fragment:
    """Everything about the chosen session, or what to do when none is chosen or it is not there."""
    if session is None:
        html = render_to_string("dashboard/_nothing.html", {"was_asked": was_asked})
        return {"target": "detail", "html": html}
    context: dict[str, Any] = {"session": session}
    for part in PARTS:
        context |= part_context(session, part)
    rows = sessions.entries_after(session.pk, max(0, session.last_seq - TIMELINE_ROWS), TIMELINE_ROWS + 100)
    context["entries"] = sorted(entry_views(rows), key=lambda view: view.sort)
    return {"target": "detail", "html": render_to_string("dashboard/_detail.html", context)}


def parts(session: VoiceSession, rows: Iterable[TimelineEntry]) -> list[Fragment]:
    """The parts of the open session that these entries may have changed."""
    wanted = {part for row in rows for part in _touched(row)}
    return [
        {
            "target": f"detail-{part}",
            "html": render_to_string(f"dashboard/_{part}.html", {"session": session} | part_context(session, part)),
        }
        for part in PARTS
        if part in wanted
    ]


def _touched(row: TimelineEntry) -> tuple[str, ...]:
    if row.kind == Kind.MEDIA_REPORTED and row.payload.get("kind") == "handover":
        return ("handoff",)
    if row.kind == Kind.TRANSCRIPT_UPDATED and len(row.payload.get("positions") or ()) >= MOST_POSITIONS:
        return ("brief", "transcript")
    family, _, _ = row.kind.partition(".")
    return PARTS_OF_KIND.get(row.kind, PARTS_OF_FAMILY.get(family, UNLESS_TOLD))


def part_context(session: VoiceSession, part: str) -> dict[str, Any]:
    return _CONTEXTS[part](session)


def _head(session: VoiceSession) -> dict[str, Any]:
    name = presenters.prospect_name(session)
    return {
        "name": name,
        "initials": presenters.initials(name),
        "group": presenters.group(session),
        "phase_label": presenters.phase_label(session),
        "end_label": presenters.end_label(session),
        "told_first": visitor_values.shown(session)[: presenters.TOLD_AT_A_GLANCE],
    }


def _controls(session: VoiceSession) -> dict[str, Any]:
    handoff = None if session.ended_at else handoffs.unsettled(session)
    is_running = session.is_assistant_running and not session.ended_at
    standing = presenters.standing(handoff, is_running=is_running)
    told = sessions.latest_of_kind(session, Kind.ASSISTANT_STEERED, count=STEERED_ROWS) if standing else []
    ringing = handoffs.ringing_closers(handoff) if handoff and standing != "taken" else []
    return {
        "standing": standing,
        "is_running": is_running,
        "can_take": standing in {"assistant", "waiting"},
        "explanation": presenters.explanation(standing, handoff, ringing, is_busy=session.met_busy_lines),
        "chips": presenters.STEERING_CHIPS,
        "steer_length": bodies.STEER_LENGTH,
        "steered": [entries.steered(row) for row in told],
    }


def _fields(session: VoiceSession) -> dict[str, Any]:
    fields = answers.panel(session)
    known = sum(1 for field in fields if field["view"].captured_at)
    return {"fields": fields, "known": known, "wanted": len(fields)}


def _visit(session: VoiceSession) -> dict[str, Any]:
    return {
        "told": visitor_values.shown(session),
        "system": presenters.system(session),
        "told_at": visitor_values.told_at(session),
    }


def turns(session: VoiceSession, rows: Iterable[TimelineEntry]) -> list[Fragment]:
    """The utterances that these entries added or changed."""
    told = (row.payload.get("positions") or () for row in rows if row.kind == Kind.TRANSCRIPT_UPDATED)
    positions = {position for some in told for position in some}
    return [
        {
            "target": f"turn-{turn.pk}",
            "into": "transcript-turns",
            "sort": turn.position,
            "html": render_to_string("dashboard/_turn.html", {"turn": turn}),
        }
        for turn in (sessions.turns_at(session, positions) if positions else ())
    ]


def _transcript(session: VoiceSession) -> dict[str, Any]:
    told = {"turns": sessions.transcript(session), "is_withheld": sessions.is_transcript_withheld(session)}
    return told | _unread(session)


def _unread(session: VoiceSession) -> dict[str, Any]:
    rows = sessions.latest_of_kind(session, Kind.SESSION_TYPED, count=TYPED_ROWS)
    return {"unread": [entries.unread(row) for row in rows]}


def _brief(session: VoiceSession) -> dict[str, Any]:
    return {"brief": brief.of(session), "name": presenters.prospect_name(session)}


def _handoff(session: VoiceSession) -> dict[str, Any]:
    """The newest hand-over, and those before it, for a closer may give a call back to the assistant."""
    views = [_handoff_view(handoff) for handoff in handoffs.handoffs_of(session)]
    return {"current": views[0] if views else None, "earlier": views[1:]}


def _handoff_view(handoff: Handoff) -> dict[str, Any]:
    measured = asdict(handoffs.measures(handoff))
    return {
        "handoff": handoff,
        "trigger": presenters.TRIGGERS.get(handoff.trigger, presenters.words(handoff.trigger)),
        "state": presenters.STATE_LABELS.get(handoff.state, presenters.words(handoff.state)),
        "outcome": "" if handoff.outcome == handoff.disposition else presenters.outcome(handoff.outcome),
        "disposition": presenters.DISPOSITION_LABELS.get(handoff.disposition, handoff.disposition),
        "measures": [(presenters.MEASURES[name], presenters.seconds(value)) for name, value in measured.items()],
    }


def _tools(session: VoiceSession) -> dict[str, Any]:
    """What the assistant used, the newest first."""
    return {
        "used": [
            {
                "id": row.pk,
                "title": presenters.TOOLS.get(row.name) or presenters.words(row.name),
                "name": row.name,
                "outcome": row.outcome,
                "mark": presenters.TOOL_OUTCOMES.get(row.outcome, ""),
                "arguments": presenters.tool_arguments(row.arguments),
                "text": row.text,
                "at": row.called_at,
                "duration": presenters.seconds(row.duration_ms),
                "repeats": row.repeats,
            }
            for row in reversed(sessions.tool_calls(session))
        ]
    }


def _insights(session: VoiceSession) -> dict[str, Any]:
    return {
        "insights": [
            {"id": row.pk, "name": row.name or "Insight", "text": presenters.text(row.result), "at": row.received_at}
            for row in sessions.insights(session)
        ],
        "insights_state": sessions.insights_state(session),
    }


_CONTEXTS = {
    "head": _head,
    "controls": _controls,
    "brief": _brief,
    "fields": _fields,
    "visit": _visit,
    "transcript": _transcript,
    "unread": _unread,
    "handoff": _handoff,
    "tools": _tools,
    "insights": _insights,
}


def entry_views(rows: Iterable[TimelineEntry]) -> list[entries.EntryView]:
    return [entries.entry(row) for row in rows if row.kind not in entries.SILENT_KINDS]


def new_entries(rows: Iterable[TimelineEntry]) -> list[Fragment]:
    """The new lines of the open session's timeline."""
    return [
        {
            "target": view.id,
            "into": "timeline-entries",
            "sort": view.sort,
            "html": render_to_string("dashboard/_entry.html", {"entry": view}),
        }
        for view in entry_views(rows)
    ]
