"""A closer calls a prospect back: their own line first, then the page that is open or the number that was left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from random import Random
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from handoff import actions
from handoff.machine import SETTLED_STATES, State
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app import page, tokens
from sessions_app.models import VoiceSession
from tests.flows.conftest import ANSWERS, Visit
from tests.flows.telnyx import Leg

PHONE = "0412 555 018"
NUMBER = "+61412555018"


@pytest.fixture
def promised(visit: Visit, alice: Closer) -> Visit:
    """The prospect left a number and has gone; Alice is there again."""
    promise(visit)
    return visit


def promise(visit: Visit, phone: str = PHONE) -> CallbackPromise:
    return actions.promise_callback(visit.session_id, name="Ada Lovelace", phone=phone, when=None, now=timezone.now())


def promise_of(visit: Visit) -> CallbackPromise:
    return CallbackPromise.objects.get(session_id=visit.session_id)


@dataclass
class Call:
    """The call that shall keep a promise."""

    promised: Visit
    visit: Visit

    @property
    def state(self) -> str:
        return self.visit.state

    def closer_answers(self) -> Leg:
        leg = self.visit.closer_leg()
        leg.initiated(direction="outgoing")
        leg.answered()
        self.visit.work()
        return leg

    def prospect_leg(self) -> Leg:
        """The leg that was dialled to the prospect's number."""
        return self.visit.closer_leg()

    def dialled(self) -> list[str]:
        return [body["to"] for body in self.visit.rest.asked("calls")]


def call(visit: Visit, closer: Closer) -> Call:
    handoff = actions.call_back(promise_of(visit).pk, closer=closer, now=timezone.now())
    made = Visit(handoff.session_id, visit.leg, visit.rest, visit.clock)
    made.work()
    return Call(visit, made)


def open_page(visit: Visit) -> None:
    VoiceSession.objects.filter(pk=visit.session_id).update(page_seen_at=timezone.now())


def calling(visit: Visit) -> dict[str, Any] | None:
    ringing: dict[str, Any] | None = page.state(visit.session)["calling"]
    return ringing


def hang_up(call: Call, closer: Closer) -> None:
    actions.hang_up(call.visit.handoff.pk, closer=closer, now=timezone.now())
    call.visit.work()


# --- the number


