"""A signed body is an event or BodyUnreadable, never another exception, and what comes in can be stored."""

import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import strict_json
from telephony.events import CallStatusCallback, Event, MessageHistoryUpdated, UnknownEvent
from telephony.inbound import BodyUnreadable, receive, reread
from tests.telephony.examples import PAYLOADS
from tests.telephony.vendor import NOW, Signer, envelope

Deliver = Callable[..., Event]

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b"null",
        b"{}",
        b"0",
        b'"call.answered"',
        b"true",
        b'{"data":null}',
        b'{"data":[]}',
        b'{"data":{}}',
        b'{"data":"call.answered"}',
        b'{"data":{"event_type":null}}',
        b'{"data":{"event_type":""}}',
        b'{"data":{"event_type":7}}',
        b'{"data":{"event_type":["call.answered"]}}',
        b'{"data":{"event_type":"' + b"x" * 101 + b'"}}',
        b'{"data":{"event_type":"call.answered"',
        b'{"data":{"event_type":"call.answered"}}trailing',
        b'{"data":{"event_type":"call.answered","payload":{"n":NaN}}}',
        b'{"data":{"event_type":"call.answered","payload":{"n":Infinity}}}',
        b'{"data":{"event_type":"call.answered","payload":{"n":-Infinity}}}',
        b'{"data":{"event_type":"call.answered","payload":{"n":1e999}}}',
        b'{"data":{"event_type":"call.answered","payload":{"n":' + b"9" * 5000 + b"}}}",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"event_type":"x","payload":' + b"[" * 65 + b"]" * 65 + b"}",
        b'\xef\xbb\xbf{"data":{"event_type":"call.answered"}}',
        '{"data":{"event_type":"call.answered"}}'.encode("utf-16"),
        '{"data":{"event_type":"call.answered"}}'.encode("utf-32-le"),
        b'{"data":{"event_type":"caf\xe9"}}',
        b'{"data":{"event_type":"\xed\xa0\x80"}}',
        b"\xff\xfe\x00\x80",
        b"CallSid=v3%3Aabc&CallStatus=completed",
        b"<Response/>",
    ],
    ids=lambda body: repr(body[:48]),
)
def test_it_refuses_what_is_not_an_event(deliver: Deliver, body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        deliver(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"event_type":"call.teleported","payload":{"speed":"c"}}}',
        b'{"data":{"event_type":"call.teleported"}}',
        b'{"data":{"event_type":"call.teleported","payload":null}}',
        b'{"data":{"event_type":"call.teleported","payload":[1]}}',
        b'{"event_type":"call.teleported"}',
        b'{"data":{"event_type":"call.bridged","event_type":"call.teleported"}}',
        b'{"data":{"event_type":"call.teleported","payload":' + b"[" * 61 + b"]" * 61 + b"}}",
    ],
    ids=lambda body: repr(body[:60]),
)
def test_an_unknown_event_is_kept(deliver: Deliver, body: bytes) -> None:
    event = deliver(body)

    assert type(event) is UnknownEvent
    assert event.type == "call.teleported"


def test_nul_and_lone_surrogates_become_replacement_characters(deliver: Deliver) -> None:
    body = rb'{"event_type":"x","payload":{"a\u0000\ud800":["\udfffb",{"c":"\u0000"}],"pair":"\ud83d\ude00"}}'

    event = deliver(body)

    assert event.payload == {"a��": ["�b", {"c": "�"}], "pair": "😀"}
    json.dumps(event.payload).encode()


@pytest.mark.parametrize(
    "word",
    ["x" * 100_000, "😀" * 5000, "\u202egnp.exe\u202c", "a\u0300" * 10_000, "\u200b\u200d\ufeff", "नमस्ते", "\\ud800"],
)
def test_other_text_comes_through_unchanged(deliver: Deliver, word: str) -> None:
    payload = {"message_history": [{"role": "user", "content": word}]}

    event = deliver(envelope("call.ai_gather.message_history_updated", payload))

    assert isinstance(event, MessageHistoryUpdated)
    assert event.messages[0].content == word


def test_an_event_without_id_gets_the_same_one_each_time(deliver: Deliver) -> None:
    first, again, other = (deliver({"event_type": kind}) for kind in ("a", "a", "b"))

    assert re.fullmatch("sha256:[0-9a-f]{64}", first.id)
    assert first.id == again.id != other.id


