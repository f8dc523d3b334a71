"""How the platform behaves where its documents are silent, or differ from what was seen live; a test chooses.

The first value of each choice is the usual one: what is documented or was seen live, else the harder one.
`docs/sandbox.md` says what each value means and where it comes from.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints


class PlatformError(ValueError):
    """A choice is unknown; the message says which."""


@dataclass
class Platform:
    # The call that a browser places and that parks, as `call.initiated` tells it.
    parked_direction: Literal["outgoing", "incoming"] = "outgoing"
    parked_state: Literal["parked", "null"] = "parked"
    parked_from: Literal["sip_uri", "username", "number"] = "sip_uri"
    custom_headers: Literal["name", "header_name", "withheld"] = "name"
    # Where the events of a command go on a leg whose connection is a credential connection.
    command_events: Literal["webhook_url", "connection"] = "webhook_url"
    # A leg that arrives at a softphone is told a second time, as the connection of the softphone sees it.
    far_side: Literal["same_session", "own_session", "silent"] = "same_session"
    far_side_direction: Literal["incoming", "outgoing"] = "incoming"
    # What a bridge or a conference does with an assistant that still runs on the leg.
    bridge_over_assistant: Literal["speaks_on", "ends", "refuse"] = "speaks_on"
    # Listening in.
    supervision: Literal["accept", "refuse"] = "accept"
    monitor_hears: Literal["caller", "both"] = "caller"
    role_switch: Literal["silence", "accept", "refuse"] = "silence"
    supervisor_commands: Literal["refuse", "accept"] = "refuse"
    # `client_state` in the events of a leg that has none.
    client_state: Literal["null", "absent"] = "null"
    # Pages that went away, and those that come back.
    stale_registration: Literal["480", "404"] = "480"
    reattach: Literal["keep", "refuse"] = "keep"
    # The assistant's own legs, which a visitor without a login placed.
    anonymous_legs: Literal["422", "404", "accept"] = "422"
    # `gather_using_ai`, and the assistant.
    gather_ends: Literal["required", "all"] = "required"
    gather_stop: Literal["refuse", "accept"] = "refuse"
    gather_steering: Literal["refuse", "accept"] = "refuse"
    gather_tool_proof: Literal["none", "signed"] = "none"
    gather_insights: Literal["none", "all"] = "none"
    assistant_stop: Literal["accept", "refuse"] = "accept"
    # Whether a webhook tool that does not answer in time is sent once more.
    tool_repeats: Literal["signed_anew", "as_it_was", "never"] = "signed_anew"
    conversations: Literal["late", "at_once"] = "late"

    def choose(self, data: Any) -> None:
        """Take over the named choices; the others return to what is usual."""
        if not isinstance(data, dict) or not data.keys() <= CHOICES.keys():
            raise PlatformError(f"choices are {', '.join(CHOICES)}")
        for name, value in data.items():
            if value not in CHOICES[name]:
                raise PlatformError(f"{name} is one of {', '.join(CHOICES[name])}")
        for known in fields(self):
            setattr(self, known.name, data.get(known.name, known.default))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


CHOICES: dict[str, tuple[str, ...]] = {
    name: get_args(values) for name, values in get_type_hints(Platform).items() if get_args(values)
}
