"""Insights in every shape and order: pending, completed, polled, early, late, and never."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from handoff.engine import call_record
from sessions_app.models import Insight, Run, WebhookDelivery
from sessions_app.visits import tokens
from tests.telnyx import INSIGHTS, Webhooks
from tests.visits import Visit

SCORE = '{"score": 8}'
NAMES = {"call_event", "group_result", "group_completed"}


def shape(name: str, visit: Visit, result: Any, *, status: str = "completed", by_call: bool = False) -> dict[str, Any]:
    """The three ways in which Telnyx is known to tell of insights; `by_call` leaves the conversation unnamed."""
    ids = visit.leg.ids()
    conversation = {} if by_call else {"conversation_id": visit.rest.conversation_id}
    results = [{"insight_id": "i1", "result": result}]
    if name == "call_event":
        payload = {**ids, "insight_group_id": "g1", "results": results}
        return {"record_type": "event", "event_type": "call.conversation_insights.generated", "payload": payload}
    if name == "group_result":
        metadata = {key: ids[key] for key in ("call_control_id", "call_leg_id", "call_session_id")}
        payload = {**conversation, "status": status, "insight_group_id": "g1", "metadata": metadata, "results": results}
        return {"record_type": "event", "event_type": "conversation_insight_result", "payload": payload}
    named = [{"insight_id": "i1", "insight_name": "Score", "result": result}]
    return {"event_type": "conversation.insights.completed", **conversation, "insights": named}


def tell(webhooks: Webhooks, body: Any) -> None:
    assert webhooks.deliver(json.dumps(body).encode(), path=INSIGHTS).status_code == 200


def known(visit: Visit) -> dict[str, Any]:
    return dict(visit.session.insights.values_list("insight_id", "result"))


@pytest.mark.parametrize("is_wrapped", [False, True])
@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_shape_is_read_bare_and_wrapped(talking: Visit, webhooks: Webhooks, name: str, is_wrapped: bool) -> None:
    body = shape(name, talking, SCORE)

    tell(webhooks, {"data": body} if is_wrapped else body)

    assert known(talking) == {"i1": {"score": 8}}


@pytest.mark.parametrize("name", ["call_event", "group_result"])
def test_they_are_joined_by_the_call_alone(talking: Visit, webhooks: Webhooks, name: str) -> None:
    tell(webhooks, shape(name, talking, "Warm.", by_call=True))

    assert known(talking) == {"i1": "Warm."}


@pytest.mark.parametrize("stringified", ["data", "payload", "metadata", "results"])
def test_any_part_may_come_as_a_json_string(talking: Visit, webhooks: Webhooks, stringified: str) -> None:
    body: dict[str, Any] = shape("group_result", talking, SCORE)
    payload = body["payload"]
    if stringified == "data":
        body = {"data": json.dumps(body)}
    elif stringified == "payload":
        body["payload"] = json.dumps(payload)
    else:
        payload[stringified] = json.dumps(payload[stringified])

    tell(webhooks, body)

    assert known(talking) == {"i1": {"score": 8}}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_they_may_come_before_the_session_is_known(visit: Visit, webhooks: Webhooks, name: str) -> None:
    tell(webhooks, shape(name, visit, SCORE))
    assert WebhookDelivery.objects.get().status == "parked"

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()
    visit.leg.conversation_created(visit.rest.conversation_id)

    assert known(visit) == {"i1": {"score": 8}}


def at(visit: Visit, seconds: int, result: Any, *, status: str = "completed") -> dict[str, Any]:
    told_at = (timezone.now() + timedelta(seconds=seconds)).isoformat()
    return {"occurred_at": told_at, "id": f"{status}-{seconds}"} | shape("group_result", visit, result, status=status)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_newest_completed_result_stays_whatever_the_order(
    talking: Visit, webhooks: Webhooks, order: tuple[int, ...]
) -> None:
    told = [
        at(talking, 1, "pending", status="pending"),
        at(talking, 2, "first"),
        at(talking, 3, "second"),
        at(talking, 4, "half", status="pending"),
    ]

    for number in order:
        tell(webhooks, told[number])

    assert known(talking) == {"i1": "second"}
    assert Insight.objects.get().is_complete


def ended(visit: Visit) -> None:
    visit.leg.says("call.conversation.ended", conversation_id=visit.rest.conversation_id, reason="completed")


def state(visit: Visit) -> str:
    return visit.session.runs.get(number=1).insights


def polled(visit: Visit, *groups: dict[str, Any]) -> None:
    base = f"{settings.TELNYX_API_BASE}/ai/conversations/{visit.rest.conversation_id}"
    visit.rest.router.get(url__regex=rf"{base}/conversations-insights").respond(json={"data": list(groups)})


def test_they_are_asked_for_until_they_stand_there(talking: Visit) -> None:
    polled(talking, {"id": "g1", "status": "in_progress", "conversation_insights": []})
    ended(talking)
    assert state(talking) == Run.Insights.AWAITED
    talking.pass_time(3)
    polled(
        talking, {"id": "g1", "status": "completed", "conversation_insights": [{"insight_id": "i9", "result": SCORE}]}
    )
    talking.pass_time(5)

    assert known(talking) == {"i9": {"score": 8}}
    assert state(talking) == Run.Insights.CAME
    assert [command.state for command in talking.commands("fetch_insights")] == ["confirmed", "confirmed"]


def test_nobody_waits_for_them_longer_than_a_minute(talking: Visit) -> None:
    ended(talking)
    began = timezone.now()
    for delay in call_record.DELAYS:
        assert state(talking) == Run.Insights.AWAITED
        talking.pass_time(delay.total_seconds() + 0.5)

    assert state(talking) == Run.Insights.MISSING
    assert timezone.now() - began < timedelta(seconds=65)
    assert talking.kinds().count("insight.missing") == 1


def test_what_comes_after_that_is_kept_all_the_same(talking: Visit, webhooks: Webhooks) -> None:
    test_nobody_waits_for_them_longer_than_a_minute(talking)

    tell(webhooks, shape("group_result", talking, "Late but there."))

    assert known(talking) == {"i1": "Late but there."}
    assert state(talking) == Run.Insights.CAME


def test_a_refusal_does_not_end_the_asking(talking: Visit) -> None:
    base = f"{settings.TELNYX_API_BASE}/ai/conversations/{talking.rest.conversation_id}"
    talking.rest.router.get(url__regex=rf"{base}/conversations-insights").respond(404)
    ended(talking)
    talking.pass_time(3)
    polled(talking, {"id": "g1", "status": "completed", "conversation_insights": [{"insight_id": "i9", "result": "x"}]})
    talking.pass_time(5)

    assert known(talking) == {"i9": "x"}


@pytest.mark.parametrize(
    "results", [None, "x", [None], [{"result": None}], [{"insight_id": [], "result": {}}], {"a": 1}]
)
def test_hostile_results_are_kept_as_deliveries_and_change_nothing(
    talking: Visit, webhooks: Webhooks, results: Any
) -> None:
    body = shape("group_result", talking, SCORE)
    body["payload"]["results"] = results

    tell(webhooks, body)

    assert known(talking) == {}


def test_an_insight_that_answers_questions_fills_the_fields(talking: Visit, webhooks: Webhooks) -> None:
    answers = {"budget": "20000", "timeline": "spring", "mood": "warm"}

    tell(webhooks, shape("group_result", talking, json.dumps(answers)))

    found = {row.name: (row.value, row.source) for row in talking.session.fields.all()}
    assert found == {"budget": ("20000", "insight"), "timeline": ("spring", "insight")}
