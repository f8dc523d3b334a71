"""Which times are free for a callback, which are offered, and how they read, also where the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.callbacks import slots
from handoff.callbacks.slots import Diary
from sessions_app.rules import hours

SYDNEY = "Australia/Sydney"
OFFICE = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NIGHTS = {"sun": [["01:00", "04:00"]]}
ALWAYS: dict[str, Any] = {}

# The clocks go forward from 2:00 to 3:00, and back from 3:00 to 2:00.
FORWARD, BACK = date(2026, 10, 4), date(2026, 4, 5)


def diary(opened: dict[str, Any] = OFFICE, *, minutes: int = 30, capacity: int = 1, zone: str = SYDNEY) -> Diary:
    return Diary(opened, zone, timedelta(minutes=minutes), capacity)


def sydney(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SYDNEY))


def clock(book: Diary, found: list[slots.Slot]) -> list[str]:
    return [f"{book.local(slot.start):%a %H:%M}" for slot in found]


def test_a_day_is_cut_into_whole_slots_within_its_hours() -> None:
    book = diary({"mon": [["09:00", "10:15"], ["13:00", "14:00"]]})

    assert clock(book, slots.of_day(book, date(2026, 11, 23), taken=[])) == [
        "Mon 09:00",
        "Mon 09:30",
        "Mon 13:00",
        "Mon 13:30",
    ]


@pytest.mark.parametrize(
    ("day", "starts", "open_hours"),
    [
        (date(2026, 9, 27), ["01:00", "02:00", "03:00"], 3),
        (FORWARD, ["01:00", "03:00"], 2),
        (BACK, ["01:00", "02:00", "02:00", "03:00"], 4),
    ],
)
def test_a_night_in_which_the_clocks_change_has_an_hour_more_or_less(
    day: date, starts: list[str], open_hours: int
) -> None:
    book = diary(NIGHTS, minutes=60)

    found = slots.of_day(book, day, taken=[])

    assert [f"{book.local(slot.start):%H:%M}" for slot in found] == starts
    assert found[-1].end - found[0].start == timedelta(hours=open_hours)
    assert all(slot.end - slot.start == book.length for slot in found)


@pytest.mark.parametrize(("day", "number"), [(date(2026, 11, 22), 24), (FORWARD, 23), (BACK, 25)])
def test_an_always_open_day_runs_from_midnight_to_midnight(day: date, number: int) -> None:
    found = slots.of_day(diary(ALWAYS, minutes=60), day, taken=[])

    assert len(found) == number
    assert found[-1].end.astimezone(ZoneInfo(SYDNEY)).isoformat()[:16] == f"{day + timedelta(days=1)}T00:00"


def test_the_office_opens_at_the_same_local_time_before_and_after_the_change() -> None:
    book = diary(OFFICE)
    friday, monday = (slots.of_day(book, day, taken=[])[0].start for day in (date(2026, 10, 2), date(2026, 10, 5)))

    assert (book.local(friday).hour, book.local(monday).hour) == (9, 9)
    assert (friday.astimezone(UTC).hour, monday.astimezone(UTC).hour) == (23, 22)


@pytest.mark.parametrize(("capacity", "taken", "is_there"), [(1, 0, True), (1, 1, False), (2, 1, True), (2, 2, False)])
def test_a_slot_is_free_while_somebody_has_none_of_its_promises(capacity: int, taken: int, is_there: bool) -> None:
    book = diary(capacity=capacity)
    promised = [sydney("2026-11-23T09:30")] * taken

    found = clock(book, slots.free(book, taken=promised, now=sydney("2026-11-22T18:00")))

    assert ("Mon 09:30" in found[:2]) is is_there
    assert found[0] == "Mon 09:00"


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-23T08:00", "Mon 09:00"),
        ("2026-11-23T08:50", "Mon 09:00"),
        ("2026-11-23T08:51", "Mon 09:30"),
        ("2026-11-23T11:45", "Mon 13:00"),
        ("2026-11-27T16:45", "Mon 09:00"),
    ],
)
def test_the_first_free_slot_leaves_time_to_hear_of_it(now: str, first: str) -> None:
    book = diary()

    assert clock(book, slots.free(book, taken=[], now=sydney(now)))[0] == first


@pytest.mark.parametrize("opened", [{"mon": []}, {"sat": []}])
def test_a_team_that_never_opens_has_nothing_to_offer(opened: dict[str, Any]) -> None:
    book = diary(opened)
    now = sydney("2026-11-23T09:00")

    assert slots.free(book, taken=[], now=now) == []
    assert slots.offer(book, [], now=now) == []
    assert slots.due(book, now) == now


def test_a_choice_is_spread_over_today_and_the_days_to_come() -> None:
    book = diary()
    now = sydney("2026-11-23T10:00")

    offered = slots.offer(book, slots.free(book, taken=[], now=now), now=now)

    assert clock(book, offered) == ["Mon 10:30", "Mon 13:00", "Tue 09:00", "Tue 14:00", "Wed 09:00", "Wed 14:00"]


def test_a_team_that_works_at_night_is_not_first_asked_for_at_night() -> None:
    book = diary(ALWAYS, minutes=60)
    now = sydney("2026-11-23T22:30")

    offered = slots.offer(book, slots.free(book, taken=[], now=now), now=now)

    assert clock(book, offered) == ["Mon 23:00", "Tue 09:00", "Tue 14:00", "Wed 09:00", "Wed 14:00", "Thu 09:00"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (sydney("2026-11-24T09:30"), "Tuesday 24 November at 9:30 am"),
        (sydney("2026-11-24T12:00"), "Tuesday 24 November at 12:00 pm"),
        (sydney("2026-12-01T00:15"), "Tuesday 1 December at 12:15 am"),
        (datetime(2026, 4, 4, 15, 30, tzinfo=UTC), "Sunday 5 April at 2:30 am AEDT"),
        (datetime(2026, 4, 4, 16, 30, tzinfo=UTC), "Sunday 5 April at 2:30 am AEST"),
        (datetime(2026, 10, 3, 16, 0, tzinfo=UTC), "Sunday 4 October at 3:00 am"),
    ],
)
def test_a_label_can_be_said_and_names_one_moment_only(moment: datetime, text: str) -> None:
    assert slots.label(diary(), moment) == text


@pytest.mark.parametrize(
    ("answer", "is_meant"),
    [
        ("Tuesday 24 November at 9:30 am", True),
        ("tuesday 24 november, at 9:30 AM.", True),
        ("Tuesday 24 November at 9:00 am", False),
        ("whenever", False),
        ("", False),
        (None, False),
        ({"Tuesday": 1}, False),
        (["Tuesday 24 November at 9:30 am"], False),
    ],
)
def test_only_an_offered_time_is_understood(answer: object, is_meant: bool) -> None:
    at = sydney("2026-11-24T09:30")

    assert slots.meant(answer, [(slots.label(diary(), at), at)]) == (at if is_meant else None)


@pytest.mark.parametrize(
    ("moment", "owed"),
    [
        ("2026-11-23T09:30", "2026-11-23T09:30"),
        ("2026-11-23T12:10", "2026-11-23T13:00"),
        ("2026-11-23T17:00", "2026-11-24T09:00"),
        ("2026-11-27T18:00", "2026-11-30T09:00"),
        ("2026-10-03T12:00", "2026-10-05T09:00"),
    ],
)
def test_an_unbooked_call_is_owed_while_the_team_works(moment: str, owed: str) -> None:
    assert slots.due(diary(), sydney(moment)) == sydney(owed)


SPANS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda span: span[0] < span[1]), max_size=2
)
HOURS = st.dictionaries(st.sampled_from(hours.DAYS), SPANS, max_size=7)
ZONES = st.sampled_from([SYDNEY, "Australia/Lord_Howe", "Europe/London", "America/St_Johns", "Asia/Kolkata", "UTC"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def written(opened: dict[str, list[tuple[int, int]]]) -> dict[str, list[list[str]]]:
    def text(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    return {day: [[text(start), text(end)] for start, end in spans[:1]] for day, spans in opened.items()}


@settings(max_examples=150, deadline=None)
@given(HOURS, ZONES, MOMENTS, st.integers(5, 240), st.integers(0, 3), st.data())
def test_whatever_the_hours_and_the_zone(
    opened: dict[str, Any], zone: str, now: datetime, minutes: int, capacity: int, data: st.DataObject
) -> None:
    book = diary(written(opened), minutes=minutes, capacity=capacity, zone=zone)
    everything = slots.free(book, taken=[], now=now)
    taken = data.draw(st.lists(st.sampled_from([slot.start for slot in everything]), max_size=8)) if everything else []

    found = slots.free(book, taken=taken, now=now)
    offered = slots.offer(book, found, now=now)

    assert all(hours.is_open(book.hours, zone, slot.start) for slot in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(taken.count(slot.start) < capacity for slot in found)
    assert all(now + slots.NOTICE <= slot.start <= now + slots.HORIZON for slot in found)
    labels = [slots.label(book, slot.start) for slot in offered]
    assert len(set(labels)) == len(labels) <= slots.MOST_OFFERED
    assert bool(offered) == bool(found)
    assert offered == sorted(offered, key=lambda slot: slot.start)
    assert [slots.meant(text, [(slots.label(book, s.start), s.start) for s in offered]) for text in labels] == [
        slot.start for slot in offered
    ]
