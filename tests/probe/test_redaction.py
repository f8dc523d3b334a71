"""No evidence holds a number, a token, a name, a login, an address of a machine or what somebody said."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe import evidence, vocabulary
from probe.evidence import Evidence, Step
from probe.redaction import MASK, OURS, Redactor

SECRETS = [
    *("+61255501234", "61255501234", "(02) 5550 1234", "0412 345 678", "+1-312-555-0123"),
    *("gencredVbVdRWHvC6A5", "gencredvbvdrwhvc", "sip:gencredVbVdRWHvC6A5@sip.telnyx.com", "GENCRED1"),
    *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "KEY0123456789ABCDEF_abc", "Bearer 7f3d", "hunter2 hunter2"),
    *("Jordan Blake", "JORDAN", "jordan.blake@example.com", "Jürgen", "O’Neill", "<jordan>", "<jordan 1>"),
    *("203.0.113.7", "2001:db8::1", "sip:alice@203.0.113.7:5060", "https://example.com/hook?token=x", "10.0.0.1"),
    *("v=0\r\no=- 46117 2 IN IP4 192.168.1.9", "a=candidate:1 1 udp 2113937151 192.168.1.9 5060 typ host"),
    *("assistant-5f0d7b1c-6f0e", "v3:T02llQxIyaRkhfRKxgAP8nY511EhFLiz", "My budget is twelve thousand dollars"),
    *("\x00", "\ud800", "{{7*7}}", "<script>alert(1)</script>", "| --- | ![x](http://evil)", "`rm -rf`"),
]
KEYS = sorted(
    vocabulary.KEYS
    | vocabulary.ADDRESSES
    | vocabulary.SAID
    | set(vocabulary.IDS)
    | {"anything", "Jordan Blake", "x", "born_at", "x_time"}
)


def holds(shown: Any, secret: str) -> bool:
    """Whether the secret is in it, however it may be written there."""
    written = json.dumps(shown, ensure_ascii=False)
    plain = secret.encode("utf-8", "replace").decode()
    return len(plain) > 2 and (plain in written or json.dumps(plain, ensure_ascii=False)[1:-1] in written)


secrets = st.sampled_from([*SECRETS, "2026-11-28T03:08:04.708228Z", "outgoing"])
values = st.recursive(
    secrets | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | secrets, inner, max_size=4),
    max_leaves=12,
)


@given(payload=values, door=secrets, leg=secrets, event_type=secrets)
def test_a_webhook_shows_none_of_it_wherever_it_stands(payload: Any, door: str, leg: str, event_type: str) -> None:
    shown = Redactor().record(
        {"kind": "webhook", "at": 1.0, "event_type": event_type, "door": door, "leg": leg, "payload": payload}
    )

    assert [secret for secret in SECRETS if holds(shown, secret)] == []


@given(
    record=st.dictionaries(st.sampled_from([*KEYS, *vocabulary.FIGURES, "what", "line", "name", "cause", "dc"]), values)
)
def test_what_the_page_tells_shows_none_of_it(record: dict[str, Any]) -> None:
    shown = Redactor().record({**record, "kind": "tab", "at": 0})

    assert [secret for secret in SECRETS if holds(shown, secret)] == []


@given(answer=values, code=secrets, command=secrets)
def test_an_answer_to_a_command_shows_none_of_it(answer: Any, code: str, command: str) -> None:
    record = {"kind": "rest", "at": 0, "command": command, "leg": "", "status": 200, "code": code, "answer": answer}

    assert [secret for secret in SECRETS if holds(Redactor().record(record), secret)] == []


@given(payload=values)
def test_doing_it_twice_changes_nothing(payload: Any) -> None:
    record = {"kind": "webhook", "at": 1.0, "event_type": "call.initiated", "leg": "caller", "payload": payload}
    once = Redactor().record(record)

    assert Redactor().record(once) == once


def test_what_stands_under_a_key_that_is_masked_is_masked() -> None:
    assert Redactor().value({"born_at": "1979-11-28T03:08:04Z"}) == {"<key 1>": MASK}


@given(number=st.integers(min_value=1_000))
def test_a_phone_number_is_none_the_less_one_when_it_is_a_number(number: int) -> None:
    shown = Redactor().value({"result": {"phone": number}, "from": number, "anything": number})

    assert str(number) not in json.dumps(shown)


@given(number=st.integers(min_value=10_000_000))
def test_no_measure_is_as_large_as_a_phone_number(number: int) -> None:
    shown = Redactor().value({"duration_sec": number, "result": {"confidence": number}})

    assert str(number) not in json.dumps(shown)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sip:gencredVbV@sip.telnyx.com", "sip:<user 1>@sip.telnyx.com"),
        ("gencredVbV@sip.telnyx.com", "<user 1>@sip.telnyx.com"),
        ("gencredVbV", "<user 1>"),
        ("+61 2 5550 1234", "<number 1>"),
        ("sip:+61255501234@203.0.113.7", "sip:<number 1>@<host>"),
        ("101", "<short>"),
        ("agileadapt", "agileadapt"),
        ("jordan", "<word>"),
        ("Jordan Blake", MASK),
        ("assistant-5f0d", "<assistant 1>"),
    ],
)
def test_the_form_of_an_address_stays(address: str, shown: str) -> None:
    assert Redactor().value({"from": address}) == {"from": shown}


def test_what_belongs_together_bears_the_same_number() -> None:
    clean = Redactor()
    first = clean.value({"call_control_id": "v3:a", "call_session_id": "s", "from": "+61255501234"})
    second = clean.value({"call_control_id": "v3:b", "call_session_id": "s", "from": "61 2 5550 1234"})

    assert (first["call_control_id"], second["call_control_id"]) == ("<call 1>", "<call 2>")
    assert first["call_session_id"] == second["call_session_id"]
    assert first["from"] == second["from"]


def test_our_own_header_is_known_again_and_no_other() -> None:
    clean = Redactor(lambda value: value == "7d1f")
    headers = [
        {"name": "X-Probe-Call", "value": "7d1f"},
        {"header_name": "X-Session-Ticket", "header_value": "5f0d:1abc:secret"},
    ]

    assert clean.value({"custom_headers": headers})["custom_headers"] == [
        {"name": "X-Probe-Call", "value": OURS},
        {"header_name": "<header>", "header_value": MASK},
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("direction", "outgoing"), ("state", "parked"), ("status", "client_error"), ("sip_hangup_cause", "480")],
)
def test_words_of_the_protocol_stay(key: str, value: str) -> None:
    assert Redactor().value({key: value}, top=True) == {key: value}


def test_a_reason_that_no_list_has_stays_where_only_the_platform_can_set_it() -> None:
    said = {"reason": "customer_disconnect", "result": {"reason": "customer_disconnect"}}

    assert Redactor().value(said, top=True) == {"reason": "customer_disconnect", "result": {"<key 1>": MASK}}


records = st.lists(
    st.builds(
        lambda kind, rest: {**rest, "kind": kind},
        st.sampled_from(["webhook", "rest", "tab", "tool"]) | secrets,
        st.dictionaries(st.sampled_from(["at", "event_type", "payload", "answer", "what", "line", "tones"]), values),
    ),
    max_size=3,
)
steps_of_a_file = st.lists(
    st.dictionaries(st.sampled_from(["point", "step", "ended", "records"]), values | records), max_size=3
)


@given(steps=steps_of_a_file)
def test_a_file_of_anything_is_read_or_refused_and_shows_none_of_it(steps: list[Any]) -> None:
    content = json.dumps({"format": 1, "about": {"began_at": "Jordan Blake", "source": "Jordan Blake"}, "steps": steps})
    try:
        found = evidence.read(content)
    except evidence.Unreadable:
        return

    assert [secret for secret in SECRETS if holds(found.as_json(), secret)] == []


def test_what_was_written_is_read_back_as_it_was() -> None:
    records = ({"kind": "rest", "at": 1.5, "command": "answer", "leg": "caller", "status": 422, "code": "90018"},)
    written = Evidence({"began_at": "2026-11-27T10:00:00Z"}, (Step("parked-call", "number", "done", records),))

    assert evidence.read(evidence.write(written)) == written


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', '{"format": 1', "NaN", "[" * 100_000])
def test_what_is_no_evidence_is_refused(content: str) -> None:
    with pytest.raises(evidence.Unreadable):
        evidence.read(content)
