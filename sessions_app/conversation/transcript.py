"""What was said, turn by turn: as Telnyx tells it, as the prospect's page heard it, as Telnyx keeps it afterwards."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
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

# Every event repeats the whole conversation. Of the turns with which it begins the run remembers how many are known,
# what they say and the newest event that told them, so that only what follows is read and written. In their own rows
# `as_of` may therefore be older than that event.
#
# In one statement, and only where no row stands yet: a turn that the page relayed, or that came out of its order, has
# to be compared. The session's row is held, so nobody writes one meanwhile.
_ADD = """
    WITH added AS (
        INSERT INTO sessions_app_transcriptturn
            (session_id, position, speaker, text, spoken_at, as_of, is_final, is_relayed)
        SELECT %(session)s, position, speaker, text, spoken_at, %(as_of)s, false, false
        FROM unnest(%(positions)s::integer[], %(speakers)s::text[], %(texts)s::text[], %(moments)s::timestamptz[])
            AS told (position, speaker, text, spoken_at)
        WHERE NOT EXISTS (
            SELECT FROM sessions_app_transcriptturn
            WHERE session_id = %(session)s AND position BETWEEN %(first)s AND %(last)s
        )
        RETURNING position
    )
    UPDATE sessions_app_run SET heard_turns = %(turns)s, heard_digest = %(digest)s, heard_at = %(as_of)s
    WHERE id = %(run)s AND EXISTS (SELECT FROM added)
"""


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
    spoken, run = _spoken(event.messages), runs.find(session, number)
    if run is not None:
        spoken = _new_turns(run.history, spoken)
    _hear_turns(session, number, run, spoken, as_of=event.occurred_at)
    if isinstance(event, events.ConversationEnded) and session.is_anonymous and _is_readable(spoken):
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
    _hear_turns(session, run.number, run, spoken, as_of=at)
    if run.heard_turns > len(spoken):
        _forget(run, session)
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


def _hear_turns(session: VoiceSession, number: int, run: Run | None, spoken: list[Message], *, as_of: datetime) -> None:
    told = spoken[: runs.POSITIONS]
    if not told:
        return
    known = _known(run, told, as_of)
    if run is not None and known == len(told):
        if run.heard_at is None or run.heard_at < as_of:
            _set(run, heard_at=as_of)
        return
    if run is not None and known is not None and _add(session, run, told, known, as_of):
        changed = list(range(known, len(told)))
    else:
        changed = _compare(session, number, run, told, known, as_of)
    if changed:
        positions = [_first_position(number) + place for place in changed[-50:]]
        timeline.append(session, Kind.TRANSCRIPT_UPDATED, {"positions": positions}, occurred_at=as_of)


def _known(run: Run | None, told: Sequence[Message], as_of: datetime) -> int | None:
    """How many turns at the beginning need no look; None when all of them do."""
    if run is None:
        return None
    if run.heard_at is None:
        return 0
    if as_of < run.heard_at or len(told) < run.heard_turns:
        return None
    return run.heard_turns if _digest(told[: run.heard_turns]) == run.heard_digest else None


def _digest(told: Iterable[Message]) -> str:
    """Of who said what, and whether with a time of its own: without one, an earlier event may set it."""
    parts = (part for message in told for part in (message.role, message.content, "" if message.at is None else "at"))
    return sha256("\x00".join(parts).encode()).hexdigest()


def _add(session: VoiceSession, run: Run, told: Sequence[Message], known: int, as_of: datetime) -> bool:
    """Write the turns that follow on those that are known; False when they have to be compared."""
    tail = told[known:]
    if any(is_redacted(message.content) for message in tail):
        return False
    first = _first_position(run.number)
    digest = _digest(told)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "session": session.pk,
                "run": run.pk,
                "first": first + known,
                "last": first + runs.POSITIONS - 1,
                "positions": list(range(first + known, first + len(told))),
                "speakers": [_SPEAKERS[message.role].value for message in tail],
                "texts": [message.content[:MAX_TEXT] for message in tail],
                "moments": [message.at or as_of for message in tail],
                "turns": len(told),
                "digest": digest,
                "as_of": as_of,
            },
        )
        is_added = bool(cursor.rowcount)
    if is_added:
        run.heard_turns, run.heard_digest, run.heard_at = len(told), digest, as_of
    return is_added


def _compare(
    session: VoiceSession, number: int, run: Run | None, told: Sequence[Message], known: int | None, as_of: datetime
) -> list[int]:
    """Compare the turns after those that are known, one by one; return which read differently now, counted from 0."""
    first, start = _first_position(number), known or 0
    turns = {turn.position - first: turn for turn in _of_run(session, number).filter(position__gte=first + start)}
    heard_turns, heard_at = (run.heard_turns, run.heard_at) if run is not None else (0, None)
    if heard_at is not None:
        for place, turn in turns.items():
            turn.as_of = max(turn.as_of, heard_at) if place < heard_turns else turn.as_of
    # A turn whose words are withheld keeps its place, so that those after it keep theirs.
    heard = [(place, one) for place, one in enumerate(told[start:], start) if not is_redacted(one.content)]
    new = [(place, message) for place, message in heard if place not in turns]
    TranscriptTurn.objects.bulk_create(_turn(session, first + place, message, as_of) for place, message in new)
    changed = [place for place, one in heard if place not in turns or _hear_turn(turns[place], one, as_of)]
    is_newest = run is not None and (heard_at is None or heard_at < as_of or known is not None)
    beginning = 0
    if run is not None and is_newest:
        beginning = _agreed(heard, turns, start)
        if beginning < heard_turns:
            left = (first + beginning, first + heard_turns - 1)
            _raise(_of_run(session, number).filter(position__range=left), heard_at)
        _set(run, heard_turns=beginning, heard_digest=_digest(told[:beginning]), heard_at=as_of)
    repeated = [first + place for place, _ in heard if place >= beginning and place in turns]
    older = [position for position in repeated if turns[position - first].as_of < as_of]
    if older:
        _of_run(session, number).filter(position__in=older).update(as_of=as_of)
    return changed


def _agreed(heard: Iterable[tuple[int, Message]], turns: Mapping[int, TranscriptTurn], start: int) -> int:
    """How many turns from the beginning on read as they were told."""
    for place, message in heard:
        turn = turns.get(place)
        is_as_told = turn is None or (turn.speaker, turn.text) == (_SPEAKERS[message.role], message.content[:MAX_TEXT])
        if place != start or not is_as_told:
            break
        start += 1
    return start


def _forget(run: Run, session: VoiceSession) -> None:
    """Turns that were known are taken away: from here on their rows alone tell of those that are left."""
    known = _of_run(session, run.number).filter(position__lt=_first_position(run.number) + run.heard_turns)
    _raise(known, run.heard_at)
    _set(run, heard_turns=0, heard_digest="", heard_at=None)


def _raise(turns: QuerySet[TranscriptTurn], as_of: datetime | None) -> None:
    if as_of is not None:
        turns.filter(as_of__lt=as_of).update(as_of=as_of)


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
