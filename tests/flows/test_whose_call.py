"""A call on our connection is a page's by proof, however it is told of; one to a softphone is never a page's."""

from itertools import product
from typing import Any

import pytest
from django.conf import settings

from handoff import actions
from handoff.models import Closer
from sessions_app.models import CallLeg, TelephonyCredential, WebhookDelivery, WidgetConfig
from sessions_app.visits import credentials, tokens
from tests.people import Clock
from tests.telnyx import OTHERWISE, USUAL, Leg, Platform, Rest, Webhooks, named
from tests.visits import Visit, open_visit

PARKED = ("parked_direction", "parked_state", "parked_from", "custom_headers")
EVERY_READING = [
    Platform(**dict(zip(PARKED, values, strict=True)))
    for values in product(*([getattr(USUAL, name), *OTHERWISE[name]] for name in PARKED))
]
PROVEN = [platform for platform in EVERY_READING if not platform.without_proof()]


def mint(visit: Visit) -> str:
    """The page has fetched its credential; the user name is returned."""
    return credentials.mint_for_session(visit.session, now=visit.clock.now()).username


def incoming(visit: Visit, **said: Any) -> Leg:
    """A leg on our connection of which Telnyx says this."""
    leg = Leg(visit.leg.webhooks, settings.TELNYX_CONNECTION_ID)
    leg.says("call.initiated", **{"direction": "outgoing", "state": "parked", "to": "61255501234", **said})
    return leg


def carried(visit: Visit) -> list[dict[str, str]]:
    return [{"name": "X-Session-Ticket", "value": tokens.ticket(visit.session_id)}]


def of_nobody() -> WebhookDelivery:
    assert not CallLeg.objects.exists()
    return WebhookDelivery.objects.get()


@pytest.mark.parametrize("platform", PROVEN, ids=named)
def test_it_is_bound_and_answered_however_it_is_told(visit: Visit, platform: Platform) -> None:
    visit.leg.platform = platform

    visit.leg.placed(ticket=tokens.ticket(visit.session_id), username=mint(visit))
    visit.work()

    assert visit.session.call_control_id == visit.leg.call_control_id
    assert len(visit.rest.asked("answer")) == 1
    assert WebhookDelivery.objects.get().status == "processed"


@pytest.mark.parametrize("field", ["from", "from_sip_uri", "sip_username"])
@pytest.mark.parametrize("form", ["{}", "{}@sip.telnyx.com", "sip:{}@sip.telnyx.com"])
def test_the_credential_is_known_by_any_name(visit: Visit, field: str, form: str) -> None:
    told = {"from": "+61255501234", field: form.format(mint(visit))}

    leg = incoming(visit, **told)

    assert visit.session.call_control_id == leg.call_control_id


def test_a_credential_counts_for_more_than_a_ticket(
    visit: Visit, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    other = open_visit(widget, webhooks, rest, clock, connection_id=settings.TELNYX_CONNECTION_ID)

    incoming(visit, sip_username=mint(visit), custom_headers=carried(other))

    assert visit.session.call_control_id is not None
    assert other.session.call_control_id is None


STRONGEST_FIRST = ("sip_username", "from_sip_uri", "from")


@pytest.mark.parametrize(("strong", "weak"), [(0, 1), (0, 2), (1, 2)])
def test_of_two_credentials_the_one_counts_that_telnyx_names_more_surely(
    visit: Visit, widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, strong: int, weak: int
) -> None:
    """A page can put another one's name in the number that it calls under."""
    victim = mint(visit)
    other = open_visit(widget, webhooks, rest, clock, connection_id=settings.TELNYX_CONNECTION_ID)

    incoming(visit, **{STRONGEST_FIRST[weak]: victim, STRONGEST_FIRST[strong]: mint(other)})

    assert visit.session.call_control_id is None
    assert other.session.call_control_id is not None


def test_a_closer_who_calls_under_the_name_of_a_page_proves_nothing(visit: Visit, alice: Closer) -> None:
    username = actions.softphone_login(alice, now=visit.clock.now()).username

    incoming(visit, sip_username=username, **{"from": mint(visit)})

    assert of_nobody().reason == "nothing proves whose call it is"


@pytest.mark.parametrize("connection", ["", "texml-app", settings.TELNYX_CALL_CONTROL_APP_ID])
def test_on_another_connection_nothing_proves_it(visit: Visit, connection: str) -> None:
    incoming(visit, sip_username=mint(visit), custom_headers=carried(visit), connection_id=connection)

    assert of_nobody().status == "parked"


def now_and_before(alice: Closer, rest: Rest) -> list[str]:
    """Alice's softphone as it was, is, and would be if only its page knew."""
    usernames = [actions.softphone_login(alice, now=alice.seen_at).username for _ in range(2)]  # type: ignore[arg-type]
    TelephonyCredential.objects.filter(sip_username=usernames[0]).update(revoked_at=alice.seen_at)
    Closer.objects.filter(pk=alice.pk).update(sip_username="gencredofpage")
    return [*usernames, "gencredofpage"]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("form", ["{}", "{}@sip.telnyx.com", "sip:{}@sip.telnyx.com", "<sip:{}@x>;tag=1"])
@pytest.mark.parametrize("platform", [USUAL, Platform(parked_direction="incoming", parked_state=None)], ids=named)
def test_a_call_to_a_softphone_is_never_the_prospect_s(
    visit: Visit, alice: Closer, number: int, form: str, platform: Platform
) -> None:
    address = form.format(now_and_before(alice, visit.rest)[number])

    incoming(
        visit,
        direction=platform.parked_direction,
        state=platform.parked_state,
        to=address,
        custom_headers=carried(visit),
        **{"from": "+61255501234"},
    )
    visit.work()

    assert (of_nobody().status, of_nobody().reason) == ("ignored", "arrives at a closer's softphone")
    assert visit.session.call_control_id is None
    assert visit.rest.asked("answer") == visit.rest.asked("hangup") == []


def test_the_softphone_may_be_named_in_the_address_alone(visit: Visit, alice: Closer) -> None:
    incoming(visit, to_sip_uri=f"{alice.sip_username}@sip.telnyx.com", custom_headers=carried(visit))

    assert of_nobody().status == "ignored"


def test_a_closer_s_credential_proves_no_visit(visit: Visit, alice: Closer) -> None:
    username = actions.softphone_login(alice, now=visit.clock.now()).username

    incoming(visit, sip_username=username, **{"from": f"{username}@sip.telnyx.com"})

    assert (of_nobody().status, of_nobody().reason) == ("parked", "nothing proves whose call it is")


def test_a_reading_without_any_proof_is_the_one_of_a_stranger(visit: Visit) -> None:
    visit.leg.platform = Platform(parked_from="number", custom_headers="withheld")

    visit.leg.placed(ticket=tokens.ticket(visit.session_id), username=mint(visit))

    assert of_nobody().reason == "nothing proves whose call it is"