@pytest.mark.parametrize("unusable", ["", None, [], {}, True, "x" * 256])
def test_an_unusable_id_is_replaced(deliver: Deliver, unusable: Any) -> None:
    assert deliver(envelope("call.answered", {}, id=unusable)).id.startswith("sha256:")


@pytest.mark.parametrize(
    "occurred_at",
    [None, "", "yesterday", 5, {}, "2026-13-45T99:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_an_event_without_a_usable_time_has_that_of_its_delivery(deliver: Deliver, occurred_at: Any) -> None:
    assert deliver(envelope("call.answered", {}, occurred_at=occurred_at)).occurred_at == NOW


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("2026-11-22T01:02:03.5Z", "2026-11-22T01:02:03.500000+00:00"),
        ("2026-11-22T12:02:03+11:00", "2026-11-22T01:02:03+00:00"),
        ("2026-11-22T01:02:03", "2026-11-22T01:02:03+00:00"),
        ("2021-04-28 21:51:18.731479Z", "2021-04-28T21:51:18.731479+00:00"),
        ("Sun, 22 Nov 2026 01:02:03 +0000", "2026-11-22T01:02:03+00:00"),
    ],
)
def test_it_reads_times_in_utc(deliver: Deliver, sydney_clock: None, spelling: str, expected: str) -> None:
    assert deliver(envelope("call.answered", {}, occurred_at=spelling)).occurred_at.isoformat() == expected


STATUS = (
    b"CallSid=v3%3A9X2v-aiQ&CallStatus=completed&CallbackSource=call-progress-events&ConnectionId=1234567890"
    b"&From=%2B35319605860&To=%2B13129457420&CallLegId=leg1&CallSessionId=session1&HangupCause=normal_clearing"
    b"&HangupSource=caller&CallDuration=45&Timestamp=2024-01-15T10%3A30%3A00Z&CallQualityStats=%7B%22mos%22%3A4.2%7D"
)


def test_it_reads_a_form_encoded_call_status(deliver: Deliver) -> None:
    event = deliver(STATUS, content_type=f"{FORM}; charset=utf-8")

    assert isinstance(event, CallStatusCallback)
    assert event.ids.call_control_id == "v3:9X2v-aiQ"
    assert (event.ids.call_leg_id, event.ids.call_session_id, event.ids.connection_id) == (
        "leg1",
        "session1",
        "1234567890",
    )
    assert (event.status, event.hangup_cause, event.hangup_source) == ("completed", "normal_clearing", "caller")
    assert (event.from_, event.to, event.duration_seconds) == ("+35319605860", "+13129457420", 45)
    assert event.quality == {"mos": 4.2}
    assert event.occurred_at.isoformat() == "2024-01-15T10:30:00+00:00"
    assert event.id.startswith("sha256:")


def test_a_short_call_status_is_enough(deliver: Deliver) -> None:
    event = deliver(b"CallControlId=v3:x&CallStatus=ringing&CallSid=other", content_type=FORM.upper())

    assert isinstance(event, CallStatusCallback)
    assert (event.ids.call_control_id, event.status, event.hangup_cause) == ("v3:x", "ringing", "")
    assert (event.duration_seconds, event.quality, event.occurred_at) == (None, {}, NOW)


