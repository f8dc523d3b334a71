"""Fold one fact from Telnyx into a session's rows. The end is the same whatever the order of the facts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import singledispatch
from typing import Any

from django.db.models import QuerySet

from sessions_app import runs, services, timeline
from sessions_app.models import CallLeg, CapturedField, Insight, Run, TranscriptTurn, VoiceSession
from telephony import events
from telephony.events import Message

_SPEAKERS = {"assistant": TranscriptTurn.Speaker.ASSISTANT, "user": TranscriptTurn.Speaker.PROSPECT}
_Telling = events.ConversationEnded | events.GatherPartialResults | events.GatherEnded | events.MessageHistoryUpdated
MAX_TEXT = 200_000
ENDED_STATUSES = frozenset({"completed", "no-answer", "busy", "failed", "canceled"})


@singledispatch
def fold(event: events.Event, session: VoiceSession) -> None:
    """Most kinds of event change nothing here."""


@fold.register
def _(event: events.CallAnswered, session: VoiceSession) -> None:
    leg = leg_of(event, session)
    if leg is None or leg.answered_at is not None:
        return
    _set(leg, answered_at=event.occurred_at)
    if is_current(leg, session) and session.answered_at is None:
        _set(session, answered_at=event.occurred_at)
    timeline.append(session, "call.answered", {"leg": leg.pk, "role": leg.role}, occurred_at=event.occurred_at)


@fold.register
def _(event: events.CallBridged, session: VoiceSession) -> None:
    leg = leg_of(event, session)
    if leg is not None and leg.bridged_at is None:
        _set(leg, bridged_at=event.occurred_at)


@fold.register
def _(event: events.CallHangup, session: VoiceSession) -> None:
    _hung_up(event, session, cause=event.cause, source=event.source, sip_cause=event.sip_cause)


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
        quality=dict(event.quality),
    )
    what = {"leg": leg.pk, "role": leg.role, "cause": leg.hangup_cause, "source": leg.hangup_source}
    timeline.append(session, "call.hangup", what, occurred_at=event.occurred_at)


@fold.register
def _(event: events.ConversationCreated, session: VoiceSession) -> None:
    runs.started(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.AssistantInitialization, session: VoiceSession) -> None:
    if not session.system_variables:
        told = {
            "channel": event.channel,
            "agent_target": event.agent_target,
            "end_user_target": event.end_user_target,
            "assistant_id": event.assistant_id or "",
            "occurred_at": event.occurred_at.isoformat(),
        }
        _set(session, system_variables=told)
    runs.started(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.ConversationEnded, session: VoiceSession) -> None:
    _hear(event, session)
    runs.ended(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.ConversationStartFailed, session: VoiceSession) -> None:
    runs.ended(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.GatherPartialResults, session: VoiceSession) -> None:
    _hear(event, session)
    _capture(session, event.results, source=CapturedField.Source.PARTIAL, at=event.occurred_at)


@fold.register
def _(event: events.GatherEnded, session: VoiceSession) -> None:
    _hear(event, session)
    _capture(session, event.result, source=CapturedField.Source.FINAL, at=event.occurred_at)
    runs.ended(session, runs.number_of(event, session), at=event.occurred_at)


@fold.register
def _(event: events.MessageHistoryUpdated, session: VoiceSession) -> None:
    _hear(event, session)


@fold.register
def _(event: events.InsightsGenerated, session: VoiceSession) -> None:
    keep_insights(session, event.results, at=event.occurred_at)


def leg_of(event: events.Event, session: VoiceSession) -> CallLeg | None:
    return CallLeg.objects.filter(session=session, call_control_id=event.ids.call_control_id or "").first()


def is_current(leg: CallLeg, session: VoiceSession) -> bool:
    """Whether the leg is the one that carries the prospect now."""
    return leg.role == CallLeg.Role.PROSPECT and leg.call_control_id == session.call_control_id


def keep_insights(session: VoiceSession, results: Iterable[events.InsightResult], *, at: datetime) -> None:
    for number, result in enumerate(results):
        insight_id = (result.insight_id or f"{result.name}-{number}")[:100]
        _, is_new = Insight.objects.get_or_create(
            session=session,
            insight_id=insight_id,
            defaults={"name": result.name[:120], "result": result.result, "received_at": at},
        )
        if is_new:
            timeline.append(session, "insight.received", {"insight": insight_id}, occurred_at=at)


def keep_final_transcript(run: Run, session: VoiceSession, messages: Iterable[Message], *, at: datetime) -> None:
    """Replace a run's live transcript by the one that Telnyx keeps; an empty one replaces nothing."""
    spoken = _new_turns(run.history, _spoken(messages))
    if not spoken:
        return
    _hear_turns(session, run.number, spoken, as_of=at)
    mine = _turns(session, run.number)
    mine.filter(position__gte=_first_position(run.number) + len(spoken)).delete()
    mine.update(is_final=True)
    timeline.append(session, "transcript.finalised", {"turns": len(spoken)}, occurred_at=at)


