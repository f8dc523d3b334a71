"""Each fact may be lost: it is found, enters once, and repeats no command."""

from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from handoff import tasks
from handoff.events.reconciliation import inquiries, intaking
from handoff.models import Closer, Command, Inquiry
from sessions_app.models import Run, VoiceSession, WebhookDelivery, WidgetConfig
from sessions_app.visits import tokens
from tests.people import Clock
from tests.telnyx import Rest, Webhooks
from tests.visits import ANSWERS, Visit, open_visit

pytestmark = pytest.mark.usefixtures("gathering")


@pytest.fixture
def truth(rest: Rest) -> Rest:
    """Every event that was sent is in Telnyx's list, also those that never arrive."""
    rest.lists = True
    return rest


def asked(rest: Rest) -> int:
    return sum(int(rest.router[name].call_count) for name in ("call_events", "status"))


def pass_time(visit: Visit, seconds: float) -> None:
    """Ten seconds at a time, with everything that runs by the clock."""
    for _ in range(round(seconds / 5)):
        visit.pass_time(5)
        tasks.reconcile()
        visit.work()


def test_what_the_inbox_holds_of_a_leg_is_found_by_an_index(db: None) -> None:
    # Of a table without rows PostgreSQL would rather read all.
    deliveries = [
        WebhookDelivery(
            event_id=f"e{n}", call_leg_id=f"leg {n}", occurred_at=timezone.now(), received_at=timezone.now()
        )
        for n in range(2_000)
    ]
    WebhookDelivery.objects.bulk_create(deliveries)
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        cursor.execute("ANALYZE sessions_app_webhookdelivery")
        intaking.take_news([], leg="leg 7", now=timezone.now())
        (look,) = [one["sql"] for one in asked if "'leg 7'" in one["sql"]]
        cursor.execute(f"EXPLAIN {look}")
        plan = "".join(line for (line,) in cursor.fetchall())

    assert "delivery_leg" in plan
    assert "Seq Scan" not in plan


def sent(visit: Visit) -> list[str]:
    return [path for path, _ in visit.rest.requests]


def test_an_assistant_whose_end_was_lost_hands_over(
    truth: Rest, talking: Visit, webhooks: Webhooks, alice: Closer
) -> None:
    with webhooks.nothing_arrives():
        talking.leg.gathered(ANSWERS)
    assert talking.session.handoffs.count() == 0

    pass_time(talking, 30)

    assert talking.state == "ringing"
    assert talking.session.fields.get(name="budget").value == "20000"


def test_a_prospect_whose_end_was_lost_has_left(truth: Rest, talking: Visit, webhooks: Webhooks) -> None:
    with webhooks.nothing_arrives():
        talking.leg.hung_up()

    pass_time(talking, 30)

    assert talking.session.end_reason == "hung_up"


def test_where_telnyx_has_no_records_a_dead_leg_is_seen_all_the_same(
    truth: Rest, talking: Visit, webhooks: Webhooks
) -> None:
    truth.refusals["call_events"] = 404, "10005"
    with webhooks.nothing_arrives():
        talking.leg.hung_up()

    pass_time(talking, 30)

    leg = talking.session.legs.get()
    assert (talking.session.end_reason, leg.hangup_cause) == ("hung_up", "observed")
    assert WebhookDelivery.objects.filter(door="reconciled").count() == 1


def test_an_answer_that_was_lost_starts_the_assistant_once(truth: Rest, visit: Visit, webhooks: Webhooks) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    with webhooks.nothing_arrives():
        visit.leg.answered()

    pass_time(visit, 20)
    assert visit.session.answered_at is not None
    assert sent(visit).count("gather_using_ai") == 1
    visit.leg.conversation_created(visit.rest.conversation_id)
    pass_time(visit, 40)

    assert sent(visit).count("gather_using_ai") == 1
    assert sent(visit).count("answer") == 1


def test_a_call_of_which_nothing_was_told_is_found_on_the_connection(
    truth: Rest, visit: Visit, webhooks: Webhooks
) -> None:
    with webhooks.nothing_arrives():
        visit.leg.initiated(ticket=tokens.ticket(visit.session_id))

    pass_time(visit, 20)

    assert visit.session.call_control_id == visit.leg.call_control_id
    assert sent(visit).count("answer") == 1


