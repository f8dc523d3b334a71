"""A call that outlasts its login: the page gets a later end for it, while the visit lives."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from handoff.models import Closer
from sessions_app.models import TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.visitor_page import views
from sessions_app.visits import credentials, tokens, visits
from tests.people import Clock, logged_in
from tests.telnyx import Rest
from tests.visits import Visit

REFUSED = httpx.Response(422, json={"errors": {"status": "is expired"}})


def token_until(end: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(end.timestamp())}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzUxMiJ9.{claims}.c2ln"


@pytest.fixture
def login(talking: Visit) -> TelephonyCredential:
    """What the page logged in with, almost an hour ago."""
    credentials.mint_for_session(talking.session, now=timezone.now())
    talking.clock.advance(58 * 60)
    return TelephonyCredential.objects.get()


def extended(rest: Rest) -> list[tuple[str, dict[str, Any]]]:
    calls = [call.request for call in rest.router["extend"].calls]
    return [(request.url.path.rsplit("/", 1)[-1], json.loads(request.content)) for request in calls]


def test_the_same_login_lives_on(talking: Visit, login: TelephonyCredential) -> None:
    response = talking.post("renew")

    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    end = (timezone.now() + settings.CREDENTIAL_LIFETIME).replace(microsecond=0)
    (asked,) = extended(talking.rest)
    assert asked[0] == login.telnyx_id
    assert abs(datetime.fromisoformat(asked[1]["expires_at"]) - end) < timedelta(seconds=2)
    assert response.json()["credentials"]["token"] == talking.rest.tokens[-1]
    assert abs(datetime.fromisoformat(response.json()["credentials"]["expires"]) - end) < timedelta(seconds=2)
    assert set(response.json()["credentials"]) == {"token", "expires"}
    kept = TelephonyCredential.objects.get()
    assert kept.revoke_at == kept.expires_at > timezone.now() + timedelta(minutes=59)


@pytest.mark.parametrize("how", ["refused", "unreachable", "token ends all the same"])
def test_where_it_does_not_the_page_gets_another(talking: Visit, login: TelephonyCredential, how: str) -> None:
    if how == "refused":
        talking.rest.router["extend"].mock(return_value=REFUSED)
    elif how == "unreachable":
        talking.rest.router["extend"].mock(side_effect=httpx.ReadTimeout("slow"))
    else:
        soon, later = token_until(login.expires_at), token_until(timezone.now() + timedelta(hours=1))
        talking.rest.router["token"].mock(side_effect=[httpx.Response(201, text=one) for one in (soon, later)])

    response = talking.post("renew")

    assert response.status_code == 201
    fresh = TelephonyCredential.objects.exclude(pk=login.pk).get()
    assert fresh.session_id == talking.session_id
    login.refresh_from_db()
    assert login.revoke_at > timezone.now(), "the call may stand on it until it ends by itself"


def test_a_renewal_long_before_the_end_mints_nothing(talking: Visit) -> None:
    credentials.mint_for_session(talking.session, now=timezone.now())
    later = token_until(timezone.now() + settings.CREDENTIAL_LIFETIME)
    talking.rest.router["token"].mock(return_value=httpx.Response(201, text=later))

    assert talking.post("renew").status_code == 201

    assert TelephonyCredential.objects.count() == 1


def test_the_end_of_the_visit_ends_the_login_that_lives_on(talking: Visit, login: TelephonyCredential) -> None:
    talking.post("renew")

    talking.leg.hung_up()
    credentials.revoke_due_credentials(now=timezone.now())

    assert talking.rest.router["revoke"].call_count == 1
    assert talking.post("renew").status_code == 409
    assert len(extended(talking.rest)) == 1


def test_a_visit_that_ends_meanwhile_leaves_no_login(talking: Visit, login: TelephonyCredential) -> None:
    def end(request: httpx.Request) -> httpx.Response:
        visits.end(VoiceSession.objects.get(pk=talking.session_id), reason="hung_up", now=timezone.now())
        return REFUSED

    talking.rest.router["extend"].mock(side_effect=end)

    talking.post("renew")

    assert not TelephonyCredential.objects.filter(revoke_at__gt=timezone.now()).exists()


@pytest.mark.parametrize("why", ["none was given", "it has ended", "it is revoked", "the visit is over"])
def test_where_there_is_no_login_there_is_nothing_to_renew(talking: Visit, why: str) -> None:
    if why != "none was given":
        credentials.mint_for_session(talking.session, now=timezone.now())
    if why == "it has ended":
        talking.clock.advance(61 * 60)
    if why == "the visit is over":
        VoiceSession.objects.update(ended_at=timezone.now())
    if why == "it is revoked":
        TelephonyCredential.objects.update(revoked_at=timezone.now())

    assert talking.post("renew").status_code == 409

    assert extended(talking.rest) == []


def test_renewing_has_a_limit(talking: Visit, login: TelephonyCredential, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views.Renewals, "most", 2)

    responses = [talking.post("renew") for _ in range(3)]

    assert [one.status_code for one in responses] == [201, 201, 429]
    assert int(responses[-1].headers["Retry-After"]) > 0
    assert len(extended(talking.rest)) == 2


def test_a_token_renews_the_login_of_its_own_visit_alone(
    talking: Visit, login: TelephonyCredential, widget: WidgetConfig, client: Client
) -> None:
    other = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    headers = {"Authorization": f"Bearer {tokens.issue(other.pk)}"}

    response = client.post("/api/orchestration/renew", "{}", content_type="application/json", headers=headers)

    assert response.status_code == 409
    assert extended(talking.rest) == []


def test_without_telnyx_the_page_is_told_to_try_again(talking: Visit, login: TelephonyCredential) -> None:
    for name in ("extend", "credential"):
        talking.rest.router[name].mock(return_value=httpx.Response(500))

    assert talking.post("renew").status_code == 500


# --- a closer's softphone


def ask(browser: Client, **body: Any) -> Any:
    return browser.post("/dashboard/softphone/login", json.dumps(body), content_type="application/json")


def test_a_softphone_in_a_call_keeps_its_login(alice: Closer, rest: Rest, clock: Clock) -> None:
    browser, page = logged_in(alice.user), str(uuid4())
    first = ask(browser, page=page).json()
    clock.advance(12 * 3600 - 100)

    again = ask(browser, page=page, renew=True).json()

    assert (again["username"], again["token"]) == (first["username"], rest.tokens[-1])
    assert datetime.fromisoformat(again["expires_at"]) > timezone.now() + timedelta(hours=11)
    assert TelephonyCredential.objects.count() == 1


def test_where_it_cannot_it_gets_another_beside_it(alice: Closer, rest: Rest, clock: Clock) -> None:
    browser, page = logged_in(alice.user), str(uuid4())
    first = ask(browser, page=page).json()
    clock.advance(12 * 3600 - 100)
    rest.router["extend"].mock(return_value=REFUSED)

    again = ask(browser, page=page, renew=True).json()

    assert again["username"] != first["username"]
    assert Closer.objects.get(pk=alice.pk).sip_username == again["username"]
    former = TelephonyCredential.objects.get(sip_username=first["username"])
    assert former.revoke_at == former.expires_at


def test_a_renewal_takes_no_calls_from_the_page_that_registered_since(alice: Closer, rest: Rest) -> None:
    browser, first, second = logged_in(alice.user), str(uuid4()), str(uuid4())
    ask(browser, page=first)
    rung = ask(browser, page=second).json()["username"]

    ask(browser, page=first, renew=True)

    assert Closer.objects.get(pk=alice.pk).sip_username == rung


def test_another_page_s_login_is_not_prolonged(alice: Closer, rest: Rest) -> None:
    browser = logged_in(alice.user)
    ask(browser, page=str(uuid4()))

    assert ask(browser, page=str(uuid4()), renew=True).status_code == 200

    assert extended(rest) == []
    assert TelephonyCredential.objects.count() == 2


@pytest.mark.parametrize("renew", [1, "yes", None, []])
def test_a_strange_wish_is_refused(alice: Closer, rest: Rest, renew: Any) -> None:
    assert ask(logged_in(alice.user), renew=renew).status_code == 400
    assert rest.credentials == []
