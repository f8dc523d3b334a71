"""The probe's page is for staff, one tab at a time, and believes nothing that is not bounded; so is its tool's door."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Closer
from probe import tab, tickets, tooling, views
from probe.models import Order, Probe, Told
from sessions_app.models import TelephonyCredential
from tests.people import hashed_password, logged_in
from tests.telnyx import Rest, Webhooks, signature

TAB = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def probe(db: None) -> Probe:
    return tab.begin(now=timezone.now())


@pytest.fixture
def clerk(db: None) -> User:
    return User.objects.create(email="clerk@agileadapt.example", password=hashed_password(), is_staff=True)


@pytest.fixture
def staff(admin_user: User) -> Client:
    return logged_in(admin_user)


def post(client: Client, address: str, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(address, content, content_type="application/json")


def turn(client: Client, probe: Probe, **body: Any) -> Any:
    return post(client, f"/probe/{probe.pk}/turn", {"tab": TAB, **body})


def test_the_page_shows_no_secret_and_runs_nothing_inline(staff: Client, probe: Probe) -> None:
    response = staff.get(f"/probe/{probe.pk}/")

    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    assert b"KEY" not in response.content
    assert b"onclick" not in response.content


@pytest.mark.parametrize("path", ["", "turn", "login"])
def test_strangers_and_closers_are_sent_to_the_login(
    path: str, probe: Probe, client: Client, alice: Closer, carol: Closer, rest: Rest
) -> None:
    for someone in (client, logged_in(alice.user), logged_in(carol.user)):
        address = f"/probe/{probe.pk}/{path}"
        answer = someone.get(address) if not path else post(someone, address, {"tab": TAB, "line": "caller"})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")

    assert Told.objects.count() == 0
    assert rest.credentials == []


@pytest.mark.parametrize("path", ["", "turn", "login"])
def test_staff_run_a_probe_only_with_the_right_to(path: str, clerk: User, probe: Probe, rest: Rest) -> None:
    address = f"/probe/{probe.pk}/{path}"

    def answer() -> int:
        browser = logged_in(clerk)
        body = {"tab": TAB, "line": "caller", "told": [{"what": "ready"}]}
        return (browser.get(address) if not path else post(browser, address, body)).status_code

    clerk.user_permissions.set(Permission.objects.exclude(codename="run_probe"))
    assert answer() == 403
    assert Told.objects.count() == 0
    assert rest.credentials == []

    Probe.objects.update(tab=TAB)
    clerk.user_permissions.set(Permission.objects.filter(codename="run_probe"))
    assert answer() == 200


def test_a_page_of_another_website_cannot_speak_for_staff(admin_user: User, probe: Probe) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)

    assert post(strict, f"/probe/{probe.pk}/turn", {"tab": TAB}).status_code == 403


def test_an_order_is_given_once_and_what_was_seen_is_kept(staff: Client, probe: Probe) -> None:
    tab.Tab(probe).order("measure", line="caller", ms=100)

    first = turn(staff, probe, after=0, told=[{"what": "ready", "line": "caller", "age_ms": 40}]).json()
    second = turn(staff, probe, after=first["orders"][-1]["number"]).json()

    assert [one["kind"] for one in first["orders"]] == ["measure"]
    assert second["orders"] == []
    assert Told.objects.get().data["what"] == "ready"


def test_a_second_tab_takes_no_part_until_the_first_is_gone(staff: Client, probe: Probe) -> None:
    turn(staff, probe)
    other = {"tab": "22222222-2222-4222-8222-222222222222", "told": [{"what": "ready"}]}

    assert post(staff, f"/probe/{probe.pk}/turn", other).status_code == 409
    assert Told.objects.count() == 0

    Probe.objects.update(tab_seen_at=timezone.now() - timedelta(seconds=30))
    assert post(staff, f"/probe/{probe.pk}/turn", other).status_code == 200


def test_a_page_is_told_when_the_probe_is_over_or_its_command_has_died(staff: Client, probe: Probe) -> None:
    assert turn(staff, probe).json()["is_over"] is False
    Probe.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert turn(staff, probe).json()["is_over"] is True
    tab.end(probe, now=timezone.now())
    assert turn(staff, probe).json() == {"orders": [], "is_over": True}
    assert staff.get(f"/probe/{probe.pk}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"{", b"\xff", b'{"tab": NaN}', b"[" * 5_000),
        *(b'{"tab": "' + b"x" * 70_000 + b'"}', b'{"tab": ""}', b'{"tab": 1, "told": "x"}'),
        f'{{"tab": "{TAB}", "told": [{{"what": "{"x" * 70_000}"}}]}}'.encode(),
    ],
)
def test_a_hostile_turn_keeps_nothing(staff: Client, probe: Probe, body: bytes) -> None:
    answer = post(staff, f"/probe/{probe.pk}/turn", body)

    assert answer.status_code in {200, 400, 409}
    assert Told.objects.count() == 0


def test_no_page_can_fill_the_table(staff: Client, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_TOLD", 150)
    for _ in range(4):
        turn(staff, probe, told=[{"what": "ready"}] * 300)

    assert Told.objects.count() == 100


def test_what_it_tells_can_be_stored_whatever_it_is(staff: Client, probe: Probe) -> None:
    told = '{"what": "\\u0000\\ud800", "line": {"a": [1e300]}, "age_ms": "x"}'
    answer = post(staff, f"/probe/{probe.pk}/turn", f'{{"tab": "{TAB}", "after": -1, "told": [{told}, 7]}}'.encode())

    assert answer.status_code == 200
    assert Told.objects.count() == 1
    assert [news.what for news in tab.Tab(probe).news()] == ["��"]


def test_a_login_is_a_probes_own_and_its_token_stays_nowhere(staff: Client, probe: Probe, rest: Rest) -> None:
    turn(staff, probe)
    answer = post(staff, f"/probe/{probe.pk}/login", {"tab": TAB, "line": "caller"})

    row = TelephonyCredential.objects.get()
    assert answer.json() == {"token": rest.tokens[0]}
    assert (row.session_id, row.user_id) == (None, None)
    assert rest.credentials[0]["tag"] == "agile-adapt-probe"
    assert rest.tokens[0] not in str(list(Told.objects.values())) + str(list(Order.objects.values()))


@pytest.mark.parametrize(
    "body", [{"tab": TAB, "line": "jordan"}, {"tab": "other", "line": "caller"}, {"line": "caller"}]
)
def test_no_other_line_or_tab_gets_a_login(staff: Client, probe: Probe, rest: Rest, body: dict[str, str]) -> None:
    turn(staff, probe)

    assert post(staff, f"/probe/{probe.pk}/login", body).status_code == 400
    assert rest.credentials == []


def test_logins_are_counted(staff: Client, probe: Probe, rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_LOGINS", 2)
    turn(staff, probe)

    answers = [post(staff, f"/probe/{probe.pk}/login", {"tab": TAB, "line": "caller"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_a_refused_login_says_no_more_than_that(staff: Client, probe: Probe, rest: Rest) -> None:
    rest.router["credential"].respond(403, json={"errors": [{"code": "10010", "detail": "KEY123 may not"}]})
    turn(staff, probe)
    answer = post(staff, f"/probe/{probe.pk}/login", {"tab": TAB, "line": "caller"})

    assert answer.status_code == 502
    assert b"KEY123" not in answer.content
    assert [news.what for news in tab.Tab(probe).news()] == ["refused"]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tooling, "ANSWER_AFTER_SECONDS", 0)


@pytest.mark.usefixtures("at_once")
def test_a_tools_use_keeps_its_proof_and_none_of_its_words(client: Client, probe: Probe, webhooks: Webhooks) -> None:
    body = b'{"colour": "Jordan likes blue"}'
    address = f"/webhooks/telnyx/probe/{tickets.issue(probe.pk)}"
    headers = signature(webhooks.key, body, at=timezone.now()) | {"x-telnyx-call-control-id": "v3:secret"}

    assert client.post(address, body, content_type="application/json", headers=headers).status_code == 200
    assert client.post(address, body, content_type="application/json").status_code == 200

    signed, bare = (row.data for row in Told.objects.all())
    assert (signed["signed"], signed["names_call"]) == (True, True)
    assert (bare["signed"], bare["names_call"]) == (False, False)
    assert signed["body"] == bare["body"]
    assert "Jordan" not in str([signed, bare])
    assert "v3:secret" not in str([signed, bare])


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("ticket", ["x", "", "0" * 32, "00000000000000000000000000000000:1abc:" + "a" * 43])
def test_a_tool_without_a_good_ticket_keeps_nothing(client: Client, probe: Probe, ticket: str) -> None:
    assert client.post(f"/webhooks/telnyx/probe/{ticket}", b"{}", content_type="application/json").status_code == 404
    assert Told.objects.count() == 0


@pytest.mark.usefixtures("at_once")
def test_a_tools_ticket_ends_with_its_probe_and_is_counted(
    client: Client, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_TOOL_USES", 2)
    address = f"/webhooks/telnyx/probe/{tickets.issue(probe.pk)}"

    statuses = [client.post(address, b"{}", content_type="application/json").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    tab.end(probe, now=timezone.now())
    assert client.post(address, b"{}", content_type="application/json").status_code == 404


@pytest.mark.usefixtures("at_once")
def test_a_tools_body_is_bounded(client: Client, probe: Probe) -> None:
    address = f"/webhooks/telnyx/probe/{tickets.issue(probe.pk)}"

    assert client.post(address, b"x" * 1_100_000, content_type="application/json").status_code == 413
    assert Told.objects.count() == 0


def test_probes_of_yesterday_are_forgotten(probe: Probe) -> None:
    Probe.objects.update(seen_at=timezone.now() - timedelta(days=1))
    tab.begin(now=timezone.now())

    assert Probe.objects.count() == 1
