"""What one closer is told alone: the ring, the desk, and what the page proves."""

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.test import Client
from django.utils import timezone

from handoff import actions
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import TelephonyCredential, VoiceSession
from tests import handoffs
from tests.dashboard.conftest import Connect, Socket, hand_over, ringing, tell, telling
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


async def test_only_the_closer_who_is_rung_hears_the_ring(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer, carol: Closer
) -> None:
    carols_browser = Client()
    await sync_to_async(carols_browser.login)(username="carol@agileadapt.example", password=PASSWORD)
    alices, carols = await connect(alices_browser), await connect(carols_browser)
    await alices.hello()
    await carols.hello()

    offer = await ringing(session, alice)

    frame = await alices.hear("ring")
    assert (frame["offer"], frame["session"]) == (str(offer.pk), str(session.pk))
    assert "longest idle, 6 min" in frame["html"]
    assert await carols.hears_nothing("ring")


async def test_a_page_that_opens_while_it_rings_rings(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    offer = await ringing(session, alice)

    socket = await connect(alices_browser)
    await socket.hello()

    assert (await socket.hear("ring"))["offer"] == str(offer.pk)


async def test_the_loser_is_told_who_took_it(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer, ben: Closer
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    offer = await ringing(session, alice)
    await socket.hear("ring")

    await database_sync_to_async(Offer.objects.filter(pk=offer.pk).update)(state=Offer.State.WITHDRAWN)
    await database_sync_to_async(handoffs.change)(offer.handoff, closer=ben, state="accepted")
    await telling(session, "handoff.accepted")

    frame = await socket.hear("ring_over", seconds=1)
    assert (frame["offer"], frame["text"], frame["is_own"]) == (str(offer.pk), "Taken by Ben.", False)


async def test_accepting_in_one_tab_ends_the_ring_in_the_other(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    offer = await ringing(session, alice)
    await socket.hear("ring")

    handoff = await database_sync_to_async(actions.accept)(offer.pk, closer=alice, now=timezone.now())

    over = await socket.hear("ring_over")
    assert (over["text"], over["is_own"]) == ("You took the call.", True)
    desk = await socket.hear("desk")
    assert (desk["handoff"], desk["state"], desk["ring"]) == (str(handoff.pk), "accepted", None)


async def test_a_page_that_was_away_learns_that_its_ring_is_over(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    first = await connect(alices_browser)
    known = await first.hello()
    offer = await ringing(session, alice)
    await first.hear("ring")
    await first.line.disconnect()
    await database_sync_to_async(Offer.objects.filter(pk=offer.pk).update)(state=Offer.State.EXPIRED)

    socket = await connect(alices_browser)
    await socket.say(type="hello", epoch=known["epoch"], cursors=known["cursors"], watching=None)

    assert (await socket.hear("desk"))["ring"] is None


async def test_presence_is_passed_on(connect: Connect, alices_browser: Client, alice: Closer) -> None:
    await database_sync_to_async(Closer.objects.update)(seen_at=None, softphone_registered=False)
    socket = await connect(alices_browser)
    await socket.hello()

    await socket.say(type="presence", softphone=True, microphone=True, sound=False)
    await socket.say(type="ping")
    await socket.hear("pong")

    await database_sync_to_async(alice.refresh_from_db)()
    assert alice.seen_at is not None
    assert (alice.softphone_registered, alice.microphone_granted, alice.sound_unlocked) == (True, True, False)


async def test_the_page_says_on_which_login_its_phone_is_registered(
    connect: Connect, alices_browser: Client, alice: Closer
) -> None:
    page, end = str(uuid4()), timezone.now() + timedelta(hours=1)
    made = {"created_at": timezone.now(), "expires_at": end, "revoke_at": end}
    mint = database_sync_to_async(TelephonyCredential.objects.create)
    await mint(user=alice.user, name="a", sip_username="gencredfresh", page=page, **made)
    await database_sync_to_async(Closer.objects.update)(sip_username="gencredfresh")
    socket = await connect(alices_browser)
    await socket.hello()

    proven = {"softphone": True, "microphone": True, "sound": True, "page": page}
    await socket.say(type="presence", **proven, username="gencredfresh")
    await socket.say(type="ping")
    await socket.hear("pong")

    await database_sync_to_async(alice.refresh_from_db)()
    assert alice.registered_as == "gencredfresh"


async def test_the_phone_is_told_that_its_login_was_rung_in_vain(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    await database_sync_to_async(hand_over)(session, alice, state="accepted")
    socket = await connect(alices_browser)
    await socket.hello()
    assert (await socket.hear("desk"))["register"] is False

    await database_sync_to_async(Closer.objects.update)(lost_username=alice.sip_username)
    await telling(session, "handoff.line_sought")

    assert (await socket.hear("desk"))["register"] is True


async def test_a_page_that_was_away_when_its_login_was_lost_is_told(
    connect: Connect, alices_browser: Client, alice: Closer
) -> None:
    await database_sync_to_async(Closer.objects.update)(lost_username=alice.sip_username)
    socket = await connect(alices_browser)

    await socket.hello()

    assert (await socket.hear("desk"))["register"] is True


async def test_a_page_is_told_at_each_beat_until_it_has_registered_anew(
    connect: Connect, alices_browser: Client, alice: Closer
) -> None:
    await database_sync_to_async(Closer.objects.update)(lost_username=alice.sip_username)
    socket = await connect(alices_browser)
    await socket.hello()
    unregistered = {"type": "presence", "softphone": False, "microphone": True, "sound": True, "page": str(uuid4())}

    for _beat in range(2):
        await socket.say(**unregistered, username="")
        assert await socket.hear("register") == {"type": "register"}

    await database_sync_to_async(Closer.objects.update)(sip_username="gencredfresh")
    await socket.say(**unregistered, username="")
    assert await socket.hears_nothing("register")


async def test_the_roster_follows_availability(connect: Connect, alices_browser: Client, alice: Closer) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.hear("roster")

    await database_sync_to_async(actions.set_available)(alice, False, now=timezone.now())

    own = next(piece for piece in (await socket.hear("roster"))["fragments"] if piece["target"] == "me")
    assert 'data-status="away"' in own["html"]


async def has_settled(socket: Socket) -> None:
    """Hear out what earlier changes still have to say, so that what comes next comes of the next change."""
    while not await socket.hears_nothing("ring", "desk", "roster", "event"):
        pass


@database_sync_to_async
def learning(session: VoiceSession, name: str, value: str) -> None:
    now = timezone.now()
    session.fields.create(name=name, value=value, source="partial", captured_at=now)
    tell(session, "field.captured", {"fields": [name]})


async def test_the_ring_shows_what_the_assistant_learns_meanwhile(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    offer = await ringing(session, alice)
    await socket.hear("ring")
    await has_settled(socket)

    await learning(session, "budget", "twelve thousand")

    frame = await socket.hear("ring")
    assert frame["offer"] == str(offer.pk)
    assert "twelve thousand" in frame["html"]


async def test_the_desk_leaves_standby_when_the_prospect_is_free(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    handoff = await database_sync_to_async(hand_over)(session, alice, state="accepted")
    await telling(session, "handoff.accepted")
    while not (desk := await socket.hear("desk"))["handoff"]:
        pass
    assert desk["standby"] is True
    await has_settled(socket)

    await database_sync_to_async(Handoff.objects.filter(pk=handoff.pk).update)(prospect_free_at=timezone.now())
    await telling(session, "assistant.ended")

    desk = await socket.hear("desk")
    assert (desk["state"], desk["standby"]) == ("accepted", False)


async def test_a_supervisors_menu_follows_who_is_ready(
    connect: Connect, alices_browser: Client, alice: Closer, carol: Closer
) -> None:
    carols_browser = Client()
    await sync_to_async(carols_browser.login)(username="carol@agileadapt.example", password=PASSWORD)
    carols, alices = await connect(carols_browser), await connect(alices_browser)
    for socket in (carols, alices):
        await socket.hello()
        await socket.hear("roster")

    await database_sync_to_async(actions.set_available)(alice, False, now=timezone.now())

    pieces = {piece["target"]: piece["html"] for piece in (await carols.hear("roster"))["fragments"]}
    assert f'data-assign-to="{alice.pk}"' not in pieces[f"assign-{alice.pk}"]
    assert not any("assign" in piece["target"] for piece in (await alices.hear("roster"))["fragments"])


async def test_the_phone_is_told_that_the_lines_are_joined_before_anything_else(
    connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    await database_sync_to_async(hand_over)(session, alice, state="seated")
    socket = await connect(alices_browser)
    await socket.hello()
    assert (await socket.hear("desk"))["standby"] is True

    now = timezone.now()
    await database_sync_to_async(Handoff.objects.update)(state="bridging", prospect_free_at=now)
    await telling(session, "handoff.bridging")

    # `hear` passes other frames over, so the event must still be to come when the desk is there.
    desk = await socket.hear("desk")
    assert (desk["state"], desk["standby"]) == ("bridging", False)
    assert (await socket.hear("event"))["kind"] == "handoff.bridging"
