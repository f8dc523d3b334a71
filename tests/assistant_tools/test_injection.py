"""A caller talks the model into misuse: what it passes on does nothing but stand on the record."""

import json
from typing import Any

import pytest
from django.utils import timezone

from assistant_tools import calls, tools
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app.conversation.tool_calls import Caller
from sessions_app.conversation.tool_catalogue import CATALOGUE
from sessions_app.models import CapturedField, Run, ToolCall, VoiceSession, WidgetConfig
from sessions_app.visits import visits
from tests.assistant_tools.conftest import Assistant
from tests.people import logged_in

TEXTS = (
    "'; DROP TABLE sessions_app_voicesession; --",
    "' OR 1=1 --",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "{{ settings.SECRET_KEY }} {% include 'x' %} ${7*7} %(x)s {0.__class__}",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "line\r\nWARNING forged line\x1b[31m",
    "\u202eevil",
    "a" * 300,
)
NAMES_ANOTHER = (
    "session",
    "session_id",
    "conversation_id",
    "telnyx_conversation_id",
    "call_control_id",
    "team",
    "_meta",
)


@pytest.fixture
def other(widget: WidgetConfig) -> VoiceSession:
    """Somebody else's visit, with its assistant running."""
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    run = Run.objects.create(
        session=session, number=1, conversation_id="the other one", requested_at=now, started_at=now
    )
    VoiceSession.objects.filter(pk=session.pk).update(current_run=run, run_number=1, assistant_started_at=now)
    return session


def of(session: VoiceSession) -> tuple[int, int, int]:
    return (
        session.timeline.count(),
        CapturedField.objects.filter(session=session).count(),
        Handoff.objects.filter(session=session).count(),
    )


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("key", NAMES_ANOTHER)
def test_no_argument_names_another_conversation(
    assistant: Assistant, other: VoiceSession, alice: Closer, name: str, key: str
) -> None:
    before = of(other)
    for value in (str(other.pk), "the other one", {"telnyx_conversation_id": "the other one"}):
        told = assistant.use(name, **{key: value})
        assert (told.outcome, told.code) == ("invalid", "invalid")

    assert of(other) == before
    assert not Handoff.objects.exists()
    assert {call.session_id for call in ToolCall.objects.all()} == {assistant.visit.session_id}


@pytest.mark.parametrize("text", TEXTS)
def test_texts_do_nothing_but_stand_there(assistant: Assistant, alice: Closer, text: str) -> None:
    saved = assistant.use(
        "save_prospect_details", full_name=text[:120], answers=[{"question": "budget", "answer": text}]
    )
    refused = assistant.use("book_callback", when=text[:80], phone="0412 555 018")
    asked = assistant.use("request_handoff", reason=text)

    assert (saved.outcome, refused.code, asked.outcome) == ("done", "which_time", "done")
    assert CapturedField.objects.get(session=assistant.visit.session_id, name="budget").value == text
    assert not CallbackPromise.objects.exists()
    assert "49" not in saved.text + refused.text + asked.text


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_takes_the_place_of_a_question(assistant: Assistant, text: str) -> None:
    told = assistant.use("save_prospect_details", answers=[{"question": text[:100], "answer": "x"}])

    assert told.code == "does_not_fit"
    assert not CapturedField.objects.exists()


def test_the_dashboard_shows_it_as_text(assistant: Assistant, alice: Closer) -> None:
    assistant.use("request_handoff", reason="<script>alert(1)</script>")

    page = logged_in(alice.user).get(f"/dashboard/sessions/{assistant.visit.session_id}/").content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize(
    "number", ["+1 900 555 0199", "1900 654 321", "+61 1900 654 321", "+881 6 1234 5678", "000", "112"]
)
def test_no_dear_number_is_promised_a_call(assistant: Assistant, alice: Closer, number: str) -> None:
    when = assistant.use("book_callback").result["free_times"][0]
    # Saved as an answer first, it is no more allowed than given with the booking.
    assistant.use("save_prospect_details", phone=number)

    for given in ({"phone": number}, {}):
        assert assistant.use("book_callback", when=when, **given).outcome == "refused"
    assert not CallbackPromise.objects.exists()


WRONG: dict[str, list[Any]] = {
    "save_prospect_details": [
        {},
        {"full_name": ""},
        {"full_name": 7},
        {"full_name": "x" * 121},
        {"email": ["a"]},
        {"answers": {}},
        {"answers": [{"question": "budget"}]},
        {"answers": [{"question": "budget", "answer": {"a": 1}}]},
        {"answers": [{"question": "budget", "answer": None}]},
        {"answers": [{"question": "budget", "answer": "x" * 2001}]},
        {"answers": [{"question": "budget", "answer": "x"}] * 41},
        {"answers": [{"question": "budget", "answer": "x", "source": "closer"}]},
    ],
    "check_closer_availability": [{"team": "support"}, {"names": True}],
    "request_handoff": [{"reason": None}, {"reason": "x" * 301}, {"closer": "Alice"}, {"to": "+19005550199"}],
    "book_callback": [{"when": 7}, {"when": ""}, {"phone": "1"}, {"team": 2}, {"when": "x" * 81}, {"name": ["x"]}],
}


@pytest.mark.parametrize(("name", "arguments"), [(name, one) for name, many in WRONG.items() for one in many])
def test_arguments_that_do_not_fit_do_nothing(
    assistant: Assistant, alice: Closer, name: str, arguments: dict[str, Any]
) -> None:
    told = assistant.use(name, **arguments)

    assert (told.outcome, told.code) == ("invalid", "invalid")
    assert not CapturedField.objects.exists() | Handoff.objects.exists() | CallbackPromise.objects.exists()
    assert assistant.told()[-1]["arguments"] == arguments


@pytest.mark.parametrize("arguments", [[], "text", 7, True])
def test_arguments_that_are_no_object_do_nothing(assistant: Assistant, arguments: Any) -> None:
    caller = Caller("mcp", conversation_id=assistant.conversation_id)

    assert calls.use("request_handoff", arguments, caller=caller, now=timezone.now()).outcome == "invalid"


def test_endless_arguments_are_cut_on_the_record(assistant: Assistant) -> None:
    assistant.use("request_handoff", reason="x" * 50_000)

    assert len(json.dumps(ToolCall.objects.get().arguments)) < 2_000


def test_a_tool_that_fails_is_answered_and_leaves_nothing_half_done(
    assistant: Assistant, alice: Closer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(session: VoiceSession, arguments: Any, now: Any) -> Any:
        CapturedField.objects.create(session=session, name="x", value=1, source="tool", captured_at=now)
        raise RuntimeError("Ada's secret")

    monkeypatch.setitem(tools._TOOLS, "request_handoff", half)

    told = assistant.use("request_handoff")

    assert (told.outcome, "secret" in told.text) == ("failed", False)
    assert not CapturedField.objects.exists()
    assert assistant.told()[-1]["outcome"] == "failed"
