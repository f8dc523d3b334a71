"""Fold one fact from Telnyx into a session's rows. The end is the same whatever the order of the facts."""

from functools import singledispatch
from typing import Any

from sessions_app import timeline
from sessions_app.answers import captured
from sessions_app.conversation import insights, runs, transcript
from sessions_app.inbox.situation import Situation
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg
from sessions_app.models.learnt import Source
from sessions_app.rules import plain_values
from sessions_app.visits import visitor_values
from telephony import events

ENDED_STATUSES = frozenset({"completed", "no-answer", "busy", "failed", "canceled"})


@singledispatch
def fold(event: events.Event, situation: Situation) -> None:
    """Most kinds of event change nothing here."""


@fold.register
def _(event: events.CallInitiated, situation: Situation) -> None:
    leg = situation.leg
    # A leg that arrives at a closer may carry headers too, and they are not the visitor's.
    if leg is not None and leg.role == CallLeg.Role.PROSPECT:
        visitor_values.keep(situation.session, event.custom_headers, source=plain_values.CALL, at=event.occurred_at)


@fold.register
def _(event: events.CallAnswered, situation: Situation) -> None:
    leg = situation.leg
    if leg is None or leg.answered_at is not None:
        return
    _set(leg, answered_at=event.occurred_at)
    if situation.is_current and situation.session.answered_at is None:
        _set(situation.session, answered_at=event.occurred_at)
    timeline.append(
        situation.session, Kind.CALL_ANSWERED, {"leg": leg.pk, "role": leg.role}, occurred_at=event.occurred_at
    )


@fold.register
def _(event: events.CallBridged, situation: Situation) -> None:
    leg = situation.leg
    if leg is not None and leg.bridged_at is None:
        _set(leg, bridged_at=event.occurred_at)


@fold.register
def _(event: events.CallHangup, situation: Situation) -> None:
    _hung_up(event, situation, cause=event.cause, source=event.source, sip_cause=event.sip_cause, code=event.code)


@fold.register
def _(event: events.CallStatusCallback, situation: Situation) -> None:
    """The assistant's own calls may report in this older form; only their end matters here."""
    if event.status in ENDED_STATUSES:
        _hung_up(event, situation, cause=event.hangup_cause, source=event.hangup_source, sip_cause="")


def _hung_up(
    event: events.CallHangup | events.CallStatusCallback,
    situation: Situation,
    *,
    cause: str,
    source: str,
    sip_cause: str,
    code: str = "",
) -> None:
    leg = situation.leg
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
    timeline.append(situation.session, Kind.CALL_HANGUP, what, occurred_at=event.occurred_at)


@fold.register
def _(event: events.ConversationCreated, situation: Situation) -> None:
    runs.started(situation.session, situation.number, at=event.occurred_at)


@fold.register
def _(event: events.AssistantInitialization, situation: Situation) -> None:
    visitor_values.keep_system(situation.session, event)
    visitor_values.keep(situation.session, event.variables, source=plain_values.ASSISTANT, at=event.occurred_at)
    runs.started(situation.session, situation.number, at=event.occurred_at)


@fold.register
def _(event: events.ConversationEnded, situation: Situation) -> None:
    transcript.hear(event, situation.session, situation.number)
    runs.ended(situation.session, situation.number, at=event.occurred_at)


@fold.register
def _(event: events.ConversationStartFailed, situation: Situation) -> None:
    runs.ended(situation.session, situation.number, at=event.occurred_at)


@fold.register
def _(event: events.GatherPartialResults, situation: Situation) -> None:
    position = transcript.hear(event, situation.session, situation.number)
    captured.record(situation.session, event.results, source=Source.PARTIAL, at=event.occurred_at, position=position)


@fold.register
def _(event: events.GatherEnded, situation: Situation) -> None:
    position = transcript.hear(event, situation.session, situation.number)
    captured.record(situation.session, event.result, source=Source.FINAL, at=event.occurred_at, position=position)
    runs.ended(situation.session, situation.number, at=event.occurred_at)
    runs.came_to(situation.session, situation.number, event.status, at=event.occurred_at)


@fold.register
def _(event: events.MessageHistoryUpdated, situation: Situation) -> None:
    transcript.hear(event, situation.session, situation.number)


@fold.register
def _(event: events.InsightsGenerated, situation: Situation) -> None:
    insights.told(event, situation.session, situation.number)


def _set(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
