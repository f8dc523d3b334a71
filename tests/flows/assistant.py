"""What the widget's own assistant does, and a closer who accepts meanwhile."""

from typing import Any

from handoff.legs import connection
from sessions_app.answers import versions
from sessions_app.models import VoiceSession
from tests.telnyx import Leg
from tests.visits import ANSWERS, Visit

MOST = {name: ANSWERS[name] for name in ("full_name", "email", "budget")}
LAST = {"timeline": ANSWERS["timeline"]}


def save(visit: Visit, **answers: Any) -> dict[str, Any]:
    answer = visit.leg.uses("save_prospect_details", **answers)
    assert answer.status_code == 200
    visit.work()
    return dict(answer.json())


def ask(visit: Visit, schema: dict[str, Any]) -> None:
    """The visit began with these questions."""
    widget = visit.session.widget
    widget.gather_schema = schema
    version = versions.current(widget, now=visit.clock.moment)
    VoiceSession.objects.filter(pk=visit.session_id).update(gather_version=version)


def seat(visit: Visit) -> Leg:
    """A closer accepts while the assistant speaks, and their line is up."""
    closer_leg = visit.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    return closer_leg


def let_it_finish(visit: Visit) -> None:
    """The time of the assistant's last sentence passes."""
    visit.pass_time(connection.LAST_SENTENCE.total_seconds() + 1)
