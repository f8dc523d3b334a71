"""System checks: invitations and new passwords reach people."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email


@register()
def sender_is_an_address(**_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        validate_email(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    except ValidationError:
        hint = "Write support@example.com or AgileAdapt <support@example.com>."
        found.append(Error("DEFAULT_FROM_EMAIL is no address", hint=hint, id="accounts.E001"))
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        hint = "EMAIL_USE_SSL is for port 465, EMAIL_USE_TLS for port 587."
        found.append(Error("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other", hint=hint, id="accounts.E002"))
    return found


@register(deploy=True)
def mail_is_set_up(**_: Any) -> Sequence[CheckMessage]:
    """Run by `check --deploy`: without a mail server nobody can be invited or set a new password."""
    found: list[CheckMessage] = []
    if not settings.EMAIL_HOST:
        message = "EMAIL_HOST is empty: invitations and links for new passwords are printed, not sent"
        hint = "docs/settings.md lists what a mail server needs."
        found.append(checks.Warning(message, hint=hint, id="accounts.W001"))
    if parseaddr(settings.DEFAULT_FROM_EMAIL)[1].endswith("@localhost"):
        message = "DEFAULT_FROM_EMAIL is at localhost: mail servers refuse such a sender"
        found.append(checks.Warning(message, id="accounts.W002"))
    return found
