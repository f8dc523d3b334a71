"""Every request that is no command on a call: credentials, looking things up, what an account holds."""

from datetime import datetime, timedelta, timezone

from telnyx.types.ai.assistant_create_params import AssistantCreateParams
from telnyx.types.ai.assistant_update_params import AssistantUpdateParams
from telnyx.types.ai.conversation_list_params import ConversationListParams
from telnyx.types.ai.conversations.insight_create_params import InsightCreateParams
from telnyx.types.ai.conversations.insight_group_insight_groups_params import InsightGroupInsightGroupsParams
from telnyx.types.ai.conversations.insight_group_retrieve_insight_groups_params import (
    InsightGroupRetrieveInsightGroupsParams,
)
from telnyx.types.ai.conversations.insight_group_update_params import InsightGroupUpdateParams
from telnyx.types.ai.conversations.insight_list_params import InsightListParams
from telnyx.types.ai.conversations.insight_update_params import InsightUpdateParams
from telnyx.types.ai.conversations.message_list_params import MessageListParams
from telnyx.types.ai.mcp_server_create_params import McpServerCreateParams
from telnyx.types.ai.mcp_server_list_params import McpServerListParams
from telnyx.types.ai.mcp_server_update_params import McpServerUpdateParams
from telnyx.types.call_control_application_create_params import CallControlApplicationCreateParams
from telnyx.types.call_control_application_list_params import CallControlApplicationListParams
from telnyx.types.call_control_application_update_params import CallControlApplicationUpdateParams
from telnyx.types.call_event_list_params import CallEventListParams
from telnyx.types.credential_connection_create_params import CredentialConnectionCreateParams
from telnyx.types.credential_connection_list_params import CredentialConnectionListParams
from telnyx.types.credential_connection_update_params import CredentialConnectionUpdateParams
from telnyx.types.dial_metric_list_params import DialMetricListParams
from telnyx.types.integration_secret_create_params import IntegrationSecretCreateParams
from telnyx.types.integration_secret_list_params import IntegrationSecretListParams
from telnyx.types.outbound_voice_profile_create_params import OutboundVoiceProfileCreateParams
from telnyx.types.outbound_voice_profile_list_params import OutboundVoiceProfileListParams
from telnyx.types.outbound_voice_profile_update_params import OutboundVoiceProfileUpdateParams
from telnyx.types.sip_registration_status_list_params import SipRegistrationStatusListParams
from telnyx.types.telephony_credential_create_params import TelephonyCredentialCreateParams
from telnyx.types.telephony_credential_list_params import TelephonyCredentialListParams
from telnyx.types.telephony_credential_update_params import TelephonyCredentialUpdateParams

from telephony.client import Kind
from tests.telephony.contract.case import Case
from tests.telephony.contract.commands import CALL

EXPIRY = datetime(2026, 12, 1, 11, 0, 0, 999, tzinfo=timezone(timedelta(hours=11)))
PAGE = {"page[number]": "1", "page[size]": "100"}

# Of each kind: its address, and the SDK's types for a list, a new object and an update with its verb.
KINDS = {
    Kind.VOICE_PROFILE: (
        "/outbound_voice_profiles",
        OutboundVoiceProfileListParams,
        OutboundVoiceProfileCreateParams,
        ("PATCH", OutboundVoiceProfileUpdateParams),
    ),
    Kind.CONNECTION: (
        "/credential_connections",
        CredentialConnectionListParams,
        CredentialConnectionCreateParams,
        ("PATCH", CredentialConnectionUpdateParams),
    ),
    Kind.APPLICATION: (
        "/call_control_applications",
        CallControlApplicationListParams,
        CallControlApplicationCreateParams,
        ("PATCH", CallControlApplicationUpdateParams),
    ),
    Kind.MCP_SERVER: ("/ai/mcp_servers", McpServerListParams, McpServerCreateParams, ("PUT", McpServerUpdateParams)),
    Kind.INSIGHT: (
        "/ai/conversations/insights",
        InsightListParams,
        InsightCreateParams,
        ("PUT", InsightUpdateParams),
    ),
    Kind.INSIGHT_GROUP: (
        "/ai/conversations/insight-groups",
        InsightGroupRetrieveInsightGroupsParams,
        InsightGroupInsightGroupsParams,
        ("PUT", InsightGroupUpdateParams),
    ),
    Kind.ASSISTANT: ("/ai/assistants", None, AssistantCreateParams, ("POST", AssistantUpdateParams)),
}
# The least that Telnyx takes of each kind.
SMALLEST = {
    Kind.VOICE_PROFILE: {"name": "AgileAdapt"},
    Kind.CONNECTION: {"connection_name": "AgileAdapt", "user_name": "agileadapt1", "password": "very-secret"},
    Kind.APPLICATION: {"application_name": "AgileAdapt", "webhook_event_url": "https://shop.example/hook"},
    Kind.MCP_SERVER: {"name": "AgileAdapt", "type": "http", "url": "https://shop.example/mcp/"},
    Kind.INSIGHT: {"name": "summary", "instructions": "Sum up."},
    Kind.INSIGHT_GROUP: {"name": "AgileAdapt", "webhook": "https://shop.example/insights"},
    Kind.ASSISTANT: {"name": "AgileAdapt", "instructions": "Be brief."},
}


