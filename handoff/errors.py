"""Why an action cannot be done."""

from collections.abc import Mapping
from typing import Any


class ActionRefused(Exception):
    """The action cannot be done now. The message is for the closer; `code` and what else is `told` are for the page."""

    def __init__(self, message: str, code: str, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.told = dict(told or {})
