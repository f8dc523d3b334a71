"""What is kept of a use: to read in the admin, once on the timeline, never in the log."""

import logging

import pytest
from django.urls import reverse

from accounts.models import User
from handoff.models import Closer
from sessions_app.models import ToolCall
from tests.assistant_tools.conftest import Assistant
from tests.people import logged_in


def test_the_history_that_telnyx_tells_shows_no_use_twice(assistant: Assistant, alice: Closer) -> None:
    assistant.use("request_handoff", reason="asks for a person")
    before = assistant.visit.kinds()
    call = {"id": "call_1", "type": "function", "function": {"name": "request_handoff", "arguments": '{"reason": "x"}'}}
    history = [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "A person, please."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "I am calling a colleague for you.", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "I am calling a colleague for you."},
    ]

    assistant.visit.leg.says("call.ai_gather.message_history_updated", message_history=history)
    assistant.visit.leg.says("call.conversation.ended", reason="normal", messages=history)

    assert ToolCall.objects.count() == assistant.visit.kinds().count("tool.called") == 1
    said = list(assistant.visit.session.turns.order_by("position").values_list("speaker", "text"))
    assert said == [
        ("assistant", "Hello."),
        ("prospect", "A person, please."),
        ("assistant", "I am calling a colleague for you."),
    ]
    assert len(before) < len(assistant.visit.kinds())


def test_no_name_number_or_reason_is_logged(assistant: Assistant, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assistant.use("save_prospect_details", full_name="Ada Lovelace", phone="0412 555 018")
        assistant.use("request_handoff", reason="Ada is in a hurry")
        assistant.use("book_callback", when="Ada's birthday", phone="0412 555 018")

    assert "tool save_prospect_details by mcp: done" in caplog.text
    own = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert "Ada" not in own
    assert "0412" not in own


def test_the_admin_shows_uses_and_changes_none(assistant: Assistant, admin_user: User) -> None:
    assistant.use("request_handoff", reason="<b>asks</b>")
    row = ToolCall.objects.get()
    browser = logged_in(admin_user)

    listed = browser.get(reverse("admin:sessions_app_toolcall_changelist"))
    shown = browser.get(reverse("admin:sessions_app_toolcall_change", args=[row.pk]))
    changed = browser.post(reverse("admin:sessions_app_toolcall_change", args=[row.pk]), {"outcome": "failed"})
    deleted = browser.post(reverse("admin:sessions_app_toolcall_delete", args=[row.pk]), {"post": "yes"})

    assert "request_handoff" in listed.content.decode()
    assert "&lt;b&gt;asks" in shown.content.decode()
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert ToolCall.objects.get().outcome == "done"
