"""The assistant's own transfer: to a target that the dynamic variables named, while the assistant goes on talking."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.assistant.run import run_on
from sandbox.assistant.script import Scenario
from sandbox.assistant.templates import fill
from sandbox.calling.bridging import Bridging
from sandbox.model.legs import Leg
from sandbox.model.orders import Order

RING_SECONDS = 30.0
REASON = "normal"


class TransferError(ValueError):
    """The tool cannot be used; the message says why."""


class TransferTool:
    def __init__(self, bridging: Bridging) -> None:
        self._bridging = bridging

    def use(self, leg: Leg, *, name: Any, reason: str) -> Leg:
        """Ring the target of this name (or the first one); the assistant ends when it answers."""
        run = run_on(leg)
        if run is None:
            raise TransferError("no assistant is running on this call")
        settings = run.brief.toolbox.transfer or _as_planned(run.scenario)
        target = _target(_resolved(settings.get("targets"), run.variables), name)
        order = Order(
            to=str(target["to"]),
            from_=fill(str(settings.get("from") or ""), run.variables),
            connection_id=leg.connection_id,
            from_display_name=leg.from_display_name,
            custom_headers=tuple(
                (str(header["name"]), fill(str(header["value"]), run.variables))
                for header in settings.get("custom_headers") or []
            ),
            timeout_seconds=RING_SECONDS,
        )
        run.reason_when_joined = reason or REASON
        return self._bridging.transfer(leg, order, parks=False, by_assistant=True)


def _as_planned(scenario: Scenario) -> Mapping[str, Any]:
    """The tool that a scenario describes, for an assistant whose account gives it none."""
    if scenario.transfer_targets is None:
        raise TransferError("the assistant has no transfer tool, and the scenario names no transfer_targets")
    headers = [{"name": name, "value": value} for name, value in scenario.transfer_headers.items()]
    return {"from": scenario.transfer_from, "targets": scenario.transfer_targets, "custom_headers": headers}


def _resolved(template: Any, variables: dict[str, Any]) -> Any:
    """Return the variable itself when the template is nothing but its name: targets are a list, not a text."""
    name = template.strip().removeprefix("{{").removesuffix("}}").strip() if isinstance(template, str) else None
    return variables.get(name, template) if name else template


def _target(targets: Any, name: Any) -> dict[str, Any]:
    known = _decoded(targets)
    usable = [item for item in known if isinstance(item, dict) and item.get("to")] if isinstance(known, list) else []
    matching = [item for item in usable if name in (None, item.get("name"))]
    if not matching:
        raise TransferError(f"the dynamic variables name no target {'' if name is None else name}".strip())
    return matching[0]


def _decoded(targets: Any) -> Any:
    if not isinstance(targets, str):
        return targets
    try:
        return json.loads(targets)
    except ValueError:
        return None
