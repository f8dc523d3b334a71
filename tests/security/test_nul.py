"""A NUL, which PostgreSQL does not take, wherever it comes from, is never an error of ours."""

import json

import pytest
from django.test import Client

from handoff.models import Closer
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits import tokens
from tests.people import logged_in
from tests.security.test_session_tokens import BODIES

ADDRESSES = (
    "/api/orchestration/lines?widget=%00",
    "/api/orchestration/lines?widget=demo%00",
    "/w/demo%00/",
    "/accounts/login/?next=%00",
    "/webhooks/telnyx/tools/save_prospect_details?ticket=%00",
    "/dashboard/?widget=%00",
    "/dashboard/callbacks/?widget=%00&week=%00",
    "/dashboard/search/?q=%00&before=%00",
    "/admin/sessions_app/voicesession/?q=%00&team__id__exact=%00",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_with_one_is_no_error_of_ours(alice: Closer, address: str) -> None:
    browser = logged_in(alice.user)
    browser.raise_request_exception = False

    assert browser.get(address).status_code < 500


@pytest.mark.parametrize("header", [{"HTTP_ORIGIN": "https://\0"}, {"HTTP_COOKIE": 'sessionid="aaaaaaaaaaaa\\000"'}])
def test_a_header_with_one_is_refused(widget: WidgetConfig, header: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)

    assert client.options("/api/orchestration/token", **header).status_code == 400
    assert client.get("/accounts/login/", **header).status_code == 400


@pytest.mark.parametrize("name", BODIES)
def test_a_body_with_one_is_no_error_of_ours(session: VoiceSession, name: str) -> None:
    client = Client(raise_request_exception=False)
    body = json.loads(json.dumps(BODIES[name]).replace("hello", "a\\u0000b").replace("Ada", "\\u0000"))
    headers = {"Authorization": f"Bearer {tokens.issue(session.pk)}"}

    answer = client.post(
        f"/api/orchestration/{name}", json.dumps(body), content_type="application/json", headers=headers
    )

    assert answer.status_code < 500 or name in {"rejoin", "renew"}
