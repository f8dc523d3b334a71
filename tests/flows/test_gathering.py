"""A widget that gathers without its configured assistant: what is asked, what came of it, what its tools prove."""

import itertools
import json
from typing import Any

import pytest

from handoff.actions import visitor
from handoff.engine import assistant_end
from handoff.machine import State
from handoff.models import Closer
from sessions_app.conversation import runs
from sessions_app.models import WebhookDelivery, WidgetConfig
from sessions_app.visits import tokens
from tests.flows.assistant import ask
from tests.people import logged_in
from tests.visits import ANSWERS, Visit

pytestmark = pytest.mark.usefixtures("gathering")

TICKETS = ("request_handoff", "check_closer_availability", "book_callback")


def gathers(visit: Visit) -> list[dict[str, Any]]:
    return visit.rest.asked("gather_using_ai")


def ends(visit: Visit, status: str, result: Any = None) -> None:
    """The newest gather is over, as both of its events tell it."""
    run = visit.session.run_number
    tell(visit, "gather", status, result, run=run)
    tell(visit, "conversation", status, run=run)


def tell(visit: Visit, what: str, status: str, result: Any = None, *, run: int) -> None:
    """Telnyx's events bear the mark of the command that began the gather, and the conversation its id."""
    told = visit.session.runs.get(number=run)
    visit.leg.client_state = runs.mark(told)
    if what == "gather":
        visit.leg.says("call.ai_gather.ended", status=status, result=result, message_history=[])
    else:
        visit.leg.ended_conversation(told.conversation_id or "")
    visit.work()


def tool_address(visit: Visit, name: str) -> str:
    (tool,) = [one for one in gathers(visit)[-1]["assistant"]["tools"] if one["webhook"]["name"] == name]
    return str(tool["webhook"]["url"])


def use(
    visit: Visit, name: str, *, query: str | None = None, headers: dict[str, str] | None = None, **given: Any
) -> Any:
    """As it may come: with nothing but the address."""
    _, _, own = tool_address(visit, name).partition("?")
    asked = own if query is None else query
    return visit.leg.webhooks.client.post(
        f"/webhooks/telnyx/tools/{name}?{asked}",
        json.dumps(given),
        content_type="application/json",
        headers=headers or {},
    )


def test_everything_that_is_asked_is_required_there(visit: Visit, widget: WidgetConfig) -> None:
    asked = widget.gather_schema["properties"]
    WidgetConfig.objects.update(gather_schema={"type": "object", "properties": asked, "required": ["email"]})
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()

    assert gathers(visit)[0]["parameters"]["required"] == list(asked)


def test_only_valid_is_complete(talking: Visit, alice: Closer) -> None:
    ends(talking, "valid", ANSWERS)

    assert (talking.handoff.trigger, talking.state) == ("gather_complete", State.RINGING)


@pytest.mark.parametrize("status", ["invalid", "", "something_new"])
def test_whatever_else_it_says_is_handed_over_with_what_is_known(talking: Visit, alice: Closer, status: str) -> None:
    ends(talking, status, {"full_name": "Ada"})

    assert (talking.handoff.trigger, talking.state) == ("gather_invalid", State.RINGING)
    assert talking.session.fields.get().value == "Ada"


def test_a_failure_of_the_platform_s_own_is_tried_once_more(talking: Visit, alice: Closer) -> None:
    ends(talking, "client_error")

    assert not talking.session.handoffs.exists()
    first, second = gathers(talking)
    assert (second["parameters"], second["voice"]) == (first["parameters"], first["voice"])
    assert second["client_state"] != first["client_state"]
    assert talking.session.is_assistant_running

    ends(talking, "client_error")

    assert (len(gathers(talking)), talking.handoff.trigger) == (2, "assistant_failed")
    assert talking.state == State.RINGING


def test_who_rings_already_is_not_left_for_another_try(talking: Visit, alice: Closer) -> None:
    talking.leg.partial({name: ANSWERS[name] for name in ("full_name", "email", "budget")})
    assert talking.state == State.RINGING
    ends(talking, "client_error")

    assert (len(gathers(talking)), talking.handoff.prospect_free_at is not None) == (1, True)


@pytest.mark.parametrize("order", list(itertools.permutations(["gather", "conversation"])))
@pytest.mark.parametrize(("status", "trigger"), [("valid", "gather_complete"), ("client_error", None)])
def test_what_it_came_to_counts_whichever_end_is_told_first(
    talking: Visit, alice: Closer, order: tuple[str, ...], status: str, trigger: str | None
) -> None:
    for what in order:
        tell(talking, what, status, run=1)
    talking.pass_time(5)

    assert [one.trigger for one in talking.session.handoffs.all()] == ([trigger] if trigger else [])


def test_a_result_that_never_comes_is_not_waited_for(talking: Visit, alice: Closer) -> None:
    talking.leg.ended_conversation()
    assert not talking.session.handoffs.exists()

    talking.pass_time(assistant_end.RESULT_WITHIN.total_seconds() + 0.5)

    assert talking.handoff.trigger == "conversation_ended"


