"""A call on our connection that nobody proves theirs rings for a while, is ended with one request, and says why."""

import uuid
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from handoff import tasks
from handoff.events import strangers
from sessions_app.inbox import intake
from sessions_app.models import TelephonyCredential, WebhookDelivery
from sessions_app.visits import capacity, carrier, credentials, tokens
from tests.people import Clock, logged_in
from tests.telnyx import OK, Leg, Rest, Webhooks
from tests.visits import Visit

WITHOUT_PROOF = "nothing proves whose call it is"
ENDED = {"errors": [{"code": "90018", "title": "Call has already ended"}]}


@pytest.fixture
def stranger(db: None, webhooks: Webhooks, rest: Rest, clock: Clock) -> Leg:
    """Somebody with a credential calls, under a number and without a ticket."""
    return place(webhooks)


def place(webhooks: Webhooks, **said: Any) -> Leg:
    leg = Leg(webhooks, settings.TELNYX_CONNECTION_ID)
    usual = {"direction": "outgoing", "state": "parked", "from": "+61255500000", "to": "61255501234"}
    leg.says("call.initiated", **usual | said)
    return leg


def wait(clock: Clock, seconds: float) -> None:
    """Let time pass, with a sweep and a look at strangers at its end."""
    clock.advance(seconds)
    tasks.sweep()
    tasks.end_strangers()


def inbox(leg: Leg, event_type: str = "call.initiated") -> WebhookDelivery:
    return WebhookDelivery.objects.get(call_control_id=leg.call_control_id, event_type=event_type)


def told(leg: Leg) -> tuple[str, str, str]:
    delivery = inbox(leg)
    return delivery.status, delivery.reason, delivery.error


def make_known(visit: Visit, username: str) -> None:
    """The credential that was minted for a visit's page gets its name."""
    moments = dict.fromkeys(("created_at", "expires_at", "revoke_at"), visit.clock.now())
    TelephonyCredential.objects.create(session_id=visit.session_id, name="late", sip_username=username, **moments)


def test_it_rings_for_as_long_as_proof_may_come(stranger: Leg, rest: Rest, clock: Clock) -> None:
    for _ in range(14):
        wait(clock, 1)

    assert told(stranger) == ("parked", WITHOUT_PROOF, "")
    assert rest.hang_ups == []


def test_then_it_is_ended_once(stranger: Leg, rest: Rest, clock: Clock) -> None:
    for _ in range(5):
        wait(clock, 15)

    (asked,) = rest.hang_ups
    assert stranger.call_control_id in asked.url.path
    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: hung up", "")
    assert inbox(stranger).hang_up_at is None


def test_what_is_told_of_it_afterwards_is_ignored_with_it(stranger: Leg, rest: Rest, clock: Clock) -> None:
    stranger.says("call.machine.detection.ended")
    wait(clock, 16)

    stranger.hung_up()

    told_of = WebhookDelivery.objects.filter(call_control_id=stranger.call_control_id)
    assert {(one.status, one.reason.partition(":")[0]) for one in told_of} == {("ignored", WITHOUT_PROOF)}
    assert len(rest.hang_ups) == 1


def test_one_that_has_ended_by_itself_is_left_alone(stranger: Leg, rest: Rest, clock: Clock) -> None:
    stranger.hung_up()

    wait(clock, 16)

    assert told(stranger) == ("ignored", WITHOUT_PROOF, "")
    assert inbox(stranger, "call.hangup").status == "ignored"
    assert rest.hang_ups == []


@pytest.mark.parametrize("said", [httpx.Response(404), httpx.Response(422, json=ENDED)])
def test_one_that_telnyx_says_has_ended_is_done(stranger: Leg, rest: Rest, clock: Clock, said: Any) -> None:
    answer(rest, said)

    wait(clock, 16)

    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: had ended by itself", "")


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(429), httpx.ReadTimeout("")])
def test_a_failure_is_repeated_under_another_id(stranger: Leg, rest: Rest, clock: Clock, failure: Any) -> None:
    answer(rest, failure, failure, httpx.Response(200, json=OK))

    for _ in range(4):
        wait(clock, 16)

    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: hung up", "")
    ids = {body["command_id"] for body in rest.asked("hangup")}
    assert (len(rest.hang_ups), len(ids)) == (3, 3)


