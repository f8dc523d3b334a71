"""What an assistant is told when it asks: of the visit that its delivery was found to belong to, and of no other."""

from typing import Any

import pytest
from django.utils import timezone

from handoff.models import Closer
from sessions_app.inbox import binding, fold
from sessions_app.models import Prospect, WebhookDelivery, WidgetConfig
from sessions_app.visits import tokens
from tests.flows.test_far_side import far_side, tell
from tests.people import Clock
from tests.telnyx import DYNAMIC_VARIABLES, Leg, Rest, Webhooks, envelope
from tests.visits import Visit, initialise, open_visit

NAME = "Grace Hopper"


@pytest.fixture
def named(talking: Visit) -> Visit:
    session = talking.session
    session.prospect = Prospect.objects.create(name=NAME)
    session.save(update_fields=["prospect"])
    return talking


def question(visit: Visit, leg: Leg, event_id: str = "asked-1") -> bytes:
    said = {**leg.ids(), "assistant_id": visit.session.widget.assistant_id, "telnyx_conversation_id": "conversation-9"}
    return envelope("assistant.initialization", said, event_id=event_id, occurred_at=timezone.now())


def ask(visit: Visit, leg: Leg, event_id: str = "asked-1") -> dict[str, Any]:
    response = visit.leg.webhooks.deliver(question(visit, leg, event_id), path=DYNAMIC_VARIABLES)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()["dynamic_variables"]
    return answer


def knows(answer: dict[str, Any]) -> bool:
    """Whether it is told of the visit; all or nothing."""
    told = (answer["prospect_name"] == NAME, "session_ticket" in answer)
    assert told in {(True, True), (False, False)}
    return told == (True, True)


def test_the_assistant_of_a_visit_is_told_of_it(named: Visit) -> None:
    answer = ask(named, named.leg)

    assert knows(answer)
    assert tokens.read_ticket(answer["session_ticket"]) == named.session_id


def test_the_question_repeated_has_the_same_answer(named: Visit) -> None:
    assert ask(named, named.leg) == ask(named, named.leg)
    assert WebhookDelivery.objects.get(event_id="asked-1").duplicates == 1


def test_a_repetition_is_known_by_as_much_of_its_id_as_is_kept(named: Visit) -> None:
    long = "asked-" * 30

    assert knows(ask(named, named.leg, long))
    assert knows(ask(named, named.leg, long))


def test_a_leg_that_was_found_to_be_nobody_s_learns_nothing_of_the_call_it_shares(named: Visit, alice: Closer) -> None:
    far = far_side(named, alice, session=named.leg.call_session_id)
    tell(far, "initiated")

    assert not knows(ask(named, far))


def test_who_becomes_known_between_our_look_and_our_commit_is_told(
    named: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, looked = binding.find, []

    def too_early(*args: Any, **kwargs: Any) -> Any:
        looked.append(1)
        return find(*args, **kwargs) if len(looked) > 1 else None

    monkeypatch.setattr(binding, "find", too_early)

    assert knows(ask(named, named.leg))
    assert len(looked) == 2


def test_an_assistant_knows_its_prospect_although_its_question_could_not_be_processed(
    named: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(fold, "fold", broken)

    assert knows(ask(named, named.leg))
    assert WebhookDelivery.objects.get(event_id="asked-1").status == WebhookDelivery.Status.FAILED


def test_what_had_waited_for_the_question_is_told_of_in_its_answer(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    """The headers of an anonymous call come before anything proves whose call it is."""
    anonymous_widget.value_names = ["order_number"]
    anonymous_widget.save()
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    header = {"name": "X-Order-Number", "value": "A-17"}
    visit.leg.says("call.initiated", direction="incoming", state="parked", custom_headers=[header])
    assert visit.post("claim", call_control_id=visit.leg.call_control_id).status_code == 204

    answer = initialise(visit).json()["dynamic_variables"]

    assert (answer.get("order_number"), "session_ticket" in answer) == ("A-17", True)
