"""What an operator must see on every page of the admin."""

from django import template

from handoff.health import checks

register = template.Library()


@register.simple_tag
def report() -> checks.Report:
    """What is broken now, and what may soon be, by name."""
    return checks.report()
