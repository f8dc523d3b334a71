"""A softphone that is not where it is rung: its page registers anew and is rung once more, and nobody is to blame."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from handoff import actions, selectors
from handoff.closers import softphones
from handoff.engine import transitions
from handoff.machine import Fact, State
from handoff.models import Closer, RoutingPolicy
from tests.flows.softphones import Page, absent, accepted, dialled, lookups, missing, must_register, of
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit, accept, connect

ABSENT = [("unspecified", "480"), ("unspecified", "404"), ("not_found", "unspecified"), ("unavailable", "unspecified")]


@pytest.mark.parametrize(("cause", "sip"), ABSENT)
def test_the_page_registers_anew_and_is_rung_once_more(
    waiting_for_alice: Visit, page: Page, ben: Closer, cause: str, sip: str
) -> None:
    visit, former = waiting_for_alice, page.username

    absent(accepted(visit), cause=cause, sip=sip)
    visit.work()
    assert (visit.state, visit.handoff.closer) == (State.ACCEPTED, page.closer)
    assert must_register(page.closer)
    assert dialled(visit) == [former]

    fresh = page.log_in()
    assert not must_register(page.closer)
    visit.work()
    assert dialled(visit) == [former], "it is not rung before it is registered"
    page.says()
    visit.work()
    assert dialled(visit) == [former, fresh]

    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    leg.bridged()
    assert (visit.state, visit.handoff.closer) == (State.CONNECTED, page.closer)
    assert not ben.offers.exists()


def test_nobody_is_blamed(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))
    page.registers()
    visit.work()

    absent_again = visit.closer_leg()
    absent_again.initiated(direction="outgoing")
    absent(absent_again)

    assert visit.ringing().closer == ben
    assert of(page.closer).missed_at is None
    assert "handoff.unanswered" not in visit.kinds()


def test_it_is_rung_once_more_and_no_more(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))
    page.registers()
    visit.work()
    absent(visit.closer_leg())

    page.registers()
    visit.work()

    assert visit.ringing().closer == ben
    assert len(dialled(visit)) == 2


def test_a_page_that_does_not_come_back_in_time_leaves_the_call_to_the_next(
    waiting_for_alice: Visit, page: Page, ben: Closer
) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))
    visit.pass_time(7)
    assert visit.state == State.ACCEPTED

    visit.pass_time(2)

    assert visit.ringing().closer == ben
    page.registers()
    visit.work()
    assert len(dialled(visit)) == 1, "what comes too late rings nobody"


def test_a_page_that_shows_no_sign_of_life_is_not_waited_for(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    leg = accepted(waiting_for_alice)
    Closer.objects.filter(pk=page.closer.pk).update(seen_at=timezone.now() - timedelta(minutes=1))

    absent(leg)

    assert waiting_for_alice.ringing().closer == ben


def test_a_line_that_was_lost_is_rung_by_nobody_until_it_is_back(
    waiting_for_alice: Visit, page: Page, ben: Closer
) -> None:
    absent(accepted(waiting_for_alice))
    waiting_for_alice.pass_time(9)

    assert selectors.roster(page.closer.team, timezone.now())[0].missing == ("softphone",)

    page.registers()
    assert selectors.roster(page.closer.team, timezone.now())[0].missing == ()


def test_a_page_is_told_at_each_report_until_it_has_registered_anew(waiting_for_alice: Visit, page: Page) -> None:
    absent(accepted(waiting_for_alice))
    waiting_for_alice.pass_time(9)

    assert [page.says(), page.says(), page.says(username=""), page.says(username="")] == [True] * 4

    page.log_in()
    assert [page.says(username=""), page.says()] == [False, False]
    assert missing(page.closer) == ()


def test_a_lost_login_that_registers_again_is_lost_no_more(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))
    visit.pass_time(9)
    assert missing(page.closer) == ("softphone",)

    page.says(username="")
    assert page.says() is False

    assert missing(page.closer) == ()
    assert not must_register(page.closer)


def test_what_was_lost_is_asked_after_before_it_is_rung_again(waiting_for_alice: Visit, page: Page) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))

    page.says(username="")
    page.says()
    visit.work()

    assert lookups(visit) == 1
    assert dialled(visit) == [page.username] * 2


def test_a_login_of_another_page_takes_the_place_of_a_lost_one(
    waiting_for_alice: Visit, page: Page, ben: Closer
) -> None:
    second = Page(page.closer)
    second.registers()
    page.says()
    absent(accepted(waiting_for_alice))
    waiting_for_alice.pass_time(9)

    assert page.says() is False

    assert of(page.closer).sip_username == page.username
    assert missing(page.closer) == ()
    assert second.says() is True, "it is not where it believes to be"


@pytest.mark.parametrize(("cause", "sip"), [("user_busy", "486"), ("timeout", "480"), ("call_rejected", "603")])
def test_a_phone_that_is_there_and_says_no_is_not_sought(
    waiting_for_alice: Visit, page: Page, ben: Closer, cause: str, sip: str
) -> None:
    absent(accepted(waiting_for_alice), cause=cause, sip=sip)

    assert waiting_for_alice.ringing().closer == ben
    assert not must_register(page.closer)


def test_a_line_that_breaks_in_a_talk_is_a_broken_line(waiting_for_alice: Visit, page: Page) -> None:
    leg = connect(waiting_for_alice)

    absent(leg)

    assert waiting_for_alice.state == State.DROPPED
    assert not must_register(page.closer)


def test_a_phone_of_their_own_registers_nowhere(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    Closer.objects.filter(pk=page.closer.pk).update(reached_by="number", address="+61255501234")

    absent(accepted(waiting_for_alice), sip="404")

    assert waiting_for_alice.ringing().closer == ben
    assert not must_register(page.closer)


@pytest.mark.parametrize("code", sorted(softphones.ABSENT_CODES))
def test_a_dial_that_is_refused_for_that_reason_means_the_same(waiting_for_alice: Visit, page: Page, code: str) -> None:
    visit = waiting_for_alice
    visit.rest.refusals["dial"] = 422, code

    accept(visit)

    assert visit.state == State.ACCEPTED
    assert must_register(page.closer)
    del visit.rest.refusals["dial"]
    fresh = page.registers()
    visit.work()
    assert dialled(visit)[-1] == fresh


def test_a_page_that_registered_anew_meanwhile_is_rung_at_once(waiting_for_alice: Visit, page: Page) -> None:
    visit = waiting_for_alice
    leg = accepted(visit)
    fresh = page.registers()  # It was reloaded while its former login was rung.

    absent(leg)
    visit.work()

    assert dialled(visit)[-1] == fresh
    assert not must_register(page.closer)


def test_a_transfer_is_made_once_more_too(talking: Visit, alice: Closer) -> None:
    RoutingPolicy.objects.update(method=RoutingPolicy.Method.TRANSFER)
    page = Page(alice)
    page.registers()
    talking.leg.gathered(ANSWERS)
    accept(talking)
    state = talking.rest.asked("transfer")[-1]["target_leg_client_state"]
    session = talking.leg.call_session_id
    leg = Leg(talking.leg.webhooks, talking.leg.connection_id, call_session_id=session, client_state=state)
    leg.initiated(direction="outgoing")

    absent(leg)
    fresh = page.registers()
    talking.work()

    assert [one["to"] for one in talking.rest.asked("transfer")][-1].startswith(f"sip:{fresh}@")
    assert len(talking.rest.asked("transfer")) == 2


def test_what_belongs_to_the_first_ring_is_late(waiting_for_alice: Visit, page: Page) -> None:
    visit = waiting_for_alice
    first = accepted(visit)
    absent(first)
    fresh = page.registers()
    visit.work()

    first.answered()
    first.says("call.hangup", hangup_cause="unspecified", hangup_source="callee", sip_hangup_cause="480")
    visit.work()

    assert (visit.state, visit.attempt.number) == (State.ACCEPTED, 2)
    assert dialled(visit)[-1] == fresh


def test_a_prospect_who_comes_back_meanwhile_does_not_ring_the_lost_login(waiting_for_alice: Visit, page: Page) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))

    with transaction.atomic():
        handoff = transitions.open_handoff(transitions.lock(visit.session_id))
        assert handoff is not None
        transitions.apply(handoff, Fact.PROSPECT_READY, now=timezone.now())
    visit.work()

    assert len(dialled(visit)) == 1
    fresh = page.registers()
    visit.work()
    assert dialled(visit)[-1] == fresh


def test_the_prospect_leaves_while_the_page_registers(waiting_for_alice: Visit, page: Page) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))

    visit.leg.hung_up()
    page.registers()
    visit.work()

    assert visit.state == State.ABANDONED
    assert len(dialled(visit)) == 1


def test_the_closer_lets_go_while_the_page_registers(waiting_for_alice: Visit, page: Page, ben: Closer) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))

    actions.hang_up(visit.handoff.pk, closer=page.closer, now=timezone.now())
    page.registers()
    visit.work()

    assert visit.ringing().closer == ben
    assert len(dialled(visit)) == 1


@pytest.mark.parametrize("whose", ["former", "somebody_else_s", "made_up", "of_another_page"])
def test_only_the_present_login_of_an_own_page_counts(
    waiting_for_alice: Visit, page: Page, ben: Closer, whose: str
) -> None:
    visit, former = waiting_for_alice, page.username
    other, of_ben = Page(page.closer), Page(ben)
    of_ben.registers()
    absent(accepted(visit))
    page.log_in()

    if whose == "of_another_page":
        other.says(username=page.username)
    else:
        page.says(username={"former": former, "somebody_else_s": of_ben.username, "made_up": "gencred"}[whose])
    visit.work()

    assert len(dialled(visit)) == 1
    assert of(page.closer).sip_username == page.username


def test_the_same_closer_may_be_sought_again_for_another_call(
    waiting_for_alice: Visit, page: Page, ben: Closer
) -> None:
    visit = waiting_for_alice
    absent(accepted(visit))
    page.registers()
    visit.work()
    leg = visit.closer_leg()
    leg.initiated(direction="outgoing")
    leg.answered()
    visit.work()
    leg.bridged()
    leg.hung_up()  # The line breaks: the same closer comes first.
    visit.pass_time(3)

    absent(accepted(visit))

    assert (visit.state, visit.handoff.closer) == (State.ACCEPTED, page.closer)
    assert visit.attempt.awaits_line