def test_the_id_is_that_of_the_leg(webhooks: Webhooks, rest: Rest, clock: Clock, stranger: Leg) -> None:
    place(webhooks)

    wait(clock, 16)

    one, other = rest.asked("hangup")
    assert one["command_id"] != other["command_id"]
    assert str(uuid.uuid5(strangers._IDS, f"{stranger.call_control_id}:1")) in {one["command_id"], other["command_id"]}


@pytest.mark.parametrize("status", [401, 403])
def test_what_cannot_be_ended_needs_a_person(stranger: Leg, rest: Rest, clock: Clock, status: int) -> None:
    answer(rest, httpx.Response(status, json={"errors": [{"code": "10010"}]}))

    for _ in range(3):
        wait(clock, 16)

    assert told(stranger) == ("dead", WITHOUT_PROOF, f"not hung up: status {status} code 10010")
    assert len(rest.hang_ups) == 1
    assert capacity.strangers() == 1


def test_what_a_person_has_put_right_is_ended_then(stranger: Leg, rest: Rest, clock: Clock) -> None:
    answer(rest, httpx.Response(401))
    wait(clock, 16)
    assert told(stranger)[0] == "dead"

    del rest.answers["hangup"]
    wait(clock, 300)

    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: hung up", "")
    assert capacity.strangers() == 0


@pytest.mark.parametrize("status", [401, 503])
def test_one_whose_end_is_told_meanwhile_is_asked_for_no_more(
    stranger: Leg, rest: Rest, clock: Clock, status: int
) -> None:
    answer(rest, httpx.Response(status))
    wait(clock, 16)

    stranger.hung_up()
    for _ in range(3):
        wait(clock, 300)

    assert told(stranger) == ("ignored", WITHOUT_PROOF, "")
    assert (len(rest.hang_ups), capacity.strangers()) == (1, 0)


def test_an_outage_of_any_length_is_waited_out(stranger: Leg, rest: Rest, clock: Clock) -> None:
    answer(rest, httpx.Response(503))
    for _ in range(180):
        wait(clock, 10)
    tried = len(rest.hang_ups)
    assert 8 < tried < 15
    assert (told(stranger)[0], capacity.strangers()) == ("ignored", 1)

    del rest.answers["hangup"]
    wait(clock, 300)

    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: hung up", "")
    assert (len(rest.hang_ups), capacity.strangers()) == (tried + 1, 0)


def test_it_is_not_tried_for_ever(stranger: Leg, rest: Rest, clock: Clock) -> None:
    """No talk is longer than Telnyx was told to let it last."""
    answer(rest, httpx.Response(503))

    for _ in range(50):
        wait(clock, 300)

    assert told(stranger)[::2] == ("dead", "not hung up: status 503 code None")
    tried = len(rest.hang_ups)
    wait(clock, 3600)
    assert len(rest.hang_ups) == tried < 60
    assert capacity.strangers() == 0


def test_a_call_that_is_proven_while_its_end_is_put_off_is_not_ended(
    visit: Visit, webhooks: Webhooks, rest: Rest
) -> None:
    """A person has it looked at again, when its credential is known."""
    leg = place(webhooks, sip_username="gencredlate")
    answer(rest, httpx.Response(401))
    wait(visit.clock, 16)
    make_known(visit, "gencredlate")

    intake.process_again(inbox(leg).pk, now=visit.clock.now())

    assert visit.session.call_control_id == leg.call_control_id
    assert (capacity.strangers(), inbox(leg).hang_up_at) == (0, None)


def test_two_workers_end_it_once(stranger: Leg, rest: Rest, clock: Clock) -> None:
    clock.advance(16)
    tasks.sweep()
    delivery = inbox(stranger)

    def meanwhile(request: httpx.Request) -> httpx.Response:
        # Another process, which knows nothing of the one that asks.
        assert strangers._end_next(carrier.client()) is False
        return httpx.Response(200, json=OK)

    rest.answers["hangup"] = meanwhile
    tasks.end_strangers()

    assert len(rest.hang_ups) == 1
    delivery.refresh_from_db()
    assert delivery.hang_up_at is None


