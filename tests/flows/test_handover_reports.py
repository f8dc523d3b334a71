"""What both browsers measured of a hand-over: kept once, bounded, and never believed beyond what we know."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, TestCase
from django.utils import timezone

from handoff.models import Closer, Measures
from sessions_app.visitor_page import page
from sessions_app.visits import tokens
from tests.people import PASSWORD
from tests.visits import Visit, connect

HEARD = {"silence_ms": 240, "heard_ms_ago": 900, "packets_ms_ago": 1_000, "received": 55, "lost": 0}
SPOKE = {"heard_ms_ago": 700, "packets_ms_ago": 950, "spoke_ms_ago": 1_100, "sent_ms_ago": 990, "received": 50}


@pytest.fixture
def talk(waiting_for_alice: Visit, closer_client: Client) -> Visit:
    """Alice and the prospect have been connected for three seconds."""
    connect(waiting_for_alice)
    waiting_for_alice.clock.advance(3)
    return waiting_for_alice


@pytest.fixture
def closer_client(alice: Closer) -> Client:
    client = Client()
    client.login(username=alice.user.get_username(), password=PASSWORD)
    return client


def prospect_says(visit: Visit, /, **changes: Any) -> Any:
    return visit.post("report", kind="handover", data={"handoff": str(visit.handoff.pk), **HEARD, **changes})


def closer_says(client: Client, visit: Visit, /, **changes: Any) -> Any:
    body = json.dumps({"kind": "handover", **SPOKE, **changes})
    with TestCase.captureOnCommitCallbacks(execute=True):
        return client.post(f"/dashboard/handoffs/{visit.handoff.pk}/quality", body, content_type="application/json")


def measures_of(visit: Visit) -> Measures:
    return Measures.objects.get(attempt=visit.attempt)


def near(moment: Any, expected: Any) -> bool:
    """The clock of these tests moves a millisecond at every look."""
    return abs((moment - expected).total_seconds()) < 0.1


def test_the_prospect_s_page_tells_when_it_heard_the_closer(talk: Visit) -> None:
    now = timezone.now()

    assert prospect_says(talk).status_code == 202

    assert near(measures_of(talk).first_word_at, now - timedelta(milliseconds=900))
    assert measures_of(talk).dead_air_ms == 240
    assert measures_of(talk).media_up_at is None


@pytest.mark.parametrize("first", ["prospect", "closer"])
def test_sound_is_up_when_both_sides_have_it(talk: Visit, closer_client: Client, first: str) -> None:
    now = timezone.now()
    tell = {
        "prospect": lambda: prospect_says(talk),
        "closer": lambda: closer_says(closer_client, talk, packets_ms_ago=950, heard_ms_ago=None),
    }
    order = ["prospect", "closer"] if first == "prospect" else ["closer", "prospect"]

    for side in order:
        assert tell[side]().status_code in {200, 202}

    assert near(measures_of(talk).media_up_at, now - timedelta(milliseconds=950))


def test_a_closer_who_says_nothing_leaves_the_first_word_empty(talk: Visit) -> None:
    prospect_says(talk, heard_ms_ago=None, silence_ms=2_000)

    assert measures_of(talk).first_word_at is None
    assert measures_of(talk).dead_air_ms == 2_000


def test_each_side_is_heard_once(talk: Visit, closer_client: Client) -> None:
    prospect_says(talk)
    closer_says(closer_client, talk)
    before = measures_of(talk)

    assert prospect_says(talk, silence_ms=0).status_code == 409
    assert closer_says(closer_client, talk, heard_ms_ago=0, packets_ms_ago=0).status_code == 409

    after = measures_of(talk)
    assert (after.dead_air_ms, after.media_up_at) == (before.dead_air_ms, before.media_up_at)


def test_nothing_was_heard_before_the_closer_accepted(talk: Visit) -> None:
    prospect_says(talk, heard_ms_ago=120_000)

    assert measures_of(talk).first_word_at == talk.attempt.accepted_at


def test_silence_is_never_longer_than_the_visit(talk: Visit) -> None:
    prospect_says(talk, silence_ms=600_000)

    heard = measures_of(talk).first_word_at
    assert heard is not None
    assert measures_of(talk).dead_air_ms == round((heard - talk.session.created_at).total_seconds() * 1000)


@pytest.mark.parametrize(
    "bad",
    [
        {"silence_ms": -1},
        {"silence_ms": 1.5},
        {"silence_ms": True},
        {"silence_ms": "240"},
        {"heard_ms_ago": 120_001},
        {"packets_ms_ago": [1]},
        {"received": 10**12},
        {"handoff": "not-an-id"},
        {"handoff": None},
        {"handoff": {"id": 1}},
    ],
)
def test_a_hostile_report_is_refused_and_changes_nothing(talk: Visit, bad: dict[str, Any]) -> None:
    assert prospect_says(talk, **bad).status_code == 400
    assert not Measures.objects.exists()
    assert "media.reported" not in talk.kinds()


@pytest.mark.parametrize("data", [None, [], "240", 240, True])
def test_a_report_that_is_no_object_is_refused(talk: Visit, data: Any) -> None:
    assert talk.post("report", kind="handover", data=data).status_code == 400


def test_what_is_not_known_is_not_kept(talk: Visit) -> None:
    prospect_says(talk, transcript="I live in Bondi", received=55)

    kept = talk.session.timeline.get(kind="media.reported").payload
    assert "Bondi" not in json.dumps(kept)
    assert kept["data"]["received"] == 55


def test_another_visit_s_hand_over_does_not_exist(talk: Visit, visit: Visit) -> None:
    other = str(visit.session.pk)
    answer = talk.post("report", kind="handover", data={**HEARD, "handoff": other})

    assert answer.status_code == 404


def test_before_anybody_is_connected_there_is_nothing_to_report(waiting_for_alice: Visit) -> None:
    assert prospect_says(waiting_for_alice).status_code == 409


def test_a_report_that_comes_too_late_is_refused(talk: Visit) -> None:
    talk.clock.advance(301)

    assert prospect_says(talk).status_code == 409


def test_a_strange_closer_is_refused(talk: Visit, bob: Closer) -> None:
    stranger = Client()
    stranger.login(username=bob.user.get_username(), password=PASSWORD)

    assert closer_says(stranger, talk).status_code == 404


def test_running_measurements_do_not_use_up_the_prospect_s_reports(talk: Visit, closer_client: Client) -> None:
    for _ in range(100):
        closer_says(closer_client, talk, kind="running")

    assert talk.post("report", kind="media", data={"lost": 1}).status_code == 202
    assert prospect_says(talk).status_code == 202


def test_the_page_is_told_how_long_ago_the_lines_were_joined(talk: Visit) -> None:
    told = page.state(talk.session)["handover"]

    assert told["id"] == str(talk.handoff.pk)
    assert 3_000 <= told["connected_ms"] <= told["joining_ms"] < 4_000


def test_a_minute_later_it_is_told_no_more(talk: Visit) -> None:
    talk.clock.advance(60)

    assert page.state(talk.session)["handover"] is None


def test_a_token_of_nobody_reports_nothing(talk: Visit) -> None:
    headers = {"Authorization": f"Bearer {tokens.issue(talk.session_id)}x"}
    body = json.dumps({"kind": "handover", "data": {"handoff": str(talk.handoff.pk), **HEARD}})

    answer = Client().post("/api/orchestration/report", body, content_type="application/json", headers=headers)

    assert answer.status_code == 401
