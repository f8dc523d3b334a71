"""A session becomes one file without secrets, and the file plays the session again."""

import copy
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from flight_recorder.record import recorder
from flight_recorder.replay import player, script
from flight_recorder.replay.player import Manner
from flight_recorder.replay.script import Script
from handoff import actions, client_state
from handoff.commands import keys
from handoff.machine import TABLE, Fact, Move, State
from handoff.models import Closer, Command, Handoff
from sessions_app.models import Team, TelephonyCredential, VoiceSession, WebhookDelivery
from tests.visits import Visit, connect

pytestmark = pytest.mark.usefixtures("gathering")

HISTORY = [
    {"role": "assistant", "content": "May I have your full name?"},
    {"role": "user", "content": "My name is Ada Lovelace."},
]


@pytest.fixture
def told(talking: Visit, alice: Closer) -> Visit:
    """A whole visit: the questions, Alice, the talk, her notes."""
    visit = talking
    visit.leg.partial({"full_name": "Ada"}, HISTORY[:1])
    visit.clock.advance(2)
    visit.leg.gathered({"full_name": "Ada Lovelace", "phone": "+61400111222"}, HISTORY)
    visit.work()
    visit.clock.advance(4)
    closer_leg = connect(visit)
    visit.clock.advance(20)
    actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
    visit.work()
    closer_leg.hung_up(source="callee")
    visit.leg.hung_up(source="callee")
    actions.save_notes(visit.handoff.pk, closer=alice, notes="Wants it by spring.", now=timezone.now())
    actions.complete(visit.handoff.pk, closer=alice, disposition="won", now=timezone.now())
    return visit


@pytest.fixture
def sought(talking: Visit, alice: Closer) -> Visit:
    """As `told`, but Alice's softphone has to register anew before it can be rung."""
    visit, page = talking, uuid4()
    Closer.objects.filter(pk=alice.pk).update(line_proven_at=None)
    visit.leg.gathered({"full_name": "Ada Lovelace"}, HISTORY)
    visit.work()
    first = visit.accept()
    first.initiated(direction="outgoing")
    first.hung_up(source="callee", cause="unspecified", sip="480")
    visit.clock.advance(1)
    login = actions.softphone_login(alice, page=page, now=timezone.now())
    proven = {"softphone": True, "microphone": True, "sound": True, "page": page, "username": login.username}
    actions.report_presence(alice, **proven, now=timezone.now())
    visit.work()
    second = visit.closer_leg()
    second.initiated(direction="outgoing")
    second.answered()
    visit.work()
    second.bridged()
    visit.clock.advance(20)
    actions.hang_up(visit.handoff.pk, closer=alice, now=timezone.now())
    visit.work()
    second.hung_up(source="callee")
    visit.leg.hung_up(source="callee")
    actions.complete(visit.handoff.pk, closer=alice, disposition="won", now=timezone.now())
    return visit


def recorded(visit: Visit, *, is_masking: bool = False) -> dict[str, Any]:
    """As it comes back from a file."""
    recording = recorder.record(visit.session, now=timezone.now(), is_masking=is_masking)
    return dict(json.loads(json.dumps(recording)))


def read(recording: dict[str, Any]) -> Script:
    return script.read(recording, format_name=recorder.FORMAT, version=recorder.VERSION)


def test_a_recording_holds_what_came_in_what_was_asked_and_how_it_ended(told: Visit) -> None:
    recording = recorded(told)

    # What the connection tells of a softphone's end of a line is nobody's.
    mine = WebhookDelivery.objects.exclude(status=WebhookDelivery.Status.IGNORED)
    assert len(recording["webhooks"]) == mine.count() < WebhookDelivery.objects.count()
    assert [entry["seq"] for entry in recording["timeline"]] == list(range(1, told.session.last_seq + 1))
    commands = {command["key"]: command for command in recording["commands"]}
    assert {"leg-1:answer", "run-1:start", "handoff-1:1:dial", "handoff-1:1:bridge"} <= set(commands)
    assert commands["handoff-1:1:dial"]["attempts"] == 1
    assert recording["end"]["handoffs"] == [
        {
            "state": "completed",
            "outcome": "won",
            "disposition": "won",
            "notes": "Wants it by spring.",
            "connected_with": "closer-1",
        }
    ]