def test_form_text_can_be_stored(deliver: Deliver) -> None:
    event = deliver(b"CallSid=v3:x&CallStatus=a%00b&From=%ff%ed%a0%80&N%00=1", content_type=FORM)

    assert isinstance(event, CallStatusCallback)
    assert event.status == "a�b"
    assert event.payload["N�"] == "1"
    event.from_.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"CallSid=v3:x",
        b"CallStatus=completed",
        b"CallSid=&CallStatus=completed",
        b"CallSid=" + b"x" * 256 + b"&CallStatus=completed",
        b'{"data":{"event_type":"call.answered"}}',
        b"&".join([b"CallSid=v3:x&CallStatus=completed", *[b"x=1"] * 200]),
        b"CallSid=v3:x&CallStatus=\xff",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_it_refuses_a_form_that_is_no_call_status(deliver: Deliver, body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        deliver(body, content_type=FORM)


@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_a_stored_delivery_reads_the_same_again(deliver: Deliver, content_type: str) -> None:
    body = STATUS if content_type == FORM else json.dumps(envelope("call.hangup", PAYLOADS["call.hangup"])).encode()

    assert reread(body, content_type=content_type, received_at=NOW) == deliver(body, content_type=content_type)


@pytest.mark.parametrize("body", [b"\xff", b"[]", b'{"a":NaN}'])
@pytest.mark.parametrize("content_type", ["application/json", FORM, ""])
def test_an_unreadable_stored_body_stays_unreadable(body: bytes, content_type: str) -> None:
    with pytest.raises(BodyUnreadable):
        reread(body, content_type=content_type, received_at=NOW)


def test_a_refusal_repeats_nothing_of_the_body(deliver: Deliver) -> None:
    with pytest.raises(BodyUnreadable) as refusal:
        deliver(b'{"name":"Ada Lovelace"')

    assert "Ada" not in str(refusal.value)


SIGNER = Signer()
FIELDS = sorted({name for payload in PAYLOADS.values() for name in payload} | {"role", "content", "name", "value"})
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(['{"a": 1}', "[", "[[]]", "\ud800", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=20,
)


def receive_signed(body: bytes, content_type: str = "application/json") -> Event:
    return receive(body, SIGNER.headers(body, content_type=content_type), keys=[SIGNER.public_key], now=NOW)


@given(body=st.binary(max_size=300), content_type=st.sampled_from([FORM, "application/json", "", "é"]))
@example(body=b"\xff", content_type=FORM)
def test_any_signed_bytes_are_an_event_or_unreadable(body: bytes, content_type: str) -> None:
    with suppress(BodyUnreadable):
        assert receive_signed(body, content_type).id


@given(event_type=st.sampled_from(sorted(PAYLOADS)), payload=ANYTHING, id=ANYTHING, occurred_at=ANYTHING)
def test_any_payload_of_any_known_event_can_be_read_and_stored(event_type: str, **fields: Any) -> None:
    body = json.dumps({"data": {**fields, "event_type": event_type}}).encode()

    event = receive_signed(body)

    assert event.type == event_type
    assert unstorable(event.payload) == []


def cleaned_or_refused(text: str) -> Any:
    try:
        return strict_json.cleaned(json.loads(text))
    except strict_json.Unreadable:
        return "refused"


def decoded_or_refused(text: str) -> Any:
    try:
        return strict_json.decode(text)
    except strict_json.Unreadable:
        return "refused"


@given(value=ANYTHING, is_ascii=st.booleans())
def test_what_needs_no_cleaning_is_told_from_what_does(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)

    assert decoded_or_refused(text) == cleaned_or_refused(text)


@pytest.mark.parametrize("inside", ["", '"a"', r'"\u0000"', "{}"])
@pytest.mark.parametrize("depth", [strict_json.MAX_DEPTH + more for more in (-1, 0, 1)])
def test_the_depth_is_the_same_with_and_without_cleaning(inside: str, depth: int) -> None:
    text = "[" * depth + inside + "]" * depth
    levels = depth + (inside == "{}")

    assert (decoded_or_refused(text) == "refused") == (levels > strict_json.MAX_DEPTH)
    assert decoded_or_refused(text) == cleaned_or_refused(text)


def test_a_turn_without_a_time_of_its_own_costs_few_calls_and_no_exception() -> None:
    few, many = traced(100), traced(500)

    assert many.count("exception") <= few.count("exception") < 100
    assert (many.count("call") - few.count("call")) / 400 < 24


def traced(turns: int) -> list[str]:
    """What Python does while a history is read."""
    history = [{"role": "user", "content": f"Turn {number}, and more."} for number in range(turns)]
    body = json.dumps(envelope("call.ai_gather.message_history_updated", {"message_history": history})).encode()
    seen: list[str] = []

    def trace(frame: Any, event: str, arg: Any) -> Any:
        seen.append(event)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        reread(body, content_type="application/json", received_at=NOW)
    finally:
        sys.settrace(before)
    return seen


def unstorable(value: Any) -> list[str]:
    """Every text inside `value` that PostgreSQL would refuse."""
    if isinstance(value, str):
        return [value] if "\0" in value or value.encode(errors="replace").decode() != value else []
    children = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for child in children for text in unstorable(child)]
