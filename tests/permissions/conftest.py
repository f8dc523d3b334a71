"""The people of the stories, and one visit on the line."""

from tests.permissions.world import world

__all__ = ["world"]
