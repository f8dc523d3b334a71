"""What closers' actions share: who may, how a body is read, and how a refusal reads."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from dashboard import bodies
from dashboard.actions.serializers import Done
from dashboard.permissions import IsCloser
from handoff import actions
from handoff.selectors import Closer
from sessions_app.http.throttles import TooOften
from sessions_app.http.views import AskingView

MAX_BYTES = 1024
# Somebody else's offer or call does not exist for this closer; what Telnyx refuses is no fault of the click.
STATUSES = {
    "unknown": 404,
    "forbidden": 403,
    "too_often": 429,
    "softphone_unavailable": 503,
    "bad_report": 400,
    "unfit": 400,
}


class OnlyJSON(BaseContentNegotiation):
    """The answer is JSON whatever else a page says that it would rather have."""

    def select_parser(self, request: HttpRequest, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: HttpRequest, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class CloserAction(AskingView):
    """POST by a closer; a refusal is 409 with words for the screen, a bad body 400."""

    gives = {200: Done}
    refuses: ClassVar[tuple[int, ...]] = (400, 404, 409)
    most_bytes: ClassVar[int] = MAX_BYTES
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsCloser]
    content_negotiation_class = OnlyJSON
    closer: Closer  # Found by the permission.

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        # Django's middleware asks for the token before all else; the framework would ask those who are signed in.
        view.csrf_exempt = False
        return never_cache(require_POST(view))

    def said(self, request: Request) -> dict[str, Any]:
        """What the body says; raises BadBody."""
        body = bodies.read(request._request, most_bytes=self.most_bytes)
        return bodies.checked(self.takes, body) if self.takes else body

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]
        match exc:
            case NotAuthenticated():
                return redirect_to_login(self.request.get_full_path())
            case PermissionDenied():
                return render(self.request._request, "dashboard/no_access.html", status=403)
            case bodies.BadBody():
                return no(400, str(exc), "bad_body")
            case actions.ActionRefused():
                return no(STATUSES.get(exc.code, 409), str(exc), exc.code, **exc.told)
            case TooOften():
                response = no(exc.status_code, str(exc.detail), exc.code)
                response.headers["Retry-After"] = str(exc.wait)
                return response
        return super().handle_exception(exc)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}


def done(**result: Any) -> JsonResponse:
    return JsonResponse({"status": "success", **result})


def no(status: int, message: str, code: str, **told: Any) -> JsonResponse:
    return JsonResponse({"status": "error", "message": message, "code": code, **told}, status=status)