def test_each_attempt_is_told_of_and_the_newest_with_its_hand_over(told: Visit) -> None:
    recording = recorded(told)

    (attempt,), (handoff,) = recording["attempts"], recording["handoffs"]
    assert (attempt["handoff"], attempt["number"], attempt["closer"]) == ("handoff-1", 1, "closer-1")
    assert attempt["accepted_at"] == handoff["accepted_at"] is not None
    commands = {command["key"]: command["attempt"] for command in recording["commands"]}
    assert (commands["handoff-1:1:dial"], commands["leg-1:answer"]) == (1, None)


@pytest.mark.parametrize("part", ["handoffs", "commands"])
def test_what_older_recordings_tell_is_told_still(told: Visit, part: str) -> None:
    stored = [json.loads(path.read_text()) for path in Path("tests/recordings").glob("*.json")]

    names = {name for recording in stored for row in recording[part] for name in row}
    assert names - {name for row in recorded(told)[part] for name in row} == set()


def test_a_recording_holds_no_secrets(told: Visit, alice: Closer) -> None:
    text = json.dumps(recorded(told))

    bodies = [bytes(body) for body in WebhookDelivery.objects.values_list("body", flat=True)]
    assert any(b"X-Session-Ticket" in body for body in bodies)
    (dial,) = told.commands("dial")
    for secret in (settings.TELNYX_API_KEY, settings.SECRET_KEY, dial.arguments["mark"], alice.sip_username):
        assert secret not in text
    assert '\\"X-Session-Ticket\\", \\"value\\": \\"<ticket>\\"' in text
    assert told.session_id.hex not in text
    assert "<mark handoff-1 leg:1>" in text


def test_what_holds_no_secret_is_kept_as_it_came(told: Visit) -> None:
    kept = {webhook["event_id"]: webhook["body"] for webhook in recorded(told)["webhooks"]}

    answered = WebhookDelivery.objects.filter(event_type="call.ai_gather.ended").get()
    assert kept[answered.event_id] == bytes(answered.body).decode()


def test_a_masked_recording_says_neither_who_nor_what(told: Visit) -> None:
    text = json.dumps(recorded(told, is_masking=True))

    for said in ('"Ada', "Lovelace", "61400111222", "Alice", "by spring", "name is"):
        assert said not in text, text[text.index(said) - 60 :][:120]


@pytest.mark.parametrize("is_masking", [False, True])
def test_a_replay_in_the_recorded_order_ends_the_same(told: Visit, is_masking: bool) -> None:
    report = player.play(read(recorded(told, is_masking=is_masking)), Manner())

    assert (report.differences, report.violations, report.notes) == ([], [], [])
    assert report.facts == 14


@pytest.mark.parametrize("seed", range(3))
def test_a_shuffled_replay_with_duplicates_ends_the_same(told: Visit, seed: int) -> None:
    report = player.play(read(recorded(told)), Manner(shuffle=True, duplicate=True, seed=seed))

    assert (report.differences, report.violations) == ([], [])


def test_a_closer_who_was_rung_once_more_is_so_in_the_replay(sought: Visit) -> None:
    recording = recorded(sought)

    report = player.play(read(recording), Manner())

    assert (report.differences, report.violations, report.notes) == ([], [], [])
    assert {"handoff-1:1:look_up_line", "handoff-1:2:dial"} <= {one["key"] for one in recording["commands"]}
    assert not any(one.sip_username in json.dumps(recording) for one in TelephonyCredential.objects.all())


@pytest.mark.parametrize("seed", range(3))
def test_a_closer_who_was_rung_once_more_is_so_in_any_order(sought: Visit, seed: int) -> None:
    report = player.play(read(recorded(sought)), Manner(shuffle=True, duplicate=True, seed=seed))

    assert (report.differences, report.violations) == ([], [])


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_with_losses_breaks_nothing(told: Visit, seed: int) -> None:
    report = player.play(read(recorded(told)), Manner(shuffle=True, drop=True, seed=seed))

    assert report.violations == []


