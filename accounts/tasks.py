"""Mail is sent by the workers: a request must not wait for it, nor tell by its length whether there is an account."""

import logging

from celery import shared_task
from django.core.mail import EmailMessage

from accounts import mail
from accounts.models import User

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30
MOST_RETRIES = 5


class NotSent(Exception):
    """The mail server did not take a message; it is tried again."""


@shared_task(autoretry_for=(NotSent,), default_retry_delay=RETRY_SECONDS, max_retries=MOST_RETRIES)
def send_invitation(user_id: int) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None and not user.has_usable_password():
        _send(mail.invitation(user), user)


@shared_task(autoretry_for=(NotSent,), default_retry_delay=RETRY_SECONDS, max_retries=MOST_RETRIES)
def send_new_password(email: str) -> None:
    """`email` in its one spelling; the message goes to the address that the account has."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is not None and user.has_usable_password():
        _send(mail.new_password(user), user)


def _send(message: EmailMessage, user: User) -> None:
    fault = _fault(message)
    if fault:
        logger.warning("mail to account %s not sent: %s", user.pk, fault)
        raise NotSent(fault)
    logger.info("mail to account %s sent", user.pk)


def _fault(message: EmailMessage) -> str:
    """The kind of error alone, raised again elsewhere: the server's own words may hold the address."""
    try:
        message.send()
    except OSError as error:
        return type(error).__name__
    return ""
