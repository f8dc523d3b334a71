"""A call that comes before anybody knows whose conversation it is, is written down when that becomes known."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assistant_tools import calls
from sessions_app.conversation import tool_calls
from sessions_app.conversation.tool_calls import MOST_UNKNOWN, UNKNOWN_KEPT, Caller, Told, Use
from sessions_app.models import Run, ToolCall
from sessions_app.visits import tokens
from tests.visits import Visit

pytestmark = pytest.mark.django_db


def use(**values: Any) -> Use:
    told = Told(ToolCall.Outcome.REFUSED, "Please try again in a moment.", "too_early")
    return Use("request_handoff", {"reason": "asks"}, told, values.get("called_at", timezone.now()), duration_ms=3)


def of(conversation_id: str) -> Caller:
    return Caller("mcp", conversation_id=conversation_id)


def told_of_tools(visit: Visit) -> list[Any]:
    return list(visit.session.timeline.filter(kind="tool.called"))


def test_it_is_told_once_its_conversation_is_known(visit: Visit) -> None:
    called_at = timezone.now()
    tool_calls.keep_unknown(of(visit.rest.conversation_id), use(called_at=called_at), most=5)
    tool_calls.keep_unknown(of("somebody else's"), use(), most=5)
    assert ToolCall.objects.filter(session=None).count() == 2
    visit.clock.advance(5)

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()

    (entry,) = told_of_tools(visit)
    assert entry.occurred_at == called_at
    assert (entry.payload["tool"], entry.payload["outcome"]) == ("request_handoff", "refused")
    assert ToolCall.objects.get(session=None).conversation_id == "somebody else's"


def test_it_is_told_once_its_leg_is_known(visit: Visit) -> None:
    caller = Caller("webhook", call_control_id=visit.leg.call_control_id)
    tool_calls.keep_unknown(caller, use(), most=5)

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))

    assert len(told_of_tools(visit)) == 1


def test_what_was_kept_while_the_conversation_became_known_is_found_afterwards(talking: Visit) -> None:
    caller = of(talking.rest.conversation_id)
    tool_calls.keep_unknown(caller, use(), most=5)
    assert told_of_tools(talking) == []

    tool_calls.adopt_late(caller)
    tool_calls.adopt_late(caller)

    assert len(told_of_tools(talking)) == 1


def test_calls_of_unknown_conversations_are_bounded_and_do_not_stay(visit: Visit) -> None:
    for _ in range(5):
        tool_calls.keep_unknown(of("one"), use(), most=3)
    assert ToolCall.objects.count() == 3

    row = ToolCall.objects.first()
    assert row
    rows = [ToolCall(**{**values(row), "conversation_id": f"c{number}"}) for number in range(MOST_UNKNOWN)]
    ToolCall.objects.bulk_create(rows)
    tool_calls.keep_unknown(of("another"), use(), most=3)
    assert not ToolCall.objects.filter(conversation_id="another").exists()

    ToolCall.objects.update(called_at=timezone.now() - UNKNOWN_KEPT - timedelta(seconds=1))
    tool_calls.keep_unknown(of("another"), use(), most=3)
    assert ToolCall.objects.get().conversation_id == "another"


def values(row: ToolCall) -> dict[str, Any]:
    copied = ("door", "name", "arguments", "outcome", "code", "text", "called_at", "duration_ms")
    return {name: getattr(row, name) for name in copied}


def test_a_call_whose_conversation_becomes_known_that_moment_is_not_left_behind(
    talking: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever binds the id cannot see the row yet, and the call could not see the id."""
    keep = tool_calls.keep_unknown
    conversation_id = talking.rest.conversation_id
    Run.objects.update(conversation_id="not known yet")

    def keep_while_it_becomes_known(*args: Any, **kwargs: Any) -> None:
        keep(*args, **kwargs)
        Run.objects.update(conversation_id=conversation_id)

    monkeypatch.setattr(tool_calls, "keep_unknown", keep_while_it_becomes_known)
    told = calls.use("request_handoff", {}, caller=of(conversation_id), now=timezone.now())

    assert told.code == "too_early"
    assert len(told_of_tools(talking)) == 1
