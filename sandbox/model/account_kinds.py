"""The kinds of objects that an account holds: addresses, what must be given, what may be, what is there by default."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any], bool]

CONNECTION_SITES = (
    *("Latency", "Chicago, IL", "Ashburn, VA", "San Jose, CA", "Sydney, Australia", "Amsterdam, Netherlands"),
    *("London, UK", "Toronto, Canada", "Vancouver, Canada", "Frankfurt, Germany"),
)
APPLICATION_SITES = (
    *("Latency", "Chicago, IL", "Ashburn, VA", "San Jose, CA", "Sydney, Australia", "Amsterdam, Netherlands"),
    *("London, UK", "Toronto, Canada", "Chennai, IN"),
)
# More than the account's own limit is refused.
CHANNELS = 10


@dataclass(frozen=True)
class Kind:
    """`verb` is that of an update; with PUT the object is replaced. `style` is how lists are printed.

    `is_made_here` is false of what has to be bought, and can only be seen; `hidden` is never printed.
    """

    name: str
    path: str
    verb: str
    style: str
    prefix: str = ""
    required: tuple[str, ...] = ("name",)
    checks: Mapping[str, Check] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    is_made_here: bool = True
    hidden: frozenset[str] = frozenset()

    @property
    def record_type(self) -> str:
        return self.name.removesuffix("s")


# Source: the SDK's models of what the AI interface answers.
UNPRINTED = frozenset(("record_type", "updated_at"))


def one_of(*choices: object) -> Check:
    return lambda value: any(value == choice and type(value) is type(choice) for choice in choices)


def matching(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def between(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def holding(**checks: Check) -> Check:
    """An object in which these entries, where they are given, are as they should be."""
    return lambda value: (
        isinstance(value, dict)
        and all(check(value[name]) for name, check in checks.items() if value.get(name) is not None)
    )


boolean = one_of(True, False)
text = matching(r"(?s).+")
any_text = matching(r"(?s).*")
address = matching(r"https?://\S+")

WEBHOOKS: dict[str, Check] = {
    "active": boolean,
    "webhook_event_url": address,
    "webhook_event_failover_url": or_null(any_text),
    "webhook_api_version": one_of("1", "2"),
    "webhook_timeout_secs": or_null(between(0, 30)),
    "call_cost_in_webhooks": boolean,
}
WEBHOOK_DEFAULTS = {"active": True, "anchorsite_override": "Latency", "webhook_api_version": "1", "outbound": {}}

VOICE_PROFILES = Kind(
    "outbound_voice_profiles",
    "/v2/outbound_voice_profiles",
    "PATCH",
    "pages",
    checks={
        "name": matching(r"(?s).{3,}"),
        "whitelisted_destinations": each(matching(r"[A-Z]{2}")),
        "daily_spend_limit": matching(r"\d+(\.\d+)?"),
        "daily_spend_limit_enabled": boolean,
        "concurrent_call_limit": or_null(between(1, CHANNELS)),
        "enabled": boolean,
    },
    defaults={
        "whitelisted_destinations": ["US", "CA"],
        "daily_spend_limit_enabled": False,
        "concurrent_call_limit": None,
        "enabled": True,
        "traffic_type": "conversational",
        "service_plan": "global",
    },
)
CONNECTIONS = Kind(
    "credential_connections",
    "/v2/credential_connections",
    "PATCH",
    "pages",
    required=("connection_name", "user_name", "password"),
    checks={
        **WEBHOOKS,
        "connection_name": text,
        "user_name": matching(r"[A-Za-z][A-Za-z0-9]{3,31}"),
        "password": matching(r".{8,128}"),
        "anchorsite_override": one_of(*CONNECTION_SITES),
        "sip_uri_calling_preference": one_of("disabled", "unrestricted", "internal"),
        "outbound": holding(
            call_parking_enabled=boolean,
            localization=matching(r"[A-Z]{2}"),
            outbound_voice_profile_id=text,
            channel_limit=between(1, CHANNELS),
        ),
    },
    defaults={
        **WEBHOOK_DEFAULTS,
        "sip_uri_calling_preference": "disabled",
        "outbound": {"call_parking_enabled": False, "localization": "US", "ani_override": None},
    },
)
APPLICATIONS = Kind(
    "call_control_applications",
    "/v2/call_control_applications",
    "PATCH",
    "pages",
    required=("application_name", "webhook_event_url"),
    checks={
        **WEBHOOKS,
        "application_name": text,
        "anchorsite_override": one_of(*APPLICATION_SITES),
        "outbound": holding(outbound_voice_profile_id=text, channel_limit=between(1, CHANNELS)),
    },
    defaults=WEBHOOK_DEFAULTS,
)
MCP_SERVERS = Kind(
    "mcp_servers",
    "/v2/ai/mcp_servers",
    "PUT",
    "array",
    required=("name", "type", "url"),
    checks={
        "name": text,
        "type": one_of("http", "sse"),
        "url": address,
        "api_key_ref": or_null(text),
        "allowed_tools": or_null(each(text)),
    },
    defaults={"api_key_ref": None, "allowed_tools": None},
    hidden=UNPRINTED,
)
INSIGHTS = Kind(
    "insights",
    "/v2/ai/conversations/insights",
    "PUT",
    "pages",
    required=("name", "instructions"),
    checks={"name": text, "instructions": text, "webhook": any_text},
    defaults={"insight_type": "custom", "json_schema": None, "webhook": ""},
    hidden=UNPRINTED,
)
INSIGHT_GROUPS = Kind(
    "insight_groups",
    "/v2/ai/conversations/insight-groups",
    "PUT",
    "pages",
    checks={"name": text, "description": any_text, "webhook": any_text},
    defaults={"description": "", "webhook": ""},
    hidden=UNPRINTED,
)
ASSISTANTS = Kind(
    "assistants",
    "/v2/ai/assistants",
    "POST",
    "whole",
    prefix="assistant-",
    required=("name", "instructions"),
    checks={
        "name": text,
        "instructions": any_text,
        "greeting": any_text,
        "model": text,
        "dynamic_variables": holding(),
        "dynamic_variables_webhook_url": any_text,
        "dynamic_variables_webhook_timeout_ms": between(1, 10_000),
        "enabled_features": each(one_of("telephony", "messaging")),
        "insight_settings": holding(insight_group_id=text),
        "mcp_servers": each(lambda value: isinstance(value, dict) and text(value.get("id"))),
        "privacy_settings": holding(data_retention=boolean),
        "telephony_settings": holding(
            supports_unauthenticated_web_calls=boolean,
            send_message_history_updates=boolean,
            time_limit_secs=between(30, 14_400),
        ),
        "tools": each(lambda value: isinstance(value, dict) and text(value.get("type"))),
        "voice_settings": lambda value: isinstance(value, dict) and text(value.get("voice")),
    },
    defaults={
        "model": "openai/gpt-4o",
        "greeting": "",
        "dynamic_variables": {},
        "dynamic_variables_webhook_timeout_ms": 1500,
        "enabled_features": [],
        "mcp_servers": [],
        "tools": [],
        "telephony_settings": {"supports_unauthenticated_web_calls": False, "time_limit_secs": 1800},
    },
    hidden=UNPRINTED,
)
SECRETS = Kind(
    "integration_secrets",
    "/v2/integration_secrets",
    "",
    "pages",
    required=("identifier", "type"),
    checks={"identifier": text, "type": one_of("bearer", "basic"), "token": text},
    hidden=frozenset(("type", "token")),
)
NUMBERS = Kind(
    "phone_numbers",
    "/v2/phone_numbers",
    "",
    "pages",
    required=("phone_number",),
    checks={"phone_number": matching(r"\+[1-9][0-9]{6,14}")},
    defaults={
        "status": "active",
        "country_iso_alpha2": "AU",
        "deletion_lock_enabled": False,
        "phone_number_type": "local",
        "purchased_at": "2026-01-01T00:00:00Z",
        "tags": [],
    },
    is_made_here=False,
)
KINDS = (
    *(VOICE_PROFILES, CONNECTIONS, APPLICATIONS, MCP_SERVERS),
    *(INSIGHTS, INSIGHT_GROUPS, ASSISTANTS, SECRETS, NUMBERS),
)
BY_NAME = {kind.name: kind for kind in KINDS}
# On these the platform answers a mistake in the shape of its AI interface.
AI_KINDS = frozenset({"mcp_servers", "insights", "insight_groups", "assistants"})
