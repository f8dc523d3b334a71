"""Asking for a link that sets a new password, as often as is good."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from kombu.exceptions import OperationalError

from accounts.views import PasswordReset
from sessions_app.http import limits
from sessions_app.http.client_ip import client_address

WINDOW_SECONDS = 3600
REQUESTS_PER_NETWORK = 10
REQUESTS_PER_ACCOUNT = 3


class LimitedPasswordReset(PasswordReset):
    def form_valid(self, form: Any) -> HttpResponse:
        try:
            _spend(self.request, form.cleaned_data["email"])
            return super().form_valid(form)
        except limits.Refused as refused:
            return self._refuse(form, 429, refused.retry_after)
        except (limits.LimiterDown, OperationalError):
            return self._refuse(form, 503, 60)

    def _refuse(self, form: Any, status: int, retry_after: int) -> HttpResponse:
        context = self.get_context_data(form=form, refused=status)
        headers = {"Retry-After": str(retry_after)}
        return self.render_to_response(context, status=status, headers=headers)


def _spend(request: HttpRequest, email: str) -> None:
    """Count by the address that was typed, whether or not there is such an account."""
    typed = salted_hmac(__name__, email).hexdigest()[:24]
    network = limits.fingerprint(client_address(request))
    for name, most in ((f"reset:{network}", REQUESTS_PER_NETWORK), (f"reset:{typed}", REQUESTS_PER_ACCOUNT)):
        limits.spend_on(name, most=most, seconds=WINDOW_SECONDS)
