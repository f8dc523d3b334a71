"""Which number somebody means, how it is kept and shown, and which is never dialled, whoever names it.

The numbers are of ranges that are kept free for such uses, where there are any: 02 5550 xxxx and 0491 570 xxx in
Australia, xxx 555-01xx in North America, 020 7946 0xxx and 07700 900xxx in Britain.
"""

import pytest

from sessions_app.rules import phone_numbers
from sessions_app.rules.phone_numbers import HasExtension, NotANumber


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+61491570156", "AU", "+61491570156"),
        ("0491 570 156", "AU", "+61491570156"),
        ("(02) 5550-1234", "AU", "+61255501234"),
        ("02.5550.1234", "AU", "+61255501234"),
        ("04 91 57 01 56", "AU", "+61491570156"),
        ("+61 (0)491 570 156", "AU", "+61491570156"),
        ("61 491 570 156", "AU", "+61491570156"),
        ("491 570 156", "AU", "+61491570156"),
        ("Tel: 0491 570 156", "AU", "+61491570156"),
        ("my number is 0491 570 156", "AU", "+61491570156"),
        ("０４９１５７０１５６", "AU", "+61491570156"),
        ("＋61 491 570 156", "AU", "+61491570156"),
        ("٠٤٩١٥٧٠١٥٦", "AU", "+61491570156"),
        ("\u202a0491 570 156\u202c", "AU", "+61491570156"),
        ("0011 64 21 555 018", "AU", "+6421555018"),
        ("00 64 21 555 018", "AU", "+6421555018"),
        ("0011 65 6123 4567", "AU", "+6561234567"),
        ("011 61 491 570 156", "US", "+61491570156"),
        ("0061 491 570 156", "US", "+61491570156"),
        ("021 555 018", "NZ", "+6421555018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+1 (415) 555‑0100", "AU", "+14155550100"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("0011 64 21 555 018", "", "+6421555018"),
        ("0064 21 555 018", "", "+6421555018"),
        # In no table of the library, but whoever gives the country too is believed.
        ("+44 7700 900123", "AU", "+447700900123"),
        # Numbers of services are numbers.
        ("13 11 14", "AU", "+61131114"),
        ("1900 654 321", "AU", "+611900654321"),
    ],
)
def test_a_number_is_kept_as_it_is_dialled(text: str, country: str, number: str) -> None:
    assert phone_numbers.parse(text, country=country) == number
    assert phone_numbers.kept(text, country=country) == number
    assert phone_numbers.is_one(text, country=country)


@pytest.mark.parametrize(
    ("text", "country", "why"),
    [
        ("call me", "AU", "Not a phone number"),
        ("", "AU", "Not a phone number"),
        ("+", "AU", "Not a phone number"),
        ("1" * 500, "AU", "Not a phone number"),
        ("0491 570 156 (mobile)", "AU", "Not a phone number"),
        ("+61255501234; DROP", "AU", "Not a phone number"),
        ("0491 570 156 or 0491 570 157", "AU", "Not a phone number"),
        (f"{'so ' * 40}0491 570 156", "AU", "Not a phone number"),
        ("sip:premium@example.com", "AU", "Not a phone number"),
        ("sip:61491570156@example.com", "AU", "Not a phone number"),
        ("1800 FLOWERS", "AU", "Not a phone number"),
        ("000", "AU", "Not a phone number"),
        ("112", "AU", "Not a complete"),
        ("0491", "AU", "Not a complete"),
        ("5550 1234", "AU", "Not a complete"),
        ("190 555 018", "AU", "Not a complete"),
        ("+61 491 570 15", "AU", "Not a complete"),
        ("+61 491 570 1567 8901", "AU", "Not a complete"),
        ("+0491570156", "AU", "Not a complete"),
        ("+999 123 456 789", "AU", "Not a complete"),
        # A number of elsewhere, not one of here with too many digits.
        ("415 555 0100", "AU", "Not a complete"),
        ("0491 570 156", "", "Not a complete"),
        # More digits than E.164 has.
        ("+49 1234 5678 9012 34", "AU", "Not a complete"),
    ],
)
def test_what_is_no_whole_number_is_refused_with_the_reason(text: str, country: str, why: str) -> None:
    with pytest.raises(NotANumber, match=why):
        phone_numbers.parse(text, country=country)

    assert not phone_numbers.is_one(text, country=country)
    assert phone_numbers.kept(text, country=country) == text


