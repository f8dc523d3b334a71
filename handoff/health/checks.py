"""Whether the machinery works, for load balancers, supervisors and the admin: each trouble by name, never a secret."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone
from psycopg_pool import PoolTimeout

from handoff import heartbeat
from handoff.machine import TALKING_STATES
from handoff.models import Attempt, Command, Handoff
from sessions_app.account import signatures, standing
from sessions_app.models import TelephonyCredential, WebhookDelivery
from sessions_app.visits import capacity

# A load balancer asks every few seconds; a dependency that says nothing must not hold its question up.
ANSWER_WITHIN_SECONDS = 3.0
SWEEP_SILENT_AFTER = timedelta(seconds=10)
COMMAND_WAITS_AFTER = timedelta(seconds=10)
DELIVERY_WAITS_AFTER = timedelta(minutes=2)
# Whoever stores one works through it at once, and after seconds anybody does.
STORED_WAITS_AFTER = timedelta(seconds=15)
REFUSED_CREDENTIALS = 3
RECENTLY = timedelta(minutes=15)


@dataclass(frozen=True)
class Report:
    """`troubles` by the name of what is broken, `notices` by that of what may soon be, or limits calls.

    `figures` in seconds or numbers, None for nothing there.
    """

    troubles: dict[str, str]
    figures: dict[str, float | int | None] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return not self.troubles


def report() -> Report:
    """Look at everything, in bounded time."""
    looks: dict[str, Callable[[], Report]] = {"database": _rows, "redis": _broker}
    found = [_within_time(name, look) for name, look in looks.items()]
    troubles = {name: text for one in found for name, text in one.troubles.items()}
    figures = {name: value for one in found for name, value in one.figures.items()}
    notices = {name: text for one in found for name, text in one.notices.items()}
    return Report(troubles, figures, notices)


def _rows() -> Report:
    now = timezone.now()
    try:
        figures = _figures(now)
        told = _account()
        troubles = _late(figures) | _carrier(now) | _signing(now) | told.troubles
        return Report(troubles, figures, told.notices | _lines(now) | _attempts())
    except (DatabaseError, PoolTimeout) as error:
        return Report({"database": type(error).__name__})
    finally:
        # The thread stays; its connection goes back to the pool.
        connection.close()


def _figures(now: datetime) -> dict[str, float | int | None]:
    due = Command.objects.filter(due_at__lte=now).order_by("due_at").values_list("due_at", flat=True).first()
    waiting = WebhookDelivery.objects.filter(next_attempt_at__isnull=False)
    unprocessed = waiting.filter(status=WebhookDelivery.Status.FAILED)
    stored = waiting.filter(status=WebhookDelivery.Status.STORED)
    undone = stored.order_by("next_attempt_at").values_list("received_at", flat=True).first()
    oldest = unprocessed.order_by("received_at").values_list("received_at", flat=True).first()
    return {
        "sweep_seconds_ago": _age(heartbeat.last(heartbeat.SWEEP), now),
        "oldest_command_seconds": _age(due, now),
        "oldest_delivery_seconds": _age(oldest, now),
        "oldest_stored_seconds": _age(undone, now),
        "parked_deliveries": waiting.filter(status=WebhookDelivery.Status.PARKED).count(),
        "legs_of_strangers": capacity.strangers(),
        "legs_held": capacity.usage(now=now).held(),
        "legs_at_most": settings.TELNYX_MAX_LEGS,
    }


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round((now - moment).total_seconds(), 1)


def _late(figures: dict[str, float | int | None]) -> dict[str, str]:
    swept, command = figures["sweep_seconds_ago"], figures["oldest_command_seconds"]
    delivery, stored = figures["oldest_delivery_seconds"], figures["oldest_stored_seconds"]
    troubles = {}
    if swept is None or swept > SWEEP_SILENT_AFTER.total_seconds():
        troubles["sweep"] = "never ran" if swept is None else f"last ran {swept:.0f} s ago"
    if command is not None and command > COMMAND_WAITS_AFTER.total_seconds():
        troubles["commands"] = f"the oldest has been due for {command:.0f} s"
    if delivery is not None and delivery > DELIVERY_WAITS_AFTER.total_seconds():
        troubles["deliveries"] = f"the oldest has waited for {delivery:.0f} s"
    elif stored is not None and stored > STORED_WAITS_AFTER.total_seconds():
        troubles["deliveries"] = f"the oldest was stored {stored:.0f} s ago, and nothing has worked through it"
    return troubles


def _carrier(now: datetime) -> dict[str, str]:
    """What Telnyx thinks of us, as far as rows tell it."""
    refused_at = heartbeat.last(heartbeat.KEY_REFUSED)
    if refused_at and refused_at > now - RECENTLY:
        later = Command.objects.filter(state=Command.State.CONFIRMED, finished_at__gt=refused_at)
        if not later.exists():
            return {"telnyx": "the API key is refused: no call can be answered or connected"}
    newest = TelephonyCredential.objects.order_by("-pk").values_list("telnyx_id", "created_at", "revoke_at")
    # One that was not granted is marked as to be revoked from its first moment, in case it stands at Telnyx after all.
    failed = [made for telnyx_id, made, over in newest[:REFUSED_CREDENTIALS] if telnyx_id is None and over <= made]
    if len(failed) == REFUSED_CREDENTIALS and min(failed) > now - RECENTLY:
        return {"telnyx": f"the last {REFUSED_CREDENTIALS} credentials were not granted: nobody can start a call"}
    return {}


def _signing(now: datetime) -> dict[str, str]:
    trouble = signatures.trouble(now, recently=RECENTLY)
    return {"signatures": trouble} if trouble else {}


def _account() -> Report:
    """What the account said of itself when it was last asked."""
    remarks = standing.remarks()
    troubles = {name: one.text for name, one in remarks.items() if one.is_trouble}
    return Report(troubles, notices={name: one.text for name, one in remarks.items() if not one.is_trouble})


def _attempts() -> dict[str, str]:
    """An attempt that was left open keeps its closer from every other call."""
    talking = Handoff.objects.filter(state__in=TALKING_STATES, attempt=OuterRef("pk"))
    left = Attempt.objects.filter(~Exists(talking), over_at=None).count()
    return {"attempts": f"{left} left open: their closers can have no call"} if left else {}


def _lines(now: datetime) -> dict[str, str]:
    refused = capacity.refused_lately(now=now)
    told = [f"{_WORDS.get(code, code)} {count}" for code, count in sorted(refused.items())]
    return {"lines": f"refused within the last hour: {', '.join(told)}"} if told else {}


_WORDS = {capacity.OWN_CAP: "by our own cap", capacity.ALONE: "without a word, at one softphone"}


def _broker() -> Report:
    try:
        _redis().ping()
    except (redis.RedisError, OSError) as error:
        return Report({"redis": type(error).__name__})
    return Report({})


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_PATIENCE | {"socket_timeout": 2})


# One thread for each dependency: while one look hangs, no second is begun, and the others still answer.
_threads = ThreadPoolExecutor(2, thread_name_prefix="health")
_running: dict[str, Future[Any]] = {}
_starting = Lock()


def _within_time(name: str, look: Callable[[], Report]) -> Report:
    with _starting:
        future = _running.get(name)
        if future is None or future.done():
            future = _running[name] = _threads.submit(look)
    try:
        found: Report = future.result(ANSWER_WITHIN_SECONDS)
    except NotInTime:
        return Report({name: f"no answer within {ANSWER_WITHIN_SECONDS:.0f} s"})
    return found
