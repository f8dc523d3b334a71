"""A new password by mail: whoever asks learns nothing, and a link works once, for one account, for a while."""

from datetime import datetime, timedelta

import pytest
import redis
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import mail as messages
from accounts.models import User
from accounts.tokens import INVITATION, LinkTokens
from dashboard.pages import passwords
from handoff.models import Closer
from sessions_app.http import limits
from tests.accounts.conftest import ASK, CHOSEN, choose, links
from tests.people import PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_limits", "workers")


@pytest.fixture
def link(client: Client, alice: Closer) -> str:
    client.post(ASK, {"email": "Alice@AgileAdapt.example"})
    (link,) = links()
    return link


def later(monkeypatch: pytest.MonkeyPatch, **passed: float) -> None:
    moment = datetime.now() + timedelta(**passed)  # noqa: DTZ005 - as Django's generator reads the clock
    monkeypatch.setattr(LinkTokens, "_now", lambda _: moment)


def test_alice_chooses_a_new_password(client: Client, alice: Closer, link: str) -> None:
    assert choose(client, link)

    assert client.login(email=alice.user.email, password=CHOSEN)
    assert not client.login(email=alice.user.email, password=PASSWORD)


def test_the_message_goes_to_the_account_s_address_and_names_nobody_else(link: str, alice: Closer, bob: Closer) -> None:
    (message,) = mail.outbox

    assert message.to == ["alice@agileadapt.example"]
    assert "60 minutes" in message.body
    assert "Bob" not in message.body


