"""What a page may ask has a limit for each visit."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from dashboard.actions.calls import Logins
from handoff.views import Messages
from sessions_app.http import limits
from sessions_app.http.throttles import Spending
from sessions_app.visitor_page.access import OpenView
from tests.permissions.world import ACTIONS, OF_THE_PROSPECT, World

# The token's three caps are counted as one, reports by their rows.
COUNTED_ELSEWHERE = {"report"}
LET_THROUGH = {"leave", "callback"}
LIMITED = sorted(set(OF_THE_PROSPECT) - COUNTED_ELSEWHERE)


def refusing(raised: Exception) -> Any:
    def spend_on(name: str, *, most: int, seconds: int) -> None:
        raise raised

    return spend_on


def of_the_page() -> dict[str, type[OpenView]]:
    """The views of the prospect's API by name."""
    found: dict[str, type[OpenView]] = {}

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if not isinstance(pattern, URLPattern):
                walk(pattern.url_patterns)
            elif issubclass(getattr(pattern.callback, "cls", object), OpenView):
                found[str(pattern.name)] = pattern.callback.cls  # type: ignore[attr-defined]

    walk(get_resolver().url_patterns)
    return found


def test_every_address_of_the_page_names_a_limit() -> None:
    views = of_the_page()

    assert set(views) == {"token", "lines", *OF_THE_PROSPECT}
    limited = {name for name, view in views.items() if any(issubclass(one, Spending) for one in view.throttle_classes)}
    assert limited == set(views) - COUNTED_ELSEWHERE


@pytest.mark.parametrize("name", LIMITED)
def test_once_too_often_is_refused(world: World, client: Client, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked = OF_THE_PROSPECT[name](world, world.people["alice"])
    before = world.session.last_seq
    monkeypatch.setattr(limits, "spend_on", refusing(limits.Refused(retry_after=7)))

    response = asked.send(client, Authorization=f"Bearer {world.token}")

    assert (response.status_code, response["Retry-After"]) == (429, "7")
    assert response.json()["status"] == "error"
    assert world.session.last_seq == before


@pytest.mark.parametrize("name", LIMITED)
def test_while_nothing_can_be_counted_only_what_does_no_harm_is_let_through(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked = OF_THE_PROSPECT[name](world, world.people["alice"])
    monkeypatch.setattr(limits, "spend_on", refusing(limits.LimiterDown()))

    response = asked.send(client, Authorization=f"Bearer {world.token}")

    if name in LET_THROUGH:
        assert response.status_code == asked.status
    else:
        assert (response.status_code, response["Retry-After"]) == (503, str(limits.DOWN_FOR_SECONDS))


def test_the_limit_is_the_visit_s_own_and_a_body_that_says_nothing_costs_nothing(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Messages, "most", 2)
    asked = OF_THE_PROSPECT["message"](world, world.people["alice"])

    def send(body: str) -> int:
        headers = {"Authorization": f"Bearer {world.token}"}
        return int(client.post(asked.path, body, content_type="application/json", headers=headers).status_code)

    statuses = [send(body) for body in ("{}", '{"text": "a"}', '{"text": "b"}', '{"text": "c"}', "{}")]

    assert statuses == [400, 202, 202, 429, 400]


def test_a_closer_s_softphone_logs_in_only_so_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logins, "most", 1)
    statuses: dict[str, list[int]] = {}
    for name in ("alice", "alice", "ben"):
        browser = Client()
        browser.force_login(world.people[name].user)
        response = ACTIONS["softphone-login"](world, world.people[name]).send(browser)
        statuses.setdefault(name, []).append(response.status_code)

    assert statuses == {"alice": [200, 429], "ben": [200]}
    assert len(world.visit.rest.asked("token")) == 2


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [(limits.Refused(7), 429, "too_often"), (limits.LimiterDown(), 503, "softphone_unavailable")],
)
def test_a_softphone_is_told_when_to_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    browser = Client()
    browser.force_login(world.people["alice"].user)
    monkeypatch.setattr(limits, "spend_on", refusing(raised))

    response = ACTIONS["softphone-login"](world, world.people["alice"]).send(browser)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert int(response["Retry-After"]) > 0
