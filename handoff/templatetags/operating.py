"""What an operator must see on every page of the admin."""

from django import template

from handoff import health

register = template.Library()


@register.simple_tag
def report() -> health.Report:
    """What is broken now, and what may soon be, by name."""
    return health.report()
