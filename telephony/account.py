"""What an account holds beside its calls: connections, assistants and what they refer to; read and written here."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import httpx
import telnyx
from telnyx._constants import RAW_RESPONSE_HEADER

from strict_json import cleaned, identifier, mapping, text
from telephony import inbound
from telephony.connection import Connection
from telephony.exchange import TelnyxError, ask, bare_pages, given, pages, rows, send, unreadable

if TYPE_CHECKING:
    from telnyx import Telnyx as Sdk

# People wait for these, no call does; making an assistant takes Telnyx longer than a command.
SETUP_SECONDS = 20.0
OBJECTS_PER_PAGE = 100

Settings = Mapping[str, Any]
Request = Callable[..., telnyx.APIResponse[Any]]


class Kind(StrEnum):
    VOICE_PROFILE = "outbound voice profile"
    CONNECTION = "credential connection"
    APPLICATION = "Call Control application"
    MCP_SERVER = "MCP server"
    INSIGHT = "insight"
    INSIGHT_GROUP = "insight group"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of object is named and updated.

    An update carries all of `repeated`, changed or not. Where it `replaces`, what it leaves out is lost.
    """

    name_key: str = "name"
    repeated: tuple[str, ...] = ()
    replaces: bool = False


SHAPES: Mapping[Kind, Shape] = {
    Kind.VOICE_PROFILE: Shape(repeated=("name",)),
    Kind.CONNECTION: Shape(name_key="connection_name"),
    Kind.APPLICATION: Shape(name_key="application_name", repeated=("application_name", "webhook_event_url")),
    Kind.MCP_SERVER: Shape(replaces=True),
    Kind.INSIGHT: Shape(replaces=True),
    Kind.INSIGHT_GROUP: Shape(replaces=True),
    Kind.ASSISTANT: Shape(),
}
# What the platform writes itself, and what another address changes.
READ_ONLY = frozenset({"id", "created_at", "updated_at", "record_type", "insight_type", "insights"})


@dataclass(frozen=True, slots=True)
class AccountObject:
    """One object as Telnyx returns it; `settings` holds everything, also what this product does not know."""

    kind: Kind
    id: str
    name: str
    settings: Settings = field(repr=False)

    @classmethod
    def read(cls, kind: Kind, answer: Mapping[str, Any]) -> "AccountObject | None":
        """Return the object, enveloped in `data` or bare; None when the answer does not name it."""
        settings = mapping(answer.get("data")) or dict(answer)
        found = identifier(settings.get("id"))
        return cls(kind, found, text(settings.get(SHAPES[kind].name_key)), settings) if found else None


class AccountCommands(Connection):
    def account_objects(self, kind: Kind) -> list[AccountObject]:
        """Return every object of a kind, each once."""
        read = (AccountObject.read(kind, row) for row in self._listed(kind))
        return list({found.id: found for found in read if found}.values())

    def account_object(self, kind: Kind, object_id: str) -> AccountObject | None:
        """Return one object; None when the account does not have it."""
        try:
            return _named(kind, ask(self._requests(kind).retrieve, object_id))
        except TelnyxError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def create_object(self, kind: Kind, settings: Settings) -> AccountObject:
        """Create an object. After `outcome_unknown`, look for it by its name before creating it again."""
        request = self._requests(kind).create
        return _named(kind, ask(request, **_parameters(request, settings)))

    def update_object(self, kind: Kind, object_id: str, settings: Settings) -> AccountObject:
        """Change the given settings of an object. Whether parts of an object are merged or replaced is not known.

        So give each part whole. Where the shape `replaces`, `settings` must hold the whole object.
        """
        request = self._requests(kind).update
        return _named(kind, ask(request, object_id, **_parameters(request, settings)))

    def assign_insight(self, insight_id: str, *, group_id: str) -> None:
        """Let a group of insights hold one more."""
        groups = self._setup.ai.conversations.insight_groups
        send(groups.insights.with_raw_response.assign, insight_id, group_id=group_id)

    def public_key(self) -> str:
        """Return the key, Base64 of 32 bytes, that the account's webhooks are signed with at present.

        The SDK has no resource for it.
        Source: guides of https://github.com/team-telnyx/telnyx-code-examples (read 2026-11)
        """

        def public_key() -> telnyx.APIResponse[Any]:
            asked = self._sdk.get("/public_key", cast_to=object, options={"headers": {RAW_RESPONSE_HEADER: "raw"}})
            return cast("telnyx.APIResponse[Any]", asked)

        found = text(mapping(ask(public_key).get("data")).get("public"))
        if not inbound.usable_key(found):
            raise unreadable("public_key")
        return found

    def secret_names(self) -> list[str]:
        """Return the names of the integration secrets; their values cannot be read."""
        request = self._setup.integration_secrets.with_raw_response.list
        return [text(row.get("identifier")) for row in pages(request, page_size=OBJECTS_PER_PAGE)]

    def create_secret(self, name: str, *, token: str) -> None:
        """Keep a bearer token at Telnyx under a name, by which other objects refer to it."""
        request = self._setup.integration_secrets.with_raw_response.create
        send(request, **given(identifier=name, type="bearer", token=token))

    def _listed(self, kind: Kind) -> list[dict[str, Any]]:
        request = self._requests(kind).list
        if kind is Kind.ASSISTANT:
            return rows(request)
        if kind is Kind.MCP_SERVER:
            return bare_pages(request, page_size=OBJECTS_PER_PAGE)
        return pages(request, page_size=OBJECTS_PER_PAGE)

    @property
    def _setup(self) -> "Sdk":
        return self._sdk.with_options(timeout=SETUP_SECONDS)

    def _requests(self, kind: Kind) -> "_Requests":
        return _RESOURCES[kind](self._setup)


@dataclass(frozen=True, slots=True)
class _Requests:
    list: Request
    retrieve: Request
    create: Request
    update: Request


def _usual(resource: Any) -> _Requests:
    raw = resource.with_raw_response
    return _Requests(list=raw.list, retrieve=raw.retrieve, create=raw.create, update=raw.update)


def _groups(resource: Any) -> _Requests:
    raw = resource.with_raw_response
    return _Requests(
        list=raw.retrieve_insight_groups, retrieve=raw.retrieve, create=raw.insight_groups, update=raw.update
    )


_RESOURCES: Mapping[Kind, Callable[["Sdk"], _Requests]] = {
    Kind.VOICE_PROFILE: lambda sdk: _usual(sdk.outbound_voice_profiles),
    Kind.CONNECTION: lambda sdk: _usual(sdk.credential_connections),
    Kind.APPLICATION: lambda sdk: _usual(sdk.call_control_applications),
    Kind.MCP_SERVER: lambda sdk: _usual(sdk.ai.mcp_servers),
    Kind.INSIGHT: lambda sdk: _usual(sdk.ai.conversations.insights),
    Kind.INSIGHT_GROUP: lambda sdk: _groups(sdk.ai.conversations.insight_groups),
    Kind.ASSISTANT: lambda sdk: _usual(sdk.ai.assistants),
}


def _parameters(request: Request, settings: Settings) -> dict[str, Any]:
    """Put what this release of the SDK has no parameter for into the body all the same."""
    known = inspect.signature(request).parameters
    clean = cleaned(dict(settings))
    unknown = {name: value for name, value in clean.items() if name not in known}
    named = {name: value for name, value in clean.items() if name in known}
    return {**named, "extra_body": unknown} if unknown else named


def _named(kind: Kind, answer: Mapping[str, Any]) -> AccountObject:
    found = AccountObject.read(kind, answer)
    if found is None:
        raise unreadable(kind)
    return found
