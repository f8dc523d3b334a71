"""The secret that an assistant's tools come with, and how often they may come."""

import hashlib
import hmac

from django.conf import settings

from sessions_app.http import limits

WINDOW_SECONDS = 60


def is_granted(authorization: str) -> bool:
    """Whether a header `Authorization: Bearer …` holds one of the secrets; all are compared, in constant time."""
    scheme, _, offered = authorization.partition(" ")
    matches = [hmac.compare_digest(offered.strip().encode(), secret.encode()) for secret in settings.MCP_SECRETS]
    return scheme.lower() == "bearer" and any(matches)


def count(authorization: str, address: str) -> None:
    """Count one request of this secret from this address. Raises limits.Refused or limits.LimiterDown."""
    who = f"{settings.SECRET_KEY}{authorization}{limits.network(address)}"
    name = f"tools:{hashlib.sha256(who.encode()).hexdigest()[:24]}"
    limits.spend_on(name, most=settings.TOOL_CALLS_PER_MINUTE, seconds=WINDOW_SECONDS)
