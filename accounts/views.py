"""Setting a password by a link, and asking for one."""

from typing import Any

from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetConfirmView, PasswordResetView
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import tasks
from accounts.models import User, normalize_email
from accounts.roles import Action
from accounts.tokens import INVITATION, NEW_PASSWORD


class AddressForm(PasswordResetForm):
    def clean_email(self) -> str:
        return normalize_email(self.cleaned_data["email"])

    def save(self, *_: Any, **__: Any) -> None:
        """Look nobody up here: what takes time, or fails, only where there is an account would tell of it."""
        tasks.send_new_password.apply_async((self.cleaned_data["email"],), retry=False)


class PasswordReset(PasswordResetView):
    asks = Action.LINK_ASK
    form_class = AddressForm


class SetPassword(PasswordResetConfirmView):
    asks = Action.LINK_USE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # Never the path, which is the key. With "no-referrer" browsers hide the form's origin too, and CSRF needs it.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None


class NewPassword(SetPassword):
    token_generator = NEW_PASSWORD
    extra_context = {"is_invitation": False}


class Invitation(SetPassword):
    token_generator = INVITATION
    extra_context = {"is_invitation": True}
