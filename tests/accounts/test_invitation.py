"""An administrator makes an account, and the person chooses their own password."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from kombu.exceptions import OperationalError

from accounts import mail as messages
from accounts import tasks
from accounts.models import User
from accounts.tokens import LinkTokens
from handoff.models import Closer
from tests.accounts.conftest import ASK, CHOSEN, choose, links
from tests.people import PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_limits", "workers")

ADD = "/admin/accounts/user/add/"
LIST = "/admin/accounts/user/"
DAVE = {"email": "Dave@shop.example", "name": "Dave <Lee>", "time_zone": "Asia/Tokyo"}


@pytest.fixture
def dave(office: Client, django_capture_on_commit_callbacks: Any) -> User:
    with django_capture_on_commit_callbacks(execute=True):
        assert office.post(ADD, DAVE).status_code == 302
    return User.objects.get(email="dave@shop.example")


def test_dave_is_invited_and_chooses_his_password(dave: User, client: Client) -> None:
    (message,) = mail.outbox
    (link,) = links()

    assert message.to == ["dave@shop.example"]
    assert message.body.startswith("Hello Dave <Lee>,")
    assert "7 days" in message.body
    assert "Admin" not in message.body
    assert choose(client, link)
    assert client.login(email="DAVE@shop.example", password=CHOSEN)


def test_an_invitation_works_once(dave: User) -> None:
    (link,) = links()

    assert choose(Client(), link)
    assert not choose(Client(), link)


@pytest.mark.parametrize(("passed", "works"), [(6.9, True), (7.1, False)])
def test_an_invitation_expires(dave: User, monkeypatch: pytest.MonkeyPatch, passed: float, works: bool) -> None:
    moment = datetime.now() + timedelta(days=passed)  # noqa: DTZ005 - as Django's generator reads the clock
    monkeypatch.setattr(LinkTokens, "_now", lambda _: moment)

    assert choose(Client(), links()[0]) == works


def test_an_invitation_is_no_link_for_a_new_password_and_the_reverse(dave: User, alice: Closer) -> None:
    (invitation,) = links()
    new = messages.new_password(alice.user).body.split("127.0.0.1:9")[1].split()[0]

    assert not choose(Client(), invitation.replace("/invitation/", "/new-password/"))
    assert not choose(Client(), new.replace("/new-password/", "/invitation/"))


def test_a_password_that_was_set_otherwise_ends_an_invitation(dave: User) -> None:
    dave.set_password(PASSWORD)
    dave.save()

    assert not choose(Client(), links()[0])


def test_whoever_was_invited_cannot_have_a_new_password_instead(dave: User, client: Client) -> None:
    client.post(ASK, {"email": dave.email})

    assert len(mail.outbox) == 1


def test_an_existing_address_is_not_invited_again(
    office: Client, alice: Closer, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = office.post(ADD, DAVE | {"email": "ALICE@agileadapt.example"})

    assert "There is an account with this e-mail address." in page.content.decode()
    assert mail.outbox == []
    assert User.objects.get(pk=alice.user_id).check_password(PASSWORD)


def test_an_invitation_can_be_sent_again_but_not_to_those_who_have_a_password(
    office: Client, dave: User, alice: Closer
) -> None:
    gone = User.objects.create_user("gone@shop.example", name="Gone", is_active=False)
    chosen = {"action": "invite", "_selected_action": [dave.pk, alice.user_id, gone.pk]}

    page = office.post(LIST, chosen, follow=True).content.decode()

    assert [message.to for message in mail.outbox] == [[dave.email], [dave.email]]
    assert page.count("An invitation is on its way to") == 1
    assert "Nothing was sent to alice@agileadapt.example" in page
    assert "Nothing was sent to gone@shop.example" in page


def test_only_those_who_may_add_accounts_invite(alice: Closer, client: Client) -> None:
    client.force_login(alice.user)

    assert client.post(ADD, DAVE).status_code == 302  # To the log-in of the administration.
    assert not User.objects.filter(email="dave@shop.example").exists()
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_is_told_of_and_the_account_stays(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tasks.send_invitation, "apply_async", away)

    page = office.post(ADD, DAVE, follow=True).content.decode()

    assert "nothing could be sent to dave@shop.example" in page
    assert User.objects.filter(email="dave@shop.example").exists()


def test_a_task_that_comes_late_invites_nobody_who_is_gone_or_has_a_password(alice: Closer) -> None:
    tasks.send_invitation(alice.user_id)
    tasks.send_invitation(10**9)

    assert mail.outbox == []
