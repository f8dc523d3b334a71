"""What people said, typed and wrote, and where it stands: shown to those alone who may read words."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

COLUMNS: Mapping[str, frozenset[str]] = {
    "sessions_app.webhookdelivery": frozenset({"body"}),
    "sessions_app.toolcall": frozenset({"arguments", "text", "result"}),
    "handoff.command": frozenset({"arguments"}),
    "handoff.handoff": frozenset({"notes", "instruction"}),
}

# Of an entry of the timeline these are ids, names of rows and of our own people, times and codes. Everything else
# may be words: what was typed, told to the assistant, given to a tool, or reported by a page in whatever form it likes.
_PLAIN = """
attempt by call cause closer closer_name code command due_at duration_ms error fields handoff insight kind leg media_at
mode names offer outcome positions previous purpose reason role run session side source tool turns
"""
_PLAIN_ENTRIES = frozenset(_PLAIN.split())


def columns(model: type[Model]) -> frozenset[str]:
    return COLUMNS.get(model._meta.label_lower, frozenset())


def without(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the timeline as those may read it who may not read words."""
    return {name: value for name, value in payload.items() if name in _PLAIN_ENTRIES}
