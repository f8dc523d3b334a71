"""Assistants of the account become those of widgets; nobody without the right sees or does anything."""

from typing import Any

import httpx
import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from handoff.models import Closer
from sessions_app.models import Team, WidgetConfig
from tests.people import hashed_password, logged_in
from tests.telnyx import Rest

ADDRESS = "/admin/sessions_app/widgetconfig/import-assistants/"
RUBY: dict[str, Any] = {
    "id": "assistant-ruby",
    "name": "Ruby",
    "model": "openai/gpt-4o",
    "telephony_settings": {"supports_unauthenticated_web_calls": True},
    "tools": [{"type": "hangup", "hangup": {}}, {"type": "webhook", "webhook": {"name": "lookup"}, "shared": True}],
    "mcp_servers": [{"id": "m1"}],
}
PEARL: dict[str, Any] = {"id": "assistant-pearl", "name": "Pearl"}


@pytest.fixture
def assistants(rest: Rest) -> Any:
    """The address at which the account lists its assistants."""
    return rest.router.get(f"{settings.TELNYX_API_BASE}/ai/assistants").respond(json={"data": [RUBY, PEARL]})


def staff(*rights: str) -> Client:
    user = User.objects.create(
        email=f"{'-'.join(rights) or 'nobody'}@agileadapt.example", password=hashed_password(), is_staff=True
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"{right}_widgetconfig" for right in rights]))
    return logged_in(user)


def test_the_list_of_widgets_leads_there(office: Client, db: None) -> None:
    assert reverse("admin:sessions_app_widgetconfig_import") == ADDRESS
    assert ADDRESS in office.get("/admin/sessions_app/widgetconfig/").content.decode()


def test_it_shows_what_there_is(office: Client, assistants: Any, widget: WidgetConfig) -> None:
    WidgetConfig.objects.update(assistant_id="assistant-ruby")

    page = office.get(ADDRESS)

    listed = page.context["listed"]
    assert [one.id for one in listed] == ["assistant-pearl", "assistant-ruby"]
    ruby = listed[1]
    assert (ruby.name, ruby.model, ruby.is_open, ruby.used_by) == ("Ruby", "openai/gpt-4o", True, "Home page")
    assert ruby.tools == "hangup, lookup, MCP"
    assert listed[0].is_open is False


def test_a_widget_takes_an_assistant_over(office: Client, assistants: Any, widget: WidgetConfig) -> None:
    before = WidgetConfig.objects.filter(pk=widget.pk).values().get()

    answer = office.post(ADDRESS, {"assistant": "assistant-ruby", "widget": widget.pk})

    assert answer.headers["Location"].endswith(f"/widgetconfig/{widget.pk}/change/")
    after = WidgetConfig.objects.filter(pk=widget.pk).values().get()
    assert after == {**before, "assistant_id": "assistant-ruby"}
    assert "assistant id" in LogEntry.objects.get().change_message


def test_a_new_widget_is_not_active(office: Client, assistants: Any, widget: WidgetConfig, sales: Team) -> None:
    for _ in range(2):
        assert office.post(ADDRESS, {"assistant": "assistant-ruby", "team": sales.pk}).status_code == 302

    made = WidgetConfig.objects.filter(assistant_id="assistant-ruby").order_by("pk")
    assert [(one.name, one.slug, one.is_active, one.team) for one in made] == [
        ("Ruby", "ruby", False, sales),
        ("Ruby", "ruby-2", False, sales),
    ]


