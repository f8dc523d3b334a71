"""How the account itself stands: its money, its connections, and which dials its own limits turned away.

No address of Telnyx tells an account's level or how many calls it may have at once; a voice profile and a connection
may hold a limit of their own, which `account.py` reads with them.
Source: the resources and response types of telnyx 4.189.0 (read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from strict_json import mapping, objects, text, whole
from telephony.connection import Connection
from telephony.exchange import ask, rows, unreadable

if TYPE_CHECKING:
    from telnyx import Telnyx as Sdk

# Nobody on the line waits for these.
PATIENT_SECONDS = 20.0
# A bucket is an hour in one of half a dozen regions.
MOST_BUCKETS = 1000

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Balance:
    """`available` is the balance with the credit limit; both in `currency`."""

    amount: Decimal
    available: Decimal
    currency: str

    @classmethod
    def read(cls, data: Data) -> "Balance | None":
        """Return the balance; None when the answer does not tell it."""
        amount = _money(data.get("balance"))
        available = _money(data.get("available_credit"))
        if amount is None:
            return None
        return cls(amount, amount if available is None else available, text(data.get("currency"))[:3])


@dataclass(frozen=True, slots=True)
class Connections:
    """How many connections the account has, and how many it may have where that is told.

    Either there is one limit for all, or one for TeXML applications, one for UAC connections and one for the others.
    """

    count: int
    limit: int | None
    is_full: bool

    @classmethod
    def read(cls, data: Data) -> "Connections":
        """Return the counts; zero of what the answer does not tell."""
        counts = {name: whole(number) or 0 for name, number in mapping(data.get("counts")).items()}
        limits = {name: whole(number) for name, number in mapping(data.get("limits")).items()}
        total = sum(counts.values())
        texml, uac = counts.get("texml_applications", 0), counts.get("uac_connections", 0)
        held = {
            "global_limit": total,
            "standard_limit": total - texml - uac,
            "texml_limit": texml,
            "uac_limit": uac,
        }
        full = [held[name] >= limit for name, limit in limits.items() if limit is not None and name in held]
        return cls(total, limits.get("global_limit") or limits.get("standard_limit"), any(full))


@dataclass(frozen=True, slots=True)
class Dials:
    """Calls that were begun, and how many of them a limit per hour, per day or per second turned away."""

    total: int = 0
    by_hour: int = 0
    by_day: int = 0
    by_second: int = 0

    @classmethod
    def read(cls, buckets: list[dict[str, Any]]) -> "Dials":
        """Return the sum over all buckets and regions."""
        dials = [mapping(bucket.get("dials")) for bucket in buckets]
        rejected = [mapping(one.get("rejected")) for one in dials]
        return cls(
            total=sum(whole(one.get("total")) or 0 for one in dials),
            by_hour=sum(whole(one.get("hourly_limit")) or 0 for one in rejected),
            by_day=sum(whole(one.get("daily_limit")) or 0 for one in rejected),
            by_second=sum(whole(one.get("dps_limit")) or 0 for one in rejected),
        )


class StandingReads(Connection):
    def balance(self) -> Balance:
        """Return what the account has left."""
        found = Balance.read(mapping(ask(self._patient.balance.with_raw_response.retrieve).get("data")))
        if found is None:
            raise unreadable("balance")
        return found

    def connections(self) -> Connections:
        """Return how many connections there are and may be."""
        return Connections.read(mapping(ask(self._patient.connections.with_raw_response.retrieve_count).get("data")))

    def dials(self, *, since: datetime, until: datetime) -> Dials:
        """Return what became of the calls begun in between, by whole hours.

        Telnyx says that this address may still change.
        """
        answer = ask(
            self._patient.dial_metrics.with_raw_response.list,
            start_time=since.isoformat(),
            end_time=until.isoformat(),
            granularity="hour",
            page_limit=MOST_BUCKETS,
        )
        return Dials.read(objects(answer.get("data")))

    def blocked_products(self) -> list[str]:
        """Return what the account's own spend limits block at the moment, by name."""
        limits = rows(self._patient.spend_limits.with_raw_response.list)
        blocked = [one for one in limits if one.get("blocked") is True]
        named = {text(one.get("product_name")) or text(one.get("product")) for one in blocked}
        return sorted(name[:60] for name in named if name)

    @property
    def _patient(self) -> "Sdk":
        return self._sdk.with_options(timeout=PATIENT_SECONDS)


def _money(value: Any) -> Decimal | None:
    try:
        amount = Decimal(text(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < 10**12 else None
