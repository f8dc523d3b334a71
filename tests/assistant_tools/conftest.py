"""The tools of the assistant that talks."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from assistant_tools import calls
from sessions_app.conversation.tool_calls import Caller, Told
from tests.visits import Visit


@dataclass
class Assistant:
    """The assistant of a visit, as the platform speaks for it."""

    visit: Visit
    conversation_id: str

    def use(self, name: str, /, **arguments: Any) -> Told:
        caller = Caller("mcp", conversation_id=self.conversation_id)
        with TestCase.captureOnCommitCallbacks(execute=True):
            return calls.use(name, arguments, caller=caller, now=timezone.now())

    def told(self) -> list[dict[str, Any]]:
        entries = self.visit.session.timeline.filter(kind="tool.called").order_by("seq")
        return [entry.payload for entry in entries]


@pytest.fixture
def assistant(talking: Visit) -> Assistant:
    return Assistant(talking, talking.rest.conversation_id)
