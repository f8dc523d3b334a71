"""A visitor is let in where a line is left for them and for their closer."""

from collections import Counter

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from handoff.engine import visitor_left
from sessions_app.models import LegRefusal, Team, VoiceSession, WidgetConfig
from tests.flows.lines import ask, held
from tests.telnyx import Rest

pytestmark = pytest.mark.usefixtures("open_door")


def test_a_visitor_without_a_line_is_told_so_and_nothing_is_opened(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 3
    assert ask(client).status_code == 201

    answer = ask(client)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "20")
    assert answer.json() == {
        "status": "error",
        "message": "All our lines are busy at the moment.",
        "code": "lines_busy",
    }
    assert VoiceSession.objects.count() == len(rest.credentials) == 1
    assert LegRefusal.objects.get().count == 1
    assert ask(client).status_code == 503
    assert LegRefusal.objects.get().count == 2


def test_the_callback_form_needs_no_line(client: Client, widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TELNYX_MAX_LEGS = 2
    ask(client)

    answer = ask(client, call=False)

    assert answer.status_code == 201
    assert held() == 2


def test_a_page_may_ask_beforehand(client: Client, widget: WidgetConfig, rest: Rest, settings: Settings) -> None:
    settings.TELNYX_MAX_LEGS = 2
    asked = "/api/orchestration/lines?widget=home"
    assert client.get(asked).json()["free"] is True

    ask(client)

    answer = client.get(asked)
    assert (answer.json()["free"], answer.headers["Cache-Control"]) == (False, "no-store")
    assert client.get("/api/orchestration/lines?widget=nowhere").status_code == 404
    assert client.get("/api/orchestration/lines").status_code == 404
    assert client.post(asked).status_code == 405


def test_asking_beforehand_without_end_is_stopped(client: Client, widget: WidgetConfig) -> None:
    answers = Counter(client.get("/api/orchestration/lines?widget=home").status_code for _ in range(70))

    assert answers == {200: 60, 429: 10}


def test_one_team_cannot_use_up_what_is_another_s(
    client: Client, widget: WidgetConfig, support: Team, rest: Rest, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS = 8
    Team.objects.filter(pk=widget.team_id).update(max_legs=5)
    WidgetConfig.objects.create(team=support, name="Help", slug="help", assistant_id=widget.assistant_id)

    assert [ask(client).status_code for _ in range(3)] == [201, 201, 503]
    assert [ask(client, widget="help").status_code for _ in range(3)] == [201, 201, 503]


def test_one_network_has_few_visits_open_at_once(
    client: Client, widget: WidgetConfig, rest: Rest, settings: Settings
) -> None:
    settings.TELNYX_MAX_LEGS, settings.VISITS_PER_ADDRESS = 100, 3

    assert [ask(client).status_code for _ in range(5)] == [201, 201, 201, 429, 429]
    assert ask(client, address="203.0.113.8").status_code == 201
    assert ask(client, call=False).status_code == 201  # Who wants to be called back needs no line.
    session = VoiceSession.objects.order_by("created_at").first()
    assert session is not None
    visitor_left.leave(session.pk, now=timezone.now())
    session.refresh_from_db()
    assert session.network == ""
    assert ask(client).status_code == 201


def test_no_address_is_kept(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    ask(client)

    session = VoiceSession.objects.get()
    assert len(session.network) == 24
    assert "203" not in session.network


def test_without_a_credential_the_line_is_free_again(client: Client, widget: WidgetConfig, rest: Rest) -> None:
    rest.router["credential"].respond(500)

    assert ask(client).status_code == 500

    assert held() == 0
