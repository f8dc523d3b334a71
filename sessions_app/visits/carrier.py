"""The one client that speaks to Telnyx, made from the settings."""

from functools import cache

from django.conf import settings
from django.db import connection

from sessions_app import faults
from sessions_app.faults import Point
from telephony.client import CallWebhooks, Telnyx


@cache
def client() -> Telnyx:
    """One per process, so that its HTTP connections stay open."""
    return Telnyx(
        api_key=settings.TELNYX_API_KEY,
        base_url=settings.TELNYX_API_BASE,
        call_webhooks=CallWebhooks(f"{settings.PUBLIC_URL}/webhooks/telnyx/call-control"),
        on_request=let_go,
        on_reply=lambda: faults.reach(Point.EXECUTED),
    )


def let_go() -> None:
    """While Telnyx is asked, which may take seconds, the connection to the database is somebody else's."""
    if not connection.in_atomic_block:
        connection.close()


def warm() -> None:
    """Load the SDK and the certificates. No connection is opened, so a fork may inherit the client."""
    client().warm()
