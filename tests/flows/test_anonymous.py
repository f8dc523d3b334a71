"""A call that belongs to the assistant: the page claims it, and rejoins when the assistant's end took it along."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from handoff import tasks
from handoff.machine import State
from handoff.models import Closer
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery, WidgetConfig
from sessions_app.visitor_page import page
from sessions_app.visits import tokens
from tests.telnyx import Leg
from tests.visits import Visit, accept, initialise, open_visit


def end_with_the_assistant(visit: Visit) -> None:
    ended: dict[str, Any] = {"reason": "completed", "conversation_id": visit.rest.conversation_id, "messages": []}
    visit.leg.says("call.conversation.ended", **ended)
    visit.leg.hung_up(source="unknown")


def rejoin(visit: Visit) -> Leg:
    """The page fetches a credential and places a call of its own."""
    answer = visit.post("rejoin")
    assert answer.status_code == 201, answer.content
    leg = Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID, platform=visit.leg.platform)
    leg.initiated(from_=answer.json()["credentials"]["username"], ticket=tokens.ticket(visit.session_id))
    visit.work()
    return leg


def test_an_assistant_that_asks_before_the_claim_gets_safe_defaults(anonymous: Visit) -> None:
    answer = initialise(anonymous).json()

    assert answer["conversation"] == {"metadata": {}}
    assert answer["dynamic_variables"]["prospect_name"] == ""


def test_a_claimed_call_is_bound_with_all_that_came_before(claimed: Visit) -> None:
    session = claimed.session

    assert session.call_control_id == claimed.leg.call_control_id
    assert session.runs.get().conversation_id == claimed.rest.conversation_id
    assert session.system_variables["channel"] == "web_call"
    assert session.phase == "assistant"
    assert not WebhookDelivery.objects.filter(status="parked").exists()
    assert claimed.commands("answer") == []


def test_an_assistant_that_asks_after_the_claim_is_told_the_session(claimed: Visit) -> None:
    answer = initialise(claimed).json()

    assert answer["conversation"]["metadata"] == {"agileadapt_session": str(claimed.session_id)}
    assert answer["dynamic_variables"]["company"] == "Sales"


def test_a_claim_may_come_before_telnyx_says_anything(anonymous: Visit) -> None:
    assert anonymous.post("claim", call_control_id=anonymous.leg.call_control_id).status_code == 204
    assert anonymous.session.call_control_id is None

    initialise(anonymous)

    assert anonymous.session.call_control_id == anonymous.leg.call_control_id


def test_a_call_that_telnyx_never_reported_is_never_bound(anonymous: Visit) -> None:
    initialise(anonymous)
    anonymous.post("claim", call_control_id="v3:invented")
    anonymous.pass_time(20)

    assert anonymous.session.call_control_id is None
    assert not CallLeg.objects.exists()


def test_a_call_of_another_assistant_is_never_bound(anonymous: Visit) -> None:
    initialise(anonymous, "assistant-somebody-else")
    anonymous.post("claim", call_control_id=anonymous.leg.call_control_id)
    anonymous.pass_time(20)

    assert anonymous.session.call_control_id is None


def test_a_call_is_bound_to_one_session_alone(claimed: Visit, anonymous_widget: WidgetConfig) -> None:
    thief = open_visit(anonymous_widget, claimed.leg.webhooks, claimed.rest, claimed.clock, connection_id="x")

    thief.post("claim", call_control_id=claimed.leg.call_control_id)
    claimed.leg.partial({"full_name": "Ada"})
    thief.pass_time(20)

    assert thief.session.call_control_id is None
    assert not thief.session.fields.exists()
    assert CallLeg.objects.get().session_id == claimed.session_id


def test_a_bound_session_claims_no_other_call(claimed: Visit) -> None:
    assert claimed.post("claim", call_control_id="v3:another").status_code == 409
    assert claimed.post("claim", call_control_id=claimed.leg.call_control_id).status_code == 204


def test_a_credential_session_cannot_claim(visit: Visit) -> None:
    initialise(visit)

    assert visit.post("claim", call_control_id=visit.leg.call_control_id).status_code == 409


def test_the_page_rejoins_into_the_closer_s_call(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    assert visit.post("rejoin").status_code == 409
    end_with_the_assistant(visit)
    visit.work()
    assert visit.session.ended_at is None
    assert page.state(visit.session)["rejoin"] is True

    second = rejoin(visit)
    assert visit.session.has_rejoined
    assert visit.session.call_control_id == second.call_control_id
    second.answered()
    assert page.state(visit.session)["rejoin"] is False
    assert visit.commands("start_gather") == []

    closer_leg = visit.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    assert len(visit.rest.asked("bridge")) == 1
    second.bridged()
    assert visit.state == State.CONNECTED


def test_a_page_that_rejoins_after_the_closer_answered_is_joined_then(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    end_with_the_assistant(visit)
    closer_leg = visit.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    assert visit.commands("bridge") == []

    rejoin(visit).answered()
    visit.work()

    assert len(visit.rest.asked("bridge")) == 1


def test_a_prospect_who_hangs_up_on_the_assistant_is_not_rung_for(claimed: Visit, alice: Closer) -> None:
    visit = claimed
    visit.leg.says("call.conversation.ended", reason="customer_disconnect", messages=[])
    visit.leg.hung_up(source="caller")

    assert visit.session.ended_at is not None
    assert not visit.session.handoffs.exists()


def test_leaving_after_the_rejoin_ends_the_visit(claimed: Visit, alice: Closer) -> None:
    end_with_the_assistant(claimed)
    second = rejoin(claimed)
    second.answered()
    accept(claimed)

    second.hung_up()

    assert claimed.state == State.ABANDONED
    assert claimed.session.ended_at is not None


def test_a_token_alone_does_not_move_a_living_call(claimed: Visit) -> None:
    intruder = Leg(claimed.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    intruder.initiated(ticket=tokens.ticket(claimed.session_id))
    claimed.work()

    assert claimed.session.call_control_id == claimed.leg.call_control_id
    assert len(claimed.rest.asked("hangup")) == 1


def test_a_call_that_call_control_does_not_know_may_be_alive(claimed: Visit, alice: Closer) -> None:
    """Whether an assistant's own legs can be asked about is not documented; the conversation goes on all the same."""
    claimed.rest.lists = True
    claimed.rest.told.clear()
    claimed.rest.refusals["status"] = 404, ""
    for _ in range(6):
        claimed.pass_time(5)
        tasks.reconcile()
        claimed.work()

    assert claimed.session.assistant_ended_at is None
    assert claimed.session.phase == "assistant"


def hear(visit: Visit, position: int) -> None:
    """The page is there, and passes on what it hears."""
    VoiceSession.objects.filter(pk=visit.session_id).update(page_seen_at=timezone.now())
    turn = {"position": position, "role": "prospect", "text": f"turn {position}"}
    assert visit.post("heard", turns=[turn]).status_code == 202
    visit.pass_time(10)


def test_a_call_of_which_only_its_page_tells_is_not_cut(anonymous: Visit) -> None:
    anonymous.rest.lists = True
    assert anonymous.post("claim", call_control_id=anonymous.leg.call_control_id).status_code == 204
    for position in range(25):
        hear(anonymous, position)
    assert anonymous.session.ended_at is None

    for _ in range(19):  # From here on it hears nothing.
        VoiceSession.objects.filter(pk=anonymous.session_id).update(page_seen_at=timezone.now())
        anonymous.pass_time(10)
    assert anonymous.session.end_reason == "never_called"
