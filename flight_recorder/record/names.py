"""Names of rows that mean the same in a recording and in every replay of it."""

import re
from collections.abc import Mapping
from typing import Any

from handoff.models import Command, Handoff
from sessions_app.models import CallLeg, Run, VoiceSession

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LEG = re.compile(r"(?<![\w:])leg:(\d+)")
_RUN = re.compile(r"(?<![\w:])run:(\d+)")


class Names:
    """Hand-overs and the assistant's runs are numbered as they began; legs are called as `legs` says."""

    def __init__(self, session: VoiceSession, legs: Mapping[int, str]) -> None:
        handoffs = Handoff.objects.filter(session=session).order_by("triggered_at", "pk").values_list("pk", flat=True)
        self.handoffs = {pk: f"handoff-{number}" for number, pk in enumerate(handoffs, start=1)}
        self.legs = legs
        self.runs = {run.pk: f"run-{run.number}" for run in Run.objects.filter(session=session)}
        self._ids = {str(session.pk): "session"} | {str(pk): name for pk, name in self.handoffs.items()}

    def key(self, command: Command) -> str:
        """The key of a command with the names of the rows instead of their ids."""
        found = _UUID.match(command.key)
        if found and found[0] not in self._ids:  # A command about another command.
            about = Command.objects.filter(pk=found[0]).first()
            self._ids[found[0]] = f"({self.key(about)})" if about else "unknown"
        named = _UUID.sub(lambda match: self._ids.get(match[0], match[0]), command.key)
        named = _RUN.sub(lambda match: self.runs.get(int(match[1]), f"unknown-run-{match[1]}"), named)
        return _LEG.sub(lambda match: self.legs.get(int(match[1]), f"unknown-leg-{match[1]}"), named)


def legs_in_order(session: VoiceSession) -> dict[int, str]:
    """Names for the legs of a session as they became known."""
    legs = CallLeg.objects.filter(session=session).order_by("pk").values_list("pk", flat=True)
    return {pk: f"leg-{number}" for number, pk in enumerate(legs, start=1)}


def columns(row: Any, *, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The plain columns of a row: no keys, no references, and nothing that `leave_out` names."""
    fields = [field for field in row._meta.concrete_fields if not (field.primary_key or field.is_relation)]
    return {field.name: getattr(row, field.name) for field in fields if field.name not in leave_out}
