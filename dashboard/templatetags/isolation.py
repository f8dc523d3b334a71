"""Isolate in a template what somebody else wrote; see `dashboard.isolation`."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.render import isolation

register = template.Library()


@register.filter
def bdi(value: Any) -> SafeString:
    """The value in a <bdi> of its own, escaped."""
    return format_html("<bdi>{}</bdi>", isolation.contained(_text(value)))


@register.filter
def contained(value: Any) -> str:
    """A part of what stands in a <bdi>."""
    return isolation.contained(_text(value))


@register.filter
def isolated(value: Any) -> str:
    """The value within an attribute."""
    return isolation.isolated(_text(value))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
