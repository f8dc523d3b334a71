"""Calls that nobody proved theirs take lines of the account until they are over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import WebhookDelivery
from sessions_app.visits import capacity
from tests.flows.test_strangers import WITHOUT_PROOF, inbox, make_known, place, wait
from tests.people import Clock
from tests.telnyx import Leg, Rest, Webhooks
from tests.visits import Visit


def test_their_calls_count_until_they_are_over(visit: Visit, webhooks: Webhooks, rest: Rest, clock: Clock) -> None:
    before = held()
    ringing = [place(webhooks) for _ in range(5)]
    assert held() == before + 5
    assert capacity.strangers() == 5

    ringing[0].hung_up()
    assert held() == before + 4
    wait(clock, 16)

    assert held() == before


def test_one_whose_end_is_told_before_its_beginning_takes_no_line(webhooks: Webhooks, rest: Rest, db: None) -> None:
    leg = Leg(webhooks, settings.TELNYX_CONNECTION_ID)
    leg.hung_up()

    leg.says("call.initiated", **{"from": "+61255500000", "to": "61255501234"})

    assert capacity.strangers() == 0


def test_a_call_that_is_proven_after_all_is_no_stranger_s_any_more(visit: Visit, webhooks: Webhooks) -> None:
    leg = place(webhooks, sip_username="gencredlate")
    assert capacity.strangers() == 1
    make_known(visit, "gencredlate")

    visit.pass_time(16)

    assert visit.session.call_control_id == leg.call_control_id
    assert (capacity.strangers(), inbox(leg).hang_up_at) == (0, None)


def test_the_history_of_the_account_is_not_searched_to_count_them(
    webhooks: Webhooks, rest: Rest, clock: Clock, db: None
) -> None:
    deliver_history(20_000)
    for _ in range(3):
        place(webhooks)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sessions_app_webhookdelivery")
    with CaptureQueriesContext(connection) as asked:
        held()

    of_deliveries = [one["sql"] for one in asked.captured_queries if "webhookdelivery" in one["sql"]]

    assert of_deliveries
    for sql in of_deliveries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            (plan,) = cursor.fetchone()[0]
        scans = list(scans_of(plan["Plan"]))
        assert {scan["Index Name"] for scan in scans} == {"stranger_stands"}, scans
        assert sum(scan["Actual Rows"] for scan in scans) == 3


def deliver_history(number: int) -> None:
    """Calls that are over: of visits, and of strangers who were hung up."""
    then = timezone.now() - timedelta(days=1)
    fates: list[dict[str, Any]] = [
        {"status": "processed"},
        {"status": "ignored", "reason": f"{WITHOUT_PROOF}: hung up"},
    ]
    told = ("call.initiated", "call.hangup")
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            event_id=f"past-{index}",
            event_type=told[index % 2],
            call_control_id=f"v3:past-{index // 2}",
            body=b"{}",
            occurred_at=then,
            received_at=then,
            **fates[index // 2 % 2],
        )
        for index in range(number)
    )


def scans_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every reading of the deliveries in a plan."""
    if plan.get("Relation Name") == WebhookDelivery._meta.db_table:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans_of(part)


def held() -> int:
    return capacity.usage(now=timezone.now()).held()
