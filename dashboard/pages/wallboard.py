"""The supervisors' page: who is on the line now, and how the team's hand-overs have gone."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.roles import Action
from dashboard.permissions import closer_required
from dashboard.render import presenters
from handoff import selectors
from handoff.selectors import Closer


@never_cache
@require_safe
@closer_required(Action.TEAM_MEASURE)
def page(request: HttpRequest, closer: Closer) -> HttpResponse:
    now = timezone.now()
    board = selectors.wallboard(closer.team, now)
    rows = [_row(f"{day.date:%a} {day.date.day} {day.date:%b}", day.line) for day in board.days]
    people = [_row(person.closer.display_name, person.line) for person in board.people]
    context = {
        "closer": closer,
        "at": now,
        "now": board.now,
        "today": _row("Today", board.days[0].line),
        "busy": board.busy,
        "tables": [
            {"id": "days", "title": "By day", "first": "Day", "counted": "Hand-overs", "rows": rows},
            {"id": "people", "title": "By closer", "first": "Closer", "counted": "Rings", "rows": people},
        ],
        "days": len(board.days),
    }
    return render(request, "dashboard/wallboard.html", context)


def _row(name: str, line: Any) -> dict[str, Any]:
    return {
        "name": name,
        "line": line,
        "spreads": [
            (presenters.seconds(spread.p50), presenters.seconds(spread.p95))
            for spread in (line.accept, line.media, line.dead_air)
        ],
    }
