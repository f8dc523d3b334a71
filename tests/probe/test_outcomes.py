"""Every outcome of every question is recognised from evidence that was written by hand, from what is known of Telnyx.

Each file names its source and how far that is to be trusted: OFF (Telnyx's own text, code or types), 3L (a third party
who says that it was seen live), 3P (third-party code), INF (inferred, or nobody's word at all). A file is read as one
that the probe wrote would be, so that what it quotes is masked before it is judged.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from launcher.checkout import ROOT
from probe import evidence
from probe.points.catalogue import BY_NAME, POINTS, choices, judged
from probe.points.outcomes import Meaning, Outcome
from probe.steps import calls, others, speech
from probe.vocabulary import TRIED
from sandbox.model.platform import CHOICES

FILES = sorted((Path(__file__).parent / "evidence").glob("*.json"))
TRUST = {"OFF", "3L", "3P", "INF"}


def seen(point: str, step: str, *records: dict[str, Any]) -> evidence.Evidence:
    """One step of one point, read as a file that holds nothing else."""
    steps = [{"point": point, "step": step, "ended": "done", "records": list(records)}]
    return evidence.read(json.dumps({"format": 1, "steps": steps}))


def outcome(found: evidence.Evidence, point: str, aspect: str) -> tuple[Outcome, Meaning]:
    ((one, became),) = [(one, became) for one, became in judged(found, BY_NAME[point]) if one.name == aspect]
    return became, one.meaning(became)


def request(at: float, command: str, status: int | None = 200, *, leg: str = "caller", **more: Any) -> dict[str, Any]:
    return {"kind": "rest", "at": at, "command": command, "leg": leg, "status": status, **more}


def webhook(at: float, event_type: str, *, door: str = "call-control", **payload: Any) -> dict[str, Any]:
    said = {"event_type": event_type, "door": door, "leg": "caller", "payload": payload}
    return {"kind": "webhook", "at": at, **said}


def told(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_recognises_what_is_known_of_telnyx(path: Path) -> None:
    file = told(path)
    found = evidence.read(path.read_text())

    for name, expected in file["expects"].items():
        outcomes = {aspect.name: outcome.key for aspect, outcome in judged(found, BY_NAME[name])}
        assert outcomes.items() >= expected.items(), name
    assert len(file["source"]) > 10
    assert file["trust"] in TRUST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_only_what_it_has_words_for(path: Path) -> None:
    found = evidence.read(path.read_text())

    for point in POINTS:
        for aspect, outcome in judged(found, point):
            assert aspect.meaning(outcome).says


def test_no_outcome_is_left_without_a_file() -> None:
    expected = Counter(
        (point, aspect, key)
        for path in FILES
        for point, outcomes in told(path)["expects"].items()
        for aspect, key in outcomes.items()
    )
    every = {(point.name, aspect.name, key) for point in POINTS for aspect in point.aspects for key in aspect.outcomes}

    assert {one for one in every if one[2] != "not_tried"} - expected.keys() == set()
    assert expected.keys() - every == set()


def test_nothing_tried_is_said_to_be_that() -> None:
    found = evidence.read((Path(__file__).parent / "evidence" / "not-tried.json").read_text())

    assert {outcome.key for point in POINTS for _, outcome in judged(found, point)} == {"not_tried"}
    assert choices(found) == {}


def test_the_ten_points_come_first_and_each_can_be_tried() -> None:
    assert [point.number for point in POINTS][:10] == list(range(1, 11))
    assert all(point.number == 0 for point in POINTS[10:])
    assert {point.name for point in POINTS} == calls.TRIES.keys() | speech.TRIES.keys() | others.TRIES.keys()


def test_what_a_file_may_say_was_tried_is_what_can_be() -> None:
    named = {step["step"] for path in FILES for step in told(path)["steps"]} | {point.name for point in POINTS}

    assert named == TRIED - {"all"}


def test_every_setting_that_an_outcome_names_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    named = {
        name
        for point in POINTS
        for aspect in point.aspects
        for meaning in aspect.outcomes.values()
        for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", f"{meaning.setting} {meaning.says}")
    }

    assert {name for name in named if f"| `{name}` |" not in documented} == set()
    assert {"TELNYX_PAGE_CALLER_NUMBER", "TELNYX_ASSISTANT_START", "TELNYX_MAX_LEGS"} <= named


def test_every_choice_of_the_sandbox_and_each_of_its_values_is_what_some_outcome_means() -> None:
    meant: dict[str, set[str]] = {}
    for point in POINTS:
        for aspect in point.aspects:
            for meaning in aspect.outcomes.values():
                name, _, value = meaning.choice.partition("=")
                if value and not name.startswith("account "):
                    meant.setdefault(name, set()).add(value)

    assert meant == {name: set(values) for name, values in CHOICES.items()}


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_a_question_without_a_value_has_no_answer(nothing: Any) -> None:
    found = seen(
        "gather-end",
        "one-required",
        request(1, "gather_using_ai"),
        webhook(9, "call.ai_gather.ended", status="valid", result={"colour": "blue", "animal": nothing}),
    )

    assert choices(found)["gather_ends"] == "required"


def test_a_gather_that_knows_nothing_new_did_not_hear_what_was_added() -> None:
    found = seen(
        "gather-commands",
        "steer",
        request(1, "ai_assistant_add_messages"),
        webhook(9, "call.ai_gather.partial_results", partial_results={"colour": None, "animal": None}),
    )

    assert outcome(found, "gather-commands", "steer")[0].key == "unheard"


COMMANDS = [
    ("gather-commands", "stop", "ai_assistant_stop", "caller"),
    ("gather-commands", "steer", "ai_assistant_add_messages", "caller"),
    ("joining", "bridge", "ai_assistant_stop", "caller"),
    ("joining", "over-assistant", "bridge", "caller"),
    ("listen-in", "monitor", "dial", "monitor"),
    ("listen-in", "monitor", "switch_supervisor_role", "monitor"),
    ("listen-in", "monitor", "bridge", "monitor"),
    ("anonymous", "call", "bridge", "closer"),
]
SAYS_NOTHING = [
    *((status, "") for status in (None, 401, 402, 408, 429, 500, 503)),
    *((403, code) for code in ("10010", "10039", "90041", "90042", "90043")),
    *((422, code) for code in ("10011", "90034", "90041", "90103")),
]


@pytest.mark.parametrize(("point", "step", "command", "leg"), COMMANDS)
@pytest.mark.parametrize(("status", "code"), SAYS_NOTHING)
def test_what_is_no_refusal_of_a_command_chooses_nothing(
    point: str, step: str, command: str, leg: str, status: int | None, code: str
) -> None:
    found = seen(point, step, request(5, command, status, leg=leg, code=code))

    assert choices(found) == {}
    assert "unclear" in {became.key for _, became in judged(found, BY_NAME[point])}


@pytest.mark.parametrize(("point", "step", "command", "leg"), COMMANDS)
def test_what_is_said_to_be_impossible_is_refused(point: str, step: str, command: str, leg: str) -> None:
    found = seen(point, step, request(5, command, 422, leg=leg, code="10015"))

    (chosen,) = choices(found).values()
    assert chosen in {"refuse", "422"}


def test_a_call_that_has_ended_refuses_nothing_but_to_live() -> None:
    supervisor = seen("listen-in", "monitor", request(5, "bridge", 422, leg="monitor", code="90018"))
    anonymous = seen("anonymous", "call", request(5, "bridge", 422, leg="closer", code="90018"))

    assert (choices(supervisor), choices(anonymous)) == ({}, {"anonymous_legs": "422"})


@pytest.mark.parametrize("ended", [{"sip": 403, "reason": "D1"}, {"sip": 503}, {"sip": 0, "cause": "LOST"}])
def test_a_page_whose_call_was_not_let_through_says_nothing_of_its_caller_number(ended: dict[str, Any]) -> None:
    found = seen("parked-call", "caller-number", {"kind": "tab", "at": 1, "what": "ended", "line": "caller", **ended})

    assert outcome(found, "parked-call", "caller-number")[0].key == "unclear"


@pytest.mark.parametrize(
    ("event_type", "door"),
    [
        ("call.cost", "call-control"),
        ("call.machine.detection.ended", "call-control"),
        ("call.conversation_insights.generated", "insights"),
        ("call.speak.ended", "reconciled"),
    ],
)
def test_only_what_commands_bring_about_and_the_connection_tells_decides(event_type: str, door: str) -> None:
    found = seen(
        "webhook-url",
        "plain",
        request(1, "answer"),
        webhook(2, "call.answered"),
        webhook(8, "call.hangup"),
        webhook(9, event_type, door=door),
    )

    assert choices(found)["command_events"] == "webhook_url"


def dials(taken: int, code: str) -> evidence.Evidence:
    refused = request(90, "dial", 403, leg="closer", code=code)
    return seen("account-level", "calls", *(request(at, "dial", leg="closer") for at in range(taken)), refused)


@pytest.mark.parametrize(
    ("limit", "advice"),
    [(1, ""), (2, "2"), (3, "2"), (4, "2"), (5, "4"), (6, "4"), (7, "6"), (8, "6"), (9, "8"), (10, ""), (11, "10")],
)
def test_what_is_advised_stays_below_the_limit(limit: int, advice: str) -> None:
    found, meaning = outcome(dials(limit, "90041"), "account-level", "at-once")

    assert found.detail == f"{limit} at once, then 90041"
    assert meaning.setting == (f"TELNYX_MAX_LEGS={advice}" if advice else "")
    assert meaning.choice == (f"account concurrent_calls={limit}" if 2 <= limit <= 10 else "")


@pytest.mark.parametrize("code", ["10039", "90103", "10010"])
def test_calls_that_may_not_begin_say_nothing_of_how_many_may_stand(code: str) -> None:
    assert outcome(dials(3, code), "account-level", "at-once")[0].key == "unclear"


def test_a_login_beside_a_number_is_a_proof() -> None:
    payload = {"from": "+61255501234", "sip_username": "gencredabc"}

    found, meaning = outcome(
        seen("parked-call", "number", webhook(1, "call.initiated", **payload)), "parked-call", "from"
    )

    assert found.key == "beside"
    assert "nothing names the credential" not in meaning.says


READ, EMPTY = {"answer": {"count": 3}}, {"answer": {"count": 0}}


@pytest.mark.parametrize(
    ("records", "key"),
    [
        ([request(20, "ai_assistant_stop"), request(23, "messages", **READ)], "unclear"),
        ([request(20, "ai_assistant_stop"), request(20.2, "messages", **READ)], "at_once"),
        ([request(20, "ai_assistant_stop", 422), request(20.2, "messages", **READ)], "unclear"),
        ([webhook(20, "call.conversation.ended"), request(20.3, "messages", **READ)], "at_once"),
        ([request(20, "messages", **READ), webhook(20.5, "call.conversation.ended")], "unclear"),
        ([request(20, "ai_assistant_stop"), request(23, "messages", **EMPTY), request(24, "messages", **READ)], "late"),
        (
            [request(20, "ai_assistant_stop"), request(20.1, "messages", 500), request(23, "messages", **READ)],
            "unclear",
        ),
        ([request(20, "ai_assistant_stop"), request(20.1, "messages", **EMPTY), request(21, "messages", 500)], "never"),
        ([request(20, "messages", 500), request(21, "messages", None)], "unclear"),
    ],
)
def test_how_soon_it_can_be_read_is_measured_from_its_end(records: list[dict[str, Any]], key: str) -> None:
    found = seen("assistant-start", "command", *records)

    assert outcome(found, "assistant-start", "kept")[0].key == key
