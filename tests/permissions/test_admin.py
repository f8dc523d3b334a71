"""Every door of the administration, found by walking its site, has a row here and lets in whom the table lets in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import transaction
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from accounts.staff import Asks
from sessions_app.admin import words
from tests.permissions.admin_rows import (
    ACTIONS,
    ADDRESSES,
    CUSTOM_PERMISSIONS,
    INLINES,
    ROWS,
    SITE,
    Person,
    admin_row,
    filled_in,
    people_for,
)

pytestmark = pytest.mark.usefixtures("clock")

PAGES = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
STANDARD = {"changelist", "add", "history", "delete", "change"}


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person.account())
    return browser


def address(label: str, page: str = "", row: Any = None) -> str:
    return "/".join(["/admin", *label.split("."), *([str(row.pk)] if row else []), *([page] if page else []), ""])


def lets_in(person: Person, response: Any, *, is_allowed: bool) -> bool:
    """Whether this is the answer that is due; whoever is no staff is sent to the log-in."""
    if is_allowed:
        return bool(response.status_code in {200, 302} and "/login/" not in response.headers.get("Location", ""))
    if person.is_anyone:
        return bool(response.status_code == 403)
    return bool(response.status_code == 302 and response.headers["Location"].startswith("/admin/login/"))


# --- what there is


def test_every_model_has_a_row_and_asks_the_table() -> None:
    assert {label: dict(page.asks) for label, page in PAGES.items() if isinstance(page, Asks)} == ROWS
    assert set(PAGES) == set(ROWS)


def test_every_action_has_a_row() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User(is_staff=True, is_superuser=True)
    found = {(label, action) for label, page in PAGES.items() for action in page.get_actions(request)}
    deletable = {(label, "delete_selected") for label in PAGES if Person(is_superuser=True).may(label, "delete")}

    assert found == {*ACTIONS, *deletable}


def test_every_address_has_a_row() -> None:
    found = set()
    for label, page in PAGES.items():
        standard = {f"{label.replace('.', '_')}_{name}" for name in STANDARD}
        # The last one has no name: it leads from an old address of a row to the present one.
        found |= {(label, url.name) for url in page.get_urls() if url.name not in standard | {None}}

    assert found == set(ADDRESSES)
    own = {getattr(url, "name", None) for url in admin.site.get_urls()}
    assert own == {*SITE, None}


def test_every_inline_has_a_row() -> None:
    found = {
        (label, inline.model._meta.label_lower): dict(inline.asks)  # type: ignore[attr-defined]
        for label, page in PAGES.items()
        for inline in page.inlines
    }

    assert found == INLINES


@pytest.mark.django_db
def test_every_permission_of_our_own_has_a_row() -> None:
    standard = ("add_", "change_", "delete_", "view_")
    custom = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
        if not one.codename.startswith(standard)
    }

    assert custom == set(CUSTOM_PERMISSIONS)


# --- who may do what with rows


@pytest.mark.parametrize("label", sorted(ROWS))
def test_rows_are_seen_and_changed_by_whom_the_table_lets(label: str, widget: Any) -> None:
    row = admin_row(label)
    form = filled_in(browser_of(Person(is_superuser=True)), address(label, "change", row))

    for person in people_for(label):
        browser = browser_of(person)

        def answers(page: str, what: str, of: Any, *, browser: Client = browser, person: Person = person) -> None:
            response = browser.get(address(label, page, of))
            assert lets_in(person, response, is_allowed=person.may(label, what)), (person, page)

        answers("", "view", None)
        answers("add", "add", None)
        answers("change", "view", row)
        answers("history", "view", row)
        _changes(browser, person, label, row, form)
        _deletes(browser, person, label, row)


def _changes(browser: Client, person: Person, label: str, row: Any, form: dict[str, Any]) -> None:
    before = LogEntry.objects.count()
    response = browser.post(address(label, "change", row), form)
    is_allowed = person.may(label, "change")
    assert lets_in(person, response, is_allowed=is_allowed), person
    assert LogEntry.objects.count() - before == int(is_allowed), person


def _deletes(browser: Client, person: Person, label: str, row: Any) -> None:
    is_allowed = person.may(label, "delete")
    with transaction.atomic():
        response = browser.post(address(label, "delete", row), {"post": "yes"})
        assert lets_in(person, response, is_allowed=is_allowed), person
        assert type(row)._default_manager.filter(pk=row.pk).exists() is not is_allowed, person
        transaction.set_rollback(True)


# --- actions, addresses, inlines, words


def _is_gone(response: Any, row: Any) -> bool:
    return not type(row)._default_manager.filter(pk=row.pk).exists()


def _is_invited(response: Any, row: Any) -> bool:
    return [message.to for message in mail.outbox] == [[row.email]]


def _is_processed(response: Any, row: Any) -> bool:
    row.refresh_from_db()
    return bool(row.status != "dead")


def _is_a_file(response: Any, row: Any) -> bool:
    return "attachment" in response.headers.get("Content-Disposition", "")


EFFECTS: dict[str, Callable[[Any, Any], bool]] = {
    "delete_selected": _is_gone,
    "invite": _is_invited,
    "process_again": _is_processed,
    "export": _is_a_file,
}


@pytest.mark.usefixtures("fresh_limits", "workers")
@pytest.mark.parametrize(
    ("label", "action", "what"),
    [
        *((*key, what) for key, what in ACTIONS.items()),
        *((label, "delete_selected", "delete") for label in sorted(ROWS)),
    ],
)
def test_an_action_is_done_for_whom_the_table_lets(label: str, action: str, what: str, widget: Any) -> None:
    row = admin_row(label)
    chosen = {"action": action, "_selected_action": [row.pk], "post": "yes"}

    for person in people_for(label):
        mail.outbox.clear()
        with transaction.atomic():
            response = browser_of(person).post(address(label), chosen)
            is_allowed = person.may(label, "view") and person.may(label, what)
            assert EFFECTS[action](response, row) is is_allowed, person
            transaction.set_rollback(True)


@pytest.mark.parametrize(("label", "name"), sorted(ADDRESSES))
def test_an_address_is_opened_to_whom_the_table_lets(label: str, name: str, widget: Any, settings: Settings) -> None:
    settings.TELNYX_API_KEY = ""  # There is no account to ask.
    what, path, has_row = ADDRESSES[label, name]
    url = address(label, path, admin_row(label) if has_row else None)

    for person in people_for(label):
        response = browser_of(person).get(url)
        assert lets_in(person, response, is_allowed=person.may(label, what)), person


@pytest.mark.parametrize("name", sorted(SITE))
def test_the_site_itself_is_the_staffs(name: str, db: None) -> None:
    path, status = SITE[name]

    assert browser_of(Person()).get(f"/admin/{path}").status_code == status
    for stranger in (Person(is_staff=False), Person(is_staff=False, has_all=True), Person(is_active=False)):
        response = browser_of(stranger).get(f"/admin/{path}")
        if name in {"login", "logout"}:  # Both lead to the log-in.
            assert (response.status_code, response.headers.get("Location", "")) in {(200, ""), (302, "/admin/")}
        else:
            assert lets_in(stranger, response, is_allowed=False), stranger


@pytest.mark.parametrize("label", sorted({label for label, _ in INLINES}))
def test_what_is_inside_a_row_is_seen_by_whom_the_table_lets(label: str, widget: Any) -> None:
    row = admin_row(label)
    inside = [inlined for of, inlined in INLINES if of == label]
    seen_by = [Person(only=("view",), of=label), Person(is_superuser=True), Person(has_all=True)]
    seen_by += [Person(only=("view",), of=label, also=inlined) for inlined in inside]

    for person in seen_by:
        response = browser_of(person).get(address(label, "change", row))
        shown = {one.opts.model._meta.label_lower for one in response.context["inline_admin_formsets"]}
        assert shown == {inlined for inlined in inside if person.may_see(inlined)}, person


@pytest.mark.parametrize("label", sorted(ROWS))
def test_words_are_shown_to_those_who_may_read_them(label: str, widget: Any) -> None:
    page, row = PAGES[label], admin_row(label)
    request = RequestFactory().get("/admin/")
    request.user = Person(has_all=True).account()
    for_clerks = set(page.get_fields(request, row))
    request.user = Person(is_superuser=True).account()
    for_superusers = set(page.get_fields(request, row))

    columns, shown = words.columns(page.model), set(getattr(page, "words", ()))
    assert not (columns | shown) & for_clerks
    assert shown <= for_superusers
    assert bool(columns) is bool(shown)
