"""Who may have a session as a file: supervisors of its team, and superusers in the admin."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from handoff.models import Closer
from tests.people import logged_in, person
from tests.visits import Visit


def address(visit: Visit) -> str:
    return f"/dashboard/sessions/{visit.session_id}/recording.json"


def test_a_supervisor_downloads_a_session_of_the_team(talking: Visit, carol: Closer) -> None:
    response = logged_in(carol.user).get(address(talking))

    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="session-{talking.session_id}.json"'
    assert response.json()["session"]["id"] == str(talking.session_id)
    assert response.json()["webhooks"][0]["event_type"] == "call.initiated"


def test_everybody_else_finds_nothing(talking: Visit, alice: Closer, bob: Closer) -> None:
    stranger = person("Dora", bob.team, is_supervisor=True)

    assert [logged_in(one.user).get(address(talking)).status_code for one in (alice, bob, stranger)] == [404] * 3
    assert talking.leg.webhooks.client.get(address(talking)).status_code == 302


def test_an_unknown_session_is_not_found(carol: Closer) -> None:
    assert logged_in(carol.user).get(f"/dashboard/sessions/{uuid4()}/recording.json").status_code == 404


@pytest.mark.parametrize("is_superuser", [True, False])
def test_only_superusers_export_in_the_admin(talking: Visit, admin_user: User, is_superuser: bool) -> None:
    User.objects.filter(pk=admin_user.pk).update(is_superuser=is_superuser)
    chosen = {"action": "export", "_selected_action": [str(talking.session_id)]}

    response = logged_in(admin_user).post(reverse("admin:sessions_app_voicesession_changelist"), chosen)

    assert (response.get("Content-Disposition") is not None) == is_superuser


def test_the_admin_exports_one_session_at_a_time(talking: Visit, admin_user: User) -> None:
    other = talking.session
    other.pk, other.call_control_id, other.conversation_id = uuid4(), None, None
    other.save(force_insert=True)
    chosen = {"action": "export", "_selected_action": [str(talking.session_id), str(other.pk)]}

    response = logged_in(admin_user).post(reverse("admin:sessions_app_voicesession_changelist"), chosen, follow=True)

    assert "Choose one session" in response.content.decode()
