"""Every object that this installation needs at Telnyx, as tables. Pure.

Names and values are those of the parameter types of telnyx 4.189.0; what no live account has confirmed yet is marked
in docs/telnyx-account.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sessions_app.conversation import tool_catalogue
from sessions_app.conversation.variables import DEFAULTS
from sessions_app.provisioning.difference import Wanted
from sessions_app.provisioning.rules import (
    AtLeast,
    Exactly,
    Holds,
    Includes,
    Instructed,
    Lacks,
    Limit,
    Present,
    Rule,
    Told,
    Tools,
    Unless,
)
from telephony.account import Kind
from telephony.regions import AUSTRALIAN_ANCHOR_SITE, AUSTRALIAN_LOCALISATION

NAME = "AgileAdapt"
WEBHOOK_VERSION = "2"  # the default, 1, is another format
VARIABLES_TIMEOUT_MS = 1500
# Telnyx waits for 2 s by itself; a database that is being restarted may keep ours waiting for longer.
WEBHOOK_TIMEOUT_SECONDS = 5
MCP_TYPE = "http"  # the text is free in the documents; the other known word is “sse”
MAX_QUESTIONS = 100
TICKET_HEADER = "X-Session-Ticket"
SECRET_REFERENCE = re.compile(r"\{\{#integration_secret\}\}([\w-]+)\{\{/integration_secret\}\}")
OPEN_TO_EVERYBODY = "telephony_settings.supports_unauthenticated_web_calls"

Questions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Site:
    """Where this installation is reached, and what its operator decided."""

    public_url: str
    caller_number: str
    targets_variable: str
    daily_spend_limit: str
    failover_url: str = ""
    has_transfer_tool: bool = False
    # How assistants reach our tools. An attached MCP server was seen to delay the first word by 40 to 80 s (a third
    # party on a live account, 2026), so webhooks are the default.
    has_webhook_tools: bool = True
    has_mcp: bool = False

    def door(self, name: str) -> str:
        return f"{self.public_url}/webhooks/telnyx/{name}"

    @property
    def tool_doors(self) -> str:
        return f"{self.public_url}{tool_catalogue.DOOR}"

    @property
    def mcp_url(self) -> str:
        return f"{self.public_url}/mcp/"


@dataclass(frozen=True)
class Desk:
    """One assistant as its widgets need it. `is_public`: anybody's browser may call it without a credential."""

    name: str
    assistant_id: str
    is_public: bool
    greeting: str
    voice: str
    questions: Questions
    # What the website may say of its visitor; without a default, `{{user_tier}}` would stay these very characters.
    variables: Sequence[str] = ()


def voice_profile(site: Site) -> Wanted:
    """Where calls may go, and for how much: the walls against toll fraud."""
    return Wanted(
        Kind.VOICE_PROFILE,
        NAME,
        at_birth={"whitelisted_destinations": [AUSTRALIAN_LOCALISATION]},
        rules={
            "enabled": Told(True, "the profile is switched off, so that every call out is refused"),
            "whitelisted_destinations": Includes([AUSTRALIAN_LOCALISATION], others="calls may go to other countries"),
            "daily_spend_limit_enabled": Exactly(True),
            "daily_spend_limit": Limit(site.daily_spend_limit),
        },
    )


def connection(site: Site, *, profile_id: str, login: Mapping[str, str]) -> Wanted:
    """What browsers register on. Its own `login` is made at random and used by nobody."""
    return Wanted(
        Kind.CONNECTION,
        NAME,
        at_birth=login,
        rules={
            **_webhooks(site),
            "active": Told(True, "the connection is switched off, so that no browser can call"),
            "sip_uri_calling_preference": Exactly("internal"),
            "outbound.call_parking_enabled": Exactly(True),
            "outbound.localization": Exactly(AUSTRALIAN_LOCALISATION),
            "outbound.outbound_voice_profile_id": Unless(profile_id),
        },
    )


def application(site: Site, *, profile_id: str) -> Wanted:
    """What dials closers, and prospects who are called back."""
    return Wanted(
        Kind.APPLICATION,
        NAME,
        rules={
            **_webhooks(site),
            "active": Told(True, "the application is switched off, so that nobody can be dialled"),
            "outbound.outbound_voice_profile_id": Unless(profile_id),
        },
    )


def _webhooks(site: Site) -> dict[str, Rule]:
    spare: dict[str, Rule] = {"webhook_event_failover_url": Unless(site.failover_url)} if site.failover_url else {}
    return {
        **spare,
        "webhook_timeout_secs": AtLeast(WEBHOOK_TIMEOUT_SECONDS),
        "webhook_event_url": Exactly(site.door("call-control")),
        "webhook_api_version": Exactly(WEBHOOK_VERSION),
        "anchorsite_override": Exactly(AUSTRALIAN_ANCHOR_SITE),
    }


def mcp_server(site: Site, *, secret_name: str) -> Wanted:
    return Wanted(
        Kind.MCP_SERVER,
        NAME,
        rules={"type": Exactly(MCP_TYPE), "url": Exactly(site.mcp_url), "api_key_ref": Exactly(secret_name)},
    )


def insights(questions: Questions) -> list[Wanted]:
    """What Telnyx concludes after each conversation; the keys of the second are the questions of the widgets."""
    schema = {"type": "object", "properties": {name: dict(asked) for name, asked in questions.items()}}
    return [
        Wanted(Kind.INSIGHT, f"{NAME}: summary", rules={"instructions": Unless(SUMMARY)}),
        Wanted(
            Kind.INSIGHT, f"{NAME}: details", rules={"instructions": Unless(DETAILS), "json_schema": Exactly(schema)}
        ),
    ]


