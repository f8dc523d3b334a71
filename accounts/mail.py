"""The messages that hold a link. They name nobody but whom they go to."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from accounts.tokens import INVITATION, NEW_PASSWORD, LinkTokens


def invitation(user: User) -> EmailMessage:
    return _message(user, "Your account at AgileAdapt", "accounts/mail/invitation.txt", "invitation", INVITATION)


def new_password(user: User) -> EmailMessage:
    template = "accounts/mail/new_password.txt"
    return _message(user, "Set a new password for AgileAdapt", template, "password_reset_confirm", NEW_PASSWORD)


def _message(user: User, subject: str, template: str, view: str, tokens: LinkTokens) -> EmailMessage:
    named = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": tokens.make_token(user)}
    # Never the host that the request named: whoever asks could name one of their own.
    link = settings.PUBLIC_URL + reverse(view, kwargs=named)
    minutes = int(tokens.lifetime / timedelta(minutes=1))
    context = {"name": user.name, "link": link, "days": tokens.lifetime.days, "minutes": minutes}
    return EmailMessage(subject, render_to_string(template, context), to=[user.email])
