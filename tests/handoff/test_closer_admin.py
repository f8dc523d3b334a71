"""Who makes whom a closer, and that nobody makes a supervisor of themselves."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from handoff.models import Closer
from sessions_app.models import Team
from tests.people import admin_user, hashed_password, logged_in

__all__ = ["admin_user"]

LIST = "/admin/handoff/closer/"


@pytest.fixture
def clerk(db: None) -> User:
    """Staff with every permission there is."""
    clerk = User.objects.create(email="clerk@agileadapt.example", password=hashed_password(), is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    return clerk


@pytest.fixture
def office(admin_user: User) -> Client:
    return logged_in(admin_user)


def told(closer: Closer, **changed: Any) -> dict[str, Any]:
    rest = {"display_name": closer.display_name, "capacity": 1, "reached_by": "softphone"}
    return {"user": closer.user_id, "team": closer.team_id, **rest, **changed}


def test_a_clerk_makes_a_closer_and_moves_them(clerk: User, alice: Closer, support: Team) -> None:
    dave = User.objects.create(email="dave@agileadapt.example")
    new = {"user": dave.pk, "team": support.pk, "display_name": "Dave", "capacity": 1, "reached_by": "softphone"}
    browser = logged_in(clerk)

    assert browser.post(f"{LIST}add/", {**new, "is_supervisor": "on"}).status_code == 302
    assert browser.post(f"{LIST}{alice.pk}/change/", told(alice, team=support.pk)).status_code == 302

    assert not dave.closer.is_supervisor
    assert Closer.objects.get(pk=alice.pk).team == support


def test_a_clerk_makes_no_supervisor(clerk: User, office: Client, alice: Closer) -> None:
    given = told(alice, is_supervisor="on", display_name="Alice N.")

    logged_in(clerk).post(f"{LIST}{alice.pk}/change/", given)
    alice.refresh_from_db()
    assert (alice.display_name, alice.is_supervisor) == ("Alice N.", False)

    office.post(f"{LIST}{alice.pk}/change/", given)
    alice.refresh_from_db()
    assert alice.is_supervisor


def test_a_clerk_does_not_change_their_own_row(clerk: User, alice: Closer, support: Team) -> None:
    Closer.objects.filter(pk=alice.pk).update(user=clerk)

    answer = logged_in(clerk).post(f"{LIST}{alice.pk}/change/", told(alice, user=clerk.pk, team=support.pk))

    assert answer.status_code == 403
    assert Closer.objects.get(pk=alice.pk).team == alice.team


def test_a_clerk_makes_no_closer_of_themselves(clerk: User, alice: Closer) -> None:
    browser = logged_in(clerk)

    for page in ("add/", f"{alice.pk}/change/"):
        form = browser.post(f"{LIST}{page}", told(alice, user=clerk.pk)).context["adminform"].form
        assert list(form.errors) == ["user"]

    assert not Closer.objects.filter(user=clerk).exists()


def test_a_supervisor_s_row_becomes_nobody_else_s_by_a_clerk(clerk: User, alice: Closer, support: Team) -> None:
    Closer.objects.filter(pk=alice.pk).update(is_supervisor=True)
    dave = User.objects.create(email="dave@agileadapt.example")

    answer = logged_in(clerk).post(f"{LIST}{alice.pk}/change/", told(alice, user=dave.pk, team=support.pk))

    assert answer.status_code == 403
    kept = Closer.objects.get(pk=alice.pk)
    assert (kept.user, kept.team) == (alice.user, alice.team)