def test_an_anonymous_widget_is_warned_of_a_closed_assistant(
    office: Client, assistants: Any, anonymous_widget: WidgetConfig
) -> None:
    closed = office.post(ADDRESS, {"assistant": "assistant-pearl", "widget": anonymous_widget.pk}, follow=True)
    opened = office.post(ADDRESS, {"assistant": "assistant-ruby", "widget": anonymous_widget.pk}, follow=True)

    assert "lets no browser in without a credential" in closed.content.decode()
    assert "lets no browser in without a credential" not in opened.content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"assistant": "assistant-ruby"},
        {"assistant": "assistant-of-somebody-else", "widget": "own"},
        {"assistant": "", "widget": "own"},
        {"assistant": "assistant-ruby", "widget": "999999"},
        {"assistant": "assistant-ruby", "widget": "x' OR 1=1"},
        {"assistant": "assistant-ruby", "team": "999999"},
        {"assistant": "assistant-ruby\x00", "widget": "own"},
    ],
)
def test_what_makes_no_sense_changes_nothing(
    office: Client, assistants: Any, widget: WidgetConfig, given: dict[str, str]
) -> None:
    before = list(WidgetConfig.objects.values())
    given = {name: str(widget.pk) if value == "own" else value for name, value in given.items()}

    answer = office.post(ADDRESS, given)

    assert answer.status_code == 200
    if given:
        assert answer.context["form"].errors
    assert list(WidgetConfig.objects.values()) == before


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(401, json={"errors": [{"code": "10009"}]}),
        httpx.Response(429, json={"errors": [{"code": "10011"}]}),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.ConnectTimeout("slow"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_telnyx_that_fails_is_told_and_changes_nothing(
    office: Client, assistants: Any, widget: WidgetConfig, method: str, failure: Any
) -> None:
    assistants.mock(side_effect=[failure])
    before = list(WidgetConfig.objects.values())

    page = getattr(office, method)(ADDRESS, {"assistant": "assistant-ruby", "widget": widget.pk})

    text = page.content.decode()
    assert page.status_code == 200
    assert "Telnyx did not tell" in text
    assert "Nothing was changed." in text
    assert settings.TELNYX_API_KEY not in text
    assert list(WidgetConfig.objects.values()) == before


def test_without_a_key_nobody_is_asked(office: Client, assistants: Any, settings: Settings) -> None:
    settings.TELNYX_API_KEY = ""

    assert "TELNYX_API_KEY is empty" in office.get(ADDRESS).content.decode()
    assert not assistants.called


def test_an_account_without_assistants_says_so(office: Client, assistants: Any) -> None:
    assistants.respond(json={"data": []})

    assert "has no assistants yet" in office.get(ADDRESS).content.decode()


def test_what_an_assistant_is_called_is_text(office: Client, assistants: Any, widget: WidgetConfig) -> None:
    name = "<script>alert(1)</script>{{7*7}}"
    hostile = {"id": "assistant-x", "name": name, "model": name, "tools": [{"type": name}], "telephony_settings": []}
    assistants.respond(json={"data": [hostile, {"id": {"a": 1}}, "junk", {"id": "<b>"}]})

    text = office.get(ADDRESS).content.decode()

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in text
    refused = office.post(ADDRESS, {"assistant": "<b>", "widget": widget.pk})
    assert "looks like" in refused.content.decode()


def test_who_is_not_staff_is_sent_to_the_log_in(alice: Closer, assistants: Any) -> None:
    answer = logged_in(alice.user).get(ADDRESS)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")
    assert not assistants.called


@pytest.mark.parametrize("rights", [[], ["view"], ["delete", "view"]])
def test_staff_without_the_right_are_refused(db: None, assistants: Any, rights: list[str]) -> None:
    client = staff(*rights)

    assert client.get(ADDRESS).status_code == client.post(ADDRESS).status_code == 403
    assert not assistants.called


def test_each_right_is_for_its_own_half(assistants: Any, widget: WidgetConfig, sales: Team) -> None:
    to_new = {"assistant": "assistant-ruby", "team": sales.pk}
    to_own = {"assistant": "assistant-ruby", "widget": widget.pk}

    assert staff("change", "view").post(ADDRESS, to_new).status_code == 200
    assert staff("add", "view").post(ADDRESS, to_own).status_code == 200
    assert not WidgetConfig.objects.filter(assistant_id="assistant-ruby").exists()

    assert staff("change").post(ADDRESS, to_own).status_code == 302
    assert staff("add").post(ADDRESS, to_new).status_code == 302
    assert WidgetConfig.objects.filter(assistant_id="assistant-ruby").count() == 2


def test_a_foreign_page_cannot_import(admin_user: User, assistants: Any, widget: WidgetConfig) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    assert client.post(ADDRESS, {"assistant": "assistant-ruby", "widget": widget.pk}).status_code == 403
    assert not assistants.called


@pytest.mark.django_db(transaction=True)
def test_telnyx_is_not_asked_within_a_transaction(office: Client, assistants: Any, widget: WidgetConfig) -> None:
    inside = []

    def answer(_request: httpx.Request) -> httpx.Response:
        inside.append(connection.in_atomic_block)
        return httpx.Response(200, json={"data": [RUBY]})

    assistants.mock(side_effect=answer)
    office.get(ADDRESS)
    office.post(ADDRESS, {"assistant": "assistant-ruby", "widget": widget.pk})

    assert inside == [False, False]


def test_the_page_needs_no_exception_from_the_content_policy(office: Client, assistants: Any) -> None:
    page = office.get(ADDRESS)

    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    for forbidden in (" onclick=", "<style", ' style="', "<script>"):
        assert forbidden not in page.content.decode()
