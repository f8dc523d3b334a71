"""The questions of a widget: what the assistant gathers, in which version, and what an answer to them looks like."""

from sessions_app.gather.schema import label, validate_schema

__all__ = ["label", "validate_schema"]
