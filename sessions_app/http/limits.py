"""Caps that hold under concurrency, on new sessions and on what one may ask: one Lua script counts and decides."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address, ip_address

import redis
from django.conf import settings

WINDOW_SECONDS = 3600

# All counters are looked at before any is raised, so that a refused request costs nothing of the other caps.
_SCRIPT = """
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i]) then
    return redis.call('TTL', key)
  end
end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[#ARGV]) end
end
return 0
"""


_GIVE_BACK = """
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
"""


class LimiterDown(Exception):
    """The counters cannot be reached. Nothing is let through then."""


# When to ask again while it is down.
DOWN_FOR_SECONDS = 10


@dataclass(frozen=True)
class Refused(Exception):
    """A cap is reached; `retry_after` is in seconds."""

    retry_after: int


def spend(*, address: str, widget: str) -> None:
    """Count one new session against every cap. Raises Refused or LimiterDown."""
    _spend(_of_session(address, widget), seconds=WINDOW_SECONDS)


def refund(*, address: str, widget: str) -> None:
    """What was asked for was not had: neither an account without a line nor a Telnyx that is down uses up a cap."""
    give_back(_of_session(address, widget))


def _of_session(address: str, widget: str) -> dict[str, int]:
    return {
        f"address:{fingerprint(address)}": settings.TOKEN_LIMIT_PER_ADDRESS,
        f"widget:{widget}": settings.TOKEN_LIMIT_PER_WIDGET,
        "overall": settings.TOKEN_LIMIT_OVERALL,
    }


def spend_on(name: str, *, most: int, seconds: int) -> None:
    """Count one use of what may be used `most` times within `seconds`. Raises Refused or LimiterDown."""
    _spend({name: most}, seconds=seconds)


def spend_on_all(caps: Mapping[str, int], *, seconds: int) -> None:
    """Count one use against several caps, of which each may refuse. Raises Refused or LimiterDown."""
    _spend(caps, seconds=seconds)


def give_back(caps: Iterable[str]) -> None:
    """Take back what was counted last. What cannot be reached any more has cost one use."""
    with suppress(redis.RedisError, OSError):
        keys = [f"{settings.REDIS_PREFIX}:limit:{name}" for name in caps]
        _redis().eval(_GIVE_BACK, len(keys), *keys)


def _spend(caps: Mapping[str, int], *, seconds: int) -> None:
    keys = [f"{settings.REDIS_PREFIX}:limit:{name}" for name in caps]
    try:
        wait = int(_redis().eval(_SCRIPT, len(keys), *keys, *caps.values(), seconds))
    except (redis.RedisError, OSError) as error:
        raise LimiterDown(type(error).__name__) from error
    if wait:
        raise Refused(retry_after=max(wait, 1))


def network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: whoever has a /64 has all of its addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return parsed.exploded[:19]
    return str(parsed)


def fingerprint(address: str) -> str:
    """What stands for the network of an address, in 24 characters that do not tell it."""
    return hashlib.sha256(f"{settings.SECRET_KEY}{network(address)}".encode()).hexdigest()[:24]


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_PATIENCE | {"socket_timeout": 2})
