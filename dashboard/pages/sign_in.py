"""Trying passwords, as often as is good: at the closers' door and at the administration's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.forms import UsernameField
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from accounts.models import normalize_email
from accounts.roles import Action, asks
from sessions_app.http import limits
from sessions_app.http.client_ip import client_address

WINDOW_SECONDS = 900
TRIES_PER_NETWORK = 100
# Of one account from one network, and from all of them: a stranger who tries keeps its owner out only after many.
TRIES_OF_ACCOUNT = 10
TRIES_PER_ACCOUNT = 100

View = Callable[..., HttpResponseBase]


def limited(view: View) -> View:
    """Count a try before the password is looked at, and give it back where it was right."""

    @asks(Action.ACCOUNT_SIGN_IN)
    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        caps = _caps(request)
        try:
            limits.spend_on_all(caps, seconds=WINDOW_SECONDS)
        except limits.Refused as refused:
            return _refuse(request, 429, refused.retry_after)
        except limits.LimiterDown:
            return _refuse(request, 503, limits.DOWN_FOR_SECONDS)
        before = request.user if request.user.is_authenticated else None
        response = view(request, *args, **kwargs)
        if before is not None and before.pk != request.user.pk:
            # Somebody else signed in in this browser, which the framework does not call signing out.
            user_logged_out.send(sender=type(before), request=request, user=before)
        if response.status_code == 302:
            limits.give_back(caps)
        return response

    return counted


def _caps(request: HttpRequest) -> dict[str, int]:
    """By the address that was typed, as the form will read it, whether or not there is such an account."""
    address = normalize_email(UsernameField(max_length=254).to_python(request.POST.get("username", "")) or "")
    typed = salted_hmac(__name__, address).hexdigest()[:24]
    network = limits.fingerprint(client_address(request))
    return {
        f"sign-in:{network}": TRIES_PER_NETWORK,
        f"sign-in:{typed}:{network}": TRIES_OF_ACCOUNT,
        f"sign-in:{typed}": TRIES_PER_ACCOUNT,
    }


def _refuse(request: HttpRequest, status: int, retry_after: int) -> HttpResponseBase:
    response = render(request, "registration/too_often.html", {"refused": status}, status=status)
    response.headers["Retry-After"] = str(retry_after)
    return response
