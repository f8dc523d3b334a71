"""How a session ended, in the words in which a recording and its replays are compared."""

from collections.abc import Mapping
from typing import Any

from handoff.models import CallbackPromise, Handoff
from sessions_app.answers import captured
from sessions_app.answers.precedence import PEOPLE, settle
from sessions_app.models import VoiceSession


def of(session: VoiceSession, closers: Mapping[int, str]) -> dict[str, Any]:
    """Plain JSON values; times are left out, because a replay has its own."""
    return {
        "is_over": session.ended_at is not None,
        "end_reason": session.end_reason,
        "phase": str(session.phase),
        "handoffs": [
            _handoff(handoff, closers)
            for handoff in Handoff.objects.filter(session=session)
            .select_related("attempt")
            .order_by("triggered_at", "pk")
        ],
        "captured": _captured(session),
        "transcript": list(session.turns.order_by("position").values("position", "speaker", "text")),
        "insights": sorted(session.insights.values_list("insight_id", flat=True)),
        "is_promised": CallbackPromise.objects.filter(session=session).exists(),
    }


def _captured(session: VoiceSession) -> dict[str, Any]:
    """The answers as the assistant alone tells them: what people write into them is nothing that a replay repeats."""
    given = captured.given(session)
    told = {
        row.name: settle([value for value in given.get(row.pk, []) if value.source not in PEOPLE]).current
        for row in session.fields.order_by("name")
    }
    return {name: value.value for name, value in told.items() if value is not None}


def _handoff(handoff: Handoff, closers: Mapping[int, str]) -> dict[str, Any]:
    was_connected = handoff.connected_at is not None
    return {
        "state": handoff.state,
        "outcome": handoff.outcome,
        "disposition": handoff.disposition,
        "notes": handoff.notes,
        "connected_with": closers.get(handoff.closer_id or 0) if was_connected else None,
    }


def differences(recorded: Mapping[str, Any], replayed: Mapping[str, Any]) -> list[str]:
    """What is not the same at the end, one line each and without what anybody said."""
    return [
        _difference(name, recorded[name], replayed.get(name))
        for name in recorded
        if recorded[name] != replayed.get(name)
    ]


def _difference(name: str, recorded: Any, replayed: Any) -> str:
    if name == "captured" and isinstance(replayed, Mapping):
        names = sorted(field for field in {*recorded, *replayed} if recorded.get(field) != replayed.get(field))
        return f"fields: {', '.join(names)}"
    if name == "transcript":
        return f"transcript: {len(recorded)} turns recorded, {len(replayed or [])} replayed"
    if name == "handoffs":
        return f"handoffs: recorded {_brief(recorded)}, replayed {_brief(replayed)}"
    return f"{name}: recorded {recorded}, replayed {replayed}"


def _brief(handoffs: Any) -> str:
    told = [f"{one['state']} ({one['outcome'] or '-'}, {one['connected_with'] or 'nobody'})" for one in handoffs or []]
    return ", ".join(told) or "none"
