"""What the JSON views of the prospect's page share: whose session it is, and how errors read."""

import logging
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from sessions_app.models import VoiceSession
from sessions_app.visits import visits

logger = logging.getLogger(__name__)


def error(status: int, message: str, *, code: str = "", retry_after: int | None = None) -> Response:
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    body = {"status": "error", "message": message} | ({"code": code} if code else {})
    return Response(body, status=status, headers=headers)


def explain(raised: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal of the API in one shape, with nothing of the cause in it."""
    response = exception_handler(raised, context)
    if response is not None and isinstance(raised, APIException):
        retry_after = response.headers.get("Retry-After")
        message = str(raised.detail) if isinstance(raised.detail, str) else "The request is not valid."
        explained = error(response.status_code, message, retry_after=int(retry_after) if retry_after else None)
        if "WWW-Authenticate" in response.headers:
            explained.headers["WWW-Authenticate"] = response.headers["WWW-Authenticate"]
        return explained
    return response


class SessionView(APIView):
    """A view for the page that holds a session token: `Authorization: Bearer …`, or `token` in a beacon's body."""

    def get_authenticate_header(self, request: HttpRequest) -> str:
        # Without it the framework turns every 401 into a 403.
        return "Bearer"

    def session_of(self, request: Request) -> VoiceSession:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            body = request.data if isinstance(request.data, dict) else {}
            token = str(body.get("token", ""))
        session = visits.session_of(token)
        if session is None:
            raise NotAuthenticated("This session is not known any more.")
        return session


def own_origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"
