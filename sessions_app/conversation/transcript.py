"""What was said, turn by turn: as Telnyx tells it, as the prospect's page heard it, as Telnyx keeps it afterwards."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from sessions_app import timeline
from sessions_app.conversation import runs
from sessions_app.kinds import Kind
from sessions_app.models import Run, TranscriptTurn, VoiceSession
from sessions_app.models.people import ConnectionMode
from sessions_app.visits import capacity
from telephony import events
from telephony.events import Message

Telling = events.ConversationEnded | events.GatherPartialResults | events.GatherEnded | events.MessageHistoryUpdated

_SPEAKERS = {"assistant": TranscriptTurn.Speaker.ASSISTANT, "user": TranscriptTurn.Speaker.PROSPECT}
MAX_TEXT = 200_000
# What one page may tell of: far more than an assistant's conversation holds, and bounded all the same.
MAX_RELAYED = 400
MAX_RELAYED_TEXT = 4_000
_REDACTED = re.compile(r"[\[<(*\s]*redacted[\]>)*\s.]*", re.IGNORECASE)


@dataclass(frozen=True)
class Heard:
    """One turn of the assistant's first run as the prospect's page heard it."""

    position: int
    speaker: str
    text: str


def hear(event: Telling, session: VoiceSession, number: int) -> int | None:
    """Keep the message history of one run: position by position, the newest event wins.

    Returns the position of the prospect's last utterance in it.
    """
    spoken = _spoken(event.messages)
    if number > 1:
        given = Run.objects.filter(session=session, number=number).values_list("history", flat=True).first()
        spoken = _new_turns(given or [], spoken)
    _hear_turns(session, number, spoken, as_of=event.occurred_at)
    if isinstance(event, events.ConversationEnded) and _is_readable(spoken):
        _of_run(session, number).filter(is_relayed=True, position__gte=_first_position(number) + len(spoken)).delete()
    placed = enumerate(spoken[: runs.POSITIONS], _first_position(number))
    return max((position for position, message in placed if message.role == "user"), default=None)


@transaction.atomic
def relay(session_id: UUID, heard: Iterable[Heard], *, at: datetime) -> bool:
    """Keep what the page of an anonymous call heard, until Telnyx itself tells of it; False when nothing was news.

    A page may say what it likes: it never changes a turn that Telnyx told of, nor one before such a turn.
    """
    session = VoiceSession.objects.select_for_update(no_key=True).get(pk=session_id)
    if session.connection_mode != ConnectionMode.ANONYMOUS or session.ended_at is not None:
        return False
    mine = _of_run(session, 1)
    told = mine.filter(is_relayed=False).aggregate(last=Max("position"))["last"]
    if told is not None and Run.objects.filter(session=session, number=1, ended_at__isnull=False).exists():
        return False
    known = {turn.position: turn for turn in mine.filter(is_relayed=True)}
    open_ = [turn for turn in heard if turn.position < MAX_RELAYED and (told is None or turn.position > told)]
    changed = [turn.position for turn in open_ if _relay_turn(session, turn, known.get(turn.position), at)]
    if changed:
        timeline.append(session, Kind.TRANSCRIPT_UPDATED, {"positions": changed[-50:]}, occurred_at=at)
        capacity.page_speaks_on(session, now=at)
    return bool(changed)


def _relay_turn(session: VoiceSession, heard: Heard, known: TranscriptTurn | None, at: datetime) -> bool:
    text = heard.text[:MAX_RELAYED_TEXT]
    if known is None:
        TranscriptTurn.objects.create(
            session=session,
            position=heard.position,
            speaker=heard.speaker,
            text=text,
            spoken_at=at,
            as_of=at,
            is_relayed=True,
        )
        return True
    if (known.speaker, known.text) == (heard.speaker, text):
        return False
    _set(known, speaker=heard.speaker, text=text, as_of=at)
    return True


def finalise(run: Run, session: VoiceSession, messages: Sequence[Message], *, at: datetime, is_last: bool) -> bool:
    """Replace a run's live transcript by the one that Telnyx keeps; False when it should be asked for once more.

    What Telnyx withholds wipes nothing. Neither does a record that is shorter than what Telnyx told while it was
    said, unless this `is_last`: it is still being written then.
    """
    spoken = _new_turns(run.history, _spoken(messages))
    if not _is_readable(spoken):
        return _without_text(run, session, messages, at=at, is_last=is_last)
    mine = _of_run(session, run.number)
    if len(spoken) < mine.filter(is_relayed=False).count() and not is_last:
        return False
    _hear_turns(session, run.number, spoken, as_of=at)
    mine.filter(position__gte=_first_position(run.number) + len(spoken)).delete()
    mine.update(is_final=True)
    _set(run, transcript=Run.Transcript.KEPT)
    timeline.append(session, Kind.TRANSCRIPT_FINALISED, {"turns": len(spoken)}, occurred_at=at)
    return True


def _without_text(run: Run, session: VoiceSession, messages: Sequence[Message], *, at: datetime, is_last: bool) -> bool:
    is_withheld = any(message.role in _SPEAKERS for message in messages)
    if not is_withheld and not is_last:
        return False
    if run.transcript == Run.Transcript.UNKNOWN:
        _set(run, transcript=Run.Transcript.WITHHELD if is_withheld else Run.Transcript.ABSENT)
        timeline.append(session, Kind.TRANSCRIPT_WITHHELD, {"run": run.number}, occurred_at=at)
    return True


def _spoken(messages: Iterable[Message]) -> list[Message]:
    return [message for message in messages if message.role in _SPEAKERS and message.content.strip()]


def _is_readable(spoken: Iterable[Message]) -> bool:
    return any(not is_redacted(message.content) for message in spoken)


def is_redacted(text: str) -> bool:
    """Whether a turn says nothing but that its words are withheld."""
    return _REDACTED.fullmatch(text) is not None


def _new_turns(given: list[dict[str, str]], spoken: list[Message]) -> list[Message]:
    """Without the turns that a run was given to remember, which Telnyx may repeat before its own."""
    remembered = [turn["content"] for turn in given if turn["role"] in _SPEAKERS]
    repeated = [message.content for message in spoken[: len(remembered)]]
    return spoken[len(remembered) :] if repeated == remembered else spoken


def _hear_turns(session: VoiceSession, number: int, spoken: list[Message], *, as_of: datetime) -> None:
    known = {turn.position: turn for turn in _of_run(session, number)}
    # A turn whose words are withheld keeps its place, so that those after it keep theirs.
    placed = list(enumerate(spoken[: runs.POSITIONS], _first_position(number)))
    heard = [(position, message) for position, message in placed if not is_redacted(message.content)]
    new = [(position, message) for position, message in heard if position not in known]
    TranscriptTurn.objects.bulk_create(_turn(session, position, message, as_of) for position, message in new)
    changed = [
        position for position, message in heard if position not in known or _hear_turn(known[position], message, as_of)
    ]
    # Every event repeats the whole conversation: what only became older is written in one go.
    repeated = [position for position, _ in heard if position in known and known[position].as_of < as_of]
    if repeated:
        _of_run(session, number).filter(position__in=repeated).update(as_of=as_of)
    if changed:
        timeline.append(session, Kind.TRANSCRIPT_UPDATED, {"positions": changed[-50:]}, occurred_at=as_of)


def _turn(session: VoiceSession, position: int, message: Message, as_of: datetime) -> TranscriptTurn:
    return TranscriptTurn(
        session=session,
        position=position,
        speaker=_SPEAKERS[message.role],
        text=message.content[:MAX_TEXT],
        spoken_at=message.at or as_of,
        as_of=as_of,
    )


def _hear_turn(known: TranscriptTurn, message: Message, as_of: datetime) -> bool:
    """Whether a turn that is known reads differently now."""
    speaker, text = _SPEAKERS[message.role], message.content[:MAX_TEXT]
    if known.is_relayed:
        # Telnyx's word counts, whenever the page's came.
        spoken_at = message.at or min(known.spoken_at, as_of)
        _set(known, speaker=speaker, text=text, as_of=as_of, spoken_at=spoken_at, is_relayed=False)
        return True
    if message.at is None and as_of < known.spoken_at:
        _set(known, spoken_at=as_of)  # It was said no later than the first event that told of it.
    if as_of <= known.as_of:
        return False
    if (known.speaker, known.text) == (speaker, text):
        return False
    _set(known, speaker=speaker, text=text, as_of=as_of)
    return True


def was_told(session: VoiceSession, number: int) -> bool:
    """Whether Telnyx itself told of anything that was said in a run."""
    return _of_run(session, number).filter(is_relayed=False).exists()


def _of_run(session: VoiceSession, number: int) -> QuerySet[TranscriptTurn]:
    first = _first_position(number)
    return TranscriptTurn.objects.filter(session=session, position__range=(first, first + runs.POSITIONS - 1))


def _first_position(number: int) -> int:
    return (number - 1) * runs.POSITIONS


def _set(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
