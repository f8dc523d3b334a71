"""Accounts in the administration: found by name and address, and nobody raises their own rights."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client

from accounts.models import User
from handoff.models import Closer
from tests.people import PASSWORD, hashed_password, logged_in

USERS = "/admin/accounts/user/"


@pytest.fixture
def clerk(db: None) -> User:
    """May add and change accounts, and is no superuser."""
    clerk = User.objects.create(
        email="clerk@agileadapt.example", name="Clerk", password=hashed_password(), is_staff=True
    )
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return clerk


def fields(user: User, **changed: str) -> dict[str, str]:
    active = {"is_active": "on"} if user.is_active else {}
    return {"email": user.email, "name": user.name, "time_zone": user.time_zone, **active, **changed}


@pytest.mark.parametrize("asked", ["alice@agile", "ALICE"])
def test_people_are_found_by_address_and_name(office: Client, alice: Closer, bob: Closer, asked: str) -> None:
    page = office.get(USERS, {"q": asked}).content.decode()

    assert "alice@agileadapt.example" in page
    assert "bob@agileadapt.example" not in page


@pytest.mark.parametrize("told", ["is_active__exact=0", "is_staff__exact=1"])
def test_people_are_filtered(office: Client, alice: Closer, told: str) -> None:
    assert "alice@agileadapt.example" not in office.get(f"{USERS}?{told}").content.decode()


def test_an_account_is_changed_in_its_one_spelling(office: Client, alice: Closer) -> None:
    response = office.post(
        f"{USERS}{alice.user_id}/change/", fields(alice.user, email="Alice.Nguyen@Shop.example", time_zone="Asia/Tokyo")
    )

    assert response.status_code == 302
    alice.user.refresh_from_db()
    assert (alice.user.email, alice.user.time_zone) == ("alice.nguyen@shop.example", "Asia/Tokyo")


def test_an_address_is_taken_once_however_it_is_spelt(office: Client, alice: Closer) -> None:
    told = {"email": "ALICE@agileadapt.example", "name": "Another", "time_zone": "Asia/Tokyo"}

    page = office.post(f"{USERS}add/", told).content.decode()

    assert "There is an account with this e-mail address." in page
    assert User.objects.filter(name="Another").count() == 0


def test_a_new_account_has_no_password(office: Client) -> None:
    told = {"email": "Dave@shop.example", "name": "Dave", "time_zone": "Asia/Tokyo"}

    assert office.post(f"{USERS}add/", told).status_code == 302

    dave = User.objects.get(name="Dave")
    assert (dave.email, dave.has_usable_password(), dave.is_staff) == ("dave@shop.example", False, False)


def test_a_clerk_gives_nobody_rights(clerk: User, alice: Closer) -> None:
    told = fields(alice.user, name="Alice N.", is_superuser="on", is_staff="on")

    assert logged_in(clerk).post(f"{USERS}{alice.user_id}/change/", told).status_code == 302

    alice.user.refresh_from_db()
    assert (alice.user.name, alice.user.is_superuser, alice.user.is_staff) == ("Alice N.", False, False)


@pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
def test_a_superuser_s_account_is_out_of_a_clerk_s_reach(clerk: User, admin_user: User, page: str) -> None:
    browser = logged_in(clerk)

    response = browser.post(f"{USERS}{admin_user.pk}/{page}", {"post": "yes", **fields(admin_user, email=clerk.email)})

    assert response.status_code == 403
    assert User.objects.get(pk=admin_user.pk).email == "admin@agileadapt.example"


@pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
def test_the_accounts_of_other_staff_are_out_of_a_clerk_s_reach(clerk: User, page: str) -> None:
    other = User.objects.create(email="other@agileadapt.example", name="Other", is_staff=True)
    given = {"post": "yes", "password1": "Sugar-and-spice-9", "password2": "Sugar-and-spice-9"}

    response = logged_in(clerk).post(f"{USERS}{other.pk}/{page}", {**fields(other, email="mine@x.example"), **given})

    assert response.status_code == 403
    kept = User.objects.get(pk=other.pk)
    assert (kept.email, kept.has_usable_password()) == ("other@agileadapt.example", other.has_usable_password())


@pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
def test_a_supervisor_s_account_is_out_of_a_clerk_s_reach(clerk: User, carol: Closer, page: str) -> None:
    given = {"post": "yes", "password1": "Sugar-and-spice-9", "password2": "Sugar-and-spice-9"}

    response = logged_in(clerk).post(
        f"{USERS}{carol.user_id}/{page}", {**fields(carol.user, email="m@x.example"), **given}
    )

    assert response.status_code == 403
    assert User.objects.get(pk=carol.user_id).email == "carol@agileadapt.example"
    assert User.objects.get(pk=carol.user_id).check_password(PASSWORD)


def test_a_clerk_invites_nobody_who_has_rights(clerk: User, workers: None) -> None:
    User.objects.create_user("other@agileadapt.example", is_staff=True)
    User.objects.create_user("plain@agileadapt.example")
    chosen = {"action": "invite", "_selected_action": list(User.objects.values_list("pk", flat=True))}

    logged_in(clerk).post(USERS, chosen)

    assert [message.to for message in mail.outbox] == [["plain@agileadapt.example"]]


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/delete/"])
def test_groups_are_the_superusers_alone(clerk: User, office: Client, page: str) -> None:
    group = Group.objects.create(name="Clerks")
    clerk.groups.add(group)
    clerk.user_permissions.set(Permission.objects.all())
    every = [str(one.pk) for one in Permission.objects.all()[:3]]
    told = {"name": "All may", "permissions": every, "post": "yes"}

    assert logged_in(clerk).post(f"/admin/auth/group/{page.format(group.pk)}", told).status_code == 403
    assert (Group.objects.count(), group.permissions.count()) == (1, 0)
    assert office.post(f"/admin/auth/group/{page.format(group.pk)}", told).status_code == 302


def test_no_permission_shows_a_clerk_the_groups(clerk: User) -> None:
    clerk.user_permissions.set(Permission.objects.all())
    browser = logged_in(clerk)

    assert browser.get("/admin/auth/group/").status_code == 403
    assert "/admin/auth/group/" not in browser.get("/admin/").content.decode()


def test_a_closer_is_found_by_their_account(office: Client, alice: Closer, bob: Closer) -> None:
    page = office.get("/admin/handoff/closer/", {"q": "alice@agileadapt"}).content.decode()

    assert f"/admin/handoff/closer/{alice.pk}/change/" in page
    assert f"/admin/handoff/closer/{bob.pk}/change/" not in page


def test_whoever_may_not_see_accounts_sees_none(alice: Closer) -> None:
    User.objects.filter(pk=alice.user_id).update(is_staff=True)

    assert logged_in(User.objects.get(pk=alice.user_id)).get(USERS).status_code == 403