@pytest.mark.parametrize("written", [" ext 4", " x4", " extension 12", ";ext=4", " доб. 5", ",,1", " #678"])
def test_a_number_with_an_extension_is_refused_as_such(written: str) -> None:
    with pytest.raises(HasExtension, match="without an extension"):
        phone_numbers.parse(f"02 5550 1234{written}", country="AU")


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("+61491570156", True),
        ("+14155550100", True),
        ("61491570156", False),
        ("0491570156", False),
        ("+61 491 570 156", False),
        ("+61 (0)491570156", False),
        ("+61491570156 ", False),
        ("+٦١٤٩١٥٧٠١٥٦", False),
        ("+61491", False),
        ("", False),
    ],
)
def test_a_setting_is_written_in_e164(text: str, is_so: bool) -> None:
    assert phone_numbers.is_e164(text) is is_so


@pytest.mark.parametrize(
    ("number", "prefixes", "is_allowed"),
    [
        ("+61491570156", ["+61"], True),
        ("+61255501234", ["+61"], True),
        ("+611900555018", ["+61"], False),
        ("+61190055501", ["+61"], False),
        ("+611300555018", ["+61"], False),
        ("+611800555018", ["+61"], False),
        ("+61131234", ["+61"], False),
        ("+6112345678", ["+61"], False),
        ("+61163123456", ["+61"], False),
        # Satellites, which the library calls VoIP.
        ("+61145100000", ["+61"], False),
        ("+61147100000", ["+61"], False),
        ("+6421555018", ["+61"], False),
        ("+6421555018", ["+61", "+64"], True),
        ("+6490012345", ["+64"], False),
        ("+19005550100", ["+1"], False),
        ("+18005550199", ["+1"], False),
        ("+19765550100", ["+1"], False),
        ("+14155550100", ["+1"], True),
        ("+442079460018", ["+44"], True),
        ("+443069990018", ["+44"], True),
        ("+445600123456", ["+44"], True),
        ("+448701234567", ["+44"], False),
        ("+448451234567", ["+44"], False),
        ("+449012345678", ["+44"], False),
        ("+447012345678", ["+44"], False),
        # In no table: nobody knows what it costs.
        ("+447700900123", ["+44"], False),
        ("+80812345678", ["+"], False),
        ("+870773111632", ["+"], False),
        ("+878101234567890", ["+"], False),
        ("+881612345678", ["+"], False),
        ("+882161234567", ["+"], False),
        ("+883510012345", ["+"], False),
        ("+979123456789", ["+"], False),
        ("+61491570156", [], False),
        ("0491570156", ["+61", "0"], False),
        ("sip:a@b.c", ["sip:"], False),
        ("+61491570156;ext=1", ["+61"], False),
    ],
)
def test_only_ordinary_numbers_of_allowed_places_are_dialled(
    number: str, prefixes: list[str], is_allowed: bool
) -> None:
    assert phone_numbers.may_be_dialled(number, prefixes=prefixes) is is_allowed


@pytest.mark.parametrize(
    ("number", "shown", "at_home"),
    [
        ("+61491570156", "+61 491 570 156", "0491570156"),
        ("+61255501234", "+61 2 5550 1234", "0255501234"),
        ("+6421555018", "+64 21 555 018", "021555018"),
        ("+14155550100", "+1 415-555-0100", "4155550100"),
        ("ask for Ada", "ask for Ada", ""),
        ("", "", ""),
    ],
)
def test_a_number_is_shown_in_groups_and_known_as_it_is_dialled_at_home(number: str, shown: str, at_home: str) -> None:
    assert phone_numbers.grouped(number) == shown
    assert phone_numbers.national(number) == at_home


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Australia/Sydney", "AU"),
        ("Australia/ACT", "AU"),
        ("Pacific/Auckland", "NZ"),
        ("Europe/London", "GB"),
        ("America/Los_Angeles", "US"),
        ("America/Toronto", "CA"),
        ("Asia/Kolkata", "IN"),
        ("UTC", ""),
        ("Etc/GMT-10", ""),
    ],
)
def test_a_time_zone_tells_the_country(zone: str, country: str) -> None:
    assert phone_numbers.country_of(zone) == country
