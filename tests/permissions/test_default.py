"""A view that says nothing of whom it is for answers nobody."""

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import roles
from accounts.roles import Action, Role, Scope
from sessions_app.visitor_page.access import OpenView


class Forgotten(APIView):
    def get(self, request: Request) -> Response:
        return Response({"secret": 1})


class Open(OpenView):
    asks = Action.LINE_ASK

    def get(self, request: Request) -> Response:
        return Response({"free": True})


def test_a_view_without_a_permission_answers_nobody() -> None:
    response = Forgotten.as_view()(RequestFactory().get("/"))

    assert response.status_code == 403
    assert "secret" not in str(response.data)


def test_an_open_view_asks_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Open.as_view()(RequestFactory().get("/")).status_code == 200

    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Action.LINE_ASK: {Role.ANONYMOUS: Scope.NEVER}})

    assert Open.as_view()(RequestFactory().get("/")).status_code == 403
