"""A page that comes back resumes with what it missed, or is given the whole again."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from dashboard.render import snapshot
from sessions_app.models import VoiceSession, WidgetConfig
from tests.dashboard.conftest import Connect, tell, telling, visiting

pytestmark = pytest.mark.django_db(transaction=True)


async def test_it_resumes_with_what_was_missed(
    connect: Connect, alices_browser: Client, session: VoiceSession, widget: WidgetConfig
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
    connect: Connect, alices_browser: Client, session: VoiceSession, spoil: Any
) -> None:
    first = await connect(alices_browser)
    known = await first.hello()
    known = {name: known[name] for name in ("epoch", "cursors", "watching")}

    socket = await connect(alices_browser)
    await socket.say(type="hello", **spoil(known, str(session.pk)))

    assert (await socket.hear("snapshot"))["cursors"] == {str(session.pk): 1}


async def test_too_long_a_gap_is_answered_with_a_snapshot(
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
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
    connect: Connect, alices_browser: Client, session: VoiceSession, monkeypatch: pytest.MonkeyPatch
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
