"""The account is asked about once an hour, from no request; what it said last is judged from rows."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from sessions_app import tasks
from sessions_app.account import standing
from sessions_app.models import AccountLook
from sessions_app.visits import carrier
from tests.telnyx import Rest

BALANCE = {"balance": "50.00", "available_credit": "50.00", "currency": "USD"}
COUNT = {"counts": {"credential_connections": 1}, "limits": {"global_limit": 100}}
PROFILE = {"id": "p-1", "name": "AgileAdapt", "concurrent_call_limit": None}


@pytest.fixture
def telnyx(rest: Rest, settings: Settings, db: None) -> Rest:
    """An account with which all is well."""
    base = settings.TELNYX_API_BASE
    outbound = {"channel_limit": None, "outbound_voice_profile_id": "p-1"}
    for name, path, told in (
        ("balance", "balance", BALANCE),
        ("count", "connections/count", COUNT),
        ("connection", f"credential_connections/{settings.TELNYX_CONNECTION_ID}", {"id": "c-1", "outbound": outbound}),
        ("application", f"call_control_applications/{settings.TELNYX_CALL_CONTROL_APP_ID}", {"id": "a-1"}),
        ("profile", "outbound_voice_profiles/p-1", PROFILE),
        ("dials", "dial_metrics", []),
        ("spending", "spend_limits", []),
    ):
        rest.router.get(f"{base}/{path}", name=name).respond(json={"data": told})
    return rest


def tell(rest: Rest, name: str, told: Any) -> None:
    rest.router[name].respond(json={"data": told})


def watch(*, minutes: float = 0, at_once: bool = False) -> None:
    standing.watch(carrier.client(), now=timezone.now() + timedelta(minutes=minutes), at_once=at_once)


def asked(rest: Rest) -> int:
    return sum(call.request.method == "GET" for call in rest.router.calls)


def remarks() -> dict[str, tuple[str, bool]]:
    return {name: (one.text, one.is_trouble) for name, one in standing.remarks().items()}


def test_everything_is_asked_once_an_hour_and_at_once_at_the_start(telnyx: Rest) -> None:
    watch()
    first = asked(telnyx)
    assert first == 7

    watch(minutes=59)
    assert asked(telnyx) == first
    watch(minutes=61)
    assert asked(telnyx) == 2 * first
    tasks.watch_account(at_once=True)
    assert asked(telnyx) == 3 * first
    assert AccountLook.objects.count() == len(standing.LOOKS)
    assert remarks() == {}


def test_what_one_question_is_not_answered_holds_up_no_other(telnyx: Rest) -> None:
    watch()
    telnyx.router["balance"].respond(404, json={"errors": [{"code": "10005"}]})

    watch(at_once=True)

    row = AccountLook.objects.get(name="balance")
    assert (row.error, row.told["amount"]) == ("status 404 code 10005", "50.00")
    assert not AccountLook.objects.exclude(name="balance").exclude(error="").exists()
    before = asked(telnyx)
    watch(minutes=6)  # What was not told is asked about again before the hour is over.
    assert asked(telnyx) == before + 1


def test_an_account_that_cannot_be_reached_is_asked_one_thing_at_a_time(telnyx: Rest) -> None:
    telnyx.router["balance"].mock(side_effect=httpx.ConnectError("refused"))

    watch()

    assert AccountLook.objects.get().error == standing.UNREACHABLE
    assert remarks() == {}


def test_slow_answers_are_waited_for_by_one_thread_only(telnyx: Rest) -> None:
    def ask_again(request: httpx.Request) -> httpx.Response:
        watch(at_once=True)
        return httpx.Response(200, json={"data": BALANCE})

    telnyx.router["balance"].mock(side_effect=ask_again)

    watch()

    assert asked(telnyx) == 7


@pytest.mark.parametrize(
    ("name", "told", "about", "words", "is_trouble"),
    [
        ("balance", {"balance": "-3.20", "currency": "USD"}, "balance", "-3.20 USD: Telnyx carries no calls", True),
        ("balance", {"balance": "0.00", "currency": "USD"}, "balance", "carries no calls", True),
        ("balance", {"balance": "9.99", "currency": "USD"}, "balance", "only 9.99 USD are left", False),
        (
            "balance",
            {"balance": "-3.20", "available_credit": "96.80", "currency": "USD"},
            "balance",
            "negative (-3.20 USD); 96.80 of credit",
            False,
        ),
        (
            "count",
            {"counts": {"credential_connections": 5}, "limits": {"standard_limit": 5}},
            "connections",
            "no more (5 of 5)",
            False,
        ),
        ("profile", PROFILE | {"concurrent_call_limit": 7}, "limits", "lets 7 calls through at once", False),
        ("application", {"id": "a-1", "outbound": {"channel_limit": 3}}, "limits", "Call Control application", False),
        ("dials", [{"dials": {"total": 9, "rejected": {"hourly_limit": 4}}}], "dials", "4 turned away", False),
        ("dials", [{"dials": {"total": 9, "rejected": {"dps_limit": 1}}}], "dials", "begun per second", False),
        ("spending", [{"product": "voice", "blocked": True}], "spending", "block voice", True),
    ],
)
def test_what_is_wrong_is_said(telnyx: Rest, name: str, told: Any, about: str, words: str, is_trouble: bool) -> None:
    tell(telnyx, name, told)

    watch()

    ((subject, (text, kind)),) = remarks().items()
    assert (subject, kind) == (about, is_trouble)
    assert words in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("balance", {"balance": "10.00"}),
        ("profile", PROFILE | {"concurrent_call_limit": 8}),
        ("profile", PROFILE | {"concurrent_call_limit": 0}),
        ("application", {"id": "a-1", "outbound": {"channel_limit": 4}}),
        ("connection", {"id": "c-1", "outbound": {"channel_limit": "4", "outbound_voice_profile_id": "p-1"}}),
    ],
)
def test_what_is_enough_is_not(telnyx: Rest, name: str, told: Any) -> None:
    tell(telnyx, name, told)

    watch()

    assert remarks() == {}


def test_what_is_wrong_is_looked_at_again_soon(telnyx: Rest) -> None:
    tell(telnyx, "balance", {"balance": "-1"})
    watch()
    tell(telnyx, "balance", BALANCE)

    watch(minutes=4)
    assert "balance" in remarks()
    watch(minutes=6)

    assert remarks() == {}


def test_the_terminal_is_told_all_of_it(telnyx: Rest, settings: Settings) -> None:
    settings.TELNYX_MAX_LEGS = 12
    tell(telnyx, "profile", PROFILE | {"concurrent_call_limit": 10})
    telnyx.router["dials"].respond(404)

    told = standing.describe(carrier.client(), now=timezone.now())

    assert told == [
        "balance: 50.00 USD, of which with credit 50.00 can be spent",
        "connections: 1 of 100",
        "limits: calls at once: outbound voice profile 10",
        "  note: the outbound voice profile lets 10 calls through at once, TELNYX_MAX_LEGS (12) counts on 12",
        "dials: not told (status 404 code None)",
        "spending: nothing is blocked",
        "level, and calls at once: no address of Telnyx tells them",
        "own cap: 12 legs (TELNYX_MAX_LEGS), which is 6 visits at once",
    ]
