"""How many REST requests may still be made, as every answer says.

Source: https://developers.telnyx.com/development/api-fundamentals/reliability/rate-limiting (2026-04), which names no
numbers and says that they change.
"""

import time

from sandbox.model.limits import Limits


class Budget:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._window_ends = 0.0
        self._spent = 0

    def spend(self) -> bool:
        """Count a request; False when there was none left in this window."""
        now = time.monotonic()
        if now >= self._window_ends:
            self._window_ends, self._spent = now + self._limits.requests_seconds, 0
        self._spent += 1
        return self._spent <= self._limits.requests

    def headers(self) -> dict[str, str]:
        left = max(0, self._limits.requests - self._spent)
        return {
            "x-ratelimit-limit": str(self._limits.requests),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(max(0, round(self._window_ends - time.monotonic()))),
        }
