"""The page on which closers find any call of their team by what was said, answered, or by who it was."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.http import urlencode

from dashboard.render import presenters
from sessions_app.models import Team
from sessions_app.rules import phone_numbers
from sessions_app.search import queries
from sessions_app.search.queries import Found
from sessions_app.search.words import LONGEST_QUERY


def page(team: Team, *, query: str, before: str) -> str:
    """The results of one query as HTML, the newest first."""
    shown = query.replace("\x00", "")[:LONGEST_QUERY]
    found = queries.find(team, shown, before=before)
    context = {
        "query": shown,
        "longest": LONGEST_QUERY,
        "was_asked": found.was_asked,
        "rows": [_row(one) for one in found.found],
        "older": urlencode({"q": shown, "before": found.older}) if found.older else "",
        "is_first": not before,
    }
    return render_to_string("dashboard/_search.html", context)


def _row(found: Found) -> dict[str, Any]:
    session = found.session
    name = presenters.prospect_name(session)
    reached = [session.prospect.email, phone_numbers.grouped(session.prospect.phone)] if session.prospect else []
    return {
        "session": session,
        "turn": found.turn,
        "pieces": found.pieces,
        "name": name,
        "initials": presenters.initials(name),
        "reached": " · ".join(text for text in reached if text),
        "phase_label": presenters.phase_label(session),
    }
