"""What the JSON views of the prospect's page share: whose session it is, and how errors read."""

import logging
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.roles import Role, may
from sessions_app.http import throttles
from sessions_app.http.permissions import IsAnybody
from sessions_app.http.views import AskingView
from sessions_app.models import VoiceSession
from sessions_app.visits import visits

logger = logging.getLogger(__name__)

BUSY_FOR_SECONDS = 2


def error(status: int, message: str, *, code: str = "", retry_after: int | None = None) -> Response:
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    body = {"status": "error", "message": message} | ({"code": code} if code else {})
    return Response(body, status=status, headers=headers)


def explain(raised: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal of the API in one shape, with nothing of the cause in it."""
    if isinstance(raised, OperationalError):
        # A row that somebody holds, or a database that is away: nothing was done, and it may be asked again.
        logger.error("not answered: %s", type(raised.__cause__ or raised).__name__)
        return error(503, "That is not possible at the moment. Please try again.", retry_after=BUSY_FOR_SECONDS)
    response = exception_handler(raised, context)
    if response is not None and isinstance(raised, APIException):
        retry_after = response.headers.get("Retry-After")
        message = str(raised.detail) if isinstance(raised.detail, str) else "The request is not valid."
        code = raised.code if isinstance(raised, throttles.TooOften) else ""
        wait = int(retry_after) if retry_after else None
        explained = error(response.status_code, message, code=code, retry_after=wait)
        if "WWW-Authenticate" in response.headers:
            explained.headers["WWW-Authenticate"] = response.headers["WWW-Authenticate"]
        return explained
    return response


class SessionTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`, or `token` in a beacon's body; `request.auth` becomes the session."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, VoiceSession]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            body = request.data if isinstance(request.data, dict) else {}
            token = str(body.get("token", ""))
        session = visits.session_of(token)
        if session is None:
            # Also where there is no token: the framework would refuse that with other words.
            raise AuthenticationFailed("This session is not known any more.")
        return AnonymousUser(), session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsVisitor(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, VoiceSession) and may({Role.PROSPECT}, view.asks, is_own=True)


class PerVisit(throttles.Spending):
    subject: ClassVar[str]

    def name(self, request: Request, view: Any) -> str:
        return f"{self.subject}:{request.auth.pk}"


class OpenView(AskingView):
    """A view for everybody. It says its methods before anything else."""

    refuses: ClassVar[tuple[int, ...]] = (400, 404, 406, 413, 415, 429, 503)
    permission_classes = [IsAnybody]

    def perform_authentication(self, request: Request) -> None:
        if request.method not in self.answered_methods:
            self.http_method_not_allowed(request)
        super().perform_authentication(request)

    @property
    def answered_methods(self) -> list[str]:
        return [method for method in self.allowed_methods if method != "OPTIONS"]


class SessionView(OpenView):
    """A view for the page that holds a session token."""

    refuses = (400, 401, 404, 406, 409, 413, 415, 429, 503)
    authentication_classes = [SessionTokenAuthentication]
    permission_classes = [IsVisitor]

    @property
    def session(self) -> VoiceSession:
        return cast(VoiceSession, self.request.auth)


def own_origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"
