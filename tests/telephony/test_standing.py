"""What the account says of itself is read leniently, and never guessed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import respx

from telephony.client import Balance, Connections, Dials, Telnyx, TelnyxError
from tests.telephony.vendor import answered

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COUNTS = {"credential_connections": 3, "call_control_applications": 1, "texml_applications": 4, "uac_connections": 0}


def test_the_balance_is_told_with_the_credit(client: Telnyx, api: respx.MockRouter) -> None:
    told = {"balance": "-12.40", "available_credit": "87.60", "credit_limit": "100.00", "currency": "USD"}
    api.get("/balance").mock(return_value=answered(told))

    assert client.balance() == Balance(Decimal("-12.40"), Decimal("87.60"), "USD")


def test_without_a_credit_the_balance_is_what_is_left(client: Telnyx, api: respx.MockRouter) -> None:
    api.get("/balance").mock(return_value=answered({"balance": 7.5, "currency": "AUD"}))

    assert client.balance() == Balance(Decimal("7.5"), Decimal("7.5"), "AUD")


@pytest.mark.parametrize("told", [{}, {"balance": "much"}, {"balance": "NaN"}, {"balance": "1e99"}, {"balance": None}])
def test_a_balance_that_is_none_is_an_error(client: Telnyx, api: respx.MockRouter, told: dict[str, Any]) -> None:
    api.get("/balance").mock(return_value=answered(told))

    with pytest.raises(TelnyxError, match="unreadable"):
        client.balance()


@pytest.mark.parametrize(
    ("limits", "limit", "is_full"),
    [
        ({"global_limit": 10_000}, 10_000, False),
        ({"global_limit": 8}, 8, True),
        ({"standard_limit": 5, "texml_limit": 5, "uac_limit": 1}, 5, False),
        ({"standard_limit": 4, "texml_limit": 5, "uac_limit": 1}, 4, True),
        ({"standard_limit": 5, "texml_limit": 4, "uac_limit": 1}, 5, True),
        ({}, None, False),
        ({"moon_limit": 1}, None, False),
    ],
)
def test_connections_are_counted_against_whichever_limit_is_told(
    client: Telnyx, api: respx.MockRouter, limits: dict[str, int], limit: int | None, is_full: bool
) -> None:
    api.get("/connections/count").mock(return_value=answered({"counts": COUNTS, "limits": limits}))

    assert client.connections() == Connections(8, limit, is_full)


def test_dials_are_summed_over_hours_and_regions(client: Telnyx, api: respx.MockRouter) -> None:
    busy = {"total": 12, "accepted": 8, "rejected": {"hourly_limit": 2, "daily_limit": 1, "dps_limit": 1}}
    buckets = [{"region": "australia", "dials": busy}, {"region": "us", "dials": {"total": 3}}, {"region": "eu"}]
    api.get("/dial_metrics").mock(return_value=answered(buckets))

    assert client.dials(since=NOW - timedelta(days=1), until=NOW) == Dials(15, by_hour=2, by_day=1, by_second=1)


def test_only_what_is_blocked_now_is_named(client: Telnyx, api: respx.MockRouter) -> None:
    limits = [
        {"product": "voice", "product_name": "Voice", "period": "daily", "blocked": True},
        {"product": "voice", "product_name": "Voice", "period": "monthly", "blocked": True},
        {"product": "ai", "blocked": True},
        {"product": "sms", "product_name": "SMS", "blocked": False},
        {"product": "fax", "blocked": "true"},
    ]
    api.get("/spend_limits").mock(return_value=answered(limits))

    assert client.blocked_products() == ["Voice", "ai"]
