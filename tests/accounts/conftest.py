"""People with accounts."""

from tests.people import admin_user, alice, bob, clock, sales, support

__all__ = ["admin_user", "alice", "bob", "clock", "sales", "support"]
