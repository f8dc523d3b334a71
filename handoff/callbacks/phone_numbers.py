"""Telephone numbers that prospects give: how they are dialled, and which may be. Pure."""

import re
from collections.abc import Collection

# Of the zones whose national numbers begin with a 0 that falls away abroad.
_COUNTRIES = {"Australia": "61", "Pacific/Auckland": "64", "Europe/London": "44"}
_INTERNATIONAL = re.compile(r"^(?:\+|0011|00)")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
# Geographic, mobile and location-independent numbers; not 13, 18 and 19, which cost whoever calls or is called.
_AUSTRALIAN = re.compile(r"\+61[234578][0-9]{8}", re.ASCII)
# What is dear wherever it is: shared-cost and premium services, satellites.
_COSTLY = ("+1900", "+1976", "+4487", "+449", "+6190", "+64900", "+808", "+870", "+878", "+881", "+882", "+883", "+979")


def normalised(text: str, *, time_zone: str) -> str | None:
    """The number as E.164, a national one read as of the zone's country; None when it is none."""
    plain = re.sub(r"[\s().\-/\u2010-\u2015]", "", text)
    if match := _INTERNATIONAL.match(plain):
        found = f"+{plain[match.end() :]}"
        return found if _E164.fullmatch(found) else None
    country = _country(time_zone)
    if country is None:
        return None
    found = f"+{plain}" if plain.startswith(country) and len(plain) > 9 else f"+{country}{plain.removeprefix('0')}"
    return found if _E164.fullmatch(found) else None


def may_be_dialled(number: str, *, prefixes: Collection[str]) -> bool:
    """Whether a number in E.164 lies in an allowed destination and is nobody's paid service."""
    if not _E164.fullmatch(number) or not number.startswith(tuple(prefixes)) or number.startswith(_COSTLY):
        return False
    return not number.startswith("+61") or _AUSTRALIAN.fullmatch(number) is not None


def grouped(number: str) -> str:
    """As it is read: +61 412 555 018, +61 2 5550 1234; others as they are."""
    if not _AUSTRALIAN.fullmatch(number):
        return number
    rest = number[3:]
    if rest[0] in "45":
        return f"+61 {rest[:3]} {rest[3:6]} {rest[6:]}"
    return f"+61 {rest[0]} {rest[1:5]} {rest[5:]}"


def _country(time_zone: str) -> str | None:
    return next((code for zone, code in _COUNTRIES.items() if f"{time_zone}/".startswith(f"{zone}/")), None)
