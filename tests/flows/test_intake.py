"""Deliveries as they really come: early, twice, late, unknown, and while our own code fails."""

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from handoff import tasks
from handoff.models import Closer
from sessions_app.inbox import binding, fold, intake
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery
from sessions_app.visits import tokens
from tests.telnyx import CALL_CONTROL, INSIGHTS, Leg, Webhooks, envelope
from tests.visits import Visit

pytestmark = pytest.mark.usefixtures("gathering")


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_an_event_before_the_one_that_creates_its_call_waits_for_it(visit: Visit) -> None:
    visit.leg.answered()
    visit.leg.partial({"full_name": "Ada"})
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"parked"}

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))

    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"processed"}
    assert visit.session.answered_at is not None
    assert visit.session.fields.get().value == "Ada"


def test_what_no_session_ever_claims_is_dead_after_ten_minutes(visit: Visit) -> None:
    visit.leg.answered()
    visit.pass_time(590)
    assert only().status == "parked"

    visit.pass_time(20)

    assert (only().status, only().error, only().next_attempt_at) == ("dead", "no session has these ids", None)


def test_a_duplicate_is_counted_and_changes_nothing(visit: Visit) -> None:
    body = envelope("call.answered", visit.leg.ids(), event_id="evt-1", occurred_at=timezone.now())
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    for _ in range(3):
        assert visit.leg.webhooks.deliver(body).status_code == 200

    assert WebhookDelivery.objects.get(event_id="evt-1").duplicates == 2
    assert visit.kinds().count("call.answered") == 1
    assert len(visit.commands("start_gather")) == 1


def test_processing_that_fails_is_stored_told_and_retried(talking: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(fold, "fold", fail)
        talking.leg.partial({"full_name": "Ada"})
        failed = WebhookDelivery.objects.get(event_type="call.ai_gather.partial_results")
        assert (failed.status, failed.attempts) == ("failed", 1)
        assert failed.error.startswith("RuntimeError at fail:")
        assert "Ada" not in failed.error

    talking.pass_time(3)

    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.error) == ("processed", 2, "")
    assert talking.session.fields.get().value == "Ada"


def test_a_failure_leaves_no_half_done_work(talking: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_late(event: Any, session: Any) -> None:
        session.answered_at = None
        session.save()
        raise RuntimeError

    monkeypatch.setattr(fold, "fold", fail_late)
    talking.leg.partial({"full_name": "Ada"})

    assert talking.session.answered_at is not None


def test_the_eighth_failure_is_the_last(talking: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "fold", fail)
    talking.leg.partial({"full_name": "Ada"})
    delivery = WebhookDelivery.objects.get(status="failed")
    waits = []
    while delivery.next_attempt_at:
        waits.append(round((delivery.next_attempt_at - timezone.now()).total_seconds()))
        talking.clock.advance(waits[-1] + 1)
        tasks.sweep()
        delivery.refresh_from_db()

    assert (delivery.status, delivery.attempts) == ("dead", 8)
    assert waits == [2, 4, 8, 16, 32, 64, 128]


def test_2xx_is_only_said_when_it_is_stored(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "take", unreachable)
    body = envelope("call.answered", visit.leg.ids(), event_id="evt-1", occurred_at=timezone.now())

    assert visit.leg.webhooks.deliver(body).status_code == 503
    assert not WebhookDelivery.objects.exists()


def test_an_unknown_event_of_a_known_call_is_kept_and_ignored(talking: Visit) -> None:
    talking.leg.says("call.teleported", where="elsewhere")

    assert WebhookDelivery.objects.get(event_type="call.teleported").status == "ignored"


def test_ids_may_arrive_as_numbers(visit: Visit) -> None:
    visit.leg.connection_id = settings.TELNYX_CONNECTION_ID
    visit.leg.says(
        "call.initiated",
        connection_id=int(settings.TELNYX_CONNECTION_ID),
        direction="incoming",
        custom_headers=[{"name": "x-session-ticket", "value": tokens.ticket(visit.session_id)}],
    )

    assert visit.session.call_control_id == visit.leg.call_control_id


def test_a_second_call_of_one_session_is_hung_up(talking: Visit) -> None:
    second = Leg(talking.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    second.initiated(ticket=tokens.ticket(talking.session_id))
    talking.work()

    assert talking.session.call_control_id == talking.leg.call_control_id
    assert len(talking.commands("answer")) == 1
    hung_up, *_ = talking.commands("hang_up")
    assert hung_up.call_control_id == second.call_control_id

    second.hung_up(source="unknown")
    assert talking.session.ended_at is None


@pytest.mark.parametrize("ticket", ["", "forged", "a:b:c"])
def test_a_call_without_our_ticket_belongs_to_nobody(visit: Visit, ticket: str) -> None:
    visit.leg.initiated(ticket=ticket)
    visit.work()

    assert only().status == "parked"
    assert not CallLeg.objects.exists()
    assert visit.rest.requests == []


def test_a_call_on_another_connection_belongs_to_nobody(visit: Visit) -> None:
    visit.leg.connection_id = "1"
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))

    assert visit.session.call_control_id is None


