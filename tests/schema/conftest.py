"""The people of the stories, and one visit on the line."""

from tests.permissions.conftest import (
    admin_user,
    alice,
    ben,
    bob,
    carol,
    clock,
    rest,
    sales,
    support,
    talking,
    visit,
    webhooks,
    widget,
    world,
)

__all__ = [
    "admin_user",
    "alice",
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
    "world",
]
