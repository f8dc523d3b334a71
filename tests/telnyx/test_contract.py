"""What tests may rely on where Telnyx is played for them."""

import uuid

import httpx
import pytest
from django.conf import settings

from sessions_app.models import WebhookDelivery
from sessions_app.visits import carrier
from telephony.client import TelnyxError
from tests.telnyx import Leg, Rest, Webhooks

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def leg(webhooks: Webhooks) -> Leg:
    return Leg(webhooks, settings.TELNYX_CONNECTION_ID)


def hang_up(leg: Leg) -> str | None:
    """The code with which it is refused."""
    try:
        carrier.client().hang_up(leg.call_control_id, command_id=uuid.uuid4())
    except TelnyxError as refused:
        return refused.code
    return None


def test_a_leg_is_hung_up_once(rest: Rest, leg: Leg) -> None:
    assert (hang_up(leg), hang_up(leg)) == (None, "90018")
    assert len(rest.hang_ups) == 2


def test_a_refusal_holds_until_it_is_taken_back(rest: Rest, leg: Leg) -> None:
    rest.refusals["hangup"] = 422, "10015"
    assert (hang_up(leg), hang_up(leg)) == ("10015", "10015")

    del rest.refusals["hangup"]

    assert hang_up(leg) is None


def test_anything_else_may_be_answered_instead(rest: Rest) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("lost", request=request)

    rest.answers["public_key"] = lost

    with pytest.raises(TelnyxError) as failure:
        carrier.client().public_key()
    assert failure.value.status is None


def test_a_leg_whose_end_was_told_is_not_alive(rest: Rest, leg: Leg) -> None:
    assert carrier.client().call_status(leg.call_control_id).is_alive

    leg.hung_up()

    assert not carrier.client().call_status(leg.call_control_id).is_alive


def test_what_was_lost_is_listed_where_lists_are_kept(rest: Rest, leg: Leg, webhooks: Webhooks) -> None:
    with webhooks.nothing_arrives():
        leg.answered()
    with pytest.raises(TelnyxError):
        carrier.client().call_records(call_leg_id=leg.call_leg_id)

    rest.lists = True

    (record,) = carrier.client().call_records(call_leg_id=leg.call_leg_id)
    assert (record.name, record.call_leg_id) == ("call.answered", leg.call_leg_id)
    assert not WebhookDelivery.objects.exists()
