"""Telephone numbers that people give: how they are read, kept and shown, and which may be dialled. Pure.

A number is kept in E.164, however it was written. With its country it only has to be *possible*, as long as a landline
or a mobile there, for the library's tables learn of a new range late. Without, its country is our guess: there it has
to be *valid*, or a number of elsewhere would become a wrong one of here. And what is dialled has to be of a known kind:
what stands in no table may cost anything.
Source: https://github.com/google/libphonenumber/blob/master/FAQ.md (read 2026-11)
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

LONGEST = 100
# The sign and 15 digits; the library takes up to 17 beside the code of the country.
LONGEST_E164 = 16
# People and companies are reached at these. Premium, shared and personal numbers and pagers are dear to whoever calls,
# and a free number to whoever is called.
_ORDINARY = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.UAN,
    }
)
_WITH_COUNTRY = (CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, CountryCodeSource.FROM_NUMBER_WITH_IDD)
# In Australia these are services and satellites, of which the library takes 0145 and 0147 for ordinary VoIP.
_DEAR = "+611"
# What is dialled before the code of a country in most of the world, and in Australia, is understood everywhere. No
# number in North America, whose code is 1, goes on with another 1.
_DIALLED_ABROAD = re.compile("00(11)?")
_NONE = "Not a phone number."
_INCOMPLETE = "Not a complete phone number. One of another country begins with + and its code."


class NotANumber(ValueError):
    """The text is no whole telephone number; the message says so to whoever wrote it."""


class HasExtension(NotANumber):
    """The number is a switchboard's, which a call of ours could not tell whom to ring."""


def parse(text: str, *, country: str) -> str:
    """The number as E.164; a national one as of `country` (ISO 3166, "" for none). Raises NotANumber."""
    given = text.strip()
    try:
        return _parse(given, country)
    except NotANumber:
        if not given.startswith("00"):
            raise
        return _parse(_DIALLED_ABROAD.sub("+", given, count=1), country)


def is_one(text: str, *, country: str) -> bool:
    try:
        return bool(parse(text, country=country))
    except NotANumber:
        return False


def kept(text: str, *, country: str) -> str:
    """The number as E.164; what is none stays as it was said, for a person to read."""
    try:
        return parse(text, country=country)
    except NotANumber:
        return text


def is_e164(text: str) -> bool:
    return text.startswith("+") and kept(text, country="") == text and is_one(text, country="")


def may_be_dialled(number: str, *, prefixes: Collection[str]) -> bool:
    """Whether a number in E.164 lies in an allowed destination and is nobody's paid service."""
    if not is_e164(number) or not number.startswith(tuple(prefixes)) or number.startswith(_DEAR):
        return False
    parsed = phonenumbers.parse(number)
    # Satellites are mobile numbers, too, and belong to no country.
    is_somewhere = phonenumbers.region_code_for_number(parsed) != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
    return is_somewhere and phonenumbers.number_type(parsed) in _ORDINARY


def grouped(number: str) -> str:
    """As it is read: +61 412 555 018, +61 2 5550 1234; what is not in E.164 as it is."""
    if not is_e164(number):
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)


def national(number: str) -> str:
    """The digits of a number in E.164 as they are dialled at home: 0412555018; "" for what is no number."""
    if not is_e164(number):
        return ""
    shown = phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.NATIONAL)
    return phonenumbers.normalize_digits_only(shown)


@cache
def country_of(time_zone: str) -> str:
    """The country in which a time zone lies, in ISO 3166; "" where that is none."""
    countries = _countries()
    # An old name such as Australia/ACT stands in no table, but there is one country around it.
    area = f"{time_zone.partition('/')[0]}/"
    around = {country for zone, country in countries.items() if zone.startswith(area)}
    return countries.get(time_zone) or (around.pop() if len(around) == 1 else "")


@cache
def _countries() -> Mapping[str, str]:
    """Source: zone.tab of the time zone database; a line is country, place, zone, perhaps a remark."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {zone: country for country, _, zone, *_ in lines}


def _parse(text: str, country: str) -> str:
    # Letters would be read as the keys of a dial: “0412 345 678 please” as eighteen digits.
    if len(text) > LONGEST or phonenumbers.is_alpha_number(text):
        raise NotANumber(_NONE)
    try:
        number = phonenumbers.parse(text, country or None, keep_raw_input=True)
    except NumberParseException as error:
        is_foreign = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        raise NotANumber(_INCOMPLETE if is_foreign else _NONE) from error
    if number.extension:
        raise HasExtension("A number without an extension is needed.")
    kept = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not _is_whole(number) or len(kept) > LONGEST_E164:
        raise NotANumber(_INCOMPLETE)
    return kept


def _is_whole(number: PhoneNumber) -> bool:
    if phonenumbers.is_valid_number(number):
        return True
    lengths = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return number.country_code_source in _WITH_COUNTRY and lengths == ValidationResult.IS_POSSIBLE
