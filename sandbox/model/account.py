"""What the account holds beside its calls."""

import uuid
from copy import deepcopy
from typing import Any, NamedTuple

from sandbox.config import Config
from sandbox.model import clock
from sandbox.model.account_kinds import (
    AI_KINDS,
    APPLICATIONS,
    ASSISTANTS,
    BY_NAME,
    CONNECTIONS,
    INSIGHT_GROUPS,
    INSIGHTS,
    NUMBERS,
    SECRETS,
    VOICE_PROFILES,
    Kind,
)
from sandbox.model.limits import Limits

# Every other type of tool may be there once.
REPEATABLE_TOOLS = frozenset({"function", "webhook", "client_side_tool"})
READ_ONLY = frozenset({"id", "created_at", "updated_at", "record_type"})
PROFILE_ID = "1293384261075731499"
DEFAULT_GREETING = "Hello, I am an AI assistant. I have a few short questions before I connect you."

Settings = dict[str, Any]


class Snapshot(NamedTuple):
    objects: dict[str, dict[str, Settings]]
    shared: dict[str, list[Settings]]
    limits: dict[str, Any]


class Refused(Exception):
    """A request has a mistake at a parameter; `status` and `code` are what the platform answers."""

    def __init__(self, parameter: str, reason: str, *, status: int = 422, code: str = "10015") -> None:
        super().__init__(reason)
        self.parameter = parameter
        self.status = status
        self.code = code


class Account:
    def __init__(self, config: Config) -> None:
        self.limits = Limits()
        self._objects: dict[str, dict[str, Settings]] = {}
        # Tools of the account's library, by assistant: its tools list shows them, and nobody may send them back.
        self._shared: dict[str, list[Settings]] = {}
        # An account in which calls work and nothing else is set up.
        self.replace(_initial(config))
        self.keep()

    def keep(self) -> None:
        """Take the account as it stands for what a reset returns to."""
        self._kept = deepcopy(Snapshot(self._objects, self._shared, self.limits.as_json()))

    def reset(self) -> None:
        self._objects, self._shared, limits = deepcopy(self._kept)
        self.limits.choose(limits)

    def replace(self, data: Any) -> None:
        """Hold these objects and no others, by kind; an assistant's `shared_tools` are tools of the library."""
        if not isinstance(data, dict) or not data.keys() <= BY_NAME.keys():
            raise ValueError(f"an account holds {', '.join(BY_NAME)}")
        self._objects = {name: {} for name in BY_NAME}
        self._shared = {}
        for name, objects in data.items():
            for given in objects:
                self._keep(BY_NAME[name], dict(given))

    def everything(self) -> dict[str, list[Settings]]:
        return {name: [self.shown(kind, found) for found in self.all(kind)] for name, kind in BY_NAME.items()}

    def whole(self) -> dict[str, list[Settings]]:
        """Return everything as `replace` takes it, with the tokens that nobody else is shown."""
        shared = {assistant_id: {"shared_tools": tools} for assistant_id, tools in self._shared.items() if tools}
        return {
            name: [{**found, **shared.get(str(found["id"]), {})} for found in self.all(kind)]
            for name, kind in BY_NAME.items()
        }

    def all(self, kind: Kind) -> list[Settings]:
        return list(self._objects[kind.name].values())

    def get(self, kind: Kind, object_id: str) -> Settings | None:
        return self._objects[kind.name].get(object_id)

    def connection(self, connection_id: object) -> Settings:
        """Return a credential connection or an application by its id; empty when there is none."""
        kinds = (APPLICATIONS, CONNECTIONS)
        return next((found for kind in kinds if (found := self.get(kind, str(connection_id)))), {})

    def can_dial(self, connection_id: str) -> bool:
        """Whether it is a Call Control application with an address to tell of its calls."""
        application = self.get(APPLICATIONS, connection_id)
        return application is not None and bool(application.get("webhook_event_url"))

    def takes_calls(self, connection_id: object) -> bool:
        """Whether its users can be called at their SIP addresses."""
        return self.connection(connection_id).get("sip_uri_calling_preference") in ("internal", "unrestricted")

    def owns(self, number: str) -> bool:
        return any(known["phone_number"] == number for known in self.all(NUMBERS))

    def admits_everybody(self, assistant_id: object) -> bool:
        """Whether a browser may call the assistant without a credential."""
        settings = (self.get(ASSISTANTS, str(assistant_id)) or {}).get("telephony_settings") or {}
        return settings.get("supports_unauthenticated_web_calls") is True

    def secret(self, identifier: str) -> str:
        """Return the token of an integration secret, which nobody is shown; "" when there is none of that name."""
        found = (one for one in self.all(SECRETS) if one.get("identifier") == identifier)
        return str(next(found, {}).get("token") or "")

    def create(self, kind: Kind, body: Settings) -> Settings:
        for name in kind.required:
            if body.get(name) in (None, ""):
                raise Refused(name, "This field is required.", code="10004")
        self._check(kind, body)
        unique = {"credential_connections": "user_name", "integration_secrets": "identifier"}.get(kind.name)
        if unique and any(known.get(unique) == body[unique] for known in self.all(kind)):
            raise Refused(unique, "This name is taken.")
        return self._keep(kind, {**deepcopy(kind.defaults), **self._writable(kind, body)})

    def update(self, kind: Kind, found: Settings, body: Settings) -> Settings:
        """Take over what was sent. A part of an object is replaced whole, of which the documents say both."""
        self._check(kind, body)
        if kind.verb == "PUT":
            for name in [name for name in found if name not in READ_ONLY and name != "insights"]:
                found[name] = deepcopy(kind.defaults.get(name))
        found |= self._writable(kind, body) | {"updated_at": clock.iso(clock.now())}
        return found

    def delete(self, kind: Kind, object_id: str) -> None:
        self._objects[kind.name].pop(object_id)

    def shown(self, kind: Kind, found: Settings) -> Settings:
        """Return an object as the platform prints it."""
        shown = {name: value for name, value in found.items() if name not in kind.hidden}
        if kind is ASSISTANTS:
            own = [{**tool, "shared": False} for tool in found.get("tools") or []]
            shared = [{**tool, "shared": True} for tool in self._shared.get(str(found["id"]), [])]
            return {**shown, "tools": [*own, *shared]}
        if kind is INSIGHT_GROUPS:
            return {**shown, "insights": [self.shown(INSIGHTS, one) for one in found["insights"]]}
        return shown

    def _keep(self, kind: Kind, settings: Settings) -> Settings:
        number = uuid.uuid4()
        made = f"{kind.prefix}{number}" if kind.name in AI_KINDS else str(number.int % 10**19)
        now = clock.iso(clock.now())
        kept: Settings = {
            "id": made,
            "record_type": kind.record_type,
            "created_at": now,
            "updated_at": now,
        } | settings
        self._shared[str(kept["id"])] = kept.pop("shared_tools", [])
        if kind is INSIGHT_GROUPS:
            kept.setdefault("insights", [])
        self._objects[kind.name][str(kept["id"])] = kept
        return kept

    def _writable(self, kind: Kind, body: Settings) -> Settings:
        """Only what the platform knows of; everything else is ignored without a word."""
        known = {*kind.checks, *kind.required, *kind.defaults} - READ_ONLY - {"insight_type"}
        return {name: deepcopy(value) for name, value in body.items() if name in known}

    def _check(self, kind: Kind, body: Settings) -> None:
        for name, check in kind.checks.items():
            if name in body and not check(body[name]):
                raise Refused(name, "This value is not allowed here.")
        if kind is ASSISTANTS:
            self._check_tools(body)
        profile_id = (body.get("outbound") or {}).get("outbound_voice_profile_id")
        if profile_id and str(profile_id) not in self._objects[VOICE_PROFILES.name]:
            raise Refused("outbound.outbound_voice_profile_id", "No such outbound voice profile.")

    def _check_tools(self, body: Settings) -> None:
        types = [tool["type"] for tool in body.get("tools") or []]
        if any("shared" in tool for tool in body.get("tools") or []):
            raise Refused("tools", "Shared tools are attached by tool_ids.", status=400)
        if any(types.count(name) > 1 for name in set(types) - REPEATABLE_TOOLS):
            raise Refused("tools", "Only one tool of this type is allowed.", status=400)
        for server in body.get("mcp_servers") or []:
            if server["id"] not in self._objects["mcp_servers"]:
                raise Refused("mcp_servers", "No such MCP server.")


