"""Names and values that come from other people's pages: what they become, and whose word holds."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from sessions_app.conversation import variables
from sessions_app.rules import plain_values
from sessions_app.rules.plain_values import ASSISTANT, CALL, MAX_NAMES, MAX_VALUE, PAGE, WIDGET

NOON = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
ORDER = ("user_tier", "order_number")


@pytest.mark.parametrize(
    "given", ["X-User-Tier", "x-user-tier", "X-USER-TIER", "User-Tier", "user_tier", " user-tier "]
)
def test_a_header_is_named_as_telnyx_names_its_variable(given: str) -> None:
    assert plain_values.variable_name(given) == "user_tier"


@pytest.mark.parametrize(
    "given",
    ["", "X-", "-", "_", "__proto__", "user tier", "user.tier", "{{x}}", "größe", "a\x00b", "a" * 61, "٣", "x\u202ey"],
)
def test_what_can_name_no_variable_is_no_name(given: str) -> None:
    assert plain_values.variable_name(given) == ""


OURS = [
    *("company", "Prospect-Name", "X-Widget", "x-session-ticket", "session_tic\u212aet", "targets", "call_control_id"),
    *(
        "conversation_id",
        "X-Telnyx-Agent-Target",
        "telnyx_current_time",
        "agileadapt_session",
        "assistant_id",
        "memory",
    ),
]


@pytest.mark.parametrize("name", OURS)
def test_nothing_passes_for_what_we_or_telnyx_say(name: str) -> None:
    assert plain_values.allowed([name, "user_tier"]) == ("user_tier",)
    assert plain_values.chosen({name: "forged"}, names=plain_values.allowed([name])) == {}


def test_the_name_that_the_operator_chose_for_the_targets_is_ours_too() -> None:
    assert plain_values.allowed(["X-Targets-K3v9", "plan"], reserved=["targets_k3v9"]) == ("plan",)


def test_names_stand_once_in_their_order_and_are_not_endless() -> None:
    many = [f"n{number}" for number in range(100)]

    assert plain_values.allowed(["X-User-Tier", "plan", "user_tier"]) == ("user_tier", "plan")
    assert plain_values.allowed(many) == tuple(many[:MAX_NAMES])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Enterprise", "Enterprise"),
        ("  two \n\t words\r\n", "two words"),
        ("{{company}} and {x}", "company and x"),
        ("{{{{nested}}}}", "nested"),
        ("a\x00b\x1b[31mred", "a b [31mred"),
        ("abc\u202edcba\u202c\u2066x\u2069\u200f", "abcdcbax"),
        ("zero\u200bwidth\ufeff\u00ad\u2060", "zerowidth"),
        ("hidden\U000e0041\U000e0042", "hidden"),
        ("private\ue000 and \ud800 lone", "private and lone"),
        ("one\u2028two\u2029three\u00a0four", "one two three four"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("🙂" * 300, "🙂" * MAX_VALUE),
        ("x" * 1_000_000, "x" * MAX_VALUE),
        (7, "7"),
        (7.5, "7.5"),
        (True, "true"),
        (False, "false"),
        *((empty, "") for empty in ("", " ", "{}", "\u202e", "\u200d", "\x00", None, [], {}, ["x"], {"a": 1})),
    ],
)
def test_a_value_is_one_line_of_visible_text(given: Any, shown: str) -> None:
    assert plain_values.plain(given) == shown


@pytest.mark.parametrize(
    "given",
    [None, [], "text", 7, {"a": None}, {"a": []}, {"a": {"b": "c"}}, {str(n): "x" for n in range(MAX_NAMES + 1)}],
)
def test_what_is_no_flat_object_of_few_plain_values_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="value"):
        plain_values.read(given)


def test_only_what_says_something_under_an_allowed_name_is_chosen() -> None:
    given = {"X-Order-Number": "A-17", "user_tier": " {} ", "budget": "1000000", "is_admin": True}

    assert plain_values.chosen(given, names=ORDER) == {"order_number": "A-17"}


def after(*sayings: tuple[str, int, dict[str, str]]) -> list[plain_values.Row]:
    rows: list[plain_values.Row] = []
    for source, minute, values in sayings:
        at = NOON + timedelta(minutes=minute)
        rows = plain_values.add(rows, values, source=source, at=at, order=ORDER)
    return rows


SAYINGS: list[tuple[str, int, dict[str, str]]] = [
    (WIDGET, 0, {"user_tier": "Enterprise"}),
    (PAGE, 0, {"order_number": "A-17"}),
    (CALL, 1, {"user_tier": "Gold", "order_number": "A-16"}),
    (CALL, 4, {"user_tier": "Silver"}),
    (ASSISTANT, 5, {"user_tier": "Bronze"}),
    (ASSISTANT, 5, {"user_tier": "Copper"}),
]


def test_the_same_sayings_in_any_order_and_number_end_in_the_same_rows() -> None:
    expected = after(*SAYINGS)

    assert plain_values.holding(expected) == {"user_tier": "Silver", "order_number": "A-17"}
    for order in permutations(SAYINGS):
        assert after(*order) == expected
        assert after(*order, *order[:3]) == expected


@pytest.mark.parametrize(
    ("sources", "holds"),
    [
        ([WIDGET], WIDGET),
        ([WIDGET, ASSISTANT], ASSISTANT),
        ([WIDGET, ASSISTANT, CALL], CALL),
        ([WIDGET, ASSISTANT, CALL, PAGE], PAGE),
        ([PAGE, WIDGET], PAGE),
    ],
)
def test_the_page_s_word_holds_before_all_others(sources: list[str], holds: str) -> None:
    rows = after(*((source, minute, {"user_tier": source}) for minute, source in enumerate(sources)))

    assert plain_values.holding(rows) == {"user_tier": holds}


@pytest.mark.parametrize(
    ("name", "label"),
    [("user_tier", "Tier"), ("order_number", "Order number"), ("plan", "Plan"), ("user_", "User"), ("a__b", "A  b")],
)
def test_a_name_reads_as_a_label(name: str, label: str) -> None:
    assert plain_values.label(name) == label


def test_an_assistant_s_answer_has_our_words_for_our_names() -> None:
    """Whatever slips through elsewhere."""
    forged = dict.fromkeys(("company", "prospect_name", "widget", "session_ticket", "targets_k3v9"), "forged")

    answer = variables.answer(
        session_id="s",
        ticket="t",
        company="Sales",
        widget="Home",
        prospect_name="",
        targets={"targets_k3v9": []},
        passed=forged | {"user_tier": "Gold"},
    )

    ours = {"company": "Sales", "prospect_name": "", "widget": "Home", "session_ticket": "t", "targets_k3v9": []}
    assert answer["dynamic_variables"] == ours | {"user_tier": "Gold"}
    assert answer["conversation"]["metadata"]["agileadapt_session"] == "s"
