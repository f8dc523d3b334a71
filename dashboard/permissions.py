"""Who may see the dashboard: users with a closer's row, their own team only."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.roles import Action, Role, asks, may
from handoff import selectors
from handoff.selectors import Closer

View = Callable[..., HttpResponse]


class NoAccess(Exception):
    """The visitor may not use the dashboard; `code` is the close code of a socket."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


SIGNED_OUT = 4401
NO_CLOSER = 4403


def closer_required(action: Action) -> Callable[[View], View]:
    """Let closers in and hand the view their row as its second argument.

    For those whose role the table does not let do it, the page does not exist.
    """

    def guard(view: View) -> View:
        @asks(action)
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            closer = selectors.closer_of(request.user)
            if closer is None:
                return render(request, "dashboard/no_access.html", status=403)
            if not may_at_desk(closer, action):
                raise Http404("This page is for others.")
            return view(request, closer, *args, **kwargs)

        return guarded

    return guard


def roles_of(closer: Closer) -> frozenset[Role]:
    return frozenset({Role.ANONYMOUS, Role.CLOSER, *([Role.SUPERVISOR] if closer.is_supervisor else ())})


def may_at_desk(closer: Closer, action: Action) -> bool:
    """Whether it is theirs to do with what is their own and of their team."""
    return may(roles_of(closer), action, is_own=True, is_team=True)


class HasDesk(BasePermission):
    """Whoever takes calls; their row becomes the view's `closer`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        view.closer = selectors.closer_of(request.user)
        return view.closer is not None


class IsCloser(HasDesk):
    """Whose role the table lets do it. Whether it is their own or their team's is asked where it is looked for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and may_at_desk(view.closer, view.asks)


def closer_behind(session_key: str | None) -> Closer:
    """The closer whose login session this is, read anew; raises NoAccess once it ended or the rights are gone."""
    if not session_key:
        raise NoAccess(SIGNED_OUT)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    # Checks the account, that it is active, and the hash that changes with the password.
    user = get_user(request)
    if not user.is_authenticated:
        raise NoAccess(SIGNED_OUT)
    closer = selectors.closer_of(user)
    if closer is None or not may_at_desk(closer, Action.BOARD_SEE):
        raise NoAccess(NO_CLOSER)
    return closer
