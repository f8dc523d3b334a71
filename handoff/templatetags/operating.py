"""What an operator must see on every page of the admin."""

from django import template

from handoff import health

register = template.Library()


@register.simple_tag
def troubles() -> dict[str, str]:
    """What is broken now, by name."""
    return health.report().troubles