def of_kind(kind: Kind) -> dict[str, Case]:
    path, listing, creating, (verb, updating) = KINDS[kind]
    settings = SMALLEST[kind]
    page = {} if kind is Kind.ASSISTANT else PAGE
    return {
        f"account_objects, {kind}": Case(lambda telnyx: telnyx.account_objects(kind), path, listing, page, "GET"),
        f"account_object, {kind}": Case(
            lambda telnyx: telnyx.account_object(kind, "x-1"), f"{path}/x-1", None, {}, "GET"
        ),
        f"create_object, {kind}": Case(lambda telnyx: telnyx.create_object(kind, settings), path, creating, settings),
        f"update_object, {kind}": Case(
            lambda telnyx: telnyx.update_object(kind, "x-1", settings), f"{path}/x-1", updating, settings, verb
        ),
    }


OTHERS: dict[str, Case] = {
    "create_credential": Case(
        lambda telnyx: telnyx.create_credential(connection_id="26944", name="s-1", tag="prod", expires_at=EXPIRY),
        "/telephony_credentials",
        TelephonyCredentialCreateParams,
        {"connection_id": "26944", "name": "s-1", "tag": "prod", "expires_at": "2026-12-01T00:00:00Z"},
    ),
    "extend_credential": Case(
        lambda telnyx: telnyx.extend_credential("c-1", expires_at=EXPIRY),
        "/telephony_credentials/c-1",
        TelephonyCredentialUpdateParams,
        {"expires_at": "2026-12-01T00:00:00Z"},
        "PATCH",
    ),
    "is_registered": Case(
        lambda telnyx: telnyx.is_registered("gencred7x"),
        "/sip_registration_status",
        SipRegistrationStatusListParams,
        {"credential_type": "telephony_credential", "username": "gencred7x"},
        "GET",
    ),
    "create_login_token": Case(
        lambda telnyx: telnyx.create_login_token("c-1"), "/telephony_credentials/c-1/token", None, {}
    ),
    "delete_credential": Case(
        lambda telnyx: telnyx.delete_credential("c-1"), "/telephony_credentials/c-1", None, {}, "DELETE"
    ),
    "list_credentials": Case(
        lambda telnyx: telnyx.list_credentials(tag="prod"),
        "/telephony_credentials",
        TelephonyCredentialListParams,
        {"filter": {"tag": "prod"}, "page[number]": "1", "page[size]": "250"},
        "GET",
    ),
    "call_status": Case(lambda telnyx: telnyx.call_status(CALL), f"/calls/{CALL}", None, {}, "GET"),
    "call_records, of a leg": Case(
        lambda telnyx: telnyx.call_records(call_leg_id="leg-1"),
        "/call_events",
        CallEventListParams,
        PAGE | {"filter": {"type": "webhook", "leg_id": "leg-1"}},
        "GET",
    ),
    "call_records, of a connection": Case(
        lambda telnyx: telnyx.call_records(connection_id="26944", since=EXPIRY),
        "/call_events",
        CallEventListParams,
        PAGE | {"filter": {"type": "webhook", "connection_id": "26944", "occurred_at][gte": EXPIRY.isoformat()}},
        "GET",
    ),
    "conversations_of_call": Case(
        lambda telnyx: telnyx.conversations_of_call(CALL),
        "/ai/conversations",
        ConversationListParams,
        {"metadata->call_control_id": f"eq.{CALL}", "order": "created_at.asc", "limit": "10"},
        "GET",
    ),
    "conversation_messages": Case(
        lambda telnyx: telnyx.conversation_messages("k-1"),
        "/ai/conversations/k-1/messages",
        MessageListParams,
        PAGE,
        "GET",
    ),
    "conversation_insights": Case(
        lambda telnyx: telnyx.conversation_insights("k-1"),
        "/ai/conversations/k-1/conversations-insights",
        None,
        {},
        "GET",
    ),
    "balance": Case(lambda telnyx: telnyx.balance(), "/balance", None, {}, "GET"),
    "connections": Case(lambda telnyx: telnyx.connections(), "/connections/count", None, {}, "GET"),
    "dials": Case(
        lambda telnyx: telnyx.dials(since=EXPIRY - timedelta(days=1), until=EXPIRY),
        "/dial_metrics",
        DialMetricListParams,
        {
            "start_time": (EXPIRY - timedelta(days=1)).isoformat(),
            "end_time": EXPIRY.isoformat(),
            "granularity": "hour",
            "page[limit]": "1000",
        },
        "GET",
    ),
    "blocked_products": Case(lambda telnyx: telnyx.blocked_products(), "/spend_limits", None, {}, "GET"),
    "assign_insight": Case(
        lambda telnyx: telnyx.assign_insight("i-1", group_id="g-1"),
        "/ai/conversations/insight-groups/g-1/insights/i-1/assign",
        None,
        {},
    ),
    "public_key": Case(lambda telnyx: telnyx.public_key(), "/public_key", None, {}, "GET"),
    "secret_names": Case(
        lambda telnyx: telnyx.secret_names(), "/integration_secrets", IntegrationSecretListParams, PAGE, "GET"
    ),
    "create_secret": Case(
        lambda telnyx: telnyx.create_secret("agileadapt-mcp", token="very-secret"),
        "/integration_secrets",
        IntegrationSecretCreateParams,
        {"identifier": "agileadapt-mcp", "type": "bearer", "token": "very-secret"},
    ),
    **{name: case for kind in Kind for name, case in of_kind(kind).items()},
}
