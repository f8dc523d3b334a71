"""What an account's owner has set stays, unless it stands in the way; and that is said."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from sandbox.model.account_kinds import APPLICATIONS, ASSISTANTS, CONNECTIONS, VOICE_PROFILES
from sessions_app.models import WidgetConfig
from tests.sessions_app.provisioning.conftest import HOST, THEIR_SECRET, Office

PROFILE: dict[str, Any] = {
    **VOICE_PROFILES.defaults,
    "id": 1293384261075731499,
    "name": "Office",
    "billing_group_id": "b1",
    "daily_spend_limit_enabled": True,
    "daily_spend_limit": "10.00",
    "concurrent_call_limit": 2,
}
CONNECTION: dict[str, Any] = {
    **CONNECTIONS.defaults,
    "id": "1001",
    "connection_name": "Office telephones",
    "user_name": "office",
    "tags": ["office"],
    "rtcp_settings": {"capture_enabled": True},
    "outbound": {
        "outbound_voice_profile_id": 1293384261075731499,
        "channel_limit": 3,
        "localization": "US",
        "ani_override": None,
        "of_tomorrow": {"kept": True},
    },
}
APPLICATION: dict[str, Any] = {
    **APPLICATIONS.defaults,
    "id": "1002",
    "application_name": "Dialler",
    "webhook_event_url": "https://old.example/hook",
    "webhook_event_failover_url": "https://spare.example/hook",
    "first_command_timeout": True,
}
ASSISTANT: dict[str, Any] = {
    **ASSISTANTS.defaults,
    "id": "assistant-1",
    "name": "Ruby",
    "instructions": "You are Ruby.",
    "greeting": "",
    "dynamic_variables": {"company": "Ruby Pty Ltd", "shift": "day"},
    "dynamic_variables_webhook_timeout_ms": 4000,
    "enabled_features": ["messaging"],
    "mcp_servers": [{"id": "other-server", "allowed_tools": ["a"]}],
    "privacy_settings": {"data_retention": False},
    "telephony_settings": {
        "default_texml_app_id": "77",
        "time_limit_secs": 300,
        "noise_suppression": "krisp",
        "of_tomorrow": 1,
    },
    "tools": [
        {"type": "hangup", "hangup": {"description": "End."}},
        {"type": "webhook", "webhook": {"name": "crm", "headers": [{"name": "X-Key", "value": THEIR_SECRET}]}},
    ],
    "shared_tools": [{"type": "webhook", "webhook": {"name": "lookup"}}],
}
OTHER_SERVER = {"id": "other-server", "name": "Warehouse", "type": "sse", "url": "https://w.example/", "extra": 5}


@pytest.fixture
def half(office: Office, widget: WidgetConfig, settings: Settings) -> Office:
    WidgetConfig.objects.update(assistant_id="assistant-1", connection_mode="anonymous")
    settings.TELNYX_CONNECTION_ID, settings.TELNYX_CALL_CONTROL_APP_ID = "1001", "1002"
    office.sandbox.set_account(
        outbound_voice_profiles=[PROFILE],
        credential_connections=[CONNECTION],
        call_control_applications=[APPLICATION],
        mcp_servers=[OTHER_SERVER],
        assistants=[ASSISTANT],
    )
    office.usual = ("--tools", "both")
    return office


def test_a_spare_address_is_given_where_there_is_none(half: Office, settings: Settings) -> None:
    settings.WEBHOOK_FAILOVER_URL = "https://spare.shop.example/webhooks/telnyx/call-control"
    half.sandbox.set_account(
        outbound_voice_profiles=[PROFILE],
        credential_connections=[{**CONNECTION, "webhook_timeout_secs": 2}],
        call_control_applications=[{**APPLICATION, "webhook_timeout_secs": 20}],
        mcp_servers=[OTHER_SERVER],
        assistants=[ASSISTANT],
    )

    half.provision()

    connection, application = half.only("credential_connections"), half.only("call_control_applications")
    assert connection["webhook_event_failover_url"] == settings.WEBHOOK_FAILOVER_URL
    assert application["webhook_event_failover_url"] == "https://spare.example/hook"
    assert (connection["webhook_timeout_secs"], application["webhook_timeout_secs"]) == (5, 20)
    assert "Nothing to change." in half.provision()


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)} - {"updated_at", "created_at"}


def test_what_is_not_ours_is_kept(half: Office) -> None:
    half.provision("--transfer-tool")

    after = half.account()
    connection, application, assistant = (
        after[kind][0] for kind in ("credential_connections", "call_control_applications", "assistants")
    )
    assert changed(CONNECTION, connection) <= {
        *("webhook_event_url", "webhook_api_version", "anchorsite_override", "sip_uri_calling_preference"),
        *("webhook_timeout_secs", "outbound", "record_type"),
    }
    assert connection["outbound"] == {
        "outbound_voice_profile_id": "1293384261075731499",
        "channel_limit": 3,
        "localization": "AU",
        "call_parking_enabled": True,
        "of_tomorrow": {"kept": True},
    }
    assert application["webhook_event_failover_url"] == "https://spare.example/hook"
    assert (application["application_name"], application["first_command_timeout"]) == ("Dialler", True)
    assert application["webhook_event_url"] == f"{HOST}/webhooks/telnyx/call-control"
    assert (assistant["instructions"], assistant["greeting"]) == ("You are Ruby.", "")
    assert assistant["dynamic_variables_webhook_timeout_ms"] == 4000
    assert assistant["dynamic_variables"] == {
        "company": "Ruby Pty Ltd",
        "shift": "day",
        "prospect_name": "",
        "widget": "",
    }
    assert assistant["enabled_features"] == ["messaging", "telephony"]
    assert assistant["mcp_servers"][0] == {"id": "other-server", "allowed_tools": ["a"]}
    assert len(assistant["mcp_servers"]) == 2
    assert assistant["telephony_settings"] == {
        **ASSISTANT["telephony_settings"],
        "supports_unauthenticated_web_calls": True,
        "send_message_history_updates": True,
    }
    assert [(tool["type"], tool["shared"]) for tool in assistant["tools"]] == [
        ("hangup", False),
        ("webhook", False),
        *[("webhook", False)] * 4,
        ("transfer", False),
        ("webhook", True),
    ]
    assert next(one for one in after["mcp_servers"] if one["id"] == "other-server")["url"] == "https://w.example/"


def test_nothing_is_made_twice_and_a_second_run_sends_nothing(half: Office) -> None:
    half.provision("--transfer-tool")
    assert [len(found) for found in half.account().values()] == [1, 1, 1, 2, 2, 1, 1, 1, 0]

    half.provision("--transfer-tool")

    assert half.writes() == []


def test_a_stricter_limit_stays(half: Office) -> None:
    half.provision("--daily-spend-limit", "80")

    profile = half.only("outbound_voice_profiles")
    assert (profile["daily_spend_limit"], profile["concurrent_call_limit"]) == ("10.00", 2)
    assert half.only("credential_connections")["outbound"]["channel_limit"] == 3
    assert half.only("assistants")["telephony_settings"]["time_limit_secs"] == 300


def test_what_a_person_should_decide_is_told_and_left(half: Office) -> None:
    printed = half.provision("--daily-spend-limit", "5")

    assert "left at 10.00, which is more than the 5 suggested" in printed
    assert "calls may go to other countries: US, CA" in printed
    assert "conversations are not kept" in printed
    assert half.only("outbound_voice_profiles")["whitelisted_destinations"] == ["US", "CA", "AU"]
    assert half.only("assistants")["privacy_settings"] == {"data_retention": False}


@pytest.mark.parametrize(
    ("kind", "object_", "name", "said"),
    [
        ("outbound_voice_profiles", PROFILE, "enabled", "the profile is switched off"),
        ("credential_connections", CONNECTION, "active", "the connection is switched off"),
        ("call_control_applications", APPLICATION, "active", "the application is switched off"),
    ],
)
def test_what_its_owner_switched_off_is_not_switched_on(
    half: Office, kind: str, object_: dict[str, Any], name: str, said: str
) -> None:
    objects = {
        "outbound_voice_profiles": [PROFILE],
        "credential_connections": [CONNECTION],
        "call_control_applications": [APPLICATION],
    }
    half.sandbox.set_account(**objects | {kind: [object_ | {name: False}]})

    printed = half.provision()

    assert said in printed
    assert half.only(kind)[name] is False


def test_each_difference_is_printed_as_it_is_now_and_as_it_will_be(half: Office) -> None:
    printed = half.provision("--dry-run", "--transfer-tool")

    for line in (
        "Credential connection 1001 “Office telephones”",
        "  anchorsite_override: Latency → Sydney, Australia",
        "  outbound.localization: US → AU",
        "  outbound.call_parking_enabled: none → true",
        '  whitelisted_destinations: ["US", "CA"] → ["US", "CA", "AU"]',
        f"  webhook_event_url: https://old.example/hook → {HOST}/webhooks/telnyx/call-control",
        "  telephony_settings.supports_unauthenticated_web_calls: none → true",
        "  tools: hangup, webhook → hangup, webhook, webhook, webhook, webhook, webhook, transfer",
        "  mcp_servers: other-server → other-server, (the new MCP server)",
    ):
        assert line in printed.splitlines()
    assert half.writes() == []


def test_the_profile_that_is_in_use_is_the_one_that_counts(half: Office) -> None:
    half.provision()

    assert half.only("outbound_voice_profiles")["name"] == "Office"
    application = half.only("call_control_applications")
    assert str(application["outbound"]["outbound_voice_profile_id"]) == "1293384261075731499"


def test_an_id_that_the_account_does_not_have_is_said_and_looked_for_by_name(half: Office, settings: Settings) -> None:
    settings.TELNYX_CONNECTION_ID = "4711"
    half.sandbox.set_account(credential_connections=[CONNECTION | {"connection_name": "AgileAdapt", "outbound": {}}])

    printed = half.provision()

    assert "This account has no credential connection 4711; looking for it by its name." in printed
    assert "TELNYX_CONNECTION_ID=1001" in printed
    assert half.only("credential_connections")["id"] == "1001"


def test_two_of_one_name_stop_it(half: Office, settings: Settings) -> None:
    settings.TELNYX_CONNECTION_ID = ""
    twins = [CONNECTION | {"id": number, "connection_name": "AgileAdapt", "outbound": {}} for number in ("1", "2")]
    half.sandbox.set_account(credential_connections=twins)

    said = half.fail()

    assert "“AgileAdapt” is the name of more than one credential connection: 1 and 2." in said
    assert half.writes() == []


def test_a_schema_may_come_back_as_text(half: Office) -> None:
    half.provision()
    account = half.account()
    insights = account["insights"]
    insights[1]["json_schema"] = json.dumps(insights[1]["json_schema"])
    tools = [
        {key: value for key, value in tool.items() if key != "shared"} for tool in account["assistants"][0]["tools"]
    ]
    account["assistants"][0]["tools"] = tools
    half.sandbox.set_account(**account)

    assert "Nothing to change." in half.provision()
