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

from accounts.roles import Role, may
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


def closer_required(view: View) -> View:
    """Let closers in and hand the view their row as its second argument."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        closer = selectors.closer_of(request.user)
        if closer is None:
            return render(request, "dashboard/no_access.html", status=403)
        return view(request, closer, *args, **kwargs)

    return guarded


def supervisor_required(view: View) -> View:
    """As `closer_required`; for everybody but supervisors the page does not exist."""

    @closer_required
    @wraps(view)
    def guarded(request: HttpRequest, closer: Closer, **kwargs: Any) -> HttpResponse:
        if not closer.is_supervisor:
            raise Http404("Only supervisors see this page.")
        return view(request, closer, **kwargs)

    return guarded


def roles_of(closer: Closer | None) -> frozenset[Role]:
    """What somebody is at the desk, who may be nobody there."""
    if closer is None:
        return frozenset({Role.ANONYMOUS})
    return frozenset({Role.ANONYMOUS, Role.CLOSER, *([Role.SUPERVISOR] if closer.is_supervisor else ())})


class HasDesk(BasePermission):
    """Whoever takes calls; their row becomes the view's `closer`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        view.closer = selectors.closer_of(request.user)
        return view.closer is not None


class IsCloser(HasDesk):
    """Whose role the table lets do it. Whether it is their own or their team's is asked where it is looked for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and may(
            roles_of(view.closer), view.asks, is_own=True, is_team=True
        )


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
    if closer is None:
        raise NoAccess(NO_CLOSER)
    return closer
