"""What both pages measure of a hand-over, on real audio."""

import time
from datetime import timedelta
from typing import Any

import pytest

from launcher.sandbox_control import SandboxControl
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import Database, finish_assistant, newest_handoff

pytestmark = pytest.mark.usefixtures("settled")

REPORTED_SECONDS = 20
# Sound takes its way through two browsers and the sandbox; nobody can be heard before that.
LONGEST_SILENCE_MS = 60_000


def measured(database: Database) -> dict[str, Any]:
    """The hand-over once both sides have told what they heard."""
    deadline = time.monotonic() + REPORTED_SECONDS
    while time.monotonic() < deadline:
        handoff = newest_handoff(database)
        if handoff["media_up_at"] and handoff["first_word_at"]:
            return handoff
        time.sleep(0.2)
    raise AssertionError(f"not reported: {reports(database)}")


def reports(database: Database) -> list[dict[str, Any]]:
    rows = database.execute(
        "select payload from sessions_app_timelineentry where kind = 'media.reported'"
        " and payload->>'kind' = 'handover' and payload->>'handoff' = %s",
        [str(newest_handoff(database)["id"])],
    )
    return [row["payload"] for row in rows]


def test_both_pages_say_when_the_other_was_heard(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    alice.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    prospect.hears()
    finish_assistant(sandbox)
    alice.wait_for_ring()
    # Loudness alone cannot tell the announcement from the closer, so let it be over.
    sandbox.wait_for("the end of the announcement", lambda control: ended_sentences(control) == 1, seconds=30)
    alice.page.keyboard.press("a")
    prospect.wait_for("human")
    handoff = measured(database)

    told = {one["side"]: one["data"] for one in reports(database)}
    assert set(told) == {"prospect", "closer"}
    assert told["prospect"]["received"] > 0
    assert told["closer"]["spoke_ms_ago"] >= 0
    assert told["closer"]["heard_ms_ago"] >= 0
    slack = timedelta(milliseconds=500)
    assert handoff["accepted_at"] <= handoff["media_up_at"] <= handoff["connected_at"] + timedelta(seconds=10)
    assert handoff["accepted_at"] <= handoff["first_word_at"]
    # The prospect cannot hear the closer long before the lines were joined.
    assert handoff["first_word_at"] >= handoff["command_sent_at"] - slack
    assert 0 <= handoff["dead_air_ms"] < LONGEST_SILENCE_MS
    # The silence that the page heard is the one that the sandbox sent: from the last sound to the closer's first.
    assert abs(handoff["dead_air_ms"] - sent_silence_ms(sandbox)) < 250


def ended_sentences(sandbox: SandboxControl) -> int:
    return sum(one["event_type"] == "call.speak.ended" for one in sandbox.webhooks())


def sent_silence_ms(sandbox: SandboxControl) -> float:
    """The pause before the closer's voice in what the sandbox sent to the prospect."""
    leg = sandbox.legs(role="prospect")[-1]
    voices = leg["voice_out"]
    first = next(index for index, (_, _, source) in enumerate(voices) if source == "peer")
    return float(voices[first][0] - voices[first - 1][1]) * 1000
