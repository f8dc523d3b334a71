"""The description of the API, for staff: as a file and as a page."""

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.roles import Action, Role, asks, may


class VisitToken(OpenApiAuthenticationExtension):
    target_class = "sessions_app.visitor_page.access.SessionTokenAuthentication"
    name = "visit"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The token that opening a visit answers."}


class IsStaff(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        roles = {Role.STAFF: user.is_staff, Role.SUPERUSER: user.is_superuser}
        return bool(user.is_active) and may([role for role, has in roles.items() if has], Action.SCHEMA_READ)


class Schema(SpectacularJSONAPIView):
    asks = Action.SCHEMA_READ
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsStaff]


@asks(Action.SCHEMA_READ)
@require_safe
@staff_member_required
def page(request: HttpRequest) -> HttpResponse:
    """The description to read. A page of our own: what draws it elsewhere needs styles that our policy refuses."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    operations = [
        _told(path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    kinds = {name: _fields(kind) for name, kind in schema["components"]["schemas"].items()}
    return render(request, "schema.html", {"operations": operations, "kinds": kinds})


def _told(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": path,
        "method": method.upper(),
        "description": operation.get("description", ""),
        "whose": [name for one in operation.get("security", []) for name in one],
        "takes": _kind(operation.get("requestBody", {})),
        "answers": [(status, _kind(answer)) for status, answer in sorted(operation["responses"].items())],
    }


def _kind(content: dict[str, Any]) -> str:
    """The name of the kind of JSON that a body or an answer is; empty where there is none."""
    schema = content.get("content", {}).get("application/json", {}).get("schema", {})
    return _words(schema) if schema else ""


def _fields(kind: dict[str, Any]) -> list[tuple[str, str, bool]]:
    required = kind.get("required", [])
    return [(name, _words(field), name in required) for name, field in kind.get("properties", {}).items()]


def _words(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "allOf" in schema:
        return " and ".join(_words(part) for part in schema["allOf"])
    if schema.get("type") == "array":
        return f"list of {_words(schema['items'])}"
    limits = [str(schema[name]) for name in ("format", "maxLength", "pattern") if name in schema]
    return " ".join([str(schema.get("type", "anything")), *limits, *(["or null"] if schema.get("nullable") else [])])
