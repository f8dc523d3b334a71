"""A new account becomes one with which everything works; a second run finds nothing to do."""

import pytest
from pytest_django import Settings

from sessions_app.models import WidgetConfig
from tests.sessions_app.provisioning.conftest import HOST, SECRET, Office


def test_everything_is_made(office: Office, widget: WidgetConfig) -> None:
    printed = office.provision("--tools", "both")

    connection, application = office.only("credential_connections"), office.only("call_control_applications")
    profile, server = office.only("outbound_voice_profiles"), office.only("mcp_servers")
    for made in (connection, application):
        assert made["webhook_event_url"] == f"{HOST}/webhooks/telnyx/call-control"
        assert made["webhook_api_version"] == "2"
        assert made["webhook_timeout_secs"] == 5
        assert made.get("webhook_event_failover_url") is None
        assert made["anchorsite_override"] == "Sydney, Australia"
        assert made["outbound"]["outbound_voice_profile_id"] == profile["id"]
    assert connection["outbound"]["call_parking_enabled"] is True
    assert connection["outbound"]["localization"] == "AU"
    assert connection["sip_uri_calling_preference"] == "internal"
    assert profile["whitelisted_destinations"] == ["AU"]
    assert (profile["daily_spend_limit_enabled"], profile["daily_spend_limit"]) == (True, "50.00")
    assert (server["url"], server["api_key_ref"]) == (f"{HOST}/mcp/", "agileadapt-mcp")
    assert office.only("integration_secrets")["identifier"] == "agileadapt-mcp"
    assert f"TELNYX_CONNECTION_ID={connection['id']}" in printed
    assert f"TELNYX_CALL_CONTROL_APP_ID={application['id']}" in printed


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_it_begins_with_how_the_account_stands(office: Office, widget: WidgetConfig, options: tuple[str, ...]) -> None:
    first, *others = office.provision(*options).splitlines()

    assert first.startswith("balance: ")
    (own,) = [line for line in others if line.startswith("own cap: ")]
    assert own == "own cap: 8 legs (TELNYX_MAX_LEGS), which is 4 visits at once"
    assert others.index(own) < next(at for at, line in enumerate(others) if line.startswith("Outbound voice profile"))


def test_the_assistant_of_a_widget_is_made_and_named_by_it(office: Office, widget: WidgetConfig) -> None:
    printed = office.provision()

    widget.refresh_from_db()
    assistant, group = office.only("assistants"), office.only("insight_groups")
    assert widget.assistant_id == assistant["id"]
    assert assistant["id"] in printed
    assert assistant["dynamic_variables_webhook_url"] == f"{HOST}/webhooks/telnyx/dynamic-variables"
    assert assistant["mcp_servers"] == []
    assert assistant["insight_settings"] == {"insight_group_id": group["id"]}
    assert assistant["enabled_features"] == ["telephony"]
    assert assistant["greeting"] == widget.greeting
    assert "- budget: What budget do you have in mind?" in assistant["instructions"]
    assert assistant["dynamic_variables"] == {"company": "AgileAdapt", "prospect_name": "", "widget": ""}


def test_our_tools_are_webhooks_that_save_the_widget_s_questions(office: Office, widget: WidgetConfig) -> None:
    office.provision()

    tools = {tool["webhook"]["name"]: tool for tool in office.only("assistants")["tools"]}
    assert sorted(tools) == ["book_callback", "check_closer_availability", "request_handoff", "save_prospect_details"]
    saving = tools["save_prospect_details"]
    assert (saving["timeout_ms"], saving["webhook"]["method"]) == (10_000, "POST")
    assert saving["webhook"]["url"] == f"{HOST}/webhooks/telnyx/tools/save_prospect_details"
    asked = saving["webhook"]["body_parameters"]["properties"]
    assert list(asked) == ["full_name", "email", "phone", "budget", "timeline"]
    assert asked["budget"] == {"type": "string", "description": "What budget do you have in mind?"}
    assert not any(tool["type"] == "hangup" for tool in tools.values())
    assert office.account()["mcp_servers"] == []


