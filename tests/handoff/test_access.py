"""Whoever loses a right takes no more calls, by whichever way it went; their softphone's login ends with it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from handoff import actions
from handoff.models import Closer
from sessions_app.models import Team, TelephonyCredential, WidgetConfig
from sessions_app.visits import visits
from tests import handoffs
from tests.people import logged_in


def disable(closer: Closer, _: Team) -> None:
    closer.user.is_active = False
    closer.user.save()


def change_password(closer: Closer, _: Team) -> None:
    closer.user.set_password("quite another one")
    closer.user.save(update_fields=["password"])


def delete_account(closer: Closer, _: Team) -> None:
    closer.user.delete()


def delete_row(closer: Closer, _: Team) -> None:
    Closer.objects.filter(pk=closer.pk).delete()


def move(closer: Closer, to: Team) -> None:
    closer.team = to
    closer.save()


def move_alone(closer: Closer, to: Team) -> None:
    closer.team = to
    closer.save(update_fields=["team"])


def leave(closer: Closer, _: Team) -> None:
    User.objects.filter(pk=closer.user_id).update(is_staff=True)
    logged_in(closer.user).post("/admin/logout/")


Way = Callable[[Closer, Team], None]
WAYS = [disable, change_password, delete_account, delete_row, move, move_alone, leave]


@pytest.fixture
def login(alice: Closer) -> TelephonyCredential:
    now = timezone.now()
    return TelephonyCredential.objects.create(
        name="AgileAdapt-Closer-1",
        user=alice.user,
        page=uuid4(),
        page_seen_at=now,
        sip_username=alice.sip_username,
        created_at=now,
        expires_at=now + timedelta(hours=12),
        revoke_at=now + timedelta(hours=12),
    )


def is_over(login: TelephonyCredential) -> bool:
    login.refresh_from_db()
    return login.revoke_at <= timezone.now()


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out_ends_it(way: Way, alice: Closer, support: Team, login: TelephonyCredential) -> None:
    way(alice, support)

    assert not Closer.objects.filter(pk=alice.pk, is_available=True).exists()
    assert is_over(login)


@pytest.mark.parametrize("way", [disable, change_password, move, leave])
def test_the_line_of_a_call_is_left_to_the_prospect(
    way: Way, alice: Closer, support: Team, widget: WidgetConfig, login: TelephonyCredential
) -> None:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    handoffs.create(
        session=session,
        trigger="test",
        state="connected",
        method="bridge",
        closer=alice,
        triggered_at=now,
        deadline_at=now + timedelta(hours=1),
    )

    way(alice, support)

    assert not Closer.objects.get(pk=alice.pk).is_available
    assert not is_over(login)


def test_who_stays_goes_on_taking_calls(alice: Closer, ben: Closer, login: TelephonyCredential) -> None:
    actions.report_presence(alice, softphone=True, microphone=True, sound=True, now=timezone.now())
    alice.display_name = "Alice N."
    alice.save()
    alice.user.name = "Alice Nguyen"
    alice.user.save()
    alice.user.user_permissions.set(Permission.objects.all())
    logged_in(alice.user)
    disable(ben, ben.team)

    assert Closer.objects.get(pk=alice.pk).is_available
    assert not is_over(login)
