"""What the office may do with a promise that was made to a prospect."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from handoff.models import CallbackPromise, Closer
from sessions_app.models import WidgetConfig
from sessions_app.visits import visits
from tests.people import admin_user, logged_in

__all__ = ["admin_user"]


@pytest.fixture
def promise(widget: WidgetConfig, alice: Closer) -> CallbackPromise:
    now = timezone.now()
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    due_at = now + timedelta(minutes=30)
    return CallbackPromise.objects.create(
        session=session, team=widget.team, owner=alice, reason="no_answer", promised_at=now, due_at=due_at
    )


@pytest.fixture
def office(admin_user: User) -> Client:
    return logged_in(admin_user)


def address(promise: CallbackPromise, page: str = "change") -> str:
    return f"/admin/handoff/callbackpromise/{promise.pk}/{page}/"


def owned_by(promise: CallbackPromise, owner: Closer) -> dict[str, object]:
    due_at = timezone.localtime(promise.due_at)
    return {"owner": owner.pk, "due_at_0": f"{due_at:%Y-%m-%d}", "due_at_1": f"{due_at:%H:%M:%S}"}


def test_a_promise_is_given_to_another_closer_of_its_team(
    office: Client, promise: CallbackPromise, ben: Closer
) -> None:
    assert office.post(address(promise), owned_by(promise, ben)).status_code == 302

    promise.refresh_from_db()
    assert promise.owner == ben


def test_nobody_of_another_team_owns_a_promise(
    office: Client, promise: CallbackPromise, alice: Closer, bob: Closer
) -> None:
    page = office.post(address(promise), owned_by(promise, bob))

    assert list(page.context["adminform"].form.errors) == ["owner"]
    promise.refresh_from_db()
    assert promise.owner == alice


def test_nobody_deletes_a_promise(office: Client, promise: CallbackPromise) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [promise.pk], "post": "yes"}

    assert office.post(address(promise, "delete"), {"post": "yes"}).status_code == 403
    office.post("/admin/handoff/callbackpromise/", chosen)

    assert CallbackPromise.objects.filter(pk=promise.pk).exists()
