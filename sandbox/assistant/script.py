"""What the assistant says by itself, and what a test decides of a conversation. Pure: no clock, audio or network."""

from dataclasses import dataclass, field, replace
from typing import Any

CLOSING = "Thank you. One moment, I am connecting you to a colleague."
ALL_ASKED = "Thank you, that is all I wanted to know. Is there anything else?"
CHAT = "I see."
STILL_HERE = "I am still here. Please go on."
ACKNOWLEDGEMENTS = ("Thanks.", "Great, thank you.", "Got it.", "Perfect.")
PRACTICE = "This is a practice line: it hears that you speak, not what you say, so I note: {}."
# What an assistant's greeting says when it is to make one up.
GENERATED = "<assistant-speaks-first-with-model-generated-message>"
VALID, INVALID, CLIENT_ERROR = "valid", "invalid", "client_error"
GATHER_STATUSES = (VALID, INVALID, CLIENT_ERROR)
START_FAILURES = ("", "invalid_request", "service_error")
INSIGHT_SHAPES = ("conversation_insight_result", "conversation.insights.completed")


class ScenarioError(ValueError):
    """A scenario is not understood; the message says why."""


@dataclass
class Scenario:
    """What the next callers say and what the assistant makes of it."""

    answers: list[str] = field(default_factory=list)
    field_values: dict[str, Any] = field(default_factory=dict)
    # What a configured assistant asks, instead of what its tool for saving answers takes.
    gather_fields: dict[str, Any] = field(default_factory=dict)
    hold_open: bool = False
    greeting: str | None = None
    pause_ms: int = 300
    # Whether the caller is told, once, that a spoken answer was replaced by one of these.
    practice_notice: bool = True
    # An assistant without a tool to hang up stays on the line when all is asked, unless it ends by itself.
    ends_itself: bool = False
    # Why no assistant can be started: one of START_FAILURES; it is told by webhook, after a good answer.
    start_fails: str = ""
    # How gathers end, one after the other, the last one for good; and after how many answers if not by their own rule.
    gather_status: list[str] = field(default_factory=lambda: [VALID])
    gather_ends_after: int | None = None
    # The settings of a transfer tool, with templates, for an assistant whose account gives it none.
    transfer_from: str = "+61255550100"
    transfer_targets: Any = None
    transfer_headers: dict[str, Any] = field(default_factory=dict)
    # What the assistant uses after which answer: {"after": "email", "name": …, "arguments": {…}, "door": "mcp"}.
    tools: list[dict[str, Any]] = field(default_factory=list)
    # How often an MCP server is asked to initialise before the first word; twice was seen live (third party, 2026).
    mcp_handshakes: int = 2
    insights_after_ms: int = 1500
    insights_shape: str = INSIGHT_SHAPES[0]

    @classmethod
    def from_json(cls, data: Any) -> "Scenario":
        if not isinstance(data, dict):
            raise ScenarioError("a scenario is a JSON object")
        known = {key: data[key] for key in cls.__dataclass_fields__ if data.get(key) is not None}
        if isinstance(known.get("gather_status"), str):
            known["gather_status"] = [known["gather_status"]]
        scenario = cls(**known)
        for name, shape in _SHAPES.items():
            value = getattr(scenario, name)
            if not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
                raise ScenarioError(f"{name} is of another type: {shape.__name__}")
        if not scenario.gather_status or not set(scenario.gather_status) <= set(GATHER_STATUSES):
            raise ScenarioError(f"gather_status is one of {', '.join(GATHER_STATUSES)}, or a list of these")
        if not isinstance(scenario.gather_ends_after, int | None):
            raise ScenarioError("gather_ends_after is a number")
        if scenario.start_fails not in START_FAILURES:
            raise ScenarioError(f"start_fails is one of {', '.join(START_FAILURES[1:])}")
        if scenario.insights_shape not in INSIGHT_SHAPES:
            raise ScenarioError(f"insights_shape is one of {', '.join(INSIGHT_SHAPES)}")
        return scenario

    def copy(self) -> "Scenario":
        return replace(self, answers=list(self.answers), gather_status=list(self.gather_status))

    def next_gather_status(self) -> str:
        return self.gather_status.pop(0) if len(self.gather_status) > 1 else self.gather_status[0]

    def answers_before_end(self, status: str) -> int | None:
        """After how many answers a gather ends; None leaves it to its own rule.

        A provider that fails does so before anything is heard; what cannot be made valid was heard once at least.
        """
        usual = {VALID: None, INVALID: 1, CLIENT_ERROR: 0}
        return usual[status] if self.gather_ends_after is None else self.gather_ends_after


_SHAPES: dict[str, type] = {
    "answers": list,
    "field_values": dict,
    "gather_fields": dict,
    "hold_open": bool,
    "pause_ms": int,
    "practice_notice": bool,
    "ends_itself": bool,
    "gather_status": list,
    "transfer_from": str,
    "transfer_headers": dict,
    "tools": list,
    "mcp_handshakes": int,
    "insights_after_ms": int,
}
