"""What the account holds, through the official SDK: made, changed, listed, refused, as the platform does."""

from typing import Any

import pytest
import telnyx
from pydantic import TypeAdapter
from telnyx.types.ai import InferenceEmbedding, McpServer
from telnyx.types.ai.conversations import InsightTemplate, InsightTemplateGroup

from sandbox.config import DEFAULT_ASSISTANT_ID, DEFAULT_CONNECTION_ID
from sandbox.model.account_kinds import KINDS
from tests.sandbox.phone import Phone
from tests.sandbox.stage import Stage

NEW: dict[str, dict[str, Any]] = {
    "outbound_voice_profiles": {"name": "AgileAdapt"},
    "credential_connections": {"connection_name": "AgileAdapt", "user_name": "agileadapt1", "password": "very-secret"},
    "call_control_applications": {"application_name": "AgileAdapt", "webhook_event_url": "https://shop.example/x"},
    "mcp_servers": {"name": "AgileAdapt", "type": "http", "url": "https://shop.example/mcp/"},
    "insights": {"name": "summary", "instructions": "Sum up."},
    "insight_groups": {"name": "AgileAdapt"},
    "assistants": {"name": "AgileAdapt", "instructions": "Be brief."},
    "integration_secrets": {"identifier": "agileadapt-mcp", "type": "bearer", "token": "very-secret"},
}
WRONG: list[tuple[str, str, Any]] = [
    ("outbound_voice_profiles", "name", "AB"),
    ("outbound_voice_profiles", "whitelisted_destinations", ["Australia"]),
    ("outbound_voice_profiles", "daily_spend_limit", 50),
    ("outbound_voice_profiles", "concurrent_call_limit", 11),
    ("credential_connections", "user_name", "1agileadapt"),
    ("credential_connections", "password", "short"),
    ("credential_connections", "anchorsite_override", "Chennai, IN"),
    ("credential_connections", "webhook_api_version", 2),
    ("credential_connections", "sip_uri_calling_preference", "all"),
    ("credential_connections", "outbound", {"call_parking_enabled": "yes"}),
    ("credential_connections", "outbound", {"outbound_voice_profile_id": "404"}),
    ("call_control_applications", "anchorsite_override", "Frankfurt, Germany"),
    ("call_control_applications", "webhook_event_url", "shop.example"),
    ("mcp_servers", "type", "carrier pigeon"),
    ("insights", "instructions", ""),
    ("assistants", "dynamic_variables_webhook_timeout_ms", 10_001),
    ("assistants", "telephony_settings", {"supports_unauthenticated_web_calls": "true"}),
    ("assistants", "mcp_servers", [{"id": "404"}]),
    ("assistants", "tools", [{"type": "hangup", "shared": True}]),
    ("assistants", "tools", [{"type": "hangup"}, {"type": "hangup"}]),
    ("integration_secrets", "type", "cookie"),
]


def path_of(name: str) -> str:
    return next(kind.path.removeprefix("/v2/") for kind in KINDS if kind.name == name)


async def create(stage: Stage, name: str, **settings: Any) -> Any:
    status, answer = await stage.post(path_of(name), NEW[name] | settings)
    assert status in (200, 201), answer
    return answer.get("data", answer)


@pytest.mark.parametrize("name", NEW)
async def test_what_is_made_is_listed(stage: Stage, name: str) -> None:
    made = await create(stage, name)

    held = await stage.control("GET", "account")
    assert [one["id"] for one in held[name]][-1:] == [made["id"]]
    assert "very-secret" not in str(made).replace(str(made.get("password")), "")


@pytest.mark.parametrize("name", NEW)
async def test_what_is_needed_is_asked_for(stage: Stage, name: str) -> None:
    for missing in next(kind.required for kind in KINDS if kind.name == name):
        body = {key: value for key, value in NEW[name].items() if key != missing}
        status, answer = await stage.post(path_of(name), body)
        assert status == 422
        assert missing in str(answer)


@pytest.mark.parametrize(("name", "parameter", "value"), WRONG)
async def test_a_value_that_cannot_be_is_refused_by_name(stage: Stage, name: str, parameter: str, value: Any) -> None:
    before = await stage.control("GET", "account")

    status, answer = await stage.post(path_of(name), NEW[name] | {parameter: value})

    assert status in (400, 422)
    assert parameter in str(answer)
    assert await stage.control("GET", "account") == before


async def test_what_it_prints_is_what_the_sdk_expects(stage: Stage) -> None:
    client = stage.client
    for name, model in {
        "assistants": InferenceEmbedding,
        "mcp_servers": McpServer,
        "insights": InsightTemplate,
        "insight_groups": InsightTemplateGroup,
        "outbound_voice_profiles": telnyx.types.OutboundVoiceProfile,
        "credential_connections": telnyx.types.CredentialConnection,
        "call_control_applications": telnyx.types.CallControlApplication,
        "integration_secrets": telnyx.types.IntegrationSecret,
    }.items():
        adapter: Any = TypeAdapter(model)
        adapter.validate_python(await create(stage, name))

    assert [one.name async for one in client.ai.mcp_servers.list()] == ["AgileAdapt"]
    assert [one.name for one in (await client.ai.assistants.list()).data][-1] == "AgileAdapt"
    assert [one.identifier async for one in client.integration_secrets.list()] == ["agileadapt-mcp"]


