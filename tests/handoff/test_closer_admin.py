"""Who makes whom a closer, and that nobody makes a supervisor of themselves."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import Attempt, Closer, Offer
from sessions_app.models import Team, WidgetConfig
from sessions_app.visits import visits
from tests import handoffs
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


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_the_row_of_somebody_with_rights_is_out_of_a_clerk_s_reach(clerk: User, alice: Closer, right: str) -> None:
    """A number of the clerk's own would bring that person's calls to it."""
    User.objects.filter(pk=alice.user_id).update(**{right: True})

    given = told(alice, reached_by="number", address="+61255501234")
    assert logged_in(clerk).post(f"{LIST}{alice.pk}/change/", given).status_code == 403

    assert Closer.objects.get(pk=alice.pk).reached_by == "softphone"


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


@pytest.fixture
def offer(widget: WidgetConfig, alice: Closer) -> Offer:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    handoff = handoffs.create(
        session=session, trigger="test", state="completed", method="bridge", closer=alice, triggered_at=now
    )
    return Offer.objects.create(handoff=handoff, closer=alice, reason="test", offered_at=now, expires_at=now)


def delete(browser: Client, row: Closer | User, *, from_list: bool) -> str:
    of = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
    chosen = {"action": "delete_selected", "_selected_action": [row.pk]} if from_list else {}
    answer = browser.post(of if from_list else f"{of}{row.pk}/delete/", {**chosen, "post": "yes"}, follow=True)
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("from_list", [False, True])
@pytest.mark.parametrize("what", ["the ring", "the call"])
def test_who_was_rung_or_had_a_call_is_not_deleted(
    office: Client, alice: Closer, offer: Offer, what: str, from_list: bool
) -> None:
    if what == "the ring":
        Attempt.objects.all().delete()
    else:
        offer.delete()

    for row in (alice, alice.user):
        assert "Take <em>active</em> away from the account instead" in delete(office, row, from_list=from_list)

    kept = Closer.objects.get(pk=alice.pk)
    assert kept.offers.count() + kept.attempts.count() == 1


@pytest.mark.parametrize("from_list", [False, True])
def test_a_closer_without_history_is_deleted_by_superusers_alone(
    office: Client, clerk: User, alice: Closer, ben: Closer, from_list: bool
) -> None:
    delete(logged_in(clerk), alice, from_list=from_list)
    delete(logged_in(clerk), alice.user, from_list=from_list)
    assert Closer.objects.filter(pk=alice.pk).exists()

    delete(office, alice, from_list=from_list)
    assert set(Closer.objects.all()) == {ben}
