"""A run that is stopped says by what and what stands; the next one goes on from there."""

from typing import Any

import pytest
from pytest_django import Settings

from sessions_app.models import WidgetConfig
from telephony.client import AccountObject, Kind, Telnyx
from tests.sessions_app.provisioning.conftest import Office

KINDS = (
    *("integration_secrets", "outbound_voice_profiles", "credential_connections", "call_control_applications"),
    *("mcp_servers", "insights", "insight_groups", "assistants"),
)
# One of each kind, but two insights, and their two places in the group.
WRITES = 11
OWN = {"id", "created_at", "updated_at", "user_name", "password"}


@pytest.fixture(autouse=True)
def with_everything(office: Office) -> None:
    office.usual = ("--tools", "both")


def shape(account: dict[str, list[dict[str, Any]]]) -> Any:
    """What the account holds, without what is made anew each time."""
    ids = {one["id"] for found in account.values() for one in found}
    return {kind: [bare(one, ids) for one in account[kind]] for kind in KINDS}


def bare(value: Any, ids: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: bare(item, ids) for name, item in value.items() if name not in OWN}
    if isinstance(value, list):
        return [bare(item, ids) for item in value]
    return "an id" if value in ids else value


def test_the_number_of_writes_is_what_the_tests_below_think(office: Office, widget: WidgetConfig) -> None:
    office.provision()

    assert len(office.writes()) == WRITES


@pytest.mark.parametrize("mode", ["reset", "lose_reply"])
@pytest.mark.parametrize("nth", range(1, WRITES + 1))
def test_it_goes_on_where_it_was_stopped(office: Office, widget: WidgetConfig, nth: int, mode: str) -> None:
    office.provision()
    wanted, first_id = shape(office.account()), widget.assistant_id
    WidgetConfig.objects.update(assistant_id=first_id)
    office.sandbox.set_account()

    office.sandbox.faults({"match": "POST *", "mode": mode, "nth": nth, "times": 1})
    said = office.fail()
    office.sandbox.clear_faults()
    assert said.count("stands: ") == nth - 1
    assert "run the command again" in said
    printed = office.provision()

    assert len(office.writes()) == WRITES - nth + (1 if mode == "reset" else 0)
    assert shape(office.account()) == wanted
    widget.refresh_from_db()
    assert widget.assistant_id == office.only("assistants")["id"]
    assert "Nothing to change." in office.provision()
    assert widget.assistant_id in printed


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 401}, "refused with HTTP 401, code 10009: API key refused"),
        ({"status": 403}, "refused with HTTP 403, code 10010: not allowed"),
        ({"status": 422, "code": "10032"}, "refused with HTTP 422, code 10032: value is not one of those allowed"),
        ({"status": 429, "seconds": 20}, "code 10011"),
        ({"status": 429, "seconds": 20}, "Wait 20 seconds."),
        ({"status": 500}, "refused with HTTP 500"),
        ({"status": 503}, "refused with HTTP 503"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_is_told_by_its_code(
    office: Office, widget: WidgetConfig, method: str, fault: dict[str, Any], said: str
) -> None:
    office.sandbox.faults({"match": f"{method} /v2/*", "mode": "status", "nth": 3, **fault})

    assert said in office.fail()


def test_a_dry_run_tells_a_refusal_too(office: Office, widget: WidgetConfig) -> None:
    office.sandbox.faults({"match": "GET /v2/ai/assistants*", "mode": "status", "status": 500})

    assert "refused with HTTP 500" in office.fail("--dry-run")


def test_a_mistake_in_what_is_sent_is_told_by_its_parameter(office: Office, settings: Settings) -> None:
    settings.PUBLIC_URL = "ftp://talk.example"

    assert "(at /webhook_event_url)" in office.fail()


def test_a_platform_that_is_down_is_told(office: Office, settings: Settings) -> None:
    office.sandbox.faults({"match": "GET *", "mode": "reset"})

    assert "no answer from Telnyx" in office.fail()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("TELNYX_API_KEY", "", "TELNYX_API_KEY is empty"), ("PUBLIC_URL", "nowhere", "PUBLIC_URL is not an address")],
)
def test_what_is_missing_here_is_named_before_anything_is_asked(
    office: Office, settings: Settings, name: str, value: str, said: str
) -> None:
    key = settings.TELNYX_API_KEY
    setattr(settings, name, value)

    assert said in office.fail()
    assert office.requests() == []
    settings.TELNYX_API_KEY = key


@pytest.mark.parametrize(
    "options", [["--daily-spend-limit", "lots"], ["--daily-spend-limit", "-5"], ["--secret-name", "a b"]]
)
def test_an_option_without_sense_is_refused(office: Office, options: list[str]) -> None:
    assert options[0] in office.fail(*options)
    assert office.requests() == []


def test_a_setting_that_telnyx_does_not_keep_is_told(
    office: Office, widget: WidgetConfig, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.provision()
    settings.PUBLIC_URL = "https://new.example"

    def forget(telnyx: Telnyx, kind: Kind, object_id: str, _settings: Any) -> AccountObject | None:
        return telnyx.account_object(kind, object_id)

    monkeypatch.setattr(Telnyx, "update_object", forget)

    assert "note: Telnyx did not take webhook_event_url" in office.provision()
