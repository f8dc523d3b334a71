"""The live line: join, snapshot, numbered events, resume, and who may listen."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard import consumers, limits, snapshot
from handoff import actions
from handoff.models import Closer, Handoff, Offer
from sessions_app import groups
from sessions_app.models import Epoch, TimelineEntry, VoiceSession, WidgetConfig
from tests.dashboard.conftest import Socket, ring, tell, telling, visit
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[..., Any]
ringing = database_sync_to_async(ring)
visiting = database_sync_to_async(visit)


@database_sync_to_async
def silently(session: VoiceSession, kind: str) -> None:
    """Write an entry whose push is lost."""
    VoiceSession.objects.filter(pk=session.pk).update(last_seq=session.last_seq + 1)
    session.refresh_from_db()
    now = timezone.now()
    TimelineEntry.objects.create(session=session, seq=session.last_seq, kind=kind, occurred_at=now, recorded_at=now)


def standing(socket: Socket) -> Any:
    """The consumer behind a socket."""
    return next(one for sockets in consumers._open._sockets.values() for one in sockets if one.closer is not None)


class TestFollowing:
    async def test_the_snapshot_names_the_positions(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)

        frame = await socket.hello(watching=str(session.pk))

        assert frame["cursors"] == {str(session.pk): 1}
        assert frame["watching"] == str(session.pk)
        assert {fragment["target"] for fragment in frame["fragments"]} == {"board", "detail"}

    async def test_an_entry_arrives_numbered_and_drawn(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await telling(session, "call.answered")

        frame = await socket.hear("event")
        assert (frame["session"], frame["seq"], frame["kind"]) == (str(session.pk), 2, "call.answered")
        assert [fragment["target"] for fragment in frame["fragments"]] == [f"card-{session.pk}"]

    async def test_a_watched_call_is_drawn_in_whole(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()
        await socket.say(type="watch", session=str(session.pk))
        assert (await socket.hear("watching"))["session"] == str(session.pk)

        await telling(session, "assistant.ended")

        targets = {fragment["target"] for fragment in (await socket.hear("event"))["fragments"]}
        assert {f"card-{session.pk}", "detail-head", f"entry-{session.pk}-2"} <= targets

    async def test_a_burst_arrives_whole_and_in_order(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        sockets = [await connect(alices_browser) for _ in range(3)]
        for socket in sockets:
            await socket.hello()

        for _ in range(40):
            await telling(session, "media.reported")

        for socket in sockets:
            assert [(await socket.hear("event"))["seq"] for _ in range(40)] == list(range(2, 42))

    async def test_a_lost_push_is_made_up_for_by_the_next(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await silently(session, "call.answered")
        await telling(session, "assistant.ended")

        assert [(await socket.hear("event"))["seq"] for _ in range(2)] == [2, 3]

    async def test_positions_are_compared_when_every_push_is_lost(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await silently(session, "call.answered")
        await standing(socket).compare_positions()

        assert (await socket.hear("event"))["seq"] == 2

    async def test_an_entry_that_is_gone_means_reload(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await silently(session, "call.answered")
        await database_sync_to_async(session.timeline.filter(seq=2).delete)()
        await telling(session, "assistant.ended")

        assert await socket.hear("reload")
        assert (await socket.hello())["cursors"] == {str(session.pk): 3}

    async def test_a_restored_database_means_reload(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await database_sync_to_async(Epoch.objects.update)(value=uuid4())
        await standing(socket).compare_positions()

        assert await socket.hear("reload")

    async def test_old_calls_leave_the_board(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        long_ago = timezone.now() - timedelta(hours=9)
        await database_sync_to_async(VoiceSession.objects.update)(ended_at=long_ago)
        await standing(socket).compare_positions()

        assert (await socket.hear("gone"))["sessions"] == [str(session.pk)]


class TestComingBack:
    async def test_it_resumes_with_what_was_missed(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, widget: WidgetConfig
    ) -> None:
        first = await connect(alices_browser)
        known = await first.hello()
        await first.line.disconnect()
        await telling(session, "call.answered")
        newcomer = await visiting(widget)

        socket = await connect(alices_browser)
        await socket.say(type="hello", epoch=known["epoch"], cursors=known["cursors"], watching=None)

        assert await socket.hear("resumed")
        missed = [await socket.hear("event") for _ in range(2)]
        assert {(event["session"], event["seq"]) for event in missed} == {(str(session.pk), 2), (str(newcomer.pk), 1)}

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda known, session: known | {"epoch": "another"},
            lambda known, session: known | {"cursors": {session: 99}},
            lambda known, session: known | {"cursors": {str(uuid4()): 1}},
            lambda known, session: known | {"watching": str(uuid4())},
        ],
        ids=["other epoch", "ahead of the rows", "unknown session", "watching nothing"],
    )
    async def test_what_cannot_be_proven_is_answered_with_a_snapshot(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, spoil: Any
    ) -> None:
        first = await connect(alices_browser)
        known = await first.hello()
        known = {name: known[name] for name in ("epoch", "cursors", "watching")}

        socket = await connect(alices_browser)
        await socket.say(type="hello", **spoil(known, str(session.pk)))

        assert (await socket.hear("snapshot"))["cursors"] == {str(session.pk): 1}

    async def test_too_long_a_gap_is_answered_with_a_snapshot(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await connect(alices_browser)
        known = await first.hello()
        monkeypatch.setattr(snapshot, "LONGEST_GAP", 3)
        for _ in range(5):
            await telling(session, "media.reported")

        socket = await connect(alices_browser)
        await socket.say(type="hello", epoch=known["epoch"], cursors=known["cursors"], watching=None)

        assert (await socket.hear("snapshot"))["cursors"] == {str(session.pk): 6}

    async def test_an_event_between_reading_and_joining_is_not_lost(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The group is joined before anything is read, so the push waits behind the snapshot."""
        take = snapshot.take

        def slowly(*arguments: Any) -> snapshot.Snapshot:
            taken = take(*arguments)
            tell(session, "call.answered")
            return taken

        monkeypatch.setattr(snapshot, "take", slowly)
        socket = await connect(alices_browser)

        assert (await socket.hello())["cursors"] == {str(session.pk): 1}
        assert (await socket.hear("event"))["seq"] == 2


