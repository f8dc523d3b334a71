"""What the office sets of the routing: who can do what, where they are reached, and how a team's calls go."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from handoff.models import Closer, RoutingPolicy
from sessions_app.models import WidgetConfig


def address(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def edit(office: Client, row: Any, **changes: Any) -> dict[str, list[str]]:
    """Change some fields in the form, leave the others as they are; what the form complains about."""
    form = office.get(address(row)).context["adminform"].form
    shown = {name: bound.value() for name, bound in ((name, form[name]) for name in form.fields)}
    given = {name: prepared(value) for name, value in shown.items() if value not in (None, False)}
    answer = office.post(address(row), given | changes)
    return {} if answer.status_code == 302 else dict(answer.context["adminform"].form.errors)


def prepared(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, list) else value


def test_skills_are_kept_as_they_are_compared(office: Client, alice: Closer) -> None:
    assert edit(office, alice, skills="  Solar\nROOF   tiles\n\nsolar\n") == {}

    alice.refresh_from_db()
    assert alice.skills == ["solar", "roof tiles"]


def test_a_skill_that_is_too_long_is_refused(office: Client, alice: Closer) -> None:
    assert "skills" in edit(office, alice, skills="x" * 41)


def test_a_widget_asks_for_skills_in_the_same_words(office: Client, widget: WidgetConfig) -> None:
    assert edit(office, widget, required_skills="Solar\n") == {}

    widget.refresh_from_db()
    assert widget.required_skills == ["solar"]


@pytest.mark.parametrize(
    ("by", "where"),
    [
        ("number", ""),
        ("number", "sip:anna@example.com"),
        ("number", "0255501234"),
        ("number", "+61 2 5550 1234"),
        ("sip", ""),
        ("sip", "+61255501234"),
        ("sip", "anna@example.com"),
        ("sip", "sip:anna@example.com>;tag=1"),
        ("softphone", "javascript:alert(1)"),
    ],
)
def test_an_address_must_fit_how_the_closer_is_reached(office: Client, alice: Closer, by: str, where: str) -> None:
    assert list(edit(office, alice, reached_by=by, address=where)) == ["address"]

    alice.refresh_from_db()
    assert (alice.reached_by, alice.address) == ("softphone", "")


@pytest.mark.parametrize(
    ("by", "where"), [("number", "+61255501234"), ("sip", "sip:anna@example.com:5061;transport=tls"), ("softphone", "")]
)
def test_an_address_that_fits_is_kept(office: Client, alice: Closer, by: str, where: str) -> None:
    assert edit(office, alice, reached_by=by, address=where) == {}

    alice.refresh_from_db()
    assert (alice.reached_by, alice.address) == (by, where)


@pytest.mark.parametrize("capacity", [0, 6, -1, "many"])
def test_nobody_has_no_or_too_many_calls_at_once(office: Client, alice: Closer, capacity: Any) -> None:
    assert "capacity" in edit(office, alice, capacity=capacity)


def test_a_miss_is_shown_but_not_set(office: Client, alice: Closer) -> None:
    assert edit(office, alice, missed_at_0="2026-11-22", missed_at_1="04:00:00", missed_at="2026-11-22 04:00") == {}

    alice.refresh_from_db()
    assert alice.missed_at is None


def test_the_policy_of_a_team_is_set(office: Client, alice: Closer) -> None:
    policy = RoutingPolicy.objects.get(team=alice.team)

    assert edit(office, policy, strategy="all_at_once", ring_seconds=10, wrap_up_seconds=0) == {}

    policy.refresh_from_db()
    assert (policy.strategy, policy.ring_seconds, policy.wrap_up_seconds) == ("all_at_once", 10, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strategy", "by_luck"),
        ("ring_seconds", 2),
        ("ring_seconds", 121),
        ("max_wait_seconds", 601),
        ("wrap_up_seconds", 3601),
    ],
)
def test_a_policy_out_of_bounds_is_refused(office: Client, alice: Closer, field: str, value: Any) -> None:
    assert list(edit(office, RoutingPolicy.objects.get(team=alice.team), **{field: value})) == [field]


@pytest.mark.parametrize(
    "hours", ['{"monday": []}', '{"mon": [["17:00", "09:00"]]}', '{"mon": [["9"]]}', '"mon"', "{", '{"mon": 1}']
)
def test_hours_that_cannot_be_read_are_refused(office: Client, widget: WidgetConfig, hours: str) -> None:
    assert list(edit(office, widget, business_hours=hours)) == ["business_hours"]


@pytest.mark.parametrize("nothing", ["", "[]", "{}", "null"])
@pytest.mark.parametrize(("field", "empty"), [("business_hours", {}), ("custom_headers", [])])
def test_an_emptied_field_is_empty(office: Client, widget: WidgetConfig, field: str, empty: Any, nothing: str) -> None:
    assert edit(office, widget, **{field: nothing}) == {}

    widget.refresh_from_db()
    assert getattr(widget, field) == empty


def test_hours_are_kept(office: Client, widget: WidgetConfig) -> None:
    assert edit(office, widget, business_hours='{"mon": [["09:00", "17:30"]]}', time_zone="Australia/Perth") == {}

    widget.refresh_from_db()
    assert (widget.business_hours, widget.time_zone) == ({"mon": [["09:00", "17:30"]]}, "Australia/Perth")