async def test_a_part_that_is_sent_replaces_the_part_that_was_there(stage: Stage) -> None:
    connections = stage.client.credential_connections
    before = (await connections.retrieve(DEFAULT_CONNECTION_ID)).data

    await connections.update(DEFAULT_CONNECTION_ID, outbound={"localization": "GB"})

    after = (await connections.retrieve(DEFAULT_CONNECTION_ID)).data
    assert before.outbound.call_parking_enabled is True
    assert (after.outbound.localization, after.outbound.call_parking_enabled) == ("GB", None)
    assert after.webhook_event_url == before.webhook_event_url


async def test_an_mcp_server_is_replaced_by_its_update(stage: Stage) -> None:
    made = await create(stage, "mcp_servers", api_key_ref="key-1")

    await stage.client.ai.mcp_servers.update(made["id"], name="A", type="sse", url="https://b.example/mcp/")

    after = await stage.client.ai.mcp_servers.retrieve(made["id"])
    assert (after.name, after.type, after.api_key_ref) == ("A", "sse", None)


async def test_shared_tools_are_shown_among_the_own_ones(stage: Stage) -> None:
    own, library = {"type": "hangup", "hangup": {}}, {"type": "webhook", "webhook": {"name": "lookup"}}
    assistant = {"id": "assistant-1", "name": "A", "instructions": "", "tools": [own], "shared_tools": [library]}
    await stage.control("PUT", "account", {"assistants": [assistant]})

    tools = (await stage.client.ai.assistants.retrieve("assistant-1")).tools

    assert [(tool.type, tool.shared) for tool in tools] == [("hangup", False), ("webhook", True)]


async def test_an_insight_is_assigned_once(stage: Stage) -> None:
    insight, group = await create(stage, "insights"), await create(stage, "insight_groups")
    groups = stage.client.ai.conversations.insight_groups

    for _ in range(2):
        await groups.insights.assign(insight["id"], group_id=group["id"])

    held = (await groups.retrieve(group["id"])).data.insights
    assert [one.id for one in held] == [insight["id"]]


async def test_what_is_deleted_is_gone(stage: Stage) -> None:
    made = await create(stage, "credential_connections")
    await stage.client.credential_connections.delete(made["id"])

    with pytest.raises(telnyx.NotFoundError):
        await stage.client.credential_connections.retrieve(made["id"])


async def test_a_new_connection_takes_credentials_and_a_foreign_one_none(stage: Stage) -> None:
    made = await create(stage, "credential_connections")

    assert (await stage.credential(connection_id=made["id"])).id
    with pytest.raises(telnyx.UnprocessableEntityError):
        await stage.credential(connection_id="404")


async def test_a_browser_without_a_credential_is_let_in_only_where_the_assistant_says_so(stage: Stage) -> None:
    settings = {"supports_unauthenticated_web_calls": False}
    await stage.client.ai.assistants.update(DEFAULT_ASSISTANT_ID, telephony_settings=settings)

    phone = Phone(stage.url + "/")
    stage.phones.append(phone)
    reply = await phone.sign_in(target_type="ai_assistant", target_id=DEFAULT_ASSISTANT_ID)

    assert reply["error"]["code"] == -32001


async def test_a_fault_meets_these_addresses_too(stage: Stage) -> None:
    await stage.control("PUT", "faults", [{"match": "POST /v2/ai/mcp_servers", "mode": "status", "status": 429}])

    with pytest.raises(telnyx.RateLimitError):
        await stage.client.ai.mcp_servers.create(**NEW["mcp_servers"])


async def test_no_secret_is_kept_in_the_list_of_requests(stage: Stage) -> None:
    for name in NEW:
        await create(stage, name)

    assert "very-secret" not in str(await stage.control("GET", "requests"))


async def test_a_reset_brings_the_first_account_back(stage: Stage) -> None:
    before = await stage.control("GET", "account")
    await stage.control("PUT", "account", {})
    assert await stage.control("GET", "account") == {kind.name: [] for kind in KINDS}

    await stage.control("POST", "reset", {})

    after = await stage.control("GET", "account")
    assert [one["id"] for one in after["assistants"]] == [one["id"] for one in before["assistants"]]


@pytest.mark.parametrize("account", [[], {"assistant": []}])
async def test_an_account_without_sense_is_refused(stage: Stage, account: Any) -> None:
    assert "error" in await stage.control("PUT", "account", account)