class TestWhoMayListen:
    async def test_a_visitor_is_refused(self, client: Client) -> None:
        socket = Socket(client)

        assert not await socket.open()
        assert socket.code == 4401

    async def test_a_user_who_is_no_closer_is_refused(self, client: Client) -> None:
        await sync_to_async(User.objects.create_user)("dave", password=PASSWORD)
        await sync_to_async(client.login)(username="dave", password=PASSWORD)
        socket = Socket(client)

        assert not await socket.open()
        assert socket.code == 4403

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
    async def test_another_website_is_refused(self, alices_browser: Client, origin: str) -> None:
        assert not await Socket(alices_browser, origin=origin).open()

    async def test_another_team_hears_nothing(
        self, connect: Connect, alices_browser: Client, bobs_browser: Client, session: VoiceSession, alice: Closer
    ) -> None:
        alices, bobs = await connect(alices_browser), await connect(bobs_browser)
        await alices.hello()
        told = await bobs.hello(watching=str(session.pk))
        assert str(session.pk) not in json.dumps(told["fragments"])
        assert told["watching"] is None

        await bobs.say(type="watch", session=str(session.pk))
        assert (await bobs.hear("watching"))["session"] is None
        await ringing(session, alice)
        await telling(session, "call.answered")

        assert (await alices.hear("ring"))["session"] == str(session.pk)
        assert await bobs.hears_nothing("event", "ring", "roster")

    async def test_signing_out_closes_the_line(
        self, connect: Connect, alices_browser: Client, session: VoiceSession
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await sync_to_async(alices_browser.post)("/accounts/logout/")

        assert await socket.closed_with() == 4401

    async def test_a_revocation_that_comes_too_early_is_looked_at_again(
        self, connect: Connect, alices_browser: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch
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
        self, connect: Connect, alices_browser: Client, alice: Closer, bob: Closer, loss: Any, code: int
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()

        await sync_to_async(loss)(alice, bob.team)
        await get_channel_layer().group_send(groups.user(alice.user_id), {"type": "live.revoke", "user": 0})

        assert await socket.closed_with() == code


def _new_password(closer: Closer) -> None:
    user = User.objects.get(pk=closer.user_id)
    user.set_password("quite another one")
    user.save()


class TestHostileFrames:
    @pytest.mark.parametrize(
        "text",
        [
            " ",
            "{",
            "[]",
            "null",
            "[" * 20_000,
            '{"type":"teleport"}',
            '{"type":"watch","session":"team-1"}',
            '{"type":"watch","session":7}',
            '{"type":"hello","epoch":7}',
            '{"type":"hello","epoch":null,"cursors":{"x":1}}',
            '{"type":"hello","epoch":null,"cursors":{"8f2c8d0e-8f3b-4b1c-9d0a-1d2e3f405162":-1}}',
            '{"type":"hello","epoch":null,"cursors":{"8f2c8d0e-8f3b-4b1c-9d0a-1d2e3f405162":true}}',
            '{"type":"presence","softphone":1,"microphone":true,"sound":true}',
            '{"type":"presence"}',
        ],
    )
    async def test_a_frame_that_is_not_ours_closes_the_line(
        self, connect: Connect, alices_browser: Client, text: str
    ) -> None:
        socket = await connect(alices_browser)

        await socket.line.send_to(text_data=text)

        assert await socket.closed_with() == limits.MISBEHAVED

    async def test_bytes_close_the_line(self, connect: Connect, alices_browser: Client) -> None:
        socket = await connect(alices_browser)

        await socket.line.send_to(bytes_data=b'{"type":"ping"}')

        assert await socket.closed_with() == limits.MISBEHAVED

    async def test_a_long_frame_closes_the_line(self, connect: Connect, alices_browser: Client) -> None:
        socket = await connect(alices_browser)

        await socket.line.send_to(text_data=json.dumps({"type": "ping", "padding": "é" * 40_000}))

        assert await socket.closed_with() == limits.TOO_BIG

    async def test_a_flood_closes_the_line(self, connect: Connect, alices_browser: Client) -> None:
        socket = await connect(alices_browser)

        for _ in range(limits.BURST_FRAMES + 5):
            await socket.say(type="ping")

        assert await socket.closed_with() == limits.MISBEHAVED

    async def test_the_sixth_dashboard_closes_the_first(self, connect: Connect, alices_browser: Client) -> None:
        sockets = [await connect(alices_browser) for _ in range(limits.SOCKETS_PER_USER + 1)]

        assert await sockets[0].closed_with() == limits.MISBEHAVED
        await sockets[-1].say(type="ping")
        assert await sockets[-1].hear("pong")


class TestOnesOwn:
    async def test_only_the_closer_who_is_rung_hears_the_ring(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer, carol: Closer
    ) -> None:
        carols_browser = Client()
        await sync_to_async(carols_browser.login)(username="carol", password=PASSWORD)
        alices, carols = await connect(alices_browser), await connect(carols_browser)
        await alices.hello()
        await carols.hello()

        offer = await ringing(session, alice)

        frame = await alices.hear("ring")
        assert (frame["offer"], frame["session"]) == (str(offer.pk), str(session.pk))
        assert "longest idle, 6 min" in frame["html"]
        assert await carols.hears_nothing("ring")

    async def test_a_page_that_opens_while_it_rings_rings(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
    ) -> None:
        offer = await ringing(session, alice)

        socket = await connect(alices_browser)
        await socket.hello()

        assert (await socket.hear("ring"))["offer"] == str(offer.pk)

    async def test_the_loser_is_told_who_took_it(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer, ben: Closer
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()
        offer = await ringing(session, alice)
        await socket.hear("ring")

        await database_sync_to_async(Offer.objects.filter(pk=offer.pk).update)(state=Offer.State.WITHDRAWN)
        await database_sync_to_async(Handoff.objects.update)(closer=ben, state="accepted")
        await telling(session, "handoff.accepted")

        frame = await socket.hear("ring_over", seconds=1)
        assert (frame["offer"], frame["text"]) == (str(offer.pk), "Taken by Ben.")

    async def test_accepting_in_one_tab_ends_the_ring_in_the_other(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()
        offer = await ringing(session, alice)
        await socket.hear("ring")

        handoff = await database_sync_to_async(actions.accept)(offer.pk, closer=alice, now=timezone.now())

        assert (await socket.hear("ring_over"))["text"] == "You took the call."
        desk = await socket.hear("desk")
        assert (desk["handoff"], desk["state"], desk["ring"]) == (str(handoff.pk), "accepted", None)

    async def test_a_page_that_was_away_learns_that_its_ring_is_over(
        self, connect: Connect, alices_browser: Client, session: VoiceSession, alice: Closer
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

    async def test_presence_is_passed_on(self, connect: Connect, alices_browser: Client, alice: Closer) -> None:
        await database_sync_to_async(Closer.objects.update)(seen_at=None, softphone_registered=False)
        socket = await connect(alices_browser)
        await socket.hello()

        await socket.say(type="presence", softphone=True, microphone=True, sound=False)
        await socket.say(type="ping")
        await socket.hear("pong")

        await database_sync_to_async(alice.refresh_from_db)()
        assert alice.seen_at is not None
        assert (alice.softphone_registered, alice.microphone_granted, alice.sound_unlocked) == (True, True, False)

    async def test_the_roster_follows_availability(
        self, connect: Connect, alices_browser: Client, alice: Closer
    ) -> None:
        socket = await connect(alices_browser)
        await socket.hello()
        await socket.hear("roster")

        await database_sync_to_async(actions.set_available)(alice, False, now=timezone.now())

        own = next(piece for piece in (await socket.hear("roster"))["fragments"] if piece["target"] == "me")
        assert 'data-status="away"' in own["html"]


def test_the_real_layer_is_used() -> None:
    assert settings.CHANNEL_LAYERS["default"]["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"
