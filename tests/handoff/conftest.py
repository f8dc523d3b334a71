"""The same people as everywhere."""

from tests.people import alice, ben, clock, sales, support, widget

__all__ = ["alice", "ben", "clock", "sales", "support", "widget"]
