"""Neither a link nor an address is in a log, a referrer or a cache."""

import logging
import smtplib
from collections.abc import Iterator
from io import StringIO
from unittest.mock import patch

import pytest
from celery.exceptions import Retry
from django.core.mail import EmailMessage
from django.test import Client

from accounts import mail, tasks
from accounts.models import User
from handoff.models import Closer
from tests.accounts.conftest import ASK, choose

pytestmark = pytest.mark.usefixtures("fresh_limits", "workers")


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the handler of the settings writes, at every level."""
    (console,) = (one for one in logging.getLogger().handlers if one.get_name() == "console")
    assert isinstance(console, logging.StreamHandler)
    written, root = StringIO(), logging.getLogger()
    before, level = console.setStream(written), root.level
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    console.setStream(before)


@pytest.fixture
def link(alice: Closer) -> str:
    return mail.new_password(User.objects.get(pk=alice.user_id)).body.split("127.0.0.1:9")[1].split()[0]


def test_no_refusal_writes_a_link_into_the_log(link: str, log: StringIO) -> None:
    token = link.split("/")[4]
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)

    assert strict.post(link).status_code == 403
    assert strict.get(link + "more").status_code == 404
    with patch.object(User.objects, "get", side_effect=RuntimeError("broken")):
        assert strict.get(link).status_code == 500

    assert log.getvalue().count("/accounts/new-password/…") >= 3
    assert token not in log.getvalue()


def test_a_whole_way_writes_neither_address_nor_link(client: Client, alice: Closer, link: str, log: StringIO) -> None:
    client.post(ASK, {"email": alice.user.email})
    assert choose(client, link)

    assert f"mail to account {alice.user_id} sent" in log.getvalue()
    assert alice.user.email not in log.getvalue()
    assert link.split("/")[4] not in log.getvalue()


def test_what_a_mail_server_says_of_an_address_is_not_written(alice: Closer, log: StringIO) -> None:
    refused = smtplib.SMTPRecipientsRefused({alice.user.email: (550, b"no such mailbox")})

    with patch.object(EmailMessage, "send", autospec=True, side_effect=refused) as send:
        tasks.send_new_password.apply((alice.user.email,))

    assert send.call_count == 1 + tasks.MOST_RETRIES
    assert f"mail to account {alice.user_id} not sent: SMTPRecipientsRefused" in log.getvalue()
    assert alice.user.email not in log.getvalue()
    assert "no such mailbox" not in log.getvalue()


def test_a_message_is_tried_again_after_a_while(alice: Closer) -> None:
    with (
        patch.object(EmailMessage, "send", autospec=True, side_effect=TimeoutError),
        patch.object(tasks.send_new_password, "retry", autospec=True, return_value=Retry()) as retry,
        pytest.raises(Retry),
    ):
        tasks.send_new_password(alice.user.email)

    assert isinstance(retry.call_args.kwargs["exc"], tasks.NotSent)


def test_the_pages_of_a_link_give_it_away_to_nobody(client: Client, link: str) -> None:
    first = client.get(link)
    form = client.get(first["Location"])
    used_up = client.get(f"{link[:-2]}x/")

    assert link.split("/")[4] not in first["Location"]
    for page in (first, form, used_up):
        assert page["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page["Cache-Control"]
    for page in (form, used_up):
        assert '<meta name="referrer" content="strict-origin">' in page.content.decode()
        assert "<script" not in page.content.decode()
        assert "style=" not in page.content.decode()