def test_an_anonymous_call_of_which_nothing_was_told_is_found_by_its_claim(
    truth: Rest, anonymous_widget: WidgetConfig, webhooks: Webhooks, clock: Clock
) -> None:
    visit = open_visit(anonymous_widget, webhooks, truth, clock, connection_id="2700000000000000001")
    visit.post("claim", call_control_id=visit.leg.call_control_id)
    metadata = {"assistant_id": anonymous_widget.assistant_id, "call_control_id": visit.leg.call_control_id}
    truth.conversations = [
        {"id": truth.conversation_id, "created_at": timezone.now().isoformat(), "metadata": metadata}
    ]

    pass_time(visit, 20)

    assert visit.session.call_control_id == visit.leg.call_control_id
    assert visit.session.runs.get().conversation_id == truth.conversation_id


def test_a_closer_s_leg_whose_answer_was_lost_is_joined(
    truth: Rest, waiting_for_alice: Visit, webhooks: Webhooks
) -> None:
    visit = waiting_for_alice
    leg = visit.accept()
    with webhooks.nothing_arrives():
        leg.initiated(direction="outgoing")
        leg.answered()

    pass_time(visit, 15)

    assert visit.state == "bridging"
    assert sent(visit).count("bridge") == 1
    assert sent(visit).count("calls") == 1


def test_a_visit_that_ended_without_its_last_word_gets_its_record(
    truth: Rest, talking: Visit, webhooks: Webhooks
) -> None:
    turns = [{"role": "user", "text": "Hello.", "sent_at": "2026-11-22T05:00:00Z"}]
    base = f"{settings.TELNYX_API_BASE}/ai/conversations/{talking.rest.conversation_id}"
    talking.rest.router.get(url__regex=rf"{base}/messages").respond(json={"data": turns})
    tasks.reconcile()
    talking.leg.hung_up()
    assert talking.commands("fetch_transcript") == []

    pass_time(talking, 30)

    assert talking.session.runs.get().transcript == Run.Transcript.KEPT
    assert talking.session.turns.get().text == "Hello."
    pass_time(talking, 20)
    assert Inquiry.objects.get().next_at is None


def test_what_comes_late_changes_nothing_and_commands_nothing(
    truth: Rest, talking: Visit, webhooks: Webhooks, alice: Closer
) -> None:
    with webhooks.nothing_arrives():
        talking.leg.gathered(ANSWERS)
        talking.leg.hung_up()
    pass_time(talking, 30)
    before = talking.session.last_seq, sent(talking), talking.session.handoffs.count()

    for raw in list(webhooks.told):
        webhooks.event(raw["event_type"], raw["payload"], event_id=raw["id"])
    talking.work()

    assert (talking.session.last_seq, sent(talking), talking.session.handoffs.count()) == before


def test_asking_again_finds_nothing_new_and_asks_less_often(truth: Rest, talking: Visit) -> None:
    pass_time(talking, 300)
    first = asked(truth)

    assert talking.session.ended_at is None
    assert first < 30
    assert WebhookDelivery.objects.filter(door="reconciled").count() == 0
    assert Inquiry.objects.get().looks > 3


def test_nobody_is_asked_while_webhooks_come(truth: Rest, talking: Visit) -> None:
    for number in range(12):
        talking.leg.partial({}, [{"role": "user", "content": f"Sentence {number}."}])
        pass_time(talking, 5)

    assert asked(truth) == 0


def test_a_pause_that_telnyx_asks_for_is_kept_for_every_session(truth: Rest, talking: Visit) -> None:
    limits = {"x-ratelimit-reset": "40"}
    truth.answers["call_events"] = lambda _: httpx.Response(429, json={"errors": [{"code": "10011"}]}, headers=limits)
    pass_time(talking, 15)
    assert asked(truth) == 1
    del truth.answers["call_events"]

    pass_time(talking, 30)
    assert asked(truth) == 1
    pass_time(talking, 20)
    assert asked(truth) > 1


def test_one_session_is_looked_at_by_one_worker(truth: Rest, talking: Visit) -> None:
    now = timezone.now() + timedelta(seconds=10)
    inquiries.begin(now=timezone.now())

    first, second = inquiries.claim(now=now), inquiries.claim(now=now)

    assert first is not None
    assert second is None


def test_nothing_is_asked_where_nothing_is_open(truth: Rest, db: None) -> None:
    tasks.reconcile()

    assert asked(truth) == 0
    assert not Inquiry.objects.exists()
    assert not Command.objects.exists()
    assert not VoiceSession.objects.exists()
