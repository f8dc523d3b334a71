"""An assistant that Telnyx does not let begin: what is on the line instead is never silence."""

import json
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from handoff.models import Closer, Command
from sessions_app.conversation import runs
from sessions_app.visits import tokens
from tests.flows.assistant import let_it_finish, save
from tests.visits import ANSWERS, Visit

ALREADY = httpx.Response(422, json={"errors": [{"code": "90061", "title": "AI Assistant is already in progress"}]})


def says(visit: Visit) -> list[str]:
    return [one["payload"] for one in visit.rest.asked("speak")]


def starts(visit: Visit, run: int) -> list[Command]:
    kinds = ("start_assistant", "start_gather")
    return [one for kind in kinds for one in visit.commands(kind) if one.arguments["run"] == run]


def wait(visit: Visit, *, times: int = 12) -> None:
    for _ in range(times):
        visit.pass_time(2)


def test_who_returns_while_another_still_ends_is_started_again(monday: Any, carol: Closer, talking: Visit) -> None:
    save(talking, **ANSWERS)
    started = talking.rest.router["conversation"].mock(return_value=ALREADY)
    let_it_finish(talking)
    talking.pass_time(2)
    assert starts(talking, 2)[0].state == Command.State.FAILED
    started.mock(return_value=httpx.Response(200, json={"data": {"result": "ok", "conversation_id": "second"}}))
    wait(talking, times=2)

    assert [one.state for one in starts(talking, 2)][-1] == Command.State.CONFIRMED
    assert talking.session.runs.get(number=2).conversation_id == "second"
    assert len(talking.rest.asked("ai_assistant_stop")) == 1


def test_what_never_lets_another_begin_is_stopped_before_anybody_speaks(
    monday: Any, carol: Closer, talking: Visit
) -> None:
    save(talking, **ANSWERS)
    talking.rest.router["conversation"].mock(return_value=ALREADY)
    let_it_finish(talking)
    wait(talking)

    assert len(starts(talking, 2)) == 4
    assert len(talking.rest.asked("ai_assistant_stop")) == 2
    assert says(talking)[-1].endswith("goodbye.")


@pytest.mark.usefixtures("gathering")
def test_a_gather_that_cannot_begin_again_leads_to_a_closer(talking: Visit, alice: Closer) -> None:
    talking.rest.router["conversation"].mock(return_value=ALREADY)
    run = talking.session.runs.get()
    talking.leg.client_state = runs.mark(run)
    talking.leg.says("call.ai_gather.ended", status="client_error", result=None, message_history=[])
    talking.work()
    wait(talking)

    assert talking.handoff.trigger == "assistant_failed"
    assert talking.handoff.prospect_free_at is not None
    assert says(talking)


def test_its_reply_was_lost_and_it_speaks(talking: Visit, alice: Closer) -> None:
    """The same refusal comes where an earlier request of ours was carried out."""
    command = Command.objects.get(kind="start_assistant")
    assert talking.session.runs.get().started_at is not None
    Command.objects.filter(pk=command.pk).update(state="pending", due_at=command.created_at)
    talking.rest.router["conversation"].mock(return_value=ALREADY)
    talking.work()
    wait(talking)

    assert len(starts(talking, 1)) == 1
    assert not talking.session.handoffs.exists()


def test_a_call_is_answered_alone_where_its_assistant_is_refused(
    visit: Visit, settings: Settings, alice: Closer
) -> None:
    settings.TELNYX_ASSISTANT_START = "answer"
    answered = httpx.Response(200, json={"data": {"result": "ok"}})
    refused = httpx.Response(422, json={"errors": [{"code": "10015"}]})

    def answer(request: httpx.Request) -> httpx.Response:
        return refused if "assistant" in json.loads(request.content) else answered

    visit.rest.answers["answer"] = answer
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    assert visit.session.ended_at is None
    visit.leg.answered()
    visit.work()

    assert visit.handoff.trigger == "assistant_failed"
    assert len(says(visit)) == 1


def test_a_call_that_is_gone_is_over_whatever_was_to_answer_it(visit: Visit, settings: Settings, alice: Closer) -> None:
    settings.TELNYX_ASSISTANT_START = "answer"
    visit.rest.refusals["answer"] = (422, "90018")
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()

    assert visit.session.end_reason == "hung_up"
    assert visit.handoff.state == "abandoned"