def test_a_worker_that_dies_in_between_is_made_good(
    stranger: Leg, rest: Rest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("sessions_app.inbox.intake.stranger_ended", killed)
        with pytest.raises(KeyboardInterrupt):
            wait(clock, 16)

    wait(clock, 7)

    assert told(stranger) == ("ignored", f"{WITHOUT_PROOF}: hung up", "")
    assert len({body["command_id"] for body in rest.asked("hangup")}) == 1


def test_a_flood_asks_little_and_holds_up_no_call(visit: Visit, webhooks: Webhooks, rest: Rest, clock: Clock) -> None:
    legs = [place(webhooks) for _ in range(strangers.MOST_AT_ONCE * 2 + 1)]
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    assert len(rest.asked("answer")) == 1

    clock.advance(16)
    tasks.sweep()
    asked = []
    for _ in range(4):
        tasks.end_strangers()
        asked.append(len(rest.hang_ups))

    assert asked == [10, 20, 21, 21]
    assert {told(leg)[0] for leg in legs} == {"ignored"}


def test_while_many_stand_a_further_one_is_ended_at_once(
    webhooks: Webhooks, rest: Rest, clock: Clock, db: None
) -> None:
    first = [place(webhooks) for _ in range(10)]
    late = place(webhooks)

    wait(clock, 1)

    assert {told(leg)[0] for leg in first} == {"parked"}
    (asked,) = rest.hang_ups
    assert late.call_control_id in asked.url.path
    assert capacity.strangers() == 10
    first[0].hung_up()
    assert told(place(webhooks))[0] == "parked"


def test_a_flood_does_not_keep_a_visit_s_own_call_out(visit: Visit, webhooks: Webhooks) -> None:
    for _ in range(12):
        place(webhooks)

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()

    assert len(visit.rest.asked("answer")) == 1


def test_a_telnyx_that_does_not_answer_is_asked_once_a_pass(
    webhooks: Webhooks, rest: Rest, clock: Clock, db: None
) -> None:
    for _ in range(5):
        place(webhooks)
    answer(rest, httpx.ReadTimeout(""))

    wait(clock, 16)

    assert len(rest.hang_ups) == 1


def test_a_call_for_a_visit_that_is_over_is_ended_too(talking: Visit, webhooks: Webhooks, rest: Rest) -> None:
    talking.leg.hung_up()
    late = Leg(webhooks, settings.TELNYX_CONNECTION_ID)
    late.initiated(ticket=tokens.ticket(talking.session_id))

    talking.pass_time(16)
    tasks.end_strangers()

    assert told(late) == ("ignored", "the visit that it belongs to is over: hung up", "")


def test_while_the_account_is_probed_such_calls_are_left_to_the_probe(stranger: Leg, rest: Rest, clock: Clock) -> None:
    _, credential = credentials.mint_for_probe(now=clock.now())
    wait(clock, 700)
    assert (told(stranger)[0], rest.hang_ups) == ("parked", [])

    TelephonyCredential.objects.filter(pk=credential.pk).update(revoke_at=clock.now())
    wait(clock, 16)

    assert told(stranger)[1] == f"{WITHOUT_PROOF}: hung up"


def test_one_without_an_id_can_only_be_waited_for(db: None, webhooks: Webhooks, rest: Rest, clock: Clock) -> None:
    webhooks.event("call.initiated", {"connection_id": settings.TELNYX_CONNECTION_ID})

    wait(clock, 16)

    assert WebhookDelivery.objects.get().status == "parked"
    assert rest.hang_ups == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_held_while_telnyx_is_asked(webhooks: Webhooks, rest: Rest, clock: Clock) -> None:
    leg = place(webhooks)
    held = []

    def look(request: httpx.Request) -> httpx.Response:
        held.append(connection.in_atomic_block)
        return httpx.Response(200, json=OK)

    rest.answers["hangup"] = look
    wait(clock, 16)

    assert (held, told(leg)[0]) == ([False], "ignored")


@pytest.fixture
def browser(admin_user: User) -> Client:
    return logged_in(admin_user)


def test_the_inbox_shows_why(browser: Client, stranger: Leg, clock: Clock) -> None:
    wait(clock, 16)

    listed = browser.get("/admin/sessions_app/webhookdelivery/?reason__isempty=0").content.decode()

    assert f"{WITHOUT_PROOF}: hung up" in listed


def answer(rest: Rest, *answers: Any) -> None:
    """What Telnyx says to one request for the end of a call after the other; the last of it again and again."""
    left = list(answers)

    def next_one(request: httpx.Request) -> httpx.Response:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, Exception):
            raise said
        return httpx.Response(said.status_code, json=said.json() if said.content else None)

    rest.answers["hangup"] = next_one


def killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt
