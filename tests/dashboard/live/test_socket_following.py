"""The live line of an open page: a snapshot, then every entry, numbered and drawn."""

from datetime import timedelta
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sessions_app.models import Epoch, VoiceSession
from tests.dashboard.conftest import Connect, silently, standing, telling

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_snapshot_names_the_positions(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)

    frame = await socket.hello(watching=str(session.pk))

    assert frame["cursors"] == {str(session.pk): 1}
    assert frame["watching"] == str(session.pk)
    assert {fragment["target"] for fragment in frame["fragments"]} == {"board", "detail"}


async def test_an_entry_arrives_numbered_and_drawn(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await telling(session, "call.answered")

    frame = await socket.hear("event")
    assert (frame["session"], frame["seq"], frame["kind"]) == (str(session.pk), 2, "call.answered")
    assert [fragment["target"] for fragment in frame["fragments"]] == [f"card-{session.pk}"]


async def test_a_watched_call_is_drawn_in_whole(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()
    await socket.say(type="watch", session=str(session.pk))
    assert (await socket.hear("watching"))["session"] == str(session.pk)

    await telling(session, "assistant.ended")

    targets = {fragment["target"] for fragment in (await socket.hear("event"))["fragments"]}
    assert {f"card-{session.pk}", "detail-head", f"entry-{session.pk}-2"} <= targets


async def test_a_burst_arrives_whole_and_in_order(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    sockets = [await connect(alices_browser) for _ in range(3)]
    for socket in sockets:
        await socket.hello()

    for _ in range(40):
        await telling(session, "media.reported")

    for socket in sockets:
        assert [(await socket.hear("event"))["seq"] for _ in range(40)] == list(range(2, 42))


async def test_a_lost_push_is_made_up_for_by_the_next(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await silently(session, "call.answered")
    await telling(session, "assistant.ended")

    assert [(await socket.hear("event"))["seq"] for _ in range(2)] == [2, 3]


async def test_positions_are_compared_when_every_push_is_lost(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await silently(session, "call.answered")
    await standing(socket).compare_positions()

    assert (await socket.hear("event"))["seq"] == 2


async def test_an_entry_that_is_gone_means_reload(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await silently(session, "call.answered")
    await database_sync_to_async(session.timeline.filter(seq=2).delete)()
    await telling(session, "assistant.ended")

    assert await socket.hear("reload")
    assert (await socket.hello())["cursors"] == {str(session.pk): 3}


async def test_a_restored_database_means_reload(
    connect: Connect, alices_browser: Client, session: VoiceSession
) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    await database_sync_to_async(Epoch.objects.update)(value=uuid4())
    await standing(socket).compare_positions()

    assert await socket.hear("reload")


async def test_old_calls_leave_the_board(connect: Connect, alices_browser: Client, session: VoiceSession) -> None:
    socket = await connect(alices_browser)
    await socket.hello()

    long_ago = timezone.now() - timedelta(hours=9)
    await database_sync_to_async(VoiceSession.objects.update)(ended_at=long_ago)
    await standing(socket).compare_positions()

    assert (await socket.hear("gone"))["sessions"] == [str(session.pk)]


def test_the_real_layer_is_used() -> None:
    assert settings.CHANNEL_LAYERS["default"]["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"
