"""The people of the stories, and one visit on the line."""

from tests.flows.conftest import rest, talking, visit, webhooks
from tests.people import admin_user, alice, ben, bob, carol, clock, sales, support, widget
from tests.permissions.world import world

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
