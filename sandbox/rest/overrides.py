"""Reads what a command says of the webhooks that follow it."""

from typing import Any

from sandbox.model.legs import Override
from sandbox.rest.door import Body, invalid

MAX_PAUSES, MAX_PAUSE_SUM_MS = 5, 60_000


def override_of(body: Body) -> Override | None:
    """Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/types/calls/action_answer_params.py"""
    url, urls, policies = (body.get(name) for name in ("webhook_url", "webhook_urls", "webhook_retries_policies"))
    if url is None and not urls and not policies:
        return None
    if url is not None and not str(url).startswith(("http://", "https://")):
        raise invalid("The URL is not valid.", parameter="webhook_url")
    return Override(
        url=str(url or ""),
        urls={name: tuple(map(str, given)) for name, given in _object(urls, "webhook_urls").items()},
        pauses={name: _pauses(policy) for name, policy in _object(policies, "webhook_retries_policies").items()},
    )


def _object(value: Any, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be an object.", parameter=name)
    return value


def _pauses(policy: Any) -> tuple[float, ...]:
    given = policy.get("retries_ms") if isinstance(policy, dict) else None
    pauses = given if isinstance(given, list) else [-1]
    is_usable = all(type(pause) is int and pause >= 0 for pause in pauses)
    if not is_usable or len(pauses) > MAX_PAUSES or sum(pauses) > MAX_PAUSE_SUM_MS:
        limits = f"at most {MAX_PAUSES} retries within {MAX_PAUSE_SUM_MS} ms"
        raise invalid(f"'retries_ms' is a list of milliseconds, {limits}.", parameter="webhook_retries_policies")
    return tuple(pause / 1000 for pause in pauses)