def _spoken(messages: Iterable[Message]) -> list[Message]:
    return [message for message in messages if message.role in _SPEAKERS and message.content.strip()]


def _hear(event: _Telling, session: VoiceSession) -> None:
    """Keep a message history: position by position, the newest event wins."""
    number, spoken = runs.number_of(event, session), _spoken(event.messages)
    if number > 1:
        given = Run.objects.filter(session=session, number=number).values_list("history", flat=True).first()
        spoken = _new_turns(given or [], spoken)
    _hear_turns(session, number, spoken, as_of=event.occurred_at)


def _new_turns(given: list[dict[str, str]], spoken: list[Message]) -> list[Message]:
    """Without the turns that a run was given to remember, which Telnyx may repeat before its own."""
    remembered = [turn["content"] for turn in given if turn["role"] in _SPEAKERS]
    repeated = [message.content for message in spoken[: len(remembered)]]
    return spoken[len(remembered) :] if repeated == remembered else spoken


def _hear_turns(session: VoiceSession, number: int, spoken: list[Message], *, as_of: datetime) -> None:
    known = {turn.position: turn for turn in _turns(session, number)}
    heard = list(enumerate(spoken[: runs.POSITIONS], _first_position(number)))
    changed = [
        position for position, message in heard if _hear_turn(session, position, message, known.get(position), as_of)
    ]
    # Every event repeats the whole conversation: what only became older is written in one go.
    repeated = [position for position, _ in heard if position in known and known[position].as_of < as_of]
    if repeated:
        _turns(session, number).filter(position__in=repeated).update(as_of=as_of)
    if changed:
        timeline.append(session, "transcript.updated", {"positions": changed[-50:]}, occurred_at=as_of)


def _turns(session: VoiceSession, number: int) -> QuerySet[TranscriptTurn]:
    first = _first_position(number)
    return TranscriptTurn.objects.filter(session=session, position__range=(first, first + runs.POSITIONS - 1))


def _first_position(number: int) -> int:
    return (number - 1) * runs.POSITIONS


def _hear_turn(
    session: VoiceSession, position: int, message: Message, known: TranscriptTurn | None, as_of: datetime
) -> bool:
    speaker, text = _SPEAKERS[message.role], message.content[:MAX_TEXT]
    if known is None:
        TranscriptTurn.objects.create(
            session=session,
            position=position,
            speaker=speaker,
            text=text,
            spoken_at=message.at or as_of,
            as_of=as_of,
        )
        return True
    if message.at is None and as_of < known.spoken_at:
        _set(known, spoken_at=as_of)  # It was said no later than the first event that told of it.
    if as_of <= known.as_of:
        return False
    if (known.speaker, known.text) == (speaker, text):
        return False
    _set(known, speaker=speaker, text=text, as_of=as_of)
    return True


def _capture(session: VoiceSession, results: Mapping[str, Any], *, source: str, at: datetime) -> None:
    answers = {name[:100]: value for name, value in results.items() if _is_answer(value)}
    known = {row.name: row for row in CapturedField.objects.filter(session=session, name__in=answers)}
    fresh = [name for name in answers if name not in known]
    CapturedField.objects.bulk_create(
        CapturedField(session=session, name=name, value=answers[name], source=source, captured_at=at) for name in fresh
    )
    corrected = [name for name, row in known.items() if _correct(row, answers[name], source, at)]
    if fresh or corrected:
        services.name_prospect(session)
        what = {"fields": [name for name in answers if name in {*fresh, *corrected}], "source": source}
        timeline.append(session, "field.captured", what, occurred_at=at)


def _is_answer(value: Any) -> bool:
    return value not in (None, "", [], {})


def _correct(known: CapturedField, value: Any, source: str, at: datetime) -> bool:
    """Final beats partial, later beats earlier. Returns whether the value is news."""
    if (_RANK[source], at) <= (_RANK[known.source], known.captured_at):
        return False
    is_new = bool(known.value != value)
    _set(known, value=value, source=source, captured_at=at)
    return is_new


_RANK: dict[str, int] = {
    CapturedField.Source.PARTIAL: 0,
    CapturedField.Source.FINAL: 1,
    CapturedField.Source.PROSPECT: 2,
}


def _set(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
