"""What a setting becomes, and what is sent for it; no account needed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.provisioning.difference import Wanted, between, from_nothing
from sessions_app.provisioning.rules import (
    AtLeast,
    Exactly,
    Holds,
    Includes,
    Limit,
    Present,
    Rule,
    Told,
    Unless,
    same,
)
from telephony.account import SHAPES, Kind

JUDGED: list[tuple[Rule, Any, Any]] = [
    (Exactly("2"), "1", "2"),
    (Exactly("2"), "2", "2"),
    (Exactly("2"), 2, 2),
    (Exactly(True), None, True),
    (Exactly(True), 1, True),
    (Exactly(False, absent=False), None, None),
    (Exactly(False, absent=False), True, False),
    (Exactly({"a": 1}), '{"a": 1}', '{"a": 1}'),
    (Unless("a"), "", "a"),
    (Unless("a"), "theirs", "theirs"),
    (Present("a"), "", ""),
    (Present("a"), None, "a"),
    (AtLeast(1500), 1000, 1500),
    (AtLeast(1500), 4000, 4000),
    (AtLeast(1500), "x", 1500),
    (Limit("50.00"), None, "50.00"),
    (Limit("50.00"), "10.00", "10.00"),
    (Limit("50.00"), 10, 10),
    (Limit("50.00"), "500", "500"),
    (Limit("50.00"), "NaN", "50.00"),
    (Limit("50.00"), "", "50.00"),
    (Includes(["AU"]), ["US"], ["US", "AU"]),
    (Includes(["AU"]), ["AU", "US"], ["AU", "US"]),
    (Includes(["AU"]), None, ["AU"]),
    (Includes(["AU"]), "AU", ["AU"]),
    (Holds({"id": "7"}, key="id"), [{"id": 7, "allowed": []}], [{"id": 7, "allowed": []}]),
    (Holds({"id": "7"}, key="id"), [{"id": "8"}], [{"id": "8"}, {"id": "7"}]),
    (Holds({"id": "7"}, key="id"), "junk", [{"id": "7"}]),
    (Told(True, "off"), False, False),
]


@pytest.mark.parametrize(("rule", "now", "then"), JUDGED)
def test_a_rule_says_what_follows(rule: Rule, now: Any, then: Any) -> None:
    assert rule.judge(now).value == then
    assert type(rule.judge(now).value) is type(then)


@pytest.mark.parametrize(
    ("rule", "now", "said"),
    [
        (Limit("50"), "500", "left at 500, which is more than the 50 suggested"),
        (Limit("50"), "5", ""),
        (Includes(["AU"], others="also"), ["AU", "US"], "also: US"),
        (Includes(["AU"], others="also"), ["AU"], ""),
        (Told(True, "off"), False, "off"),
        (Told(True, "off"), True, ""),
        (Told(True, "off"), None, ""),
    ],
)
def test_a_rule_says_what_a_person_should_know(rule: Rule, now: Any, said: str) -> None:
    assert rule.judge(now).notice == said


def test_shared_tools_are_not_sent_back() -> None:
    now = {"tools": [{"type": "hangup", "shared": False}, {"type": "webhook", "shared": True}]}
    rules = {"tools": Holds({"type": "transfer"}, key="type")}

    found = between(now, Wanted(Kind.ASSISTANT, "A", rules))

    assert found.settings == {"tools": [{"type": "hangup"}, {"type": "transfer"}]}


def test_a_tool_that_is_shared_is_there() -> None:
    now = {"tools": [{"type": "transfer", "shared": True}]}

    assert between(now, Wanted(Kind.ASSISTANT, "A", {"tools": Holds({"type": "transfer"}, key="type")})).changes == ()


def test_a_part_that_changes_is_sent_whole_and_nothing_else_is() -> None:
    now = {"name": "A", "outbound": {"x": 1, "y": None, "deep": {"z": [1]}}, "inbound": {"w": 1}}

    found = between(now, Wanted(Kind.CONNECTION, "A", {"outbound.localization": Exactly("AU")}))

    assert found.settings == {"outbound": {"x": 1, "deep": {"z": [1]}, "localization": "AU"}}
    assert now["outbound"] == {"x": 1, "y": None, "deep": {"z": [1]}}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Kind.MCP_SERVER, {"name": "A", "url": "new", "extra": 5}),
        (Kind.APPLICATION, {"url": "new", "application_name": "B", "webhook_event_url": "w"}),
        (Kind.VOICE_PROFILE, {"name": "A", "url": "new"}),
        (Kind.ASSISTANT, {"url": "new"}),
    ],
)
def test_an_update_repeats_what_its_kind_asks_for(kind: Kind, sent: dict[str, Any]) -> None:
    own = {"name": "A", "url": "old", "application_name": "B", "webhook_event_url": "w", "extra": 5}
    now = {"id": 7, "created_at": "x", "updated_at": "y", "nothing": None} | {
        name: own[name] for name in own if SHAPES[kind].replaces is False or name in ("name", "url", "extra")
    }

    assert between(now, Wanted(kind, "A", {"url": Exactly("new")})).settings == sent


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)
RULES = st.dictionaries(
    st.sampled_from(["a", "b", "c.a", "c.b", "d.a.b"]),
    st.sampled_from(
        [
            Exactly("x"),
            Exactly(True),
            Unless("x"),
            Present({"k": 1}),
            AtLeast(5),
            Limit("7"),
            Includes(["x"]),
            Holds({"id": "7"}, key="id"),
            Told(True, "no"),
        ]
    ),
)


@given(now=st.dictionaries(st.sampled_from("abcd"), ANYTHING), rules=RULES)
def test_once_it_is_sent_nothing_is_left_to_send(now: dict[str, Any], rules: dict[str, Rule]) -> None:
    wish = Wanted(Kind.CONNECTION, "A", rules)

    then = now | dict(between(now, wish).settings)

    assert between(then, wish).changes == ()


@given(rules=RULES)
def test_a_new_object_is_right_at_once(rules: dict[str, Rule]) -> None:
    wish = Wanted(Kind.CONNECTION, "A", rules)
    made = from_nothing(wish)

    assert made.settings["connection_name"] == "A"
    assert between(made.settings, wish).changes == ()


@given(one=ANYTHING, other=ANYTHING)
def test_sameness_goes_both_ways(one: Any, other: Any) -> None:
    assert same(one, one)
    assert same(one, other) == same(other, one)
