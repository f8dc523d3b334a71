"""Whose dashboard rings first: by skill, by acquaintance, by a supervisor's choice; and the reason they are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from handoff import actions
from handoff.closers import readiness
from handoff.machine import State
from handoff.models import Closer, Handoff, Offer, RoutingPolicy
from handoff.routing import offers
from sessions_app.models import Prospect, VoiceSession, WidgetConfig
from tests import handoffs
from tests.people import make_ready, person
from tests.visits import ANSWERS, Visit


def finish(visit: Visit) -> None:
    """The assistant has all the answers, so a closer is looked for."""
    visit.finish(ANSWERS)
    visit.work()


def need(visit: Visit, *skills: str) -> None:
    WidgetConfig.objects.filter(pk=visit.session.widget_id).update(required_skills=list(skills))


def earlier_talk(visit: Visit, closer: Closer, prospect: Prospect | None, *, was_connected: bool = True) -> Handoff:
    """A visit of yesterday that ended with this closer."""
    now = timezone.now()
    session = VoiceSession.objects.create(
        widget=visit.session.widget,
        team=visit.session.team,
        prospect=prospect,
        connection_mode="credential",
        created_at=now - timedelta(days=1),
        ended_at=now - timedelta(days=1),
    )
    return handoffs.create(
        session=session,
        trigger="gather_complete",
        state=State.COMPLETED,
        method="bridge",
        closer=closer,
        triggered_at=session.created_at,
        connected_at=session.created_at if was_connected else None,
    )


# --- skills


def test_only_who_has_the_skills_is_rung_and_told_so(talking: Visit, alice: Closer, ben: Closer) -> None:
    need(talking, "Solar ")
    Closer.objects.filter(pk=ben.pk).update(skills=["roofs", "solar"])

    finish(talking)

    offer = talking.ringing()
    assert offer.closer == ben
    assert offer.reason.startswith("speaks solar, idle 1 min")


def test_a_skilled_closer_who_is_not_ready_is_waited_for(talking: Visit, alice: Closer, ben: Closer) -> None:
    need(talking, "solar")
    Closer.objects.filter(pk=ben.pk).update(skills=["solar"], sound_unlocked=False)
    finish(talking)
    assert talking.state == State.RESERVED

    Closer.objects.filter(pk=ben.pk).update(sound_unlocked=True)
    talking.pass_time(2)

    assert talking.ringing().closer == ben


def test_a_team_without_the_skill_promises_a_callback_at_once_and_says_why(talking: Visit, alice: Closer) -> None:
    need(talking, "greek")

    finish(talking)

    assert talking.state == State.UNANSWERED
    assert offers.why_nobody(talking.handoff, timezone.now()) == "nobody_skilled"
    assert not Offer.objects.exists()


def test_a_skill_in_the_team_but_not_at_the_desk_is_nobody_free(talking: Visit, alice: Closer, carol: Closer) -> None:
    need(talking, "greek")
    Closer.objects.filter(pk=carol.pk).update(skills=["Greek"])

    finish(talking)

    assert talking.state == State.UNANSWERED
    assert offers.why_nobody(talking.handoff, timezone.now()) == "nobody_free"


# --- acquaintance


def test_who_spoke_with_the_prospect_before_is_rung_first(talking: Visit, alice: Closer, ben: Closer) -> None:
    earlier_talk(talking, ben, Prospect.objects.create(email="ADA@example.com"))

    finish(talking)

    assert talking.ringing().closer == ben
    assert talking.ringing().reason == "spoke with this prospect before"


def test_a_number_makes_an_acquaintance_too(talking: Visit, alice: Closer, ben: Closer) -> None:
    earlier_talk(talking, ben, Prospect.objects.create(phone="+61255501234"))
    talking.finish(ANSWERS | {"phone": "(02) 5550 1234"})

    assert talking.ringing().closer == ben


@pytest.mark.parametrize(
    ("email", "was_connected", "prefers"),
    [
        ("ada@example.com", False, True),
        ("ada@example.com", True, False),
        ("", True, True),
        ("eve@example.com", True, True),
    ],
)
def test_a_call_that_never_came_another_prospect_or_the_policy_make_none(
    talking: Visit, alice: Closer, ben: Closer, email: str, was_connected: bool, prefers: bool
) -> None:
    RoutingPolicy.objects.update(prefers_spoken_before=prefers)
    earlier_talk(talking, ben, Prospect.objects.create(email=email), was_connected=was_connected)

    finish(talking)

    assert talking.ringing().closer == alice


def test_a_talk_of_another_team_is_no_acquaintance(talking: Visit, alice: Closer, ben: Closer, bob: Closer) -> None:
    talk = earlier_talk(talking, ben, Prospect.objects.create(email="ada@example.com"))
    VoiceSession.objects.filter(pk=talk.session_id).update(team=bob.team)

    finish(talking)

    assert talking.ringing().closer == alice


def test_a_visit_that_is_called_back_knows_who_spoke_in_the_first(talking: Visit, alice: Closer, ben: Closer) -> None:
    talk = earlier_talk(talking, ben, None)
    VoiceSession.objects.filter(pk=talking.session_id).update(previous=talk.session)

    assert readiness.spoken_with(talking.session) == {ben.pk}


# --- a supervisor's choice


def assign(visit: Visit, closer: Closer, by: Closer) -> None:
    Handoff.objects.filter(session_id=visit.session_id).update(assigned_to=closer, assigned_by=by)


def test_whom_a_supervisor_chose_is_rung_again_before_anybody_else(
    waiting_for_alice: Visit, alice: Closer, ben: Closer, carol: Closer
) -> None:
    visit = waiting_for_alice
    third = make_ready(person("Dan", alice.team), idle_seconds=5)
    assign(visit, alice, carol)

    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())
    assert (visit.ringing().closer, visit.ringing().reason) == (alice, "assigned by Carol")

    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())
    assert visit.ringing().closer == ben, "the choice was carried out; the usual order follows"
    actions.decline(visit.ringing().pk, closer=ben, now=timezone.now())
    assert visit.ringing().closer == third


def test_whom_a_supervisor_chose_keeps_nobody_waiting_but_is_rung_as_soon_as_ready(
    waiting_for_alice: Visit, alice: Closer, ben: Closer, carol: Closer
) -> None:
    visit = waiting_for_alice
    late = make_ready(person("Dan", alice.team), idle_seconds=5)
    Closer.objects.filter(pk=late.pk).update(microphone_granted=False)
    assign(visit, late, carol)

    actions.decline(visit.ringing().pk, closer=alice, now=timezone.now())
    assert visit.ringing().closer == ben
    Closer.objects.filter(pk=late.pk).update(microphone_granted=True)
    actions.decline(visit.ringing().pk, closer=ben, now=timezone.now())

    assert (visit.ringing().closer, visit.ringing().reason) == (late, "assigned by Carol")