def test_a_changed_question_changes_what_is_saved_and_nothing_else(office: Office, widget: WidgetConfig) -> None:
    office.provision()
    widget.refresh_from_db()
    widget.gather_schema["properties"]["roof"] = {"type": "string", "description": "What is on your roof?"}
    widget.save()
    before = office.only("assistants")["tools"]

    printed = office.provision()

    after = office.only("assistants")["tools"]
    assert "  tools: webhook, webhook, webhook, webhook → webhook, webhook, webhook, webhook" in printed
    assert "roof" in str(after[0])
    assert after[1:] == before[1:]


def test_mcp_comes_and_goes_by_choice(office: Office, widget: WidgetConfig) -> None:
    office.provision("--tools", "mcp")
    server = office.only("mcp_servers")
    assert office.only("assistants")["mcp_servers"] == [{"id": server["id"]}]
    assert office.only("assistants")["tools"] == []

    office.provision()

    assert office.only("assistants")["mcp_servers"] == []
    assert len(office.only("assistants")["tools"]) == 4
    assert "Nothing to change." in office.provision()


def test_an_owner_s_tools_and_words_stay_and_what_they_lack_is_said(office: Office, widget: WidgetConfig) -> None:
    office.provision()
    widget.refresh_from_db()
    assistant = office.only("assistants")
    own = {"type": "webhook", "webhook": {"name": "price", "url": "https://own.example/", "description": "Price"}}
    hangs_up = {"type": "hangup", "hangup": {"description": "End the call"}}
    ours = [{name: value for name, value in tool.items() if name != "shared"} for tool in assistant["tools"]]
    office.sandbox.set_account(
        **{kind: objects for kind, objects in office.account().items() if kind != "assistants"},
        assistants=[{**assistant, "instructions": "Be brief.", "tools": [own, hangs_up, *ours[1:]]}],
    )

    printed = office.provision()

    after = office.only("assistants")
    assert after["instructions"] == "Be brief."
    assert [tool["type"] for tool in after["tools"]] == ["webhook", "hangup", *["webhook"] * 4]
    assert {"own": after["tools"][0]["webhook"]["url"]} == {"own": "https://own.example/"}
    assert "instructions: kept as they are. Add to them: Save each answer with save_prospect_details" in printed
    assert "tools: its tool to hang up ends the prospect's line; remove it" in printed
    assert "Nothing to change." in office.provision()


def test_what_the_website_may_say_has_a_default_that_its_owner_may_choose(
    office: Office, widget: WidgetConfig, anonymous_widget: WidgetConfig
) -> None:
    """Without one, an assistant would read “{{order_number}}” out to a visitor of whom nothing was said."""
    widget.custom_headers, widget.value_names = [{"name": "X-User-Tier", "value": "Enterprise"}], ["order_number"]
    widget.save()
    anonymous_widget.value_names = ["plan"]
    anonymous_widget.save()
    office.provision()
    made = office.only("assistants")
    ours = {"company": "AgileAdapt", "prospect_name": "", "widget": ""}
    assert made["dynamic_variables"] == ours | {"user_tier": "", "order_number": "", "plan": ""}

    owners = made["dynamic_variables"] | {"user_tier": "Standard"}
    office.sandbox.set_account(assistants=[made | {"dynamic_variables": owners, "mcp_servers": []}])
    office.provision()

    assert office.only("assistants")["dynamic_variables"] == owners


def test_insights_come_back_to_us_and_ask_for_the_widgets_fields(office: Office, widget: WidgetConfig) -> None:
    office.provision()

    group = office.only("insight_groups")
    assert group["webhook"] == f"{HOST}/webhooks/telnyx/insights"
    assert [one["name"] for one in group["insights"]] == ["AgileAdapt: summary", "AgileAdapt: details"]
    assert list(group["insights"][1]["json_schema"]["properties"]) == ["full_name", "email", "budget", "timeline"]


@pytest.mark.parametrize("are_ids_set", [True, False])
def test_a_second_run_sends_nothing(
    office: Office, widget: WidgetConfig, settings: Settings, are_ids_set: bool
) -> None:
    office.provision()
    before = office.account()
    if are_ids_set:
        settings.TELNYX_CONNECTION_ID = office.only("credential_connections")["id"]
        settings.TELNYX_CALL_CONTROL_APP_ID = office.only("call_control_applications")["id"]

    printed = office.provision()

    assert office.writes() == []
    assert "Nothing to change." in printed
    assert "→" not in printed
    assert office.account() == before


