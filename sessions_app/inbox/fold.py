"""Fold one fact from Telnyx into a session's rows. The end is the same whatever the order of the facts."""

from functools import singledispatch
from typing import Any

from sessions_app import timeline
from sessions_app.answers import captured
from sessions_app.conversation import insights, runs, transcript
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, VoiceSession
from sessions_app.models.learnt import Source
from sessions_app.rules import plain_values
from sessions_app.visits import visitor_values
from telephony import events

ENDED_STATUSES = frozenset({"completed", "no-answer", "busy", "failed", "canceled"})


@singledispatch
def fold(event: events.Event, session: VoiceSession) -> None:
    """Most kinds of event change nothing here."""


@fold.register
def _(event: events.CallInitiated, session: VoiceSession) -> None:
    leg = leg_of(event, session)
    # A leg that arrives at a closer may carry headers too, and they are not the visitor's.
    if leg is not None and leg.role == CallLeg.Role.PROSPECT:
        visitor_values.keep(session, event.custom_headers, source=plain_values.CALL, at=event.occurred_at)


@fold.register
def _(event: events.CallAnswered, session: VoiceSession) -> None:
    leg = leg_of(event, session)
    if leg is None or leg.answered_at is not None:
        return
    _set(leg, answered_at=event.occurred_at)
    if is_current(leg, session) and session.answered_at is None:
        _set(session, answered_at=event.occurred_at)
    timeline.append(session, Kind.CALL_ANSWERED, {"leg": leg.pk, "role": leg.role}, occurred_at=event.occurred_at)


@fold.register
def _(event: events.CallBridged, session: VoiceSession) -> None:
    leg = leg_of(event, session)
    if leg is not None and leg.bridged_at is None:
        _set(leg, bridged_at=event.occurred_at)


@fold.register
def _(event: events.CallHangup, session: VoiceSession) -> None:
    _hung_up(event, session, cause=event.cause, source=event.source, sip_cause=event.sip_cause, code=event.code)


@fold.register
def _(event: events.CallStatusCallback, session: VoiceSession) -> None:
    """The assistant's own calls may report in this older form; only their end matters here."""
    if event.status in ENDED_STATUSES:
        _hung_up(event, session, cause=event.hangup_cause, source=event.hangup_source, sip_cause="")


def _hung_up(
    event: events.CallHangup | events.CallStatusCallback,
    session: VoiceSession,
    *,
    cause: str,
    source: str,
    sip_cause: str,
    code: str = "",
) -> None:
    leg = leg_of(event, session)
    if leg is None or leg.ended_at is not None:
        return
    _set(
        leg,
        ended_at=event.occurred_at,
        hangup_cause=cause[:40],
        hangup_source=source[:20],
        sip_cause=sip_cause[:20],
        code=code[:8],
        quality=dict(event.quality),
    )
    what = {"leg": leg.pk, "role": leg.role, "cause": leg.hangup_cause, "source": leg.hangup_source}
    if leg.code:
        what["code"] = leg.code
    timeline.append(session, Kind.CALL_HANGUP, what, occurred_at=event.occurred_at)


@fold.register
def _(event: events.ConversationCreated, session: VoiceSession) -> None:
    runs.started(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.AssistantInitialization, session: VoiceSession) -> None:
    visitor_values.keep_system(session, event)
    visitor_values.keep(session, event.variables, source=plain_values.ASSISTANT, at=event.occurred_at)
    runs.started(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.ConversationEnded, session: VoiceSession) -> None:
    transcript.hear(event, session)
    runs.ended(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.ConversationStartFailed, session: VoiceSession) -> None:
    runs.ended(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.GatherPartialResults, session: VoiceSession) -> None:
    position = transcript.hear(event, session)
    captured.record(session, event.results, source=Source.PARTIAL, at=event.occurred_at, position=position)


@fold.register
def _(event: events.GatherEnded, session: VoiceSession) -> None:
    position = transcript.hear(event, session)
    captured.record(session, event.result, source=Source.FINAL, at=event.occurred_at, position=position)
    number = runs.number_of(event, session)
    runs.ended(session, number, at=event.occurred_at)
    runs.came_to(session, number, event.status, at=event.occurred_at)


@fold.register
def _(event: events.MessageHistoryUpdated, session: VoiceSession) -> None:
    transcript.hear(event, session)


@fold.register
def _(event: events.InsightsGenerated, session: VoiceSession) -> None:
    insights.told(event, session, runs.number_of(event, session))


def leg_of(event: events.Event, session: VoiceSession) -> CallLeg | None:
    return CallLeg.objects.filter(session=session, call_control_id=event.ids.call_control_id or "").first()


def is_current(leg: CallLeg, session: VoiceSession) -> bool:
    """Whether the leg is the one that carries the prospect now."""
    return leg.role == CallLeg.Role.PROSPECT and leg.call_control_id == session.call_control_id


def _set(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
