"""One request of our client, and what the official SDK's own parameter types say of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import respx
from pydantic import TypeAdapter
from telnyx.types.ai.conversation_list_params import ConversationListParams
from telnyx.types.call_dial_params import CallDialParams
from telnyx.types.calls.action_bridge_params import ActionBridgeParams
from telnyx.types.calls.action_transfer_params import ActionTransferParams

from telephony.client import Telnyx


@dataclass(frozen=True)
class Case:
    """The call, the path, the SDK's type of its parameters, what must be sent; None where the SDK takes nothing."""

    call: Callable[[Telnyx], Any]
    path: str
    parameters: Any
    sends: Mapping[str, Any]
    method: str = "POST"

    def route(self, api: respx.MockRouter, answer: httpx.Response) -> respx.Route:
        return api.request(self.method, self.path).mock(return_value=answer)


# What the SDK calls otherwise than the wire does.
ALIASES: dict[Any, dict[str, str]] = {
    CallDialParams: {"from": "from_"},
    ActionTransferParams: {"from": "from_"},
    ActionBridgeParams: {"call_control_id": "call_control_id_to_bridge_with"},
    ConversationListParams: {"metadata->call_control_id": "metadata_call_control_id"},
}
PAGE_ALIASES = {"page[number]": "page_number", "page[size]": "page_size", "page[limit]": "page_limit"}


def check(parameters: Any, sent: Mapping[str, Any], *, strict: bool = True) -> None:
    """Fail unless the SDK's parameter type knows every key of what was sent and accepts every value."""
    if parameters is None:
        assert not sent
        return
    aliases = ALIASES.get(parameters, {}) | PAGE_ALIASES
    arguments = {aliases.get(name, name): value for name, value in sent.items()}
    assert arguments.keys() <= parameters.__annotations__.keys()
    drain(TypeAdapter(parameters).validate_python(arguments, strict=strict))


def drain(value: Any) -> None:
    """Validate iterables, which pydantic does only as they are read."""
    if isinstance(value, str | bytes):
        return
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, Iterable) else ():
        drain(item)


def nested(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a query as the SDK takes them: `filter[tag]=a` is a tag within a filter."""
    found: dict[str, Any] = {}
    for name, value in query.items():
        outer, bracket, inner = name.partition("[")
        if bracket and outer != "page":
            found.setdefault(outer, {})[inner.rstrip("]")] = value
        else:
            found[name] = value
    return found
