"""What the account at Telnyx says of what it may do: asked about once an hour and at every start, judged from rows.

Each thing that is asked about is a `Look` of its own: one that Telnyx does not answer holds up none of the others and
takes away nothing that was told before. No request waits for any of it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings

from sessions_app.models import AccountLook
from sessions_app.visits import capacity
from strict_json import mapping, text, whole
from telephony.client import Kind, Telnyx, TelnyxError

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
# What is wrong, or was not told, may be put right at any minute.
SOON = timedelta(minutes=5)
DIALS_WITHIN = timedelta(hours=24)
UNREACHABLE = "no answer"

_one_at_a_time = BoundedSemaphore(1)

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Remark:
    """What a person should know of the account; a trouble keeps calls from coming about."""

    text: str
    is_trouble: bool = False


@dataclass(frozen=True)
class Look:
    """One thing to ask about: the answer as JSON that is kept, how it reads, and what is wrong with it."""

    ask: Callable[[Telnyx, datetime], Told]
    say: Callable[[Told], str]
    judge: Callable[[Told], Iterable[Remark]]


def watch(client: Telnyx, *, now: datetime, at_once: bool = False) -> None:
    """Ask about whatever is due, or about everything `at_once`; asked twice, it does no harm."""
    if not _one_at_a_time.acquire(blocking=False):
        return  # Answers may be slow, and the worker's other threads have other work.
    try:
        for name in LOOKS if at_once else _due(now):
            if look(name, client, now=now).error == UNREACHABLE:
                break  # Nor would anything else be answered.
    finally:
        _one_at_a_time.release()


def look(name: str, client: Telnyx, *, now: datetime) -> AccountLook:
    """Ask about one thing and keep the answer; without one, what was told before stays."""
    try:
        kept: dict[str, Any] = {"told": dict(LOOKS[name].ask(client, now)), "told_at": now, "error": ""}
    except TelnyxError as error:
        kept = {"error": f"status {error.status} code {error.code}"[:60] if error.status else UNREACHABLE}
        logger.warning("account's %s not told: %s", name, kept["error"])
    row, _ = AccountLook.objects.update_or_create(name=name, defaults={**kept, "asked_at": now})
    return row


def remarks() -> dict[str, Remark]:
    """What is wrong with the account as far as it was told, by what it was asked about."""
    rows = AccountLook.objects.filter(told_at__isnull=False).values_list("name", "told")
    found = {name: list(LOOKS[name].judge(told)) for name, told in rows if name in LOOKS}
    return {
        name: Remark("; ".join(one.text for one in some), any(one.is_trouble for one in some))
        for name, some in found.items()
        if some
    }


def describe(client: Telnyx, *, now: datetime) -> list[str]:
    """The account as it stands, asked anew, in lines for a terminal."""
    found = []
    for name, one in LOOKS.items():
        row = look(name, client, now=now)
        if row.error:
            found.append(f"{name}: not told ({row.error})")
            if row.error == UNREACHABLE:
                break
            continue
        found.append(f"{name}: {one.say(row.told)}")
        found += [f"  note: {remark.text}" for remark in one.judge(row.told)]
    most, visits = settings.TELNYX_MAX_LEGS, settings.TELNYX_MAX_LEGS // capacity.A_VISIT
    own = f"own cap: {most} legs (TELNYX_MAX_LEGS), which is {visits} visit{'' if visits == 1 else 's'} at once"
    return [*found, "level, and calls at once: no address of Telnyx tells them", own]


def _due(now: datetime) -> list[str]:
    known = {row.name: row for row in AccountLook.objects.all()}
    return [name for name in LOOKS if name not in known or known[name].asked_at <= now - _patience(known[name])]


def _patience(row: AccountLook) -> timedelta:
    is_well = not row.error and not any(remark.is_trouble for remark in LOOKS[row.name].judge(row.told))
    return EVERY if is_well else SOON


# --- balance


def ask_balance(client: Telnyx, now: datetime) -> Told:
    found = client.balance()
    return {"amount": str(found.amount), "available": str(found.available), "currency": found.currency}


def say_balance(told: Told) -> str:
    return f"{told['amount']} {told['currency']}, of which with credit {told['available']} can be spent"


def judge_balance(told: Told) -> Iterable[Remark]:
    # Services are suspended while the balance is negative: seen live by third parties (2026).
    amount, available, currency = Decimal(told["amount"]), Decimal(told["available"]), told["currency"]
    if available <= 0:
        yield Remark(f"{amount} {currency}: Telnyx carries no calls until it is topped up", is_trouble=True)
    elif amount < 0:
        yield Remark(f"negative ({amount} {currency}); {available} of credit are left")
    elif available < settings.TELNYX_LOW_BALANCE:
        yield Remark(f"only {available} {currency} are left")


# --- connections


def ask_connections(client: Telnyx, now: datetime) -> Told:
    return asdict(client.connections())


def say_connections(told: Told) -> str:
    return f"{told['count']}" + (f" of {told['limit']}" if told["limit"] is not None else "")


def judge_connections(told: Told) -> Iterable[Remark]:
    if told["is_full"]:
        yield Remark(f"the account may have no more ({say_connections(told)})")


# --- limits of the objects that calls go through


def ask_limits(client: Telnyx, now: datetime) -> Told:
    """Each limit of calls at once that is set, by the object that has it."""
    found: dict[str, int] = {}
    profiles = set()
    ways = (
        (Kind.CONNECTION, settings.TELNYX_CONNECTION_ID),
        (Kind.APPLICATION, settings.TELNYX_CALL_CONTROL_APP_ID),
    )
    for kind, object_id in ways:
        if not object_id:
            continue
        outbound = mapping(_settings_of(client, kind, object_id).get("outbound"))
        _note(found, kind, outbound.get("channel_limit"))
        profiles.add(text(outbound.get("outbound_voice_profile_id")))
    for profile_id in sorted(filter(None, profiles)):
        profile = _settings_of(client, Kind.VOICE_PROFILE, profile_id)
        _note(found, Kind.VOICE_PROFILE, profile.get("concurrent_call_limit"))
    return found


def _settings_of(client: Telnyx, kind: Kind, object_id: str) -> Mapping[str, Any]:
    found = client.account_object(kind, object_id)
    return found.settings if found else {}


def _note(found: dict[str, int], kind: Kind, limit: Any) -> None:
    """The strictest of a kind counts; what is not set, or not positive, limits nothing."""
    number = whole(limit)
    if number is not None and number > 0:
        found[kind] = min(number, found.get(kind, number))


def say_limits(told: Told) -> str:
    set_ones = [f"{kind} {limit}" for kind, limit in sorted(told.items())]
    return f"calls at once: {', '.join(set_ones)}" if set_ones else "none is set on connection, application and profile"


def judge_limits(told: Told) -> Iterable[Remark]:
    """Visitors come over the connection and closers are dialled by the application: half of the legs each."""
    most = settings.TELNYX_MAX_LEGS
    shares = {Kind.VOICE_PROFILE: most, Kind.CONNECTION: (most + 1) // 2, Kind.APPLICATION: (most + 1) // 2}
    for kind, share in shares.items():
        limit = told.get(kind)
        if limit is not None and limit < share:
            yield Remark(f"the {kind} lets {limit} calls through at once, TELNYX_MAX_LEGS ({most}) counts on {share}")


# --- dials that the account's own limits turned away


def ask_dials(client: Telnyx, now: datetime) -> Told:
    return asdict(client.dials(since=now - DIALS_WITHIN, until=now))


def say_dials(told: Told) -> str:
    turned_away = told["by_hour"] + told["by_day"] + told["by_second"]
    return f"{told['total']} within 24 hours, {turned_away} of them turned away by limits"


def judge_dials(told: Told) -> Iterable[Remark]:
    if told["by_hour"] or told["by_day"]:
        number = told["by_hour"] + told["by_day"]
        yield Remark(f"{number} turned away by a limit per hour or day: is the account at level 2?")
    if told["by_second"]:
        yield Remark(f"{told['by_second']} turned away by the limit of calls begun per second")


# --- spend limits


def ask_spending(client: Telnyx, now: datetime) -> Told:
    return {"blocked": client.blocked_products()}


def say_spending(told: Told) -> str:
    return f"blocked: {', '.join(told['blocked'])}" if told["blocked"] else "nothing is blocked"


def judge_spending(told: Told) -> Iterable[Remark]:
    if told["blocked"]:
        yield Remark(f"spend limits of the account block {', '.join(told['blocked'])}", is_trouble=True)


LOOKS: dict[str, Look] = {
    "balance": Look(ask_balance, say_balance, judge_balance),
    "connections": Look(ask_connections, say_connections, judge_connections),
    "limits": Look(ask_limits, say_limits, judge_limits),
    "dials": Look(ask_dials, say_dials, judge_dials),
    "spending": Look(ask_spending, say_spending, judge_spending),
}
