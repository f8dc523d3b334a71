"""A limit of the account lets no leg come about: nobody is to blame, it is tried again, and the reason is told."""

from typing import Any

import httpx
import pytest
from django.utils import timezone

from handoff import actions, tasks
from handoff.machine import State
from handoff.models import CallbackPromise, Closer, Command, Offer, RoutingPolicy
from sessions_app.models import LegRefusal, Run, WidgetConfig
from sessions_app.visitor_page import page
from sessions_app.visits import capacity, tokens, visits
from tests.visits import ANSWERS, Visit, connect

BUSY = {"errors": [{"code": "90041", "title": "Channel limit exceeded"}]}
LIMITS: list[tuple[int, dict[str, str]]] = [
    (403, {"code": "90041"}),
    (403, {"code": "90042"}),
    (403, {"code": "90043"}),
    (403, {"code": "10039"}),
    (429, {"code": "90103"}),
    (429, {"code": "10011", "detail": "You have exceeded the number of dials per hour allowed for your account."}),
]


def refuse_dials(visit: Visit, status: int = 403, told: dict[str, str] | None = None) -> None:
    visit.rest.answers["dial"] = lambda _: httpx.Response(status, json={"errors": [told or {"code": "90041"}]})


def allow_dials(visit: Visit) -> None:
    del visit.rest.answers["dial"]


def take_the_ring(visit: Visit) -> Closer:
    offer = visit.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    visit.work()
    return offer.closer


def is_blamed(closer: Closer) -> bool:
    closer.refresh_from_db()
    return closer.missed_at is not None or not closer.is_available


def spoken(visit: Visit) -> list[str]:
    return [body["payload"] for body in visit.rest.asked("speak")]


@pytest.mark.parametrize(("status", "told"), LIMITS)
def test_a_closer_keeps_the_call_until_a_line_is_free(
    waiting_for_alice: Visit, ben: Closer, status: int, told: dict[str, str]
) -> None:
    visit = waiting_for_alice
    refuse_dials(visit, status, told)

    alice = take_the_ring(visit)

    assert (visit.state, visit.handoff.closer) == (State.QUEUED, alice)
    assert not Offer.objects.filter(closer=ben).exists()
    assert page.state(visit.session)["busy"] is True
    allow_dials(visit)
    visit.pass_time(3)
    assert visit.state == State.QUEUED
    visit.pass_time(2)
    assert visit.state == State.ACCEPTED
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    leg.bridged()
    assert visit.state == State.CONNECTED
    assert page.state(visit.session)["busy"] is False
    assert not is_blamed(alice)


def test_the_prospect_hears_why_once_and_is_promised_a_callback_with_the_true_reason(
    waiting_for_alice: Visit, ben: Closer
) -> None:
    visit = waiting_for_alice
    refuse_dials(visit)
    alice = take_the_ring(visit)
    accepted_at = visit.attempt.accepted_at

    for _ in range(12):
        visit.pass_time(6)

    assert (visit.state, visit.handoff.outcome) == (State.UNANSWERED, "lines_busy")
    assert CallbackPromise.objects.get().reason == "lines_busy"
    assert len([text for text in spoken(visit) if "lines are busy" in text]) == 1
    run = visit.session.runs.get(purpose=Run.Purpose.CALLBACK)
    (asked,) = [one for one in visit.commands("start_assistant") if one.arguments["run"] == run.number]
    assert asked.arguments["greeting"].startswith("I am sorry, all our lines are busy at the moment.")
    assert page.state(visit.session)["busy"] is True
    # Nobody is blamed, and nobody counts as asked.
    assert visit.handoff.closer is None
    assert Offer.objects.get(closer=alice).state == Offer.State.WITHDRAWN
    assert visit.attempt.accepted_at == accepted_at
    assert not is_blamed(alice)
    assert not is_blamed(ben)
    assert visit.kinds().count("handoff.busy") == 1


