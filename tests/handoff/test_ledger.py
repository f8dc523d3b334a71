"""The ledger of commands: one worker sends each, nobody repeats it late, and no outcome is guessed."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.models import Command
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits import visits
from telephony.client import TelnyxError

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
State = Command.State
SERVER_ERROR = TelnyxError("dial: refused", status=500, code="10007")
GONE = TelnyxError("dial: refused", permanent=True, status=422, code="90018")
SILENCE = TelnyxError("dial: no answer", outcome_unknown=True)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def session(widget: WidgetConfig) -> VoiceSession:
    return visits.open_visit(widget, recording=True, origin="", now=NOW)


@pytest.fixture
def command(session: VoiceSession) -> Command:
    written = ledger.enqueue(session, Intent("answer", "leg:1:answer", "v3:x"), now=NOW)
    assert written is not None
    return written


def claim(command: Command, seconds: float = 0) -> Command:
    claimed = ledger.claim(command.pk, now=after(seconds))
    assert claimed is not None
    return claimed


def test_an_intent_is_written_once(session: VoiceSession, command: Command) -> None:
    assert ledger.enqueue(session, Intent("answer", "leg:1:answer", "v3:x"), now=after(1)) is None
    assert Command.objects.count() == 1


def test_writing_an_intent_is_one_statement(session: VoiceSession, django_assert_num_queries: Any) -> None:
    arguments = {"questions": {"z": 1, "a": 2}}
    intent = Intent("look_up", "leg:1:look_up", "v3:x", arguments, delay=timedelta(seconds=2))
    with django_assert_num_queries(1):
        written = ledger.enqueue(session, intent, now=NOW)

    assert written is not None
    row = Command.objects.get(pk=written.pk)
    assert (row.due_at, row.send_by, row.state) == (after(2), after(2) + ledger.SEND_WITHIN, State.PENDING)
    assert list(row.arguments["questions"]) == ["z", "a"]
    with django_assert_num_queries(1):
        assert ledger.enqueue(session, intent, now=NOW) is None


def test_a_claimed_command_is_claimed_by_nobody_else(command: Command) -> None:
    assert claim(command).attempts == 1
    assert ledger.claim(command.pk, now=after(1)) is None


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_claim_one_command_once(command: Command) -> None:
    ready = Barrier(20)

    def work(_: int) -> bool:
        try:
            ready.wait(30)
            return ledger.claim(command.pk, now=after(1)) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(work, range(20))) == 1
    assert Command.objects.get().attempts == 1


def test_a_delayed_command_is_not_claimed_before_its_time(session: VoiceSession) -> None:
    delayed = ledger.enqueue(session, Intent("hang_up", "k", "v3:x", delay=timedelta(seconds=25)), now=NOW)
    assert delayed is not None
    assert ledger.claim(delayed.pk, now=after(24)) is None
    assert ledger.claim(delayed.pk, now=after(25)) is not None


def test_a_delayed_command_can_be_hastened(session: VoiceSession) -> None:
    delayed = ledger.enqueue(session, Intent("hang_up", "k", "v3:x", delay=timedelta(seconds=25)), now=NOW)
    assert delayed is not None
    ledger.hasten("k", now=after(3))

    assert claim(delayed, 3).send_by == after(3) + ledger.SEND_WITHIN


def test_nothing_is_sent_after_its_time(command: Command) -> None:
    assert ledger.claim(command.pk, now=after(45)) is None
    assert ledger.expire(command.pk, now=after(44)) is None

    expired = ledger.expire(command.pk, now=after(45))

    assert expired is not None
    assert Command.objects.get().state == State.FAILED


def test_what_was_sent_and_never_answered_is_unknown_not_failed(command: Command) -> None:
    claim(command)
    ledger.expire(command.pk, now=after(46))

    assert Command.objects.get().state == State.UNKNOWN


def test_a_confirmed_command_stays_confirmed(command: Command) -> None:
    assert ledger.confirm(claim(command), result={"x": "y"}, now=after(1))
    assert not ledger.refuse(command, GONE, now=after(2))
    assert ledger.expire(command.pk, now=after(60)) is None

    row = Command.objects.get()
    assert (row.state, row.result, row.due_at) == (State.CONFIRMED, {"x": "y"}, None)


def test_a_permanent_refusal_is_final_at_once(command: Command) -> None:
    assert ledger.refuse(claim(command), GONE, now=after(1))

    row = Command.objects.get()
    assert (row.state, row.error, row.due_at) == (State.FAILED, "status 422 code 90018", None)


def test_a_passing_refusal_is_repeated_later_and_later_under_the_same_id(command: Command) -> None:
    moment, waits = 0.0, []
    while not ledger.refuse(claim(command, moment), SERVER_ERROR, now=after(moment)):
        row = Command.objects.get()
        assert (row.pk, row.state) == (command.pk, State.PENDING)
        assert row.due_at is not None
        waits.append((row.due_at - after(moment)).total_seconds())
        moment += waits[-1]

    assert waits[:5] == [0.5, 1, 2, 4, 4]
    assert moment < 45
    assert Command.objects.get().state == State.FAILED


def test_a_pause_that_telnyx_asks_for_is_kept(command: Command) -> None:
    busy = TelnyxError("dial: refused", status=429, code="10011", retry_after=20)

    assert not ledger.refuse(claim(command), busy, now=NOW)

    assert Command.objects.get().due_at == after(20)


def test_a_pause_beyond_the_command_s_time_is_a_failure_at_once(command: Command) -> None:
    busy = TelnyxError("dial: refused", status=429, code="10011", retry_after=60)

    assert ledger.refuse(claim(command), busy, now=NOW)

    assert Command.objects.get().state == State.FAILED


def test_silence_until_the_end_leaves_the_outcome_unknown(command: Command) -> None:
    claim(command)
    assert ledger.refuse(Command.objects.get(), SILENCE, now=after(44.5))

    assert Command.objects.get().state == State.UNKNOWN


def test_a_command_whose_worker_died_is_sendable_again(command: Command) -> None:
    claim(command)
    assert ledger.ask_again(now=after(6)) == 0

    assert ledger.ask_again(now=after(7)) == 1

    assert claim(command, 7).attempts == 2
    assert Command.objects.get().sent_at == NOW


def test_a_command_whose_task_was_lost_is_asked_for_again(command: Command) -> None:
    assert ledger.ask_again(now=NOW) == 1
    assert ledger.overdue(now=after(44)) == []


def test_after_its_time_a_command_is_asked_for_no_more(command: Command) -> None:
    assert ledger.ask_again(now=after(45)) == 0
    assert ledger.overdue(now=after(45)) == [command.pk]


def test_nothing_is_repeated_when_it_would_be_of_no_use_any_more(command: Command) -> None:
    assert ledger.refuse(claim(command), SERVER_ERROR, latest=after(0.5), now=NOW)

    assert Command.objects.get().state == State.FAILED


@pytest.mark.parametrize("state", [State.CONFIRMED, State.FAILED, State.UNKNOWN, State.DROPPED])
def test_what_is_settled_is_never_claimed(command: Command, state: str) -> None:
    Command.objects.update(state=state)

    assert ledger.claim(command.pk, now=after(1)) is None
    assert ledger.expire(command.pk, now=after(60)) is None


def test_an_unknown_command_is_claimed_by_nobody(db: None) -> None:
    assert ledger.claim(uuid.uuid4(), now=NOW) is None