def insight_group(site: Site) -> Wanted:
    return Wanted(Kind.INSIGHT_GROUP, NAME, rules={"webhook": Exactly(site.door("insights"))})


def assistant(
    site: Site, desk: Desk, *, group_id: str, mcp_server_ids: Sequence[str], secret_name: str | None
) -> Wanted:
    """The assistant of a desk. What it says is its owner's as soon as it says anything.

    Of the two ways to our tools the one that was not chosen is taken off, as long as there is a secret for the other;
    `mcp_server_ids` are our servers, the first of which is the one to attach. It gets no tool to hang up, which would
    end the prospect's leg with the conversation.
    """
    has_tools = secret_name is not None
    rules: dict[str, Rule] = {
        "instructions": Instructed(
            instructions(desk.questions, has_tools=has_tools),
            word=tool_catalogue.SAVE if has_tools else "",
            addition=TOOLS,
        ),
        "greeting": Present(desk.greeting),
        "enabled_features": Includes(["telephony"]),
        "dynamic_variables_webhook_url": Exactly(site.door("dynamic-variables")),
        "dynamic_variables_webhook_timeout_ms": AtLeast(VARIABLES_TIMEOUT_MS),
        **{f"dynamic_variables.{name}": Present("") for name in desk.variables},
        **{f"dynamic_variables.{name}": Present(value) for name, value in DEFAULTS.items()},
        OPEN_TO_EVERYBODY: Exactly(desk.is_public, absent=False),
        "telephony_settings.send_message_history_updates": Exactly(True),
        "insight_settings.insight_group_id": Exactly(group_id),
        "privacy_settings.data_retention": Told(True, "conversations are not kept: no final transcript, no insights"),
    }
    if mcp_server_ids:
        attached = Holds({"id": mcp_server_ids[0]}, key="id")
        rules["mcp_servers"] = attached if site.has_mcp else Lacks(mcp_server_ids, key="id")
    is_ours_gone = has_tools and not site.has_webhook_tools
    rules["tools"] = Tools(
        webhook_tools(site, desk, secret_name=secret_name) if secret_name and site.has_webhook_tools else (),
        without=site.tool_doors if is_ours_gone else "",
        warnings={"hangup": "its tool to hang up ends the prospect's line; remove it"},
        others=[transfer_tool(site)] if site.has_transfer_tool and desk.is_public else (),
    )
    # Said to a new one in so many words, whatever Telnyx takes a missing value for.
    at_birth = {"voice_settings.voice": desk.voice, OPEN_TO_EVERYBODY: desk.is_public}
    return Wanted(Kind.ASSISTANT, desk.name, rules=rules, at_birth=at_birth)


def webhook_tools(site: Site, desk: Desk, *, secret_name: str) -> list[dict[str, Any]]:
    """Our tools, with the questions of the desk's widgets as what is saved."""
    bearer = f"Bearer {{{{#integration_secret}}}}{secret_name}{{{{/integration_secret}}}}"
    return tool_catalogue.as_webhooks(
        base=site.public_url, questions=desk.questions, headers=[{"name": "Authorization", "value": bearer}]
    )


def secret_of(tools: Any) -> str:
    """The name of the secret with which tools of ours are called; empty where none of these is."""
    webhooks = [one.get("webhook") for one in tools or [] if isinstance(one, Mapping)]
    ours = [one for one in webhooks if isinstance(one, Mapping) and one.get("name") in tool_catalogue.CATALOGUE]
    headers = [header.get("value") for one in ours for header in one.get("headers") or []]
    found = (SECRET_REFERENCE.search(str(value)) for value in headers)
    return next((match[1] for match in found if match), "")


def transfer_tool(site: Site) -> dict[str, Any]:
    """The tool with which an assistant rings a closer on a leg that is its own."""
    header = {"name": TICKET_HEADER, "value": "{{session_ticket}}"}
    targets = f"{{{{ {site.targets_variable} }}}}"
    return {
        "type": "transfer",
        "transfer": {"from": site.caller_number, "targets": targets, "custom_headers": [header]},
    }


def united(desks: Sequence[Desk]) -> Questions:
    """Every question of every desk; of two with one name the first counts."""
    found: dict[str, Mapping[str, Any]] = {}
    for desk in desks:
        found |= {name: asked for name, asked in desk.questions.items() if name not in found}
    return dict(list(found.items())[:MAX_QUESTIONS])


def instructions(questions: Questions, *, has_tools: bool) -> str:
    asked = [f"- {name}: {_plain(schema.get('description', ''))}".rstrip(": ") for name, schema in questions.items()]
    return "\n".join([INTRODUCTION, *asked, *([TOOLS] if has_tools else []), ENDING])


def _plain(value: object) -> str:
    # Braces would be read as a template.
    return str(value).replace("{", "").replace("}", "")


INTRODUCTION = """\
You are the AI assistant of {{company}} and speak with a visitor of its website. Say that you are an AI when you begin.
Speak plainly and briefly, one question at a time. Never invent prices, promises or facts.
Find out the following, in this order, and accept that somebody does not want to answer:"""
TOOLS = """\
Save each answer with save_prospect_details as soon as you hear it, before you ask the next question.
When its answer says that this is all that is needed, say in one short sentence that a colleague joins, and wait.
When the visitor wants a person, use request_handoff at once, and say that you are calling somebody.
When nobody is free, which check_closer_availability tells, offer a time with book_callback.
Never say goodbye and never end the call yourself."""
ENDING = "Stop speaking as soon as a person of {{company}} takes over."
SUMMARY = """\
In one or two plain sentences: who the caller is, what they want, and what was agreed. Use only what was said."""
DETAILS = """\
Give what the caller said for each of these, in their own words where it is a text. Leave out what was not said."""