def test_it_is_asked_for_again_but_not_all_the_time(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    refuse_dials(visit)
    take_the_ring(visit)

    for _ in range(30):
        visit.pass_time(1)

    assert 5 <= len(visit.commands("dial")) <= 8
    assert {command.state for command in visit.commands("dial")} == {Command.State.FAILED}


def test_while_telnyx_refuses_nobody_else_is_rung_or_let_in(
    waiting_for_alice: Visit, ben: Closer, widget: WidgetConfig
) -> None:
    visit = waiting_for_alice
    second = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    refuse_dials(visit)
    take_the_ring(visit)

    actions.request_handoff(second.pk, reason="requested", now=timezone.now())
    with pytest.raises(capacity.Busy):
        visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    assert not Offer.objects.filter(closer=ben).exists()
    allow_dials(visit)
    visit.pass_time(5)
    visits.open_visit(widget, recording=True, origin="", now=timezone.now())


def test_a_take_is_refused_in_plain_words_while_lines_are_busy(talking: Visit, alice: Closer) -> None:
    capacity.refused(talking.session.team_id, "90041", now=timezone.now())

    with pytest.raises(actions.ActionRefused) as refusal:
        actions.take(talking.session_id, closer=alice, immediately=False, now=timezone.now())

    assert (str(refusal.value), refusal.value.code) == (
        "All our lines are busy at the moment. Try again in a moment.",
        "lines_busy",
    )
    assert not Offer.objects.exists()
    talking.clock.advance(5)
    Closer.objects.update(seen_at=timezone.now())
    actions.take(talking.session_id, closer=alice, immediately=False, now=timezone.now())
    assert talking.state == State.ACCEPTED


def test_nobody_is_rung_before_a_line_is_free(talking: Visit, alice: Closer) -> None:
    capacity.refused(talking.session.team_id, "90041", now=timezone.now())

    talking.finish(ANSWERS)

    assert talking.state == State.RESERVED
    assert page.state(talking.session)["busy"] is True
    talking.pass_time(5)
    assert talking.ringing().closer == alice
    assert page.state(talking.session)["busy"] is False


def test_a_wait_without_any_line_ends_with_the_true_reason(talking: Visit, alice: Closer) -> None:
    capacity.refused(talking.session.team_id, "90041", now=timezone.now())
    talking.finish(ANSWERS)

    for _ in range(25):
        capacity.refused(talking.session.team_id, "90041", now=timezone.now())
        talking.pass_time(3)

    assert (talking.state, talking.handoff.outcome) == (State.UNANSWERED, "lines_busy")
    assert CallbackPromise.objects.get().reason == "lines_busy"
    assert not Offer.objects.exists()
    assert not is_blamed(alice)


def test_who_is_busy_first_and_free_of_lines_later_is_told_the_later_reason(talking: Visit, alice: Closer) -> None:
    capacity.refused(talking.session.team_id, "90041", now=timezone.now())
    talking.finish(ANSWERS)
    talking.pass_time(5)

    for _ in range(3):
        talking.pass_time(26)

    assert CallbackPromise.objects.get().reason == "nobody_free"
    assert page.state(talking.session)["busy"] is False


def test_a_warm_seat_waits_for_its_line_while_the_assistant_speaks(talking: Visit, alice: Closer) -> None:
    refuse_dials(talking)
    actions.take(talking.session_id, closer=alice, immediately=False, now=timezone.now())
    talking.work()
    for _ in range(30):
        talking.pass_time(6)  # Nobody waits, so nobody gives up.
    assert (talking.state, talking.session.phase) == (State.QUEUED, "assistant")
    assert page.state(talking.session)["busy"] is False
    assert spoken(talking) == []

    talking.finish(ANSWERS)
    assert page.state(talking.session)["busy"] is True
    allow_dials(talking)
    talking.pass_time(5)

    assert (talking.state, talking.session.closer_name) == (State.ACCEPTED, "Alice")


def test_a_closer_may_let_go_while_lines_are_busy(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    refuse_dials(visit)
    alice = take_the_ring(visit)

    actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
    visit.pass_time(5)

    assert visit.ringing().closer == ben


def test_a_closer_who_goes_away_while_lines_are_busy_is_replaced(waiting_for_alice: Visit, ben: Closer) -> None:
    visit = waiting_for_alice
    refuse_dials(visit)
    alice = take_the_ring(visit)
    allow_dials(visit)

    visit.clock.advance(30)
    Closer.objects.exclude(pk=alice.pk).update(seen_at=timezone.now())
    visit.work()
    tasks.sweep()
    tasks.sweep()

    assert visit.ringing().closer == ben


def test_a_prospect_may_leave_while_lines_are_busy(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    refuse_dials(visit)
    take_the_ring(visit)

    visit.leg.hung_up()
    visit.work()

    assert visit.state == State.ABANDONED
    visit.pass_time(10)
    assert len(visit.commands("dial")) == 1


def test_a_transfer_that_finds_no_line_is_tried_again(talking: Visit, alice: Closer) -> None:
    RoutingPolicy.objects.update(method="transfer")
    talking.finish(ANSWERS)
    talking.rest.refusals["transfer"] = (403, "90043")
    take_the_ring(talking)
    assert talking.state == State.QUEUED

    del talking.rest.refusals["transfer"]
    talking.pass_time(5)

    assert [command.state for command in talking.commands("transfer")] == ["failed", "confirmed"]


def test_a_visitor_whose_own_call_cannot_be_answered_gets_the_form_with_the_true_reason(
    visit: Visit, alice: Closer
) -> None:
    visit.rest.refusals["answer"] = (403, "90041")
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))

    visit.work()

    assert visit.session.end_reason == "lines_busy"
    state = page.state(visit.session)
    assert (state["phase"], state["busy"]) == ("ended", True)
    answer = visit.post("callback", name="Ada", phone="0412 555 018")
    assert answer.status_code == 201


def test_a_visitor_s_leg_that_ends_at_a_limit_leads_to_the_form(visit: Visit) -> None:
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.leg.says(
        "call.hangup", hangup_cause="call_rejected", hangup_source="unknown", sip_hangup_cause="User channel limit D1"
    )

    assert (visit.session.end_reason, page.state(visit.session)["busy"]) == ("lines_busy", True)


def test_a_leg_that_was_answered_ends_as_ever(waiting_for_alice: Visit) -> None:
    connect(waiting_for_alice)
    waiting_for_alice.leg.says(
        "call.hangup", hangup_cause="normal_clearing", hangup_source="caller", sip_hangup_cause="D1"
    )

    assert waiting_for_alice.session.end_reason == "hung_up"
    assert not LegRefusal.objects.exists()


def placing(limit: Any) -> dict[str, Any]:
    return {"kind": "error", "data": {"code": 0, "stage": "placing", "limit": limit}}


def test_what_a_page_says_of_its_own_call_is_counted_once_and_closes_nothing(visit: Visit) -> None:
    for _ in range(3):
        assert visit.post("report", **placing("D1")).status_code == 202

    assert capacity.refused_lately(now=timezone.now()) == {"page:D1": 1}
    assert visit.session.met_busy_lines
    assert capacity.has_room(visit.session.team, now=timezone.now())


@pytest.mark.parametrize("limit", ["D13", "own_cap", "", None, 7, ["D1"], {"D1": 1}, "page:D1"])
def test_nothing_else_that_a_page_says_is_taken_for_a_limit(visit: Visit, limit: Any) -> None:
    assert visit.post("report", **placing(limit)).status_code == 202

    assert not LegRefusal.objects.exists()
    assert not visit.session.met_busy_lines


def test_a_page_that_cannot_come_back_for_want_of_a_line_is_promised_a_callback_for_that_reason(
    waiting_for_alice: Visit,
) -> None:
    visit = waiting_for_alice
    visit.pass_time(24)
    visit.post("report", **placing("D1"))
    visit.pass_time(2)

    assert CallbackPromise.objects.get().reason == "lines_busy"
