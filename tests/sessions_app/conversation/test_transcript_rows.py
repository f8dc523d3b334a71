"""Only what follows on known turns is heard: the rows are those of comparing every turn of every event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sessions_app.conversation import runs, transcript
from sessions_app.conversation.transcript import Heard
from sessions_app.models import Run, VoiceSession, WidgetConfig
from sessions_app.visits import visits
from telephony import events
from telephony.events import CallIds, Message
from tests.visits import turns_as_of

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SPEAKERS = {"assistant": "assistant", "user": "prospect"}


def moment(second: float) -> datetime:
    return START + timedelta(seconds=second)


def updated(messages: list[Message], second: float) -> events.MessageHistoryUpdated:
    return events.MessageHistoryUpdated("e", "x", moment(second), CallIds(), None, {}, messages=tuple(messages))


def ended(messages: list[Message], second: float) -> events.ConversationEnded:
    told = {"reason": "completed", "messages": tuple(messages), "duration_seconds": None}
    return events.ConversationEnded("e", "x", moment(second), CallIds(), None, {}, **told)


@dataclass
class Rule:
    """What the rows are to be: every turn compared, nothing remembered."""

    turns: dict[int, list[Any]] = field(default_factory=dict)  # speaker, text, spoken_at, as_of, is_relayed

    def hear(self, messages: list[Message], at: datetime) -> list[int]:
        changed = []
        for place, message in enumerate(messages):
            if transcript.is_redacted(message.content):
                continue
            speaker, known = SPEAKERS[message.role], self.turns.get(place)
            if known is None:
                self.turns[place] = [speaker, message.content, message.at or at, at, False]
                changed.append(place)
            elif known[4]:
                self.turns[place] = [speaker, message.content, message.at or min(known[2], at), at, False]
                changed.append(place)
            else:
                if message.at is None:
                    known[2] = min(known[2], at)
                if at > known[3] and known[:2] != [speaker, message.content]:
                    known[:2] = [speaker, message.content]
                    changed.append(place)
                known[3] = max(known[3], at)
        return changed

    def relay(self, heard: list[Heard], at: datetime) -> None:
        told = max((place for place, turn in self.turns.items() if not turn[4]), default=-1)
        for one in heard:
            known = self.turns.get(one.position)
            if one.position > told and (known is None or known[:2] != [one.speaker, one.text]):
                self.turns[one.position] = [one.speaker, one.text, known[2] if known else at, at, True]

    def cut(self, length: int, *, only_relayed: bool) -> None:
        kept = {place: turn for place, turn in self.turns.items() if place < length or (only_relayed and not turn[4])}
        self.turns = kept

    def rows(self) -> list[tuple[Any, ...]]:
        return [(place, *turn[:4]) for place, turn in sorted(self.turns.items())]


Fact = tuple[str, list[Message], int]


def said(*texts: str, at: datetime | None = None) -> list[Message]:
    return [Message("user", text, at) for text in texts]


@st.composite
def histories(draw: Callable[..., Any]) -> list[Message]:
    """The same conversation again and again, longer or shorter, with one turn told otherwise now and then."""
    told = said("one", "two", "three", "four")[: draw(st.integers(0, 4))]
    if told and draw(st.booleans()):
        place = draw(st.integers(0, len(told) - 1))
        role, text = draw(st.sampled_from([("user", "other"), ("assistant", "other"), ("user", "[redacted]")]))
        told[place] = draw(st.sampled_from([Message(role, text), Message("user", told[place].content, moment(2))]))
    return told


kinds = st.sampled_from(["updated"] * 6 + ["ended", "page", "kept", "begins"])
facts = st.tuples(kinds, histories(), st.integers(0, 6))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(facts, min_size=2, max_size=9), st.booleans())
@example([("updated", said("a"), 1), ("updated", said("a"), 5), ("updated", said("b"), 3)], True)
@example([("updated", said("a", "b"), 1), ("updated", said("a", "b"), 5), ("updated", said("c"), 6)], True)
@example(
    [
        ("updated", said("a", "b"), 1),
        ("updated", said("a", "b"), 5),
        ("updated", said("c"), 6),
        ("updated", said("c", "x"), 3),
    ],
    True,
)
@example([("updated", said("a", "b"), 5), ("kept", said("a"), 3), ("updated", said("a", "x"), 6)], True)
@example([("updated", said("a", "b"), 5), ("kept", said("a"), 3), ("updated", said("a", "b"), 6)], True)
@example([("updated", said("a", at=moment(6)), 1), ("updated", said("a"), 3)], True)
def test_the_rows_are_those_of_comparing_every_turn(
    anonymous_widget: WidgetConfig, facts: list[Fact], has_begun: bool
) -> None:
    with transaction.atomic():
        session = visits.open_visit(anonymous_widget, recording=True, origin="", now=START)
        rule = Rule()
        for fact in [("begins", [], 0)] * has_begun + facts:
            tell(session, rule, *fact)
            assert turns_as_of(session) == rule.rows()
        transaction.set_rollback(True)


def tell(session: VoiceSession, rule: Rule, kind: str, messages: list[Message], second: int) -> None:
    at, before = moment(second), session.last_seq
    if kind == "begins":
        runs.started(session, 1, at=at)
    elif kind == "page":
        heard = [Heard(place, SPEAKERS[one.role], one.content) for place, one in enumerate(messages)]
        transcript.relay(session.pk, heard, at=at)
        rule.relay(heard, at)
        session.refresh_from_db(fields=["last_seq"])
    elif kind == "kept":
        run = runs.find(session, 1)
        if run is not None and any(not transcript.is_redacted(one.content) for one in messages):
            transcript.finalise(run, session, messages, at=at, is_last=True)
            rule.hear(messages, at)
            rule.cut(len(messages), only_relayed=False)
    else:
        event = {"updated": updated, "ended": ended}[kind](messages, second)
        assert isinstance(event, events.MessageHistoryUpdated | events.ConversationEnded)
        transcript.hear(event, session, 1)
        changed = rule.hear(messages, at)
        if kind == "ended" and any(not transcript.is_redacted(one.content) for one in messages):
            rule.cut(len(messages), only_relayed=True)
        entries = list(session.timeline.filter(seq__gt=before).values_list("payload", flat=True))
        assert entries == ([{"positions": changed}] if changed else [])


# --- what it costs


@pytest.fixture
def talked(session: VoiceSession) -> VoiceSession:
    runs.started(session, 1, at=START)
    return session


def history(length: int) -> list[Message]:
    return [
        Message("user" if place % 2 else "assistant", f"This is what was said as number {place}.")
        for place in range(length)
    ]


def rows_written() -> int:
    """By this transaction, in the tables of turns and runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('sessions_app_transcriptturn', 'sessions_app_run')"
        )
        return int(cursor.fetchone()[0])