def test_a_dry_run_tells_all_of_it_and_writes_nothing(office: Office, widget: WidgetConfig) -> None:
    assistant_id = widget.assistant_id

    printed = office.provision("--dry-run")

    assert office.writes() == []
    assert not any(office.account().values())
    widget.refresh_from_db()
    assert widget.assistant_id == assistant_id
    for said in (
        "Credential connection “AgileAdapt”: to be created",
        "anchorsite_override: none → Sydney, Australia",
        "outbound.outbound_voice_profile_id: none → (the new outbound voice profile)",
        "tools: none → webhook, webhook, webhook, webhook",
        "Integration secret “agileadapt-mcp”: to be created",
        "password: made at random, and not shown",
        "Nothing was written.",
    ):
        assert said in printed


def test_a_dry_run_of_what_is_right_says_so(office: Office, widget: WidgetConfig) -> None:
    office.provision()

    assert "Nothing to change." in office.provision("--dry-run")


def test_without_a_widget_there_is_an_assistant_for_the_first_one(office: Office) -> None:
    printed = office.provision()

    assistant = office.only("assistants")
    assert (assistant["name"], assistant["telephony_settings"]["supports_unauthenticated_web_calls"]) == (
        "AgileAdapt",
        False,
    )
    assert assistant["id"] in printed
    assert "Nothing to change." in office.provision()


def test_only_an_anonymous_widget_opens_its_assistant_to_everybody(
    office: Office, widget: WidgetConfig, anonymous_widget: WidgetConfig
) -> None:
    WidgetConfig.objects.filter(pk=anonymous_widget.pk).update(assistant_id="assistant-anonymous")

    office.provision()

    is_open = {
        one["name"]: one["telephony_settings"].get("supports_unauthenticated_web_calls")
        for one in office.account()["assistants"]
    }
    assert is_open == {"AgileAdapt home": False, "AgileAdapt anonymous": True}


def test_an_assistant_is_closed_again_when_its_anonymous_widget_rests(
    office: Office, widget: WidgetConfig, anonymous_widget: WidgetConfig
) -> None:
    office.provision()
    assert office.only("assistants")["telephony_settings"]["supports_unauthenticated_web_calls"] is True
    WidgetConfig.objects.filter(pk=anonymous_widget.pk).update(is_active=False)

    office.provision()

    assert office.only("assistants")["telephony_settings"]["supports_unauthenticated_web_calls"] is False


def test_the_transfer_tool_is_given_on_request_to_anonymous_widgets_alone(
    office: Office, widget: WidgetConfig, anonymous_widget: WidgetConfig, settings: Settings
) -> None:
    settings.TELNYX_TARGETS_VARIABLE = "targets_k3j"
    WidgetConfig.objects.filter(pk=anonymous_widget.pk).update(assistant_id="assistant-anonymous")
    office.provision("--transfer-tool")

    tools = {one["name"]: one["tools"] for one in office.account()["assistants"]}

    assert {tool["type"] for tool in tools["AgileAdapt home"]} == {"webhook"}
    transfers = [tool for tool in tools["AgileAdapt anonymous"] if tool["type"] == "transfer"]
    assert [tool["transfer"]["targets"] for tool in transfers] == ["{{ targets_k3j }}"]
    assert "Nothing to change." in office.provision("--transfer-tool")


def test_without_a_secret_there_is_no_door_for_tools(office: Office, widget: WidgetConfig, settings: Settings) -> None:
    settings.MCP_SECRETS = []

    printed = office.provision()

    assert "MCP_SECRETS is empty" in printed
    assert office.account()["mcp_servers"] == office.account()["integration_secrets"] == []
    assert office.only("assistants")["mcp_servers"] == []


