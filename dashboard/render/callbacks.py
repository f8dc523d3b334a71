"""Callbacks as closers see them: the inbox beside every call, and the page with the week's times."""

import hashlib
import re
from datetime import date, datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from dashboard.render import presenters
from handoff import selectors as handoffs
from handoff.selectors import Owed
from sessions_app.models import Team
from sessions_app.models.people import WidgetConfig

# The panel shows the most urgent; the page shows all.
MOST_IN_PANEL = 12
FURTHEST = timedelta(days=370)
WEEK = re.compile(r"\d{4}-W\d{2}", re.ASCII)
GROUPS = (
    ("overdue", "Overdue"),
    ("due", "As soon as possible"),
    ("booked", "Booked by the prospect"),
    ("kept", "Done today"),
)
REASONS = {
    "nobody_free": "Nobody was free",
    "lines_busy": "All our lines were busy",
    "nobody_skilled": "Nobody had the skills",
    "closed": "Outside business hours",
    "asked_for": "Asked for a call",
}
OUTCOMES = {
    "busy": "the line was busy",
    "lines_busy": "all our lines were busy",
    "no_answer": "no answer",
    "declined": "they declined",
    "called_off": "called off",
    "line_failed": "your own line failed",
    "page_closed": "their page was closed",
}


def inbox(team: Team, now: datetime) -> dict[str, Any]:
    """The panel. It is never absent: an empty one says that it was looked at."""
    rows = [_row(one, now) for one in handoffs.callbacks(team, now=now)]
    still_open = [row for row in rows if row["group"] != "kept"]
    context = {
        "rows": still_open[:MOST_IN_PANEL],
        "more": max(0, len(still_open) - MOST_IN_PANEL),
        "overdue": sum(row["group"] == "overdue" for row in still_open),
        "open": len(still_open),
    }
    html = render_to_string("dashboard/_promises.html", context)
    version = hashlib.blake2s(html.encode(), digest_size=6).hexdigest()
    return {"target": "promises", "html": html.replace('data-version=""', f'data-version="{version}"', 1)}


def page(team: Team, *, widget: str, week: str, now: datetime) -> str:
    """All promises, and the times of one week that are free or taken at one widget."""
    widgets = list(team.widgets.filter(is_active=True).order_by("name"))
    chosen = next((one for one in widgets if one.slug == widget), widgets[0] if widgets else None)
    rows = [_row(one, now) for one in handoffs.callbacks(team, now=now)]
    context: dict[str, Any] = {
        "groups": [(key, label, [row for row in rows if row["group"] == key]) for key, label in GROUPS],
        "has_rows": bool(rows),
        "widgets": widgets,
        "chosen": chosen,
    }
    if chosen is not None:
        context |= _calendar(chosen, week, now)
    return render_to_string("dashboard/_callbacks.html", context)


def _calendar(widget: WidgetConfig, week: str, now: datetime) -> dict[str, Any]:
    today = handoffs.local_day(widget, now)
    first = _monday(week)
    if first is None or abs(first - today) > FURTHEST:
        first = today - timedelta(days=today.weekday())
    days = handoffs.week(widget, first, now=now)
    return {
        "week": _name(first),
        "before": _name(first - timedelta(days=7)),
        "after": _name(first + timedelta(days=7)),
        "first": first,
        "last": first + timedelta(days=6),
        "time_zone": widget.time_zone,
        "days": [
            {
                "date": day.date,
                "is_today": day.date == today,
                "is_past": day.date < today,
                "blocks": [{"block": one, "rows": [_row(owed, now) for owed in one.owed]} for one in day.blocks],
            }
            for day in days
        ],
    }


def _row(owed: Owed, now: datetime) -> dict[str, Any]:
    promise = owed.promise
    return {
        "owed": owed,
        "promise": promise,
        "group": _group(owed, now),
        "name": promise.name or presenters.prospect_name(promise.session),
        "reason": REASONS.get(promise.reason, presenters.words(promise.reason)),
        "last_try": _last_try(owed),
        "tries": "" if promise.attempts < 2 else f"{promise.attempts} tries",
    }


def _group(owed: Owed, now: datetime) -> str:
    if owed.promise.kept_at is not None:
        return "kept"
    if owed.is_overdue(now):
        return "overdue"
    return "booked" if owed.promise.is_booked else "due"


def _last_try(owed: Owed) -> str:
    call = owed.call
    if call is None or owed.is_calling or owed.promise.kept_at is not None:
        return ""
    return OUTCOMES.get(call.outcome, presenters.words(call.outcome).lower())


def _monday(week: str) -> date | None:
    """The first day of “2026-W48”; None when that is no week."""
    if not WEEK.fullmatch(week):
        return None
    try:
        return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        return None


def _name(first: date) -> str:
    year, number, _ = first.isocalendar()
    return f"{year}-W{number:02}"


def checked_seconds(now: datetime | None = None) -> int | None:
    """How long ago somebody last looked for promises that are due; None when nobody ever did."""
    at = handoffs.callbacks_checked_at()
    return max(0, int(((now or timezone.now()) - at).total_seconds())) if at else None
