"""The record of what assistants used, to read."""

from django.contrib import admin
from django.utils.safestring import SafeString

from sessions_app.admin.pages import ReadOnly, pretty
from sessions_app.models import ToolCall


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnly):
    list_display = ["called_at", "name", "outcome", "code", "door", "session", "duration_ms", "repeats"]
    list_filter = ["outcome", "name", "door", ("session", admin.EmptyFieldListFilter)]
    list_select_related = ["session"]
    date_hierarchy = "called_at"
    ordering = ["-called_at"]
    show_full_result_count = False
    search_fields = ["session__id", "conversation_id", "call_control_id"]
    search_help_text = "The id of a session, a conversation or a call."

    words = ["given", "told"]

    @admin.display(description="arguments")
    def given(self, call: ToolCall) -> SafeString:
        return pretty(call.arguments)

    @admin.display(description="answer")
    def told(self, call: ToolCall) -> SafeString:
        return pretty({"text": call.text, **call.result})
