"""The record of what assistants used, to read."""

from django.contrib import admin

from sessions_app.admin import Page, ReadOnly
from sessions_app.models import ToolCall


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnly, Page):
    list_display = ["called_at", "name", "outcome", "code", "door", "session", "duration_ms", "repeats"]
    list_filter = ["outcome", "name", "door", ("session", admin.EmptyFieldListFilter)]
    list_select_related = ["session"]
    date_hierarchy = "called_at"
    ordering = ["-called_at"]
    show_full_result_count = False
    search_fields = ["session__id", "conversation_id", "call_control_id"]
    search_help_text = "The id of a session, a conversation or a call."