def test_a_call_after_the_visit_ended_is_not_answered(talking: Visit) -> None:
    talking.leg.hung_up()

    Leg(talking.leg.webhooks, settings.TELNYX_CONNECTION_ID).initiated(ticket=tokens.ticket(talking.session_id))

    assert len(talking.commands("answer")) == 1


def test_a_late_answer_after_the_hang_up_changes_nothing(alice: Closer, waiting: Visit) -> None:
    waiting.leg.hung_up()
    before = waiting.session.phase, waiting.handoff.state, waiting.session.fields.count()
    waiting.clock.advance(600)

    waiting.leg.answered()
    waiting.leg.conversation_created("another")
    waiting.work()

    assert (waiting.session.phase, waiting.handoff.state, waiting.session.fields.count()) == before
    assert len(waiting.commands("start_gather")) == 1


def results(number: int) -> list[dict[str, Any]]:
    return [{"insight_id": f"insight-{number}", "result": '{"score": 8}'}]


def test_insights_are_read_in_all_three_shapes(talking: Visit, webhooks: Webhooks) -> None:
    conversation = {"conversation_id": talking.rest.conversation_id}
    talking.leg.says("call.conversation_insights.generated", results=results(1))
    talking.leg.says("conversation_insight_result", path=INSIGHTS, **conversation, results=results(2))
    bare = b'{"event_type":"conversation.insights.completed","conversation_id":"%s","insights":[%s]}' % (
        talking.rest.conversation_id.encode(),
        b'{"insight_id":"insight-3","insight_name":"Score","result":"warm"}',
    )
    assert webhooks.deliver(bare, path=INSIGHTS).status_code == 200

    found = dict(talking.session.insights.values_list("insight_id", "result"))
    assert found == {"insight-1": {"score": 8}, "insight-2": {"score": 8}, "insight-3": "warm"}


def test_a_texml_status_callback_comes_through_the_same_door(webhooks: Webhooks, db: None) -> None:
    form = b"CallControlId=v3%3Aabc&CallStatus=completed&HangupCause=normal"

    response = webhooks.deliver(form, path=CALL_CONTROL, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200
    assert (only().event_type, only().call_control_id) == ("texml.call_status", "v3:abc")


@pytest.mark.parametrize("text", ["🙂‍↕️", "\u202eevil\u202c", "a\u200bb", "e" + "\u0301" * 50, "x" * 100_000, "\x00a"])
def test_any_text_survives(talking: Visit, text: str) -> None:
    talking.leg.partial({}, [{"role": "user", "content": text}])

    assert talking.session.turns.get().text == text.replace("\x00", "\ufffd")


def fail(event: Any, session: Any) -> None:
    raise RuntimeError("Ada said something private")


def unreachable(*_: Any, **__: Any) -> None:
    raise OperationalError("connection refused")


def test_an_event_parked_while_its_call_becomes_known_is_taken_at_once(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    with monkeypatch.context() as too_early:
        too_early.setattr(binding, "find", lambda event, **_: unknown_once(too_early))
        visit.leg.answered()

    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"processed"}
    assert visit.session.answered_at is not None


def unknown_once(patch: pytest.MonkeyPatch) -> None:
    """As seen by a transaction that looked before the other one committed."""
    patch.undo()


def test_an_event_stored_while_its_call_becomes_known_is_taken_after_the_commit(
    visit: Visit, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as after_commit:
        visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.leg.answered()
    # Put back to what the other transaction had committed when ours looked for parked rows.
    WebhookDelivery.objects.filter(event_type="call.answered").update(status="parked", session=None)
    VoiceSession.objects.update(answered_at=None)
    CallLeg.objects.update(answered_at=None)

    for callback in after_commit:
        callback()

    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"processed"}
    assert visit.session.answered_at is not None
