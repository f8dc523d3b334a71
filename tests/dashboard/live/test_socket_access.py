"""Who may listen to the live line, and for how long."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.test import Client

from accounts import roles
from accounts.models import User
from accounts.roles import Action
from dashboard.live import consumers, frames
from handoff.models import Closer
from sessions_app.models import Team, VoiceSession
from sessions_app.timeline import groups
from tests.dashboard.conftest import Connect, Socket, ringing, telling
from tests.people import PASSWORD, logged_in

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_visitor_is_refused(client: Client) -> None:
    socket = Socket(client)

    assert not await socket.open()
    assert socket.code == 4401


async def test_a_user_who_is_no_closer_is_refused(client: Client) -> None:
    await sync_to_async(User.objects.create_user)("dave@agileadapt.example", password=PASSWORD)
    await sync_to_async(client.login)(username="dave@agileadapt.example", password=PASSWORD)
    socket = Socket(client)

    assert not await socket.open()
    assert socket.code == 4403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_another_website_is_refused(alices_browser: Client, origin: str) -> None:
    assert not await Socket(alices_browser, origin=origin).open()


async def test_another_team_hears_nothing(
    connect: Connect, alices_browser: Client, bobs_browser: Client, session: VoiceSession, alice: Closer
) -> None:
    alices, bobs = await connect(alices_browser), await connect(bobs_browser)
    await alices.hello()
    told = await bobs.hello(watching=str(session.pk))
    assert str(session.pk) not in json.dumps(told["fragments"])
    assert told["watching"] is None
    await bobs.hear("roster")

    await bobs.say(type="watch", session=str(session.pk))
    assert (await bobs.hear("watching"))["session"] is None
    await ringing(session, alice)
    await telling(session, "call.answered")

    assert (await alices.hear("ring"))["session"] == str(session.pk)
    assert await bobs.hears_nothing("event", "ring", "roster")


async def test_signing_out_closes_the_line(connect: Connect, alices_browser: Client, session: VoiceSession) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await sync_to_async(alices_browser.post)("/accounts/logout/")

    assert await socket.closed_with() == 4401


async def test_a_revocation_that_comes_too_early_is_looked_at_again(
    connect: Connect, alices_browser: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SECOND_LOOK_SECONDS", 0.3)
    socket = await connect(alices_browser)
    await socket.hello()

    await get_channel_layer().group_send(groups.user(alice.user_id), {"type": "live.revoke", "user": 0})
    await sync_to_async(alices_browser.post)("/accounts/logout/")

    assert await socket.closed_with() == 4401


@pytest.mark.parametrize(
    ("loss", "code"),
    [
        (lambda alice, other: User.objects.filter(pk=alice.user_id).update(is_active=False), 4401),
        (lambda alice, other: User.objects.get(pk=alice.user_id).delete(), 4401),
        (lambda alice, other: Closer.objects.filter(pk=alice.pk).delete(), 4403),
        (lambda alice, other: Closer.objects.filter(pk=alice.pk).update(team=other), 4403),
        (lambda alice, other: _new_password(alice), 4401),
    ],
    ids=["disabled", "deleted", "no closer", "other team", "new password"],
)
async def test_lost_rights_close_the_line(
    connect: Connect, alices_browser: Client, alice: Closer, bob: Closer, loss: Any, code: int
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await sync_to_async(loss)(alice, bob.team)
    await get_channel_layer().group_send(groups.user(alice.user_id), {"type": "live.revoke", "user": 0})

    assert await socket.closed_with() == code


def in_the_administration(way: str, alice: Closer, support: Team) -> None:
    """What ends a right of Alice's, as somebody does it in the administration."""
    admin = User.objects.create_superuser("admin@agileadapt.example", PASSWORD, name="Admin")
    account, row = f"/admin/accounts/user/{alice.user_id}", f"/admin/handoff/closer/{alice.pk}"
    person = {"email": alice.user.email, "name": "Alice", "time_zone": "Asia/Tokyo"}
    closer = {"user": alice.user_id, "display_name": "Alice", "capacity": 1, "reached_by": "softphone"}
    chosen = {"_selected_action": alice.pk, "action": "delete_selected", "post": "yes"}
    address, told = {
        "disabled": (f"{account}/change/", person),
        "deleted": (f"{account}/delete/", {"post": "yes"}),
        "new password": (f"{account}/password/", {"password1": "Sugar-and-9", "password2": "Sugar-and-9"}),
        "no closer": (f"{row}/delete/", {"post": "yes"}),
        "one of some": ("/admin/handoff/closer/", chosen),
        "other team": (f"{row}/change/", {**closer, "team": support.pk}),
    }[way]
    assert logged_in(admin).post(address, told).status_code == 302


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("disabled", 4401),
        ("deleted", 4401),
        ("new password", 4401),
        ("no closer", 4403),
        ("one of some", 4403),
        ("other team", 4403),
    ],
)
async def test_what_the_administration_takes_away_is_gone_within_a_second(
    connect: Connect, alices_browser: Client, alice: Closer, support: Team, way: str, code: int
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await sync_to_async(in_the_administration)(way, alice, support)

    assert await socket.closed_with(seconds=1) == code


async def test_leaving_the_administration_leaves_the_dashboard(
    connect: Connect, alices_browser: Client, alice: Closer
) -> None:
    await User.objects.filter(pk=alice.user_id).aupdate(is_staff=True)
    socket = await connect(alices_browser)
    await socket.hello()

    await sync_to_async(alices_browser.post)("/admin/logout/")

    assert await socket.closed_with(seconds=1) == 4401
    assert not (await Closer.objects.aget(pk=alice.pk)).is_available


async def test_a_deleted_closer_s_page_may_still_speak(connect: Connect, alices_browser: Client, alice: Closer) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    # Without its signal, as if the push were lost.
    await sync_to_async(Closer.objects.filter(pk=alice.pk)._raw_delete)("default")

    await socket.say(type="presence", softphone=True, microphone=True, sound=True)
    await socket.say(type="ping")

    assert await socket.hear("pong")


def _new_password(closer: Closer) -> None:
    user = User.objects.get(pk=closer.user_id)
    user.set_password("quite another one")
    user.save()


async def test_what_was_rendered_for_one_team_is_not_given_to_another(
    session: VoiceSession, alice: Closer, bob: Closer
) -> None:
    readers = []
    for closer in (alice, bob):
        reader = consumers.DashboardConsumer()
        reader.team, reader.watching = closer.team, None
        readers.append(reader)

    alices, bobs = [await reader._read(str(session.pk), 0) for reader in readers]

    assert alices is not None
    assert [seq for seq, _ in alices] == [1]
    assert bobs is None


FRAMES: dict[str, dict[str, Any]] = {
    "hello": {"epoch": None, "cursors": {}, "watching": None},
    "watch": {"session": None},
    "presence": {"softphone": True, "microphone": True, "sound": True},
    "ping": {},
}


@pytest.mark.parametrize("kind", frames.FRAMES)
async def test_every_message_is_asked_of_the_table(
    connect: Connect, alices_browser: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    socket = await connect(alices_browser)
    seen_at = alice.seen_at
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, frames.FRAMES[kind].asks: {}})

    await socket.say(type=kind, **FRAMES[kind])

    assert await socket.closed_with() == 4403
    await alice.arefresh_from_db()
    assert alice.seen_at == seen_at


async def test_the_line_itself_is_asked_of_the_table(alices_browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Action.BOARD_SEE: {}})
    socket = Socket(alices_browser)

    assert not await socket.open()
    assert socket.code == 4403