def test_a_replay_leaves_no_trace_and_asks_nobody(told: Visit) -> None:
    kept = (VoiceSession, Handoff, Command, WebhookDelivery, Team, Closer, User)
    script_ = read(recorded(told))
    before, asked = [model.objects.count() for model in kept], len(told.rest.requests)

    player.play(script_, Manner(shuffle=True, duplicate=True, seed=1))

    assert [model.objects.count() for model in kept] == before
    assert len(told.rest.requests) == asked


def test_a_different_end_is_found(told: Visit) -> None:
    recording = recorded(told)
    recording["end"]["handoffs"][0]["connected_with"] = "closer-2"
    recording["end"]["captured"]["full_name"] = "Charles Babbage"

    report = player.play(read(recording), Manner())

    assert not report.is_same
    handoffs, captured = report.differences
    assert "closer-2" in handoffs
    assert captured == "fields: full_name"


def test_a_fact_that_never_becomes_possible_is_found(told: Visit) -> None:
    recording = recorded(told)
    (bridge,) = [command for command in recording["commands"] if command["kind"] == "bridge"]
    bridge["key"] = "handoff-1:7:bridge"

    report = player.play(read(recording), Manner())

    assert any("never became possible" in line for line in report.differences)


def test_an_end_that_does_not_last_is_found(told: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, (State.COMPLETED, Fact.PROSPECT_LEFT), Move(State.WRAP_UP))
    monkeypatch.setattr("handoff.machine.SETTLED_STATES", frozenset({State.WRAP_UP}))
    (hangup,) = [one for one in recorded(told)["webhooks"] if '"hangup_source": "callee"' in one["body"]][1:]

    recording = recorded(told)
    recording["webhooks"] = [
        {**one, "received_at": timezone.now().isoformat()} if one["event_id"] == hangup["event_id"] else one
        for one in recording["webhooks"]
    ]
    report = player.play(read(recording), Manner())

    assert any("completed became wrap_up" in line for line in report.violations)


def test_a_second_way_of_joining_is_found(told: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    made = keys.of_attempt
    monkeypatch.setattr(
        keys,
        "of_attempt",
        lambda *named: f"{made(*named)}:{uuid4()}" if named[-1] == "bridge" else made(*named),
    )
    monkeypatch.setitem(TABLE, (State.BRIDGING, Fact.CLOSER_ANSWERED), TABLE[State.BRIDGING, Fact.PROSPECT_READY])
    recording = recorded(told)
    for command in recording["commands"]:  # Every command is allowed before every fact.
        command["sent_at"] = None
    again = [one for one in recording["webhooks"] if one["event_type"] == "call.answered"][1]
    recording["webhooks"].append(
        {**again, "event_id": "again", "body": again["body"].replace(again["event_id"], "again")}
    )

    report = player.play(read(recording), Manner())

    assert any("was joined 2 times" in line for line in report.violations), report


def test_the_commands_write_and_play_a_file(told: Visit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "session.json"
    call_command("export_session", str(told.session_id), output=path, redact=True)

    call_command("replay", path, shuffle=True, duplicate=True, seed=3, times=2)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == ["seed 3: same end", "seed 4: same end"]


def test_the_command_fails_when_the_end_is_another(told: Visit, tmp_path: Path) -> None:
    recording = copy.deepcopy(recorded(told))
    recording["end"]["end_reason"] = "expired"
    path = tmp_path / "session.json"
    path.write_text(json.dumps(recording))

    with pytest.raises(CommandError, match="not good with seed 0"):
        call_command("replay", path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "agileadapt.recording", "version": 1}'])
def test_a_file_that_is_no_recording_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    path.write_text(content)

    with pytest.raises(CommandError, match=r"session\.json: "):
        call_command("replay", path)


def test_a_session_that_does_not_exist_cannot_be_exported(db: None) -> None:
    with pytest.raises(CommandError, match="There is no session"):
        call_command("export_session", str(uuid4()))


def test_marks_of_other_installations_stay_what_they_are(told: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_state, "_SALT", "somebody else's")

    assert "<mark handoff-1 leg:1>" not in json.dumps(recorded(told))
