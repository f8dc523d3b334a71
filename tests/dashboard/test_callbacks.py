"""The inbox of callbacks, the page with the week's times, and the call from either."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.render import callbacks
from handoff import heartbeat
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app.models import Prospect, Team, VoiceSession, WidgetConfig
from tests import handoffs
from tests.dashboard.conftest import visit
from tests.people import Clock, logged_in

OFFICE = {day: [["09:00", "12:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Monday 23 November, ten o'clock in Sydney.
MORNING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture
def monday(clock: Clock, widget: WidgetConfig) -> datetime:
    widget.business_hours = OFFICE
    widget.save()
    clock.moment = MORNING
    return MORNING


def promise(widget: WidgetConfig, due_at: datetime, **values: Any) -> CallbackPromise:
    session = visit(widget, created_at=MORNING - timedelta(hours=1))
    known = {"phone": "0412 555 018", "reason": "nobody_free", "name": "Ada Lovelace"}
    return CallbackPromise.objects.create(
        session=session, team=widget.team, promised_at=MORNING - timedelta(hours=1), due_at=due_at, **known | values
    )


def inbox(team: Team) -> str:
    return str(callbacks.inbox(team, timezone.now())["html"])


def groups(html: str) -> list[str]:
    return re.findall(r'<li class="promise"[^>]*data-group="(\w+)"', html)


def page(browser: Client, query: str = "") -> str:
    response = browser.get(f"/dashboard/callbacks/{query}", headers={"X-Part": "callbacks"})
    assert response.status_code == 200
    return response.content.decode()


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_what_is_overdue_comes_first_then_by_time(monday: datetime, widget: WidgetConfig) -> None:
    promise(widget, MORNING + timedelta(hours=1), is_booked=True)
    promise(widget, MORNING + timedelta(minutes=20))
    promise(widget, MORNING - timedelta(minutes=5))
    promise(widget, MORNING - timedelta(minutes=50), kept_at=MORNING - timedelta(minutes=10))

    html = inbox(widget.team)

    assert groups(html) == ["overdue", "due", "booked"]
    assert 'data-overdue="1"' in html
    assert "1 overdue" in text(html)


def test_an_empty_inbox_is_there_and_says_when_it_was_checked(monday: datetime, sales: Team) -> None:
    html = inbox(sales)

    assert "Nobody waits for a call back." in html
    assert "data-checked" in html
    assert "hidden" not in html


def test_how_long_ago_somebody_looked_is_told(monday: datetime, clock: Clock) -> None:
    assert callbacks.checked_seconds() is None

    heartbeat.beat(heartbeat.SWEEP, now=timezone.now())
    clock.advance(17)

    assert callbacks.checked_seconds() == 17


def test_a_row_says_who_promised_which_number_why_and_what_was_tried(
    monday: datetime, widget: WidgetConfig, alice: Closer
) -> None:
    owed = promise(widget, MORNING - timedelta(minutes=5), owner=alice, attempts=2)
    call_of(owed, alice, state="abandoned", outcome="busy", deadline_at=None)

    words = text(inbox(widget.team))

    assert "+61 412 555 018" in words
    assert "Alice · was due" in words
    assert "Nobody was free · 2 tries · last try" in words
    assert "the line was busy" in words


def call_of(owed: CallbackPromise, closer: Closer, **values: Any) -> Handoff:
    session = VoiceSession.objects.create(
        widget=owed.session.widget,
        team=owed.team,
        connection_mode="credential",
        previous=owed.session,
        created_at=timezone.now(),
    )
    known = {"trigger": "callback", "method": "bridge", "triggered_at": timezone.now(), "deadline_at": timezone.now()}
    return handoffs.create(session=session, closer=closer, **known | values)


def test_while_somebody_calls_nobody_else_is_offered_the_button(
    monday: datetime, widget: WidgetConfig, alice: Closer
) -> None:
    owed = promise(widget, MORNING)
    assert "data-call-back" in inbox(widget.team)

    call_of(owed, alice, state="seated")

    assert "Alice is calling" in text(inbox(widget.team))
    assert "data-call-back" not in inbox(widget.team)


def test_a_number_that_may_not_be_dialled_is_marked(monday: datetime, widget: WidgetConfig) -> None:
    promise(widget, MORNING, phone="+1 900 555 0100")

    assert "This number cannot be dialled from here." in text(inbox(widget.team))


def test_the_version_changes_with_what_is_shown_and_with_nothing_else(monday: datetime, widget: WidgetConfig) -> None:
    owed = promise(widget, MORNING + timedelta(hours=1))
    first, again = (version(inbox(widget.team)) for _ in range(2))
    CallbackPromise.objects.filter(pk=owed.pk).update(is_booked=True)

    assert first == again != version(inbox(widget.team))


def version(html: str) -> str:
    found = re.search(r'data-version="(\w+)"', html)
    assert found
    return found[1]


def test_the_page_shows_free_and_taken_times_of_the_week(monday: datetime, widget: WidgetConfig, alice: Closer) -> None:
    promise(widget, MORNING + timedelta(minutes=30), is_booked=True, owner=alice)

    words = text(page(logged_in(alice.user)))

    assert "23 November – 29 November 2026" in words
    assert "Mon 23 Nov (today) 10:30 am Ada Lovelace Alice 11:00 am – 12:00 pm 1 free" in words
    assert "Tue 24 Nov 9:00 am – 12:00 pm 1 free" in words
    assert "Sat 28 Nov Closed" in words
    assert "Booked by the prospect 1" in words


def test_a_promise_outside_of_the_hours_is_not_lost_from_the_calendar(
    monday: datetime, widget: WidgetConfig, alice: Closer
) -> None:
    promise(widget, MORNING + timedelta(days=5, hours=3))

    assert "Sat 28 Nov 1:00 pm Ada Lovelace" in text(page(logged_in(alice.user)))


@pytest.mark.parametrize(
    ("week", "first"),
    [
        ("2026-W49", "30 November – 6 December 2026"),
        ("2026-W53", "28 December – 3 January 2027"),
        ("2026-W54", "23 November – 29 November 2026"),
        ("0000-W01", "23 November – 29 November 2026"),
        ("2026-W00", "23 November – 29 November 2026"),
        ("9999-W52", "23 November – 29 November 2026"),
        ("0001-W01", "23 November – 29 November 2026"),
        ("' or 1=1", "23 November – 29 November 2026"),
        ("٢٠٢٦-W49", "23 November – 29 November 2026"),
    ],
)
def test_any_week_may_be_asked_for_and_nonsense_is_this_one(
    monday: datetime, widget: WidgetConfig, alice: Closer, week: str, first: str
) -> None:
    assert first in text(page(logged_in(alice.user), f"?week={week}"))


def test_the_whole_page_holds_the_part_and_the_board_does_not(
    monday: datetime, widget: WidgetConfig, alice: Closer
) -> None:
    browser = logged_in(alice.user)

    whole = browser.get("/dashboard/callbacks/").content.decode()

    assert 'data-view="callbacks"' in whole
    assert 'id="callbacks"' in whole
    assert 'id="callbacks"' not in browser.get("/dashboard/").content.decode()


def test_a_hostile_name_is_only_text(monday: datetime, widget: WidgetConfig, alice: Closer) -> None:
    promise(widget, MORNING, name=HOSTILE, phone="<b>1</b>")
    Prospect.objects.update(name=HOSTILE)
    for html in (inbox(widget.team), page(logged_in(alice.user))):
        assert "<script>" not in html
        assert "<b>1" not in html
        assert "{{ 7|add:7 }}" in html


def test_another_team_sees_nothing_of_it(monday: datetime, widget: WidgetConfig, bob: Closer) -> None:
    promise(widget, MORNING)

    words = text(page(logged_in(bob.user), f"?widget={widget.slug}"))

    assert "Ada" not in words
    assert "Home page" not in words
    assert Client().get("/dashboard/callbacks/").status_code == 302
    assert logged_in(bob.user).post("/dashboard/callbacks/").status_code == 405


def test_a_click_calls_and_says_what_hinders_it(monday: datetime, widget: WidgetConfig, alice: Closer) -> None:
    owed = promise(widget, MORNING)
    Closer.objects.filter(pk=alice.pk).update(seen_at=timezone.now())
    browser = logged_in(alice.user)

    def click() -> Any:
        return browser.post(f"/dashboard/promises/{owed.pk}/call", "{}", content_type="application/json")

    first = json.loads(click().content)
    call = Handoff.objects.get(pk=first["handoff"])
    assert (call.trigger, call.closer, first["state"], first["standby"]) == ("callback", alice, "accepted", False)
    assert json.loads(click().content)["handoff"] == first["handoff"]

    CallbackPromise.objects.update(kept_at=timezone.now())
    refused = click()
    assert (refused.status_code, json.loads(refused.content)["code"]) == (409, "gone")
