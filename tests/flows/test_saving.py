"""What an assistant saves: what can be used is kept, whatever came beside it."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from handoff.models import Closer
from sessions_app.conversation import tool_catalogue
from sessions_app.models import CapturedField
from sessions_app.visits import tokens
from tests.flows.assistant import ask, save
from tests.people import Clock
from tests.visits import ANSWERS, Visit

ROOMS = {"type": "array", "items": {"type": "string", "description": "A {room}"}, "description": "Which rooms?"}


def ask_also(visit: Visit, **rules: Any) -> None:
    schema = visit.session.widget.gather_schema
    ask(visit, {**schema, "properties": {**schema["properties"], **rules}})


def kept(visit: Visit) -> dict[str, Any]:
    return dict(CapturedField.objects.filter(session_id=visit.session_id).values_list("name", "value"))


def test_a_question_may_take_a_list(talking: Visit, alice: Closer) -> None:
    ask_also(talking, budget=ROOMS)

    told = save(talking, **ANSWERS | {"budget": ["kitchen", "bath"]})

    assert kept(talking) == ANSWERS | {"budget": ["kitchen", "bath"]}
    assert told["complete"] is True


@pytest.mark.parametrize("value", [["kitchen"], {"from": 1, "to": 2}, "x" * 2001, True])
def test_a_value_of_another_kind_than_its_question_loses_no_other(talking: Visit, alice: Closer, value: Any) -> None:
    told = save(talking, **ANSWERS | {"budget": value})

    others = {name: said for name, said in ANSWERS.items() if name != "budget"}
    assert others.items() <= kept(talking).items()
    assert "budget" in told["text"]
    assert told["complete"] is False


@pytest.mark.parametrize(
    ("name", "rule", "value"),
    [
        ("answers", {"type": "string"}, "Yes, all of them"),
        ("answers", {"type": "array"}, ["yes", "no"]),
        ("phone", {"type": "integer"}, 412555018),
        ("email", {"type": "boolean"}, True),
        ("phone", {"type": "string"}, "no"),
    ],
)
def test_a_question_that_is_called_like_an_argument_of_the_tool_is_the_question(
    talking: Visit, alice: Closer, name: str, rule: dict[str, Any], value: Any
) -> None:
    ask_also(talking, **{name: rule})

    told = save(talking, **{"budget": "20000", name: value})

    assert kept(talking) == {"budget": "20000", name: value}
    assert (told["status"], told["could_not_use"]) == ("done", {})


def test_a_number_that_cannot_be_called_is_asked_for_once_more(talking: Visit, alice: Closer) -> None:
    ask_also(talking, phone={"type": "string", "format": "phone"})

    told = save(talking, phone="415 555 0100")
    better = save(talking, phone="+1 415 555 0100")

    incomplete = "phone: Not a complete phone number. One of another country begins with + and its code."
    assert (told["status"], told["could_not_use"]) == ("refused", {"phone": incomplete})
    assert (better["status"], better["could_not_use"]) == ("done", {})


def test_an_argument_of_the_tool_that_does_not_fit_is_told_by_name(talking: Visit, alice: Closer) -> None:
    listed = [{"question": "timeline", "answer": "spring"}, {"question": "email"}]

    told = save(talking, budget="20000", phone="no", answers=listed)

    assert kept(talking) == {"budget": "20000", "timeline": "spring"}
    assert "I left this out: phone: minLength 3; answers/1: something is missing." in told["text"]


@pytest.mark.parametrize("blank", ["   ", "\t\n", "\u200b", "\u00a0 \u202e"])
def test_nothing_visible_is_no_answer(talking: Visit, alice: Closer, blank: str) -> None:
    told = save(talking, **ANSWERS | {"timeline": blank})

    assert "timeline" not in kept(talking)
    assert told["complete"] is False


def test_nothing_but_blanks_is_told_to_be_nothing(talking: Visit, alice: Closer) -> None:
    assert save(talking, timeline=" ")["status"] == "invalid"


def test_a_name_that_is_required_and_not_asked_is_not_waited_for(talking: Visit, alice: Closer) -> None:
    schema = talking.session.widget.gather_schema
    ask(talking, {**schema, "required": [*schema["required"], "surname"]})

    assert save(talking, **ANSWERS)["complete"] is True


def test_a_list_is_described_with_what_it_holds() -> None:
    (saving, *_) = tool_catalogue.as_webhooks(base="", questions={"rooms": ROOMS})

    rooms = saving["webhook"]["body_parameters"]["properties"]["rooms"]
    assert (rooms["type"], rooms["items"]) == ("array", {"type": "string", "description": "A room"})


def test_a_name_without_end_is_neither_repeated_nor_kept(talking: Visit, alice: Closer) -> None:
    told = talking.leg.uses("save_prospect_details", **{"x" * 300_000: "v", "full_name": "Ada"}).json()

    entry = talking.session.timeline.get(kind="tool.called")
    assert len(str(entry.payload)) < 20_000
    assert len(told["text"]) < 2_000
    assert told["saved"] == ["full_name"]


def test_of_many_names_that_nobody_asked_for_some_are_named(talking: Visit, alice: Closer) -> None:
    told = talking.leg.uses("save_prospect_details", **{f"odd_{number}": "v" for number in range(500)}).json()

    assert len(told["unknown"]) == 20


@pytest.mark.usefixtures("gathering")
def test_a_gather_s_ticket_opens_only_what_the_gather_was_given(talking: Visit, alice: Closer) -> None:
    ticket = tokens.tool_ticket(talking.session.runs.get().pk, talking.leg.call_control_id)

    def use(name: str) -> Any:
        address = f"/webhooks/telnyx/tools/{name}?ticket={ticket}"
        return talking.leg.webhooks.client.post(address, '{"full_name": "Mallory"}', content_type="application/json")

    assert use("save_prospect_details").json()["code"] == "not_given"
    assert not talking.session.fields.exists()


def test_saving_leaves_a_person_to_be_called(talking: Visit, alice: Closer, settings: Settings) -> None:
    settings.TOOL_CALLS_PER_SESSION = 5
    for number in range(7):
        told = save(talking, full_name=f"Ada {number}")
    assert told["code"] == "over_budget"

    assert talking.leg.uses("request_handoff").json()["status"] == "done"


def test_answers_told_after_the_end_are_kept(talking: Visit, alice: Closer, clock: Clock) -> None:
    talking.leg.hung_up()
    told = save(talking, **ANSWERS)
    assert (told["status"], told["code"]) == ("refused", "over")
    assert talking.session.fields.count() == len(ANSWERS)

    clock.advance(301)
    save(talking, full_name="Mallory")
    assert talking.session.fields.get(name="full_name").value == ANSWERS["full_name"]


@pytest.mark.usefixtures("gathering")
def test_a_gather_s_ticket_is_of_no_use_for_ever(
    talking: Visit, alice: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = tokens.tool_ticket(talking.session.runs.get().pk, talking.leg.call_control_id)
    address = f"/webhooks/telnyx/tools/check_closer_availability?ticket={ticket}"

    def use() -> int:
        client = talking.leg.webhooks.client
        return int(client.post(address, "{}", content_type="application/json").status_code)

    assert use() == 200
    monkeypatch.setattr(tokens, "LIFETIME", timedelta())
    assert use() == 401
