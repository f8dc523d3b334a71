"""How often an assistant may use tools in one visit, also when it uses many at the same instant."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from assistant_tools import calls
from handoff.models import Closer, Handoff
from sessions_app.conversation import tool_calls
from sessions_app.conversation.tool_calls import Caller, Told
from sessions_app.models import Run, ToolCall, VoiceSession, WidgetConfig
from sessions_app.visits import visits
from tests.assistant_tools.conftest import Assistant
from tests.people import Clock

BUDGET = 12
RUNAWAY = 10_000


@pytest.fixture(autouse=True)
def budget(settings: Settings) -> None:
    settings.TOOL_CALLS_PER_SESSION = BUDGET


def in_conversation(session: VoiceSession, conversation_id: str = "one") -> Caller:
    now = timezone.now()
    run = Run.objects.create(
        session=session, number=1, conversation_id=conversation_id, requested_at=now, started_at=now
    )
    VoiceSession.objects.filter(pk=session.pk).update(current_run=run, run_number=1, assistant_started_at=now)
    return Caller("mcp", conversation_id=conversation_id)


def at_once(number: int, caller: Caller, name: str, arguments: dict[str, Any]) -> list[Told]:
    def use(_: int) -> Told:
        try:
            return calls.use(name, arguments, caller=caller, now=timezone.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(use, range(number)))


@pytest.mark.django_db(transaction=True)
def test_the_budget_holds_at_the_same_instant(widget: WidgetConfig, alice: Closer, clock: Clock) -> None:
    session = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    caller = in_conversation(session)

    told = at_once(BUDGET + 20, caller, "check_closer_availability", {})

    assert Counter(one.code for one in told) == {"": BUDGET, "over_budget": 20}
    assert ToolCall.objects.filter(session=session).count() == BUDGET + 1
    assert ToolCall.objects.get(code="over_budget").repeats == 19
    numbers = list(session.timeline.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert session.timeline.filter(kind="tool.called").count() == BUDGET + 1


@pytest.mark.django_db(transaction=True)
def test_a_person_who_is_asked_for_many_times_at_once_is_called_once(
    widget: WidgetConfig, alice: Closer, clock: Clock
) -> None:
    session = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    told = at_once(8, in_conversation(session), "request_handoff", {})

    assert [one.outcome for one in told] == ["done"] * 8
    assert sum(1 for one in told if one.result["is_new"]) == Handoff.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_calls_of_an_unknown_conversation_are_bounded_at_the_same_instant(clock: Clock) -> None:
    told = at_once(BUDGET * 3, Caller("mcp", conversation_id="nobody knows it"), "request_handoff", {})

    assert {one.code for one in told} == {"too_early"}
    assert ToolCall.objects.count() == BUDGET


def test_a_model_that_has_lost_its_way_is_told_so_politely(assistant: Assistant, alice: Closer) -> None:
    told = [assistant.use("book_callback", when=f"time {number}", phone="0412 555 018") for number in range(200)]
    entries = len(assistant.told())

    assert told[-1].text == "I have used my tools too often in this conversation. Please go on without them."
    assert entries == ToolCall.objects.count() == BUDGET + 1
    assert ToolCall.objects.get(code=tool_calls.OVER_BUDGET).repeats == 200 - BUDGET - 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_calls_leave_a_few_rows(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller("mcp", conversation_id=assistant.conversation_id)
    now = timezone.now()
    monkeypatch.setattr(calls.logger, "disabled", True)

    for _ in range(RUNAWAY):
        calls.use("request_handoff", {}, caller=caller, now=now)

    assert ToolCall.objects.count() == BUDGET + 1
    assert ToolCall.objects.get(code="over_budget").repeats == RUNAWAY - BUDGET - 1
    assert Handoff.objects.count() == 1


def test_one_visit_s_budget_is_not_another_s(assistant: Assistant, widget: WidgetConfig, alice: Closer) -> None:
    for _ in range(BUDGET):
        assistant.use("check_closer_availability")
    other = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    assert assistant.use("check_closer_availability").code == "over_budget"
    told = calls.use("check_closer_availability", {}, caller=in_conversation(other, "two"), now=timezone.now())
    assert told.outcome == "done"
