"""Requests of a probe: what was refused is an answer, and each takes the way that the documents name."""

import json
from typing import Any

import httpx
import pytest
import respx

from telephony.attempts import Attempt, Attempts
from tests.telephony.vendor import API_KEY, BASE_URL, answered

REFUSAL = {"errors": [{"code": "90018", "title": "Call has already ended", "detail": "+61255501234"}]}


@pytest.fixture
def attempts() -> Attempts:
    return Attempts(api_key=API_KEY, base_url=BASE_URL)


def test_what_was_taken_gives_its_answer(attempts: Attempts, api: respx.MockRouter) -> None:
    route = api.post("/calls/v3%3Aa/actions/answer").mock(return_value=answered({"result": "ok"}))
    attempt = attempts.command("answer", "v3:a", webhook_url="https://shop.example/x", assistant={"id": "assistant-1"})

    assert attempt == Attempt(200, answer={"data": {"result": "ok"}})
    assert attempt.was_taken
    body = json.loads(route.calls.last.request.content)
    assert body.pop("command_id")
    assert body == {"webhook_url": "https://shop.example/x", "assistant": {"id": "assistant-1"}}


def test_what_was_refused_gives_status_and_code_and_nothing_else(attempts: Attempts, api: respx.MockRouter) -> None:
    api.post("/calls/v3%3Aa/actions/bridge").respond(422, json=REFUSAL)
    attempt = attempts.command("bridge", "v3:a", call_control_id_to_bridge_with="v3:b")

    assert attempt == Attempt(422, "90018")
    assert not attempt.was_taken
    assert "61255501234" not in repr(attempt)


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), httpx.ReadTimeout("slow")])
def test_what_was_not_answered_has_no_status(
    attempts: Attempts, api: respx.MockRouter, failure: httpx.HTTPError
) -> None:
    api.post("/calls").mock(side_effect=failure)

    assert attempts.dial(to="sip:x@y", from_="+61255501234", connection_id="1") == Attempt(None)


@pytest.mark.parametrize("content", [b"", b"\xff", b"NaN", b'"text"', b"[" * 3_000])
def test_an_answer_that_is_none_is_none(attempts: Attempts, api: respx.MockRouter, content: bytes) -> None:
    api.get("/ai/assistants/assistant-1").respond(200, content=content)

    assert attempts.read_assistant("assistant-1") == Attempt(200, answer=None)


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/calls/a/actions/transcription_start", ("command", "start_transcription", "a")),
        ("POST", "/calls/a/actions/ai_assistant_start", ("command", "start_ai_assistant", "a")),
        ("POST", "/calls/a/actions/ai_assistant_add_messages", ("command", "add_ai_assistant_messages", "a")),
        ("POST", "/calls/a/actions/switch_supervisor_role", ("switch_role", "a", "barge")),
        ("GET", "/sip_registration_status", ("registration", "gencred1")),
        ("GET", "/ai/conversations/c/messages", ("messages", "c")),
        ("GET", "/voice_sdk_call_reports", ("call_reports",)),
        ("GET", "/call_events", ("call_events", "leg")),
        ("DELETE", "/ai/assistants/assistant-1", ("delete_assistant", "assistant-1")),
    ],
)
def test_each_takes_its_documented_way(
    attempts: Attempts, api: respx.MockRouter, method: str, path: str, call: tuple[Any, ...]
) -> None:
    route = api.request(method, path).mock(return_value=answered([]))
    name, *arguments = call

    assert getattr(attempts, name)(*arguments).status == 200
    assert route.call_count == 1


def test_what_is_created_and_changed_is_sent_whole(attempts: Attempts, api: respx.MockRouter) -> None:
    made = api.post("/ai/assistants").respond(200, json={"id": "assistant-1"})
    changed = api.post("/ai/assistants/assistant-1").respond(200, json={"id": "assistant-1"})
    conference = api.post("/conferences").mock(return_value=answered({"id": "c"}))
    joined = api.post("/conferences/c/actions/join").mock(return_value=answered({"result": "ok"}))

    attempts.create_assistant(name="probe", instructions="-", telephony_settings={"time_limit_secs": 600})
    attempts.update_assistant("assistant-1", telephony_settings={"user_idle_reply_secs": 25})
    attempts.create_conference(call_control_id="a", name="n", region="Australia")
    attempts.join_conference("c", call_control_id="b", region="Australia")

    sent = [json.loads(route.calls.last.request.content) for route in (made, changed, conference, joined)]
    assert sent[0]["telephony_settings"] == {"time_limit_secs": 600}
    assert sent[1] == {"telephony_settings": {"user_idle_reply_secs": 25}}
    assert sent[2]["region"] == sent[3]["region"] == "Australia"
