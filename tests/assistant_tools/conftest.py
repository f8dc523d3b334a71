"""The same people as everywhere."""

from tests.flows.conftest import rest, talking, visit, webhooks
from tests.people import (
    admin_user,
    alice,
    anonymous_widget,
    ben,
    bob,
    carol,
    clock,
    sales,
    support,
    widget,
)

__all__ = [
    "admin_user",
    "alice",
    "anonymous_widget",
    "ben",
    "bob",
    "carol",
    "clock",
    "rest",
    "sales",
    "support",
    "talking",
    "visit",
    "webhooks",
    "widget",
]
