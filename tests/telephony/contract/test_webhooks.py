"""Every kind of webhook, in every shape in which it may come, ends as a processed row: never 5xx, never dead."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from sessions_app.models import CapturedField, Insight, WebhookDelivery, WidgetConfig
from sessions_app.visits import tokens
from telephony import parsing
from tests.people import Clock
from tests.telephony.contract import variants
from tests.telephony.examples import CALL, PAYLOADS
from tests.telnyx import CALL_CONTROL, DYNAMIC_VARIABLES, INSIGHTS, Rest, Webhooks
from tests.visits import Visit, open_visit

pytestmark = pytest.mark.usefixtures("enough_lines")

SETTLED = {"processed", "parked"}
FORM = "application/x-www-form-urlencoded"
WITHOUT_A_CALL = {"conference.ended"}
HISTORIES = {
    "call.ai_gather.partial_results": "message_history",
    "call.ai_gather.message_history_updated": "message_history",
    "call.ai_gather.ended": "message_history",
    "call.conversation.ended": "messages",
}

Talk = Callable[[], Visit]


@pytest.fixture
def talk(widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock) -> Talk:
    """Begin a visit whose assistant speaks."""

    def begin() -> Visit:
        visit = open_visit(widget, webhooks, rest, clock, connection_id=settings.TELNYX_CONNECTION_ID)
        visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
        visit.leg.answered()
        visit.leg.conversation_created(conversation_of(visit))
        return visit

    return begin


def conversation_of(visit: Visit) -> str:
    return f"c-{visit.session_id}"


def door_of(event_type: str) -> str:
    if event_type == "assistant.initialization":
        return DYNAMIC_VARIABLES
    return INSIGHTS if "insight" in event_type else CALL_CONTROL


def of_visit(value: Any, visit: Visit) -> Any:
    """The documented payload with the ids of this visit."""
    ids = {name: given for name, given in visit.leg.ids().items() if given is not None}
    ids |= {"conversation_id": conversation_of(visit), "telnyx_conversation_id": conversation_of(visit)}
    return variants.deeply(value, lambda part: {name: ids.get(name, item) for name, item in part.items()})


def send(visit: Visit, event_type: str, payload: Any, **envelope: Any) -> WebhookDelivery:
    """Deliver one event through the door that Telnyx knows; return its row."""
    event_id = str(uuid.uuid4())
    data = {"record_type": "event", "event_type": event_type, "id": event_id, "payload": payload}
    body = json.dumps({"data": {**data, "occurred_at": timezone.now().isoformat(), **envelope}}).encode()
    return store(visit, body, door_of(event_type), event_id)


def store(visit: Visit, body: bytes, path: str, event_id: str) -> WebhookDelivery:
    answer = visit.leg.webhooks.deliver(body, path=path)
    assert answer.status_code == 200
    found: WebhookDelivery = WebhookDelivery.objects.latest("pk")
    assert bytes(found.body) == body
    assert event_id in ("", found.event_id)
    return found


def test_every_kind_that_is_understood_has_an_example() -> None:
    understood = parsing._READERS.keys() | parsing._PLAIN.keys()

    assert PAYLOADS.keys() == understood


@pytest.mark.timeout(120)
@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
def test_it_is_taken_in_every_shape(talk: Talk, event_type: str) -> None:
    settled = "parked" if event_type in WITHOUT_A_CALL else "processed"
    for shapes in (variants.whole(PAYLOADS[event_type]), *variants.by_field(PAYLOADS[event_type])):
        visit = talk()

        taken = {name: send(visit, event_type, of_visit(payload, visit)) for name, payload in shapes.items()}

        assert {name: found.error for name, found in taken.items() if found.status != settled} == {}


@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
@pytest.mark.parametrize("shape", ["enveloped", "bare", "bare without a payload", "payload as text"])
def test_it_is_taken_however_it_is_wrapped(talk: Talk, event_type: str, shape: str) -> None:
    visit = talk()
    payload = of_visit(PAYLOADS[event_type], visit)
    event: dict[str, Any] = {"event_type": event_type, "id": "event-1", "occurred_at": timezone.now().isoformat()}
    body: Any = {
        "enveloped": {"data": {**event, "payload": payload}, "meta": {"attempt": 2}},
        "bare": {**event, "payload": payload},
        "bare without a payload": {**payload, **event},
        "payload as text": {**event, "payload": json.dumps(payload)},
    }[shape]

    delivery = store(visit, json.dumps(body).encode(), door_of(event_type), "event-1")

    assert delivery.status == ("parked" if event_type in WITHOUT_A_CALL else "processed"), delivery.error


@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
@pytest.mark.parametrize(
    "envelope",
    [
        {"id": 7},
        {"id": None},
        {"occurred_at": None},
        {"occurred_at": "yesterday"},
        {"record_type": None, "of_tomorrow": []},
        {"payload": None},
        {"payload": []},
        {"payload": "plain"},
    ],
)
def test_it_is_taken_with_an_odd_envelope(talk: Talk, event_type: str, envelope: dict[str, Any]) -> None:
    visit = talk()
    payload = of_visit(PAYLOADS[event_type], visit)
    event = {"event_type": event_type, "id": "event-1", "occurred_at": timezone.now().isoformat(), "payload": payload}

    delivery = store(visit, json.dumps({"data": {**event, **envelope}}).encode(), door_of(event_type), "")

    is_known = "payload" not in envelope and event_type not in WITHOUT_A_CALL
    assert delivery.status == ("processed" if is_known else "parked"), delivery.error


@pytest.mark.parametrize(
    "name", ["", "CallSid", "CallStatus", "HangupCause", "CallQualityStats", "CallSessionId", "From"]
)
@pytest.mark.parametrize("text", [None, "", "a%00b", "%ff", "x" * 3000])
def test_a_status_in_the_older_form_is_taken(talk: Talk, name: str, text: str | None) -> None:
    visit = talk()
    fields = {
        "CallControlId": visit.leg.call_control_id,
        "CallSid": visit.leg.call_control_id,
        "CallSessionId": visit.leg.call_session_id,
        "CallStatus": "completed",
        "HangupCause": "normal_clearing",
        "CallQualityStats": "%7B%22mos%22%3A4.2%7D",
        "From": "%2B61255501234",
    }
    if name:
        fields[name] = text or ""
    body = "&".join(f"{key}={value}" for key, value in fields.items() if text is not None or key != name)
    answer = visit.leg.webhooks.deliver(body.encode(), content_type=FORM)

    # Without a status it is no status callback, and is told so.
    assert answer.status_code == (400 if name == "CallStatus" and text is None else 200)
    assert not WebhookDelivery.objects.exclude(status__in=SETTLED).exists()


TOOL_TURN = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": 5, "type": "function", "function": {"name": "book", "arguments": '{"at": "nine"}'}}],
}
# What is sent, and what is to be read of it.
SPOKEN: list[tuple[str, Any, str | None]] = [
    ("plain", "I need twelve seats.", "I need twelve seats."),
    ("empty", "", None),
    ("null", None, None),
    ("emoji, joined, from right to left", "👩‍🚀 \u202eabc\u202c ö\u0308", "👩‍🚀 \u202eabc\u202c ö\u0308"),
    ("NUL", "a\0b", "a\ufffdb"),
    ("half a character", "a\ud800b", "a\ufffdb"),
    ("a pair of halves", "\ud83d\ude00", "😀"),
    ("100 kB", variants.UTTERANCE + "end", variants.UTTERANCE + "end"),
    ("markup", "<script>alert(1)</script>{{7*7}}", "<script>alert(1)</script>{{7*7}}"),
    ("parts", [{"type": "text", "text": "Twelve "}, {"type": "text", "text": "seats."}], "Twelve seats."),
    ("a number", 12, "12"),
    ("an object", {"a": 1}, None),
]


@pytest.mark.parametrize("event_type", HISTORIES)
@pytest.mark.parametrize(("content", "read"), [pytest.param(sent, read, id=name) for name, sent, read in SPOKEN])
def test_the_transcript_holds_what_was_said(talk: Talk, event_type: str, content: Any, read: str | None) -> None:
    visit = talk()
    turns = [
        {"role": "assistant", "content": "How many?"},
        {"role": "system", "content": "Never shown."},
        {"role": "user", "content": content, "timestamp": timezone.now().isoformat()},
        TOOL_TURN,
        {"role": "tool", "content": "booked", "tool_call_id": "5"},
        {"role": None, "content": "nobody"},
        {"role": "assistant", "content": "Thank you."},
    ]
    payload = of_visit(PAYLOADS[event_type], visit) | {HISTORIES[event_type]: turns}

    assert send(visit, event_type, payload).status == "processed"

    heard = list(visit.session.turns.order_by("position").values_list("speaker", "text"))
    middle = [] if read is None else [("prospect", read)]
    assert heard == [("assistant", "How many?"), *middle, ("assistant", "Thank you.")]


CAPTURED: list[tuple[Any, Any]] = [
    ("Ada Lovelace", "Ada Lovelace"),
    (12, 12),
    (2.5, 2.5),
    (False, False),
    (["a", {"b": None}], ["a", {"b": None}]),
    ({"street": "George St", "no": 1}, {"street": "George St", "no": 1}),
    ("a\0b\ud800", "a\ufffdb\ufffd"),
    ("👩‍🚀", "👩‍🚀"),
]


@pytest.mark.parametrize(
    ("event_type", "name"), [("call.ai_gather.partial_results", "partial_results"), ("call.ai_gather.ended", "result")]
)
@pytest.mark.parametrize(("value", "kept"), CAPTURED)
@pytest.mark.parametrize("is_text", [False, True])
def test_a_field_holds_what_was_captured(
    talk: Talk, event_type: str, name: str, value: Any, kept: Any, is_text: bool
) -> None:
    visit = talk()
    results = {"full_name": value, "email": None, "budget": ""}
    payload = of_visit(PAYLOADS[event_type], visit) | {name: json.dumps(results) if is_text else results}

    assert send(visit, event_type, payload).status == "processed"

    fields = {field.name: field.value for field in CapturedField.objects.filter(session_id=visit.session_id)}
    assert fields == {"full_name": kept}


@pytest.mark.parametrize("event_type", [name for name in sorted(PAYLOADS) if "insight" in name])
@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ("Warm lead.", "Warm lead."),
        ('{"score": 8}', {"score": 8}),
        ({"score": 8}, {"score": 8}),
        ('["a"]', ["a"]),
        ("[not json", "[not json"),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_an_insight_holds_what_was_concluded(talk: Talk, event_type: str, result: Any, kept: Any) -> None:
    visit = talk()
    name = "insights" if "insights" in PAYLOADS[event_type] else "results"
    concluded = [{"insight_id": "i1", "insight_name": "Lead", "result": result}]
    payload = of_visit(PAYLOADS[event_type], visit) | {name: concluded, "status": "completed"}

    assert send(visit, event_type, payload).status == "processed"

    assert Insight.objects.get(session_id=visit.session_id).result == kept


def test_the_ids_of_the_example_are_those_that_are_replaced(talk: Talk) -> None:
    visit = talk()
    payload = of_visit(PAYLOADS["conversation_insight_result"], visit)

    assert CALL["call_control_id"] not in json.dumps(payload)
    assert payload["metadata"]["call_control_id"] == visit.leg.call_control_id
