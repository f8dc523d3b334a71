"""A running installation, the same as where processes are made to die."""

from tests.faults.conftest import broker, crash_order, stack, world

__all__ = ["broker", "crash_order", "stack", "world"]