def test_a_link_leads_to_our_own_host_whatever_the_request_named(
    client: Client, alice: Closer, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    client.post(ASK, {"email": alice.user.email}, headers={"Host": "evil.example"})

    assert len(links()) == 1
    assert "evil" not in mail.outbox[0].body


def test_a_link_works_once(client: Client, alice: Closer, link: str) -> None:
    assert choose(client, link)

    assert not choose(Client(), link)
    assert not choose(client, link)


def test_of_two_links_the_first_use_ends_both(client: Client, alice: Closer, link: str) -> None:
    client.post(ASK, {"email": alice.user.email})
    second = links()[1]

    assert choose(client, link)

    assert not choose(Client(), second)


def test_a_form_that_is_open_already_works_no_more_after_the_link_was_used(alice: Closer, link: str) -> None:
    open_already, other = Client(), Client()
    form = open_already.get(link)["Location"]
    assert choose(other, link)

    page = open_already.post(form, {"new_password1": "another password", "new_password2": "another password"})

    assert "This link no longer works" in page.content.decode()
    assert User.objects.get(pk=alice.user_id).check_password(CHOSEN)


@pytest.mark.parametrize(("passed", "works"), [(59, True), (61, False)])
def test_a_link_expires(client: Client, link: str, monkeypatch: pytest.MonkeyPatch, passed: int, works: bool) -> None:
    later(monkeypatch, minutes=passed)

    assert choose(client, link) == works


def test_logging_in_ends_a_link(client: Client, alice: Closer, link: str) -> None:
    assert client.post("/accounts/login/", {"username": alice.user.email, "password": PASSWORD}).status_code == 302

    assert not choose(Client(), link)


def test_another_address_ends_a_link(alice: Closer, link: str) -> None:
    User.objects.filter(pk=alice.user_id).update(email="alice@shop.example")

    assert not choose(Client(), link)


def test_a_link_is_for_its_own_account(client: Client, link: str, bob: Closer) -> None:
    _, _, _, own, token, _ = link.split("/")
    others = messages.new_password(bob.user).body.split("/new-password/")[1].split("/")[0]
    assert others != own

    assert not choose(client, link.replace(own, others))
    assert not choose(client, link.replace(token, INVITATION.make_token(bob.user)))


@pytest.mark.parametrize("uid", ["", "x", "MQ" * 40, "LTE", "%00", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_made_up_link_is_used_up(client: Client, link: str, uid: str) -> None:
    token = link.split("/")[4]

    page = client.get(f"/accounts/new-password/{uid}/{token}/")

    assert page.status_code in {200, 400, 404}
    assert "new_password1" not in page.content.decode()


def test_an_inactive_person_gets_no_link_and_uses_none(client: Client, alice: Closer, link: str) -> None:
    User.objects.filter(pk=alice.user_id).update(is_active=False)
    client.post(ASK, {"email": alice.user.email})

    assert len(mail.outbox) == 1
    assert not choose(client, link)


@pytest.mark.parametrize("password", ["short", "password", "alice@agileadapt.example", "Alice-Nguyen"])
def test_a_password_has_to_be_good(client: Client, alice: Closer, link: str, password: str) -> None:
    User.objects.filter(pk=alice.user_id).update(name="Alice Nguyen")

    assert not choose(client, link, password)

    assert User.objects.get(pk=alice.user_id).check_password(PASSWORD)


def test_a_new_password_ends_what_is_logged_in(client: Client, alice: Closer, link: str) -> None:
    at_home = Client()
    at_home.force_login(alice.user)

    later_link = messages.new_password(User.objects.get(pk=alice.user_id)).body.split("127.0.0.1:9")[1].split()[0]
    assert choose(client, later_link)

    assert at_home.get("/dashboard/").status_code == 302


# What whoever asks can tell.

UNKNOWN = [
    "nobody@agileadapt.example",
    "alice@agileadapt.example.evil.example",
    "al\u0131ce@agileadapt.example",
    "alice@agileadapt.ex\u0430mple",
]


@pytest.mark.parametrize("email", UNKNOWN)
def test_look_alikes_and_strangers_get_no_mail(client: Client, alice: Closer, email: str) -> None:
    client.post(ASK, {"email": email})

    assert mail.outbox == []


def test_the_answer_is_the_same_whether_or_not_there_is_an_account(client: Client, alice: Closer, bob: Closer) -> None:
    User.objects.filter(pk=bob.user_id).update(is_active=False)
    User.objects.create_user("invited@agileadapt.example", name="Invited")
    people = [alice.user.email, bob.user.email, "invited@agileadapt.example", "nobody@agileadapt.example"]

    answers = [client.post(ASK, {"email": email}) for email in people]

    assert {(one.status_code, one["Location"]) for one in answers} == {(302, "/accounts/password-reset/sent/")}
    assert {tuple(sorted(one.headers)) for one in answers} == {tuple(sorted(answers[0].headers))}
    assert [message.to for message in mail.outbox] == [[alice.user.email]]


def test_nobody_is_looked_up_while_the_answer_is_waited_for(
    client: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: object
) -> None:
    queued: list[object] = []
    monkeypatch.setattr("accounts.tasks.send_new_password.apply_async", lambda *told, **_: queued.append(told))

    with django_assert_num_queries(0):  # type: ignore[operator]
        client.post(ASK, {"email": alice.user.email})

    assert queued == [((alice.user.email,),)]


def test_one_account_is_not_written_to_without_end(client: Client, alice: Closer) -> None:
    most = passwords.REQUESTS_PER_ACCOUNT
    spellings = ["alice@agileadapt.example", "ALICE@agileadapt.example"] * most

    answers = [client.post(ASK, {"email": email}, REMOTE_ADDR=f"198.51.100.{n}") for n, email in enumerate(spellings)]

    assert [one.status_code for one in answers] == [302] * most + [429] * most
    assert len(mail.outbox) == most
    assert 0 < int(answers[-1]["Retry-After"]) <= passwords.WINDOW_SECONDS


def test_strangers_are_counted_like_people(client: Client, db: None) -> None:
    most = passwords.REQUESTS_PER_ACCOUNT

    answers = [client.post(ASK, {"email": "nobody@agileadapt.example"}).status_code for _ in range(most + 1)]

    assert answers == [302] * most + [429]


def test_one_network_does_not_ask_for_everybody(client: Client, alice: Closer) -> None:
    most = passwords.REQUESTS_PER_NETWORK

    told = [client.post(ASK, {"email": f"p{n}@shop.example"}).status_code for n in range(most + 1)]

    assert told == [302] * most + [429]
    assert client.post(ASK, {"email": alice.user.email}, REMOTE_ADDR="198.51.100.9").status_code == 302


def test_with_the_limiter_down_nothing_is_sent(client: Client, alice: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> redis.Redis:
        return redis.Redis(port=9, socket_connect_timeout=1)

    monkeypatch.setattr(limits, "_redis", down)

    answer = client.post(ASK, {"email": alice.user.email})

    assert answer.status_code == 503
    assert mail.outbox == []
    monkeypatch.undo()


def test_redis_does_not_learn_whose_address_was_typed(client: Client, alice: Closer) -> None:
    client.post(ASK, {"email": alice.user.email})

    keys = b" ".join(limits._redis().keys("*:limit:reset:*"))
    assert keys
    assert b"alice" not in keys


def test_a_page_of_another_website_cannot_ask(alice: Closer) -> None:
    assert Client(enforce_csrf_checks=True).post(ASK, {"email": alice.user.email}).status_code == 403
    assert mail.outbox == []
