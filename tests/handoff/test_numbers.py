"""Which number a prospect means, and which is never dialled, whoever names it."""

import pytest

from handoff.callbacks import phone_numbers

SYDNEY = "Australia/Sydney"


@pytest.mark.parametrize(
    ("text", "zone", "number"),
    [
        ("+61412555018", SYDNEY, "+61412555018"),
        ("0412 555 018", SYDNEY, "+61412555018"),
        ("(02) 5550-1234", SYDNEY, "+61255501234"),
        ("61 412 555 018", SYDNEY, "+61412555018"),
        ("412 555 018", SYDNEY, "+61412555018"),
        ("0011 64 21 555 018", SYDNEY, "+6421555018"),
        ("021 555 018", "Pacific/Auckland", "+6421555018"),
        ("020 7946 0018", "Europe/London", "+442079460018"),
        ("+1 (415) 555‑0100", SYDNEY, "+14155550100"),
        ("415 555 0100", "America/Los_Angeles", None),
        ("call me", SYDNEY, None),
        ("", SYDNEY, None),
        ("+", SYDNEY, None),
        ("+0412555018", SYDNEY, None),
        ("0412", SYDNEY, None),
        ("0412 555 018 ext 4", SYDNEY, None),
        ("٠٤١٢٥٥٥٠١٨", SYDNEY, None),
        ("sip:premium@example.com", SYDNEY, None),
        ("1" * 30, SYDNEY, None),
    ],
)
def test_a_number_is_read_as_it_is_dialled(text: str, zone: str, number: str | None) -> None:
    assert phone_numbers.normalised(text, time_zone=zone) == number


@pytest.mark.parametrize(
    ("number", "prefixes", "is_allowed"),
    [
        ("+61412555018", ["+61"], True),
        ("+61255501234", ["+61"], True),
        ("+611900555018", ["+61"], False),
        ("+61190055501", ["+61"], False),
        ("+611300555018", ["+61"], False),
        ("+61131234", ["+61"], False),
        ("+6112345678", ["+61"], False),
        ("+6421555018", ["+61"], False),
        ("+6421555018", ["+61", "+64"], True),
        ("+6490012345", ["+64"], False),
        ("+19005550100", ["+1"], False),
        ("+14155550100", ["+1"], True),
        ("+881612345678", ["+"], False),
        ("+61412555018", [], False),
        ("0412555018", ["+61", "0"], False),
        ("sip:a@b.c", ["sip:"], False),
        ("+61412555018;ext=1", ["+61"], False),
    ],
)
def test_only_ordinary_numbers_of_allowed_places_are_dialled(
    number: str, prefixes: list[str], is_allowed: bool
) -> None:
    assert phone_numbers.may_be_dialled(number, prefixes=prefixes) is is_allowed


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+61412555018", "+61 412 555 018"),
        ("+61255501234", "+61 2 5550 1234"),
        ("+6421555018", "+6421555018"),
        ("ask for Ada", "ask for Ada"),
    ],
)
def test_a_number_is_shown_in_groups(number: str, shown: str) -> None:
    assert phone_numbers.grouped(number) == shown