def _initial(config: Config) -> dict[str, list[Settings]]:
    webhooks = {"webhook_event_url": f"{config.webhook_base}/call-control", "webhook_api_version": "2"}
    outbound = {"outbound_voice_profile_id": PROFILE_ID}
    profile = {"id": PROFILE_ID, "name": "Sandbox", "whitelisted_destinations": ["AU"]}
    connection = {
        "id": config.connection_id,
        "connection_name": "Sandbox",
        "user_name": "sandbox",
        "sip_uri_calling_preference": "internal",
        "outbound": {"call_parking_enabled": True, "localization": "AU", **outbound},
    }
    number = {"phone_number": config.caller_number, "connection_id": config.call_control_app_id}
    application = {"id": config.call_control_app_id, "application_name": "Sandbox", "outbound": outbound}
    assistant = {
        "id": config.assistant_id,
        "name": "Sandbox assistant",
        "instructions": "",
        "greeting": DEFAULT_GREETING,
        "enabled_features": ["telephony"],
        "dynamic_variables_webhook_url": f"{config.webhook_base}/dynamic-variables",
        "telephony_settings": {"supports_unauthenticated_web_calls": True, "default_texml_app_id": "1"},
    }
    return {
        VOICE_PROFILES.name: [{**VOICE_PROFILES.defaults, **profile}],
        CONNECTIONS.name: [{**CONNECTIONS.defaults, **webhooks, **connection}],
        APPLICATIONS.name: [{**APPLICATIONS.defaults, **webhooks, **application}],
        ASSISTANTS.name: [{**ASSISTANTS.defaults, **assistant}],
        NUMBERS.name: [{**NUMBERS.defaults, **number}],
    }