def test_the_closer_s_line_is_up_before_the_number_is_dialled(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    assert made.dialled() == [f"sip:{alice.sip_username}@{settings.TELNYX_SIP_DOMAIN}"]
    assert made.state == State.ACCEPTED

    made.closer_answers()

    assert made.dialled()[1:] == [NUMBER]
    dial = made.visit.rest.asked("calls")[1]
    assert (dial["from"], dial["timeout_secs"]) == (settings.TELNYX_CALLER_NUMBER, 40)
    assert dial["connection_id"] == settings.TELNYX_CALL_CONTROL_APP_ID


def test_two_people_talk_and_the_promise_is_kept(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    made.visit.work()
    closer_leg.bridged()
    leg.bridged()

    (bridge,) = made.visit.commands("bridge")
    assert bridge.call_control_id == leg.call_control_id
    assert bridge.arguments == {"other": closer_leg.call_control_id}
    assert made.state == State.CONNECTED
    kept = promise_of(promised)
    assert (kept.kept_at is not None, kept.owner, kept.attempts) == (True, alice, 1)
    assert promised.kinds()[-2:] == ["callback.called", "callback.kept"]

    leg.hung_up(source="callee")
    assert made.state == State.WRAP_UP
    assert made.visit.session.ended_at is not None


def test_the_closer_has_all_that_was_said_before(talking: Visit, alice: Closer) -> None:
    Closer.objects.update(is_available=False)
    talking.leg.gathered({**ANSWERS, "phone": PHONE})
    talking.work()
    talking.leg.hung_up()

    made = call(talking, alice)

    session = made.visit.session
    assert session.previous_id == talking.session_id
    assert session.prospect == talking.session.prospect
    assert dict(session.fields.values_list("name", "value")) == {**ANSWERS, "phone": PHONE}
    assert len(made.visit.rest.asked("gather_using_ai")) == 2, "those of the first visit"


def test_no_assistant_speaks_on_that_call(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.answered()
    made.visit.work()

    assert made.visit.rest.asked("gather_using_ai") == []
    assert made.visit.session.run_number == 0


def answer_before_the_reply(leg: Leg) -> None:
    leg.answered()
    leg.initiated(direction="outgoing")


def answer(leg: Leg) -> None:
    leg.initiated(direction="outgoing")
    leg.answered()


@pytest.mark.parametrize("order", [answer, answer_before_the_reply])
def test_the_order_of_the_prospect_s_first_events_does_not_matter(
    promised: Visit, alice: Closer, order: Callable[[Leg], None]
) -> None:
    made = call(promised, alice)
    made.closer_answers()

    order(made.prospect_leg())
    made.visit.work()

    assert made.state == State.BRIDGING
    assert len(made.visit.commands("bridge")) == 1


def test_a_leg_that_is_told_of_before_the_dial_s_own_answer_is_the_prospect_s(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    dial = made.visit.rest.asked("calls")[1]
    made.visit.session.legs.filter(role="prospect").delete()
    VoiceSession.objects.filter(pk=made.visit.session_id).update(call_control_id=None, call_session_id=None)
    early = Leg(promised.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=dial["client_state"])

    early.initiated(direction="outgoing")

    assert made.visit.session.legs.get(call_control_id=early.call_control_id).role == "prospect"
    assert made.visit.session.call_control_id == early.call_control_id


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("user_busy", "busy"), ("timeout", "no_answer"), ("call_rejected", "declined"), ("unallocated_number",) * 2],
)
def test_a_prospect_who_is_not_reached_leaves_the_promise_open_and_the_reason(
    promised: Visit, alice: Closer, cause: str, reason: str
) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.hung_up(source="callee", cause=cause)
    made.visit.work()

    assert made.state == State.ABANDONED
    assert made.visit.handoff.outcome == reason
    assert len(made.visit.rest.asked("hangup")) == 1, "the closer's line"
    open_promise = promise_of(promised)
    assert (open_promise.kept_at, open_promise.attempts) == (None, 1)
    told = promised.session.timeline.get(kind="callback.unanswered")
    assert told.payload == {"reason": reason}
    assert made.visit.session.ended_at is not None
    assert not CallbackPromise.objects.filter(session_id=made.visit.session_id).exists()


def test_after_a_failed_try_it_can_be_tried_again(promised: Visit, alice: Closer) -> None:
    first = call(promised, alice)
    first.closer_answers()
    leg = first.prospect_leg()
    leg.hung_up(source="callee", cause="user_busy")
    first.visit.work()

    second = call(promised, alice)

    assert second.visit.session_id != first.visit.session_id
    assert promise_of(promised).attempts == 2


def test_the_closer_may_call_it_off(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")

    hang_up(made, alice)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "called_off")
    assert len(made.visit.rest.asked("hangup")) == 2, "the prospect's phone stops too"
    assert made.visit.session.ended_at is not None


def test_a_closer_whose_own_line_fails_rings_nobody(promised: Visit, alice: Closer, ben: Closer) -> None:
    made = call(promised, alice)
    leg = made.visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.hung_up(source="callee", cause="user_busy")
    made.visit.work()

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "line_failed")
    assert len(made.dialled()) == 1
    assert made.visit.handoff.offers.count() == 0


def test_a_number_that_rings_for_ever_is_given_up(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    made.closer_answers()
    made.prospect_leg().initiated(direction="outgoing")

    made.visit.pass_time(26)
    assert made.state == State.BRIDGING
    made.visit.pass_time(51)
    made.visit.pass_time(2)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "no_answer")
    assert len(made.dialled()) == 2
    assert len(made.visit.rest.asked("hangup")) == 2


def test_a_refused_dial_ends_the_try(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    refusal = {"errors": [{"code": "10015", "title": "Invalid"}]}
    made.visit.rest.router["dial"].respond(422, json=refusal)
    made.closer_answers()

    assert made.state == State.UNANSWERED
    assert promise_of(promised).kept_at is None


def test_a_closer_whose_line_breaks_in_the_talk_is_rung_again(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    made.visit.work()
    closer_leg.bridged()
    closer_leg.hung_up(source="unknown")
    made.visit.pass_time(3)

    assert made.visit.ringing().closer == alice
    assert made.visit.session.ended_at is None
    assert "broke off" in made.visit.rest.asked("speak")[-1]["payload"]


# --- who may be called


@pytest.mark.parametrize(
    "phone", ["1900 123 456", "190 555 018", "+1 415 555 0100", "+881 612 345 678", "12345678", "1300 555 018"]
)
def test_a_costly_or_foreign_number_is_never_dialled(visit: Visit, alice: Closer, phone: str) -> None:
    promise(visit, phone)

    with pytest.raises(actions.ActionRefused, match="may not be dialled") as refused:
        call(visit, alice)

    assert refused.value.code == "no_number"
    assert promise_of(visit).attempts == 0
    assert visit.rest.asked("calls") == []


def test_without_a_number_or_a_page_there_is_nothing_to_call(visit: Visit, alice: Closer) -> None:
    promise(visit, "")

    with pytest.raises(actions.ActionRefused, match="No number is known"):
        call(visit, alice)


def busy(closer: Closer, promised: Visit) -> None:
    other = VoiceSession.objects.create(
        widget=promised.session.widget, team=closer.team, connection_mode="credential", created_at=timezone.now()
    )
    Handoff.objects.create(
        session=other,
        trigger="requested",
        state=State.CONNECTED,
        method="bridge",
        closer=closer,
        triggered_at=timezone.now(),
        deadline_at=timezone.now(),
    )


def without_phone(closer: Closer, promised: Visit) -> None:
    Closer.objects.filter(pk=closer.pk).update(softphone_registered=False)
    closer.refresh_from_db()


def done(closer: Closer, promised: Visit) -> None:
    actions.keep_promise(promise_of(promised).pk, closer=closer, now=timezone.now())


@pytest.mark.parametrize(
    ("hinder", "code"), [(busy, "busy"), (without_phone, "not_ready"), (done, "gone")], ids=["busy", "phone", "done"]
)
def test_what_hinders_a_call_is_said(
    promised: Visit, alice: Closer, hinder: Callable[[Closer, Visit], None], code: str
) -> None:
    hinder(alice, promised)

    with pytest.raises(actions.ActionRefused) as refused:
        call(promised, alice)

    assert refused.value.code == code
    assert promise_of(promised).attempts == 0


def test_another_team_s_promise_does_not_exist(promised: Visit, bob: Closer) -> None:
    with pytest.raises(actions.ActionRefused) as refused:
        call(promised, bob)

    assert refused.value.code == "unknown"


def test_the_second_closer_is_told_who_calls_and_the_first_may_click_twice(
    promised: Visit, alice: Closer, ben: Closer
) -> None:
    made = call(promised, alice)

    with pytest.raises(actions.ActionRefused, match="Alice is calling already"):
        call(promised, ben)

    assert call(promised, alice).visit.session_id == made.visit.session_id
    assert promise_of(promised).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_wins(promised: Visit, alice: Closer, ben: Closer) -> None:
    pk, closers = promise_of(promised).pk, [alice, ben] * 3
    start = Barrier(len(closers))
    results: list[Any] = []

    def click(closer: Closer) -> None:
        start.wait()
        try:
            results.append(actions.call_back(pk, closer=closer, now=timezone.now()).pk)
        except actions.ActionRefused as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=click, args=[closer]) for closer in closers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Handoff.objects.filter(trigger="callback").count() == 1
    assert promise_of(promised).attempts == 1
    assert results.count("gone") == 3
    assert len(set(results)) == 2


# --- the page


def test_an_open_page_rings_instead_of_the_number(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    assert calling(promised) is None, "before the closer's own line is up"

    made.closer_answers()

    ringing = calling(promised)
    assert ringing is not None
    assert ringing["closer"] == "Alice"
    assert tokens.read(ringing["session"]["token"]) == made.visit.session_id
    assert len(made.dialled()) == 1


def test_the_page_that_answers_talks_with_the_closer(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    ringing = calling(promised)
    assert ringing is not None
    assert made.visit.post("rejoin").status_code == 201
    leg = Leg(promised.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.initiated(ticket=ringing["session"]["ticket"])
    made.visit.work()
    leg.answered()
    made.visit.work()
    closer_leg.bridged()

    assert made.state == State.CONNECTED
    assert promise_of(promised).kept_at is not None
    assert calling(promised) is None
    assert len(made.dialled()) == 1
    assert made.visit.rest.asked("gather_using_ai") == []


def test_a_page_that_does_not_answer_makes_the_number_ring(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    made.closer_answers()

    made.visit.pass_time(26)

    assert made.dialled()[1:] == [NUMBER]
    assert made.state == State.BRIDGING
    leg = made.prospect_leg()
    leg.initiated(direction="outgoing")
    assert calling(promised) is None
    leg.hung_up(source="callee", cause="timeout")
    made.visit.work()
    assert (made.state, made.visit.handoff.outcome) == (State.COMPLETED, "no_answer")


def test_a_page_that_will_not_answer_now_ends_the_ring(promised: Visit, alice: Closer) -> None:
    open_page(promised)
    made = call(promised, alice)
    made.closer_answers()

    assert made.visit.post("leave").status_code == 204
    made.visit.work()

    assert (made.state, made.visit.handoff.outcome) == (State.ABANDONED, "declined")
    assert calling(promised) is None
    assert len(made.visit.rest.asked("hangup")) == 1


def test_a_page_alone_is_rung_without_a_number_and_then_given_up(visit: Visit, alice: Closer) -> None:
    promise(visit, "")
    open_page(visit)
    made = call(visit, alice)
    made.closer_answers()

    made.visit.pass_time(26)

    assert (made.state, made.visit.handoff.outcome) == (State.UNANSWERED, "no_answer")
    assert len(made.dialled()) == 1
    assert calling(visit) is None


def test_a_page_that_was_seen_long_ago_is_not_rung(promised: Visit, alice: Closer) -> None:
    seen = timezone.now() - timedelta(seconds=20)
    VoiceSession.objects.filter(pk=promised.session_id).update(page_seen_at=seen)

    made = call(promised, alice)
    made.closer_answers()

    assert calling(promised) is None
    assert made.dialled()[1:] == [NUMBER]


# --- any order

ORDERS = Random(20261122).sample(list(permutations(range(6))), 24)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_whatever_the_order_of_what_is_told_there_is_one_bridge_and_one_end(
    promised: Visit, alice: Closer, order: tuple[int, ...]
) -> None:
    made = call(promised, alice)
    closer_leg = made.closer_answers()
    leg = made.prospect_leg()
    facts: list[Callable[[], None]] = [
        lambda: leg.initiated(direction="outgoing"),
        leg.answered,
        closer_leg.bridged,
        leg.bridged,
        lambda: leg.hung_up(source="callee"),
        lambda: closer_leg.hung_up(source="unknown"),
    ]

    for number in order:
        facts[number]()
        made.visit.work()
    made.visit.pass_time(200)

    assert made.visit.handoff.state in SETTLED_STATES
    assert made.visit.session.ended_at is not None
    assert len(made.visit.commands("bridge")) <= 1
    assert len(made.dialled()) == 2
    has_talked = made.visit.handoff.connected_at is not None
    assert (promise_of(promised).kept_at is not None) is has_talked
    assert promised.kinds().count("callback.unanswered") + has_talked <= 1


# --- what Telnyx does and does not say


def lose_the_reply(made: Call) -> Leg:
    """The dial is carried out, but no answer ever comes; the events of the new leg do."""
    made.visit.rest.router["dial"].mock(side_effect=httpx.ReadTimeout)
    made.closer_answers()
    state = made.visit.rest.asked("calls")[-1]["client_state"]
    return Leg(made.visit.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, client_state=state)


def test_a_dial_whose_reply_was_lost_is_believed_by_its_events(promised: Visit, alice: Closer) -> None:
    made = call(promised, alice)
    leg = lose_the_reply(made)
    leg.initiated(direction="outgoing")
    made.visit.pass_time(20)
    made.visit.pass_time(26)
    assert made.state == State.BRIDGING

    leg.answered()
    made.visit.work()

    assert len(made.visit.commands("bridge")) == 1
    assert len({body["command_id"] for body in made.visit.rest.asked("calls")}) == 2


@pytest.mark.parametrize("event", ["initiated", "answered"])
def test_a_prospect_whose_leg_is_told_of_when_nobody_waits_is_hung_up(
    promised: Visit, alice: Closer, event: str
) -> None:
    made = call(promised, alice)
    leg = lose_the_reply(made)
    if event == "answered":
        leg.initiated(direction="outgoing")
        made.visit.session.legs.filter(call_control_id=leg.call_control_id).update(ended_at=timezone.now())
        hang_up(made, alice)
        made.visit.session.legs.filter(call_control_id=leg.call_control_id).update(ended_at=None)
        leg.answered()
    else:
        hang_up(made, alice)
        leg.initiated(direction="outgoing")
    made.visit.work()

    paths = [call.request.url.path for call in made.visit.rest.router.calls]
    assert sum(path.endswith(f"{leg.call_control_id}/actions/hangup") for path in paths) == 1
    assert made.visit.commands("bridge") == []