def cost(session: VoiceSession, messages: list[Message], second: float) -> tuple[int, int]:
    """Statements, and rows written, of one event."""
    before = rows_written()
    with CaptureQueriesContext(connection) as asked:
        transcript.hear(updated(messages, second), session, 1)
    return len(asked), rows_written() - before


@pytest.mark.parametrize("length", [10, 500])
def test_the_next_turn_costs_the_same_however_many_there_are(talked: VoiceSession, length: int) -> None:
    cost(talked, history(length - 1), 1)

    # The turn and what the run remembers; its entry in the timeline.
    assert cost(talked, history(length), 2) == (2, 2)
    assert talked.turns.count() == length


def test_an_event_that_tells_nothing_new_is_one_statement(talked: VoiceSession) -> None:
    cost(talked, history(100), 1)

    assert cost(talked, history(100), 2) == (1, 1)
    assert cost(talked, history(100), 2) == (0, 0)


def test_a_last_turn_that_is_told_better_is_all_that_is_written(talked: VoiceSession) -> None:
    cost(talked, history(100), 1)
    better = [*history(99), Message("user", "What I meant is this.")]

    assert cost(talked, better, 2)[1] == 2
    assert cost(talked, better, 3) == (1, 1)
    assert Run.objects.get().heard_turns == 100
