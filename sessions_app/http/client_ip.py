"""Where a request came from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind trusted proxies, the one that the outermost of them wrote down.

    A visitor can send any X-Forwarded-For, so only the last TRUSTED_PROXY_COUNT entries count.
    """
    return behind_proxies(str(request.META.get("REMOTE_ADDR") or ""), request.headers.get("X-Forwarded-For", ""))


def behind_proxies(peer: str, forwarded_for: str) -> str:
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    count = settings.TRUSTED_PROXY_COUNT
    return hops[-count] if count and len(hops) >= count else peer