def test_a_new_name_brings_a_new_secret_and_stays(office: Office) -> None:
    office.provision()

    office.provision("--secret-name", "agileadapt-mcp-2")

    values = {tool["webhook"]["headers"][0]["value"] for tool in office.only("assistants")["tools"]}
    assert values == {"Bearer {{#integration_secret}}agileadapt-mcp-2{{/integration_secret}}"}
    kept = [one["identifier"] for one in office.account()["integration_secrets"]]
    assert kept == ["agileadapt-mcp", "agileadapt-mcp-2"]
    assert "Nothing to change." in office.provision()


def test_the_secret_that_telnyx_keeps_is_the_first_one(office: Office) -> None:
    office.provision()

    sent = [one["body"] for one in office.requests() if one["path"] == "/v2/integration_secrets"]
    assert sent[-1] == {"identifier": "agileadapt-mcp", "type": "bearer", "token": "***"}
    assert SECRET not in str(office.account())


THEIRS = {
    "price": {"type": "webhook", "webhook": {"name": "price", "url": "https://own.example/", "description": "Price"}},
    "see": {
        "type": "webhook",
        "webhook": {"name": "book_callback", "url": f"{HOST}.own.example/webhooks/telnyx/tools/x", "description": "-"},
    },
}


def test_mcp_takes_the_place_of_our_webhook_tools_alone(office: Office, widget: WidgetConfig) -> None:
    office.provision()
    assistant = office.only("assistants")
    ours = [{name: value for name, value in tool.items() if name != "shared"} for tool in assistant["tools"]]
    office.sandbox.set_account(
        **{kind: objects for kind, objects in office.account().items() if kind != "assistants"},
        assistants=[{**assistant, "tools": [THEIRS["price"], *ours, THEIRS["see"]]}],
    )
    before = office.only("assistants")

    dry = office.provision("--tools", "mcp", "--dry-run")

    assert "  tools: webhook, webhook, webhook, webhook, webhook, webhook → webhook, webhook" in dry.splitlines()
    assert "  mcp_servers: [] → (the new MCP server)" in dry
    assert office.only("assistants") == before

    office.provision("--tools", "mcp")

    after = office.only("assistants")
    assert [tool["webhook"] for tool in after["tools"]] == [tool["webhook"] for tool in THEIRS.values()]
    assert len(after["mcp_servers"]) == 1
    assert "Nothing to change." in office.provision("--tools", "mcp")


def test_our_webhook_tools_come_back_where_they_are_chosen_again(office: Office, widget: WidgetConfig) -> None:
    office.provision()
    before = office.only("assistants")["tools"]

    office.provision("--tools", "mcp")
    assert office.only("assistants")["tools"] == []
    office.provision()

    assert (office.only("assistants")["tools"], office.only("assistants")["mcp_servers"]) == (before, [])
    assert "Nothing to change." in office.provision()


def test_webhook_tools_take_the_place_of_every_server_of_ours_alone(office: Office, widget: WidgetConfig) -> None:
    office.provision("--tools", "mcp")
    server, assistant = office.only("mcp_servers"), office.only("assistants")
    by_hand = {**server, "id": "by-hand", "name": "Our tools"}
    theirs = {**server, "id": "theirs", "name": "Warehouse", "url": "https://w.example/mcp/"}
    office.sandbox.set_account(
        **{kind: objects for kind, objects in office.account().items() if kind not in ("assistants", "mcp_servers")},
        mcp_servers=[server, by_hand, theirs],
        assistants=[{**assistant, "mcp_servers": [{"id": one["id"]} for one in (server, by_hand, theirs)]}],
    )

    dry = office.provision("--dry-run")
    assert f"  mcp_servers: {server['id']}, by-hand, theirs → theirs" in dry.splitlines()
    assert len(office.only("assistants")["mcp_servers"]) == 3

    office.provision()

    assert office.only("assistants")["mcp_servers"] == [{"id": "theirs"}]
    assert len(office.account()["mcp_servers"]) == 3
    assert "Nothing to change." in office.provision()


def test_without_a_secret_for_the_other_way_our_tools_stay(
    office: Office, widget: WidgetConfig, settings: Settings
) -> None:
    office.provision()
    settings.MCP_SECRETS = []

    office.provision("--tools", "mcp")

    assert len(office.only("assistants")["tools"]) == 4
