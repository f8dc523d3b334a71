"""A visit's end is told by its facts alone: every order of its events, and each of them twice, gives the same rows."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from handoff.models import CallbackPromise, Closer, Handoff, Offer
from sessions_app.inbox import intake
from sessions_app.models import FieldValue, VoiceSession, WebhookDelivery, WidgetConfig
from sessions_app.visits import tokens, visits
from telephony import inbound
from tests.people import Clock
from tests.telnyx import envelope
from tests.visits import turns_as_of

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
IDS = {
    "call_control_id": "v3:one",
    "call_leg_id": "leg-one",
    "call_session_id": "session-one",
    "connection_id": settings.TELNYX_CONNECTION_ID,
}
TURNS = [
    {"role": "assistant", "content": "May I have your full name?"},
    {"role": "user", "content": "Ada"},
    {"role": "assistant", "content": "And your email address?"},
    {"role": "user", "content": "ada@example.com"},
]
SIX = ("initiated", "answered", "created", "partial", "gathered", "hangup")
SEVEN = (*SIX[:5], "ended", "hangup")
VALUE_COLUMNS = ("source", "digest", "value", "first_at", "last_at", "position")
SEED = 20261122


def payloads(token: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """What Telnyx says of one visit, in the order in which it happened."""
    headers = [{"name": "X-Session-Ticket", "value": token}]
    over = {"hangup_cause": "normal_clearing", "hangup_source": "caller", "sip_hangup_cause": "200"}
    result = {"full_name": "Ada Lovelace", "email": "ada@example.com"}
    return {
        "initiated": ("call.initiated", {"direction": "incoming", "state": "parked", "custom_headers": headers}),
        "answered": ("call.answered", {"state": "answered"}),
        "created": ("call.conversation.created", {"conversation_id": "conversation-one"}),
        "partial": (
            "call.ai_gather.partial_results",
            {"partial_results": {"full_name": "Ada"}, "message_history": TURNS[:2]},
        ),
        "gathered": ("call.ai_gather.ended", {"status": "valid", "result": result, "message_history": TURNS}),
        "ended": ("call.conversation.ended", {"reason": "completed", "messages": TURNS}),
        "hangup": ("call.hangup", over),
    }


@dataclass
class Story:
    session_id: Any
    bodies: dict[str, bytes]

    def take(self, name: str, number: int) -> None:
        body = self.bodies[name]
        now = START + timedelta(minutes=1, milliseconds=number)
        event = inbound.reread(body, content_type="application/json", received_at=now)
        intake.take(event, body=body, content_type="application/json", door="call-control", now=now)

    def tell(self, order: Iterable[str]) -> str:
        """Take the events in this order, look at what has become of them, and undo everything."""
        with transaction.atomic():
            for number, name in enumerate(order):
                self.take(name, number)
            told = self.told()
            transaction.set_rollback(True)
        return told

    def tell_all(self, done: tuple[str, ...], names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every order of `names` after those that were taken already; what two orders share is taken once."""
        if not names:
            yield done, self.told()
        for name in names:
            with transaction.atomic():
                self.take(name, len(done))
                yield from self.tell_all((*done, name), tuple(other for other in names if other != name))
                transaction.set_rollback(True)

    def orders_that_begin_with(self, first: str, names: tuple[str, ...]) -> int:
        """Tell all of them, each with the same end, and count the different ones."""
        expected = self.tell(names)
        orders = set()
        with transaction.atomic():
            self.take(first, 0)
            for order, told in self.tell_all((first,), tuple(name for name in names if name != first)):
                assert told == expected, order
                orders.add(order)
            transaction.set_rollback(True)
        return len(orders)

    def told(self) -> str:
        return json.dumps(self.rows(), default=str, sort_keys=True)

    def rows(self) -> dict[str, Any]:
        session = VoiceSession.objects.select_related("prospect", "current_leg", "current_run").get(pk=self.session_id)
        leg, run = session.current_leg, session.current_run
        ids = (session.call_control_id, leg and leg.call_control_id, run and run.conversation_id)
        times = (session.answered_at, session.assistant_started_at, session.assistant_ended_at)
        return {
            "session": [*ids, *times, session.phase, session.end_reason, session.has_rejoined],
            "prospect": [session.prospect.name, session.prospect.email] if session.prospect else None,
            "fields": sorted(session.fields.values_list("name", "value", "source", "captured_at")),
            "values": sorted(FieldValue.objects.values_list("field__name", *VALUE_COLUMNS)),
            "turns": turns_as_of(session),
            "legs": list(
                session.legs.values_list("role", "initiated_at", "answered_at", "ended_at", "hangup_cause", "quality")
            ),
            "handoffs": list(Handoff.objects.values_list("state", "deadline_at", "attempt__closer")),
            "ringing": Offer.objects.filter(state=Offer.State.RINGING).count(),
            "promises": CallbackPromise.objects.count(),
            "deliveries": sorted(WebhookDelivery.objects.values_list("event_type", "status")),
            "numbered": list(session.timeline.values_list("seq", flat=True))
            == list(range(1, session.timeline.count() + 1)),
        }


@pytest.fixture
def story(widget: WidgetConfig, clock: Clock, alice: Closer) -> Story:
    """Alice stays ready: what she is rung for is over before she can answer."""
    Closer.objects.update(seen_at=START + timedelta(minutes=1), available_since=START)
    session = visits.open_visit(widget, recording=True, origin="", now=START)
    told = payloads(tokens.ticket(session.pk))
    bodies = {
        name: envelope(
            kind, {**IDS, **payload}, event_id=f"event-{name}", occurred_at=START + timedelta(seconds=number)
        )
        for number, (name, (kind, payload)) in enumerate(told.items())
    }
    return Story(session.pk, bodies)


def test_the_story_itself_ends_as_it_should(story: Story) -> None:
    rows = json.loads(story.tell(SIX))

    assert rows["handoffs"] == [["abandoned", None, None]]
    assert rows["ringing"] == rows["promises"] == 0
    assert rows["numbered"] is True
    assert {status for _, status in rows["deliveries"]} == {"processed"}
    assert [turn[2] for turn in rows["turns"]] == [turn["content"] for turn in TURNS]
    assert rows["prospect"] == ["Ada Lovelace", "ada@example.com"]
    assert rows["session"][6] == "ended"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("first", SIX)
def test_every_order_of_six_events_gives_the_same_rows(story: Story, first: str) -> None:
    assert story.orders_that_begin_with(first, SIX) == 120


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", SEVEN)
def test_every_order_of_seven_events_gives_the_same_rows(story: Story, first: str) -> None:
    assert story.orders_that_begin_with(first, SEVEN) == 720


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(6))
def test_seven_events_in_random_orders_give_the_same_rows(story: Story, number: int) -> None:
    expected = story.tell(SEVEN)
    dice = random.Random(SEED + number)

    for _ in range(20):
        order = dice.sample(SEVEN, len(SEVEN))
        assert story.tell(order) == expected, (SEED + number, order)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(6))
def test_events_that_come_twice_give_the_same_rows(story: Story, number: int) -> None:
    expected = story.tell(SIX)
    dice = random.Random(SEED - number)

    for _ in range(12):
        order = dice.sample(SIX * 2, len(SIX) * 2)
        assert story.tell(order) == expected, (SEED - number, order)


def test_each_event_twice_in_a_row_gives_the_same_rows(story: Story) -> None:
    assert story.tell(name for name in SIX for _ in range(2)) == story.tell(SIX)
