"""What the framework asks before a view answers. A view that names no permission answers nobody."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.roles import Role, may


class Denied(BasePermission):
    """The default: whoever writes a view says whom it is for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class IsAnybody(BasePermission):
    """What a stranger may do, whoever asks; `asks` of the view is the action."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return may({Role.ANONYMOUS}, view.asks)