# --- its tools


def test_a_gather_has_webhook_tools_alone_and_none_to_save(talking: Visit) -> None:
    tools = gathers(talking)[0]["assistant"]["tools"]

    assert {tool["type"] for tool in tools} == {"webhook"}
    assert sorted(tool["webhook"]["name"] for tool in tools) == sorted(TICKETS)


@pytest.mark.parametrize("name", TICKETS)
def test_the_address_alone_proves_whose_it_is(talking: Visit, alice: Closer, name: str) -> None:
    assert use(talking, name).json()["status"] == "done"


def test_a_person_is_called_by_a_tool_without_any_other_proof(talking: Visit, alice: Closer) -> None:
    use(talking, "request_handoff", reason="asks")

    assert (talking.handoff.wants_person, talking.ringing().closer) == (True, alice)


@pytest.mark.parametrize("query", ["ticket=", "ticket=forged", "ticket={session}", "ticket={cut}"])
def test_no_other_ticket_opens_it(talking: Visit, alice: Closer, query: str) -> None:
    own = tool_address(talking, "request_handoff").partition("ticket=")[2]
    given = query.format(session=tokens.ticket(talking.session_id), cut=own[:-1])

    assert use(talking, "request_handoff", query=given).status_code == 401
    assert not talking.session.handoffs.exists()


def test_a_call_s_bare_id_proves_nothing(talking: Visit, alice: Closer) -> None:
    headers = {"x-telnyx-call-control-id": talking.leg.call_control_id}

    assert use(talking, "request_handoff", query="", headers=headers).status_code == 401


def test_a_ticket_is_of_its_leg_alone(talking: Visit, alice: Closer) -> None:
    run = talking.session.runs.get()
    other = tokens.tool_ticket(run.pk, "v3:another")

    assert use(talking, "request_handoff", query=f"ticket={other}").json()["code"] == "too_early"


def test_a_signature_that_is_there_must_be_good(talking: Visit, alice: Closer) -> None:
    forged = {"telnyx-signature-ed25519": "A" * 86 + "==", "telnyx-timestamp": "1"}

    assert use(talking, "request_handoff", headers=forged).status_code == 401
    query = f"?{tool_address(talking, 'request_handoff').partition('?')[2]}"
    signed = talking.leg.webhooks.use_tool("request_handoff", {}, headers={}, query=query)
    assert signed.json()["status"] == "done"


def test_an_older_run_s_ticket_calls_nobody(talking: Visit, alice: Closer) -> None:
    address = tool_address(talking, "request_handoff").partition("?")[2]
    ends(talking, "client_error")

    assert use(talking, "request_handoff", query=address).json()["code"] == "not_running"


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "nonsense", "{"])
def test_hostile_bodies_get_a_clear_no(talking: Visit, body: str) -> None:
    query = tool_address(talking, "request_handoff").partition("?")[2]
    answer = talking.leg.webhooks.client.post(
        f"/webhooks/telnyx/tools/request_handoff?{query}", body, content_type="application/json"
    )

    assert answer.status_code == 400


# --- a gather that cannot be stopped


def test_a_closer_who_takes_over_is_joined_on_a_fresh_leg(talking: Visit, alice: Closer) -> None:
    talking.rest.refusals["ai_assistant_stop"] = (422, "10015")
    use(talking, "request_handoff")
    closer_leg = talking.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    talking.work()

    assert talking.rest.asked("bridge") == []
    assert talking.post("rejoin").status_code == 201


def test_a_number_past_reckoning_loses_no_other_answer(talking: Visit, alice: Closer) -> None:
    schema = talking.session.widget.gather_schema
    steps = {"type": "number", "multipleOf": 0.5}
    ask(talking, {**schema, "properties": {**schema["properties"], "budget": steps}})

    talking.leg.partial({**ANSWERS, "budget": 10**400})
    talking.leg.gathered({**ANSWERS, "budget": 10**400})

    assert talking.session.fields.count() == len(ANSWERS)
    assert not WebhookDelivery.objects.exclude(status="processed").filter(event_type__startswith="call.ai_gather")
    page = logged_in(alice.user).get(f"/dashboard/sessions/{talking.session_id}/").content.decode()
    assert "Too large a number." in page


def test_what_is_typed_is_refused_at_once_and_shown_to_the_closer(talking: Visit) -> None:
    answer = talking.post("message", text="My name is Ada")
    talking.work()

    assert (answer.status_code, answer.json()["code"]) == (409, "voice_only")
    assert talking.rest.asked("ai_assistant_add_messages") == []
    (typed,) = talking.session.timeline.filter(kind="session.typed")
    assert typed.payload == {"text": "My name is Ada"}


def test_what_is_typed_without_end_is_kept_to_an_end(talking: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "MOST_TYPED", 2)

    codes = [talking.post("message", text=f"line {number}").json()["code"] for number in range(3)]

    assert codes == ["voice_only"] * 3
    assert talking.session.timeline.filter(kind="session.typed").count() == 2
