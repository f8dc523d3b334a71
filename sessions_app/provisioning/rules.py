"""What one setting of an object at Telnyx may be, and what it becomes. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from strict_json import embedded, identifier

NOTHING: Any = None


@dataclass(frozen=True)
class Verdict:
    """The value that a setting should have, and what a person should know of it."""

    value: Any
    notice: str = ""


class Rule(Protocol):
    def judge(self, now: Any) -> Verdict:
        """Say what follows from the present value; None stands for one that is not there."""


@dataclass(frozen=True)
class Exactly:
    """This value. `absent` is what a missing one means."""

    value: Any
    absent: Any = NOTHING

    def judge(self, now: Any) -> Verdict:
        present = self.absent if now is None else now
        return Verdict(now if same(present, self.value) else self.value)


@dataclass(frozen=True)
class Unless:
    """This value where there is none; the owner's own is kept."""

    value: Any

    def judge(self, now: Any) -> Verdict:
        return Verdict(self.value if now in (None, "", [], {}) else now)


@dataclass(frozen=True)
class Present:
    """This value where there is no entry; an empty one counts."""

    value: Any

    def judge(self, now: Any) -> Verdict:
        return Verdict(self.value if now is None else now)


@dataclass(frozen=True)
class AtLeast:
    value: int

    def judge(self, now: Any) -> Verdict:
        number = amount(now)
        return Verdict(now if number is not None and number >= self.value else self.value)


@dataclass(frozen=True)
class Limit:
    """At most this where the owner has set no limit; whatever the owner has set is kept."""

    value: str

    def judge(self, now: Any) -> Verdict:
        number = amount(now)
        if number is None:
            return Verdict(self.value)
        is_looser = number > Decimal(self.value)
        return Verdict(now, f"left at {now}, which is more than the {self.value} suggested" if is_looser else "")


@dataclass(frozen=True)
class Includes:
    """A list with these items among others; `others` says what a person should know of those."""

    items: Sequence[str]
    others: str = ""

    def judge(self, now: Any) -> Verdict:
        present = list(now) if isinstance(now, list) else []
        foreign = ", ".join(str(item) for item in present if item not in self.items)
        notice = f"{self.others}: {foreign}" if foreign and self.others else ""
        missing = [item for item in self.items if item not in present]
        return Verdict([*present, *missing] if missing else now, notice)


@dataclass(frozen=True)
class Holds:
    """A list of objects among which one has this `key`; the others, and what is there already, stay as they are."""

    item: Mapping[str, Any]
    key: str

    def judge(self, now: Any) -> Verdict:
        present = own_items(now)
        if any(same(known.get(self.key), self.item[self.key]) for known in _objects(now)):
            return Verdict(now)
        return Verdict([*present, dict(self.item)])


@dataclass(frozen=True)
class Lacks:
    """A list of objects among which none has one of these as its `key`: what is ours and not wanted any more."""

    values: Collection[str]
    key: str

    def judge(self, now: Any) -> Verdict:
        present = own_items(now)
        kept = [known for known in present if not any(same(known.get(self.key), value) for value in self.values)]
        return Verdict(now if len(kept) == len(present) else kept)


@dataclass(frozen=True)
class Tools:
    """A list that holds these webhook tools, known by their names, and `others`, of which one type is there once.

    What else is there stays; `warnings` say what a person should know of it, by the type of a tool. `without` begins
    the addresses of webhook tools that are taken off: ours, where another way to them was chosen.
    """

    webhooks: Sequence[Mapping[str, Any]]
    warnings: Mapping[str, str]
    others: Sequence[Mapping[str, Any]] = ()
    without: str = ""

    def judge(self, now: Any) -> Verdict:
        present = own_items(now)
        kept = [one for one in present if not (self.without and _address(one).startswith(self.without))]
        notice = "; ".join(text for kind, text in self.warnings.items() if any(_kind(one) == kind for one in present))
        ours = {_name(tool): tool for tool in self.webhooks}
        settled = [_settled(one, ours.pop(_name(one), None)) for one in kept]
        types = {_kind(one) for one in _objects(now)}
        missing = [*ours.values(), *(one for one in self.others if _kind(one) not in types)]
        wanted = [*settled, *(dict(tool) for tool in missing)]
        return Verdict(now if same(wanted, present) else wanted, notice)


def _kind(tool: Mapping[str, Any]) -> str:
    return str(tool.get("type"))


def _name(tool: Mapping[str, Any]) -> str:
    return str(_webhook(tool).get("name") or "")


def _address(tool: Mapping[str, Any]) -> str:
    return str(_webhook(tool).get("url") or "")


def _webhook(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    webhook = tool.get("webhook")
    return webhook if _kind(tool) == "webhook" and isinstance(webhook, Mapping) else {}


def _settled(present: dict[str, Any], wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """A tool of ours with what we want of it; what else stands in it is Telnyx's or the owner's."""
    if wanted is None:
        return present
    return {**present, **wanted, "webhook": {**present["webhook"], **wanted["webhook"]}}


@dataclass(frozen=True)
class Instructed:
    """This text where there is none; where the owner's own lacks a word, what they should add is told."""

    value: str
    word: str
    addition: str

    def judge(self, now: Any) -> Verdict:
        if not isinstance(now, str) or not now.strip():
            return Verdict(self.value)
        is_told = self.word in now
        return Verdict(now, "" if is_told else f"kept as they are. Add to them: {self.addition}")


@dataclass(frozen=True)
class Told:
    """The owner's decision: never changed, but told when it is not as it should be. A missing value counts as good."""

    value: Any
    otherwise: str

    def judge(self, now: Any) -> Verdict:
        is_good = now is None or same(now, self.value)
        return Verdict(now, "" if is_good else self.otherwise)


def own_items(value: Any) -> list[Any]:
    """Return a list as it may be sent back: without what is shared, which Telnyx merges in and attaches elsewhere."""
    return [
        {name: entry for name, entry in item.items() if name != "shared"}
        for item in _objects(value)
        if item.get("shared") is not True
    ]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: ids come as strings or numbers, schemas as objects or as their text."""
    one, other = embedded(one), embedded(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str | int) and isinstance(other, str | int):
        return identifier(one) == identifier(other) if isinstance(one, int) or isinstance(other, int) else one == other
    return bool(one == other)


def amount(value: Any) -> Decimal | None:
    """Return a number, also when it came as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
