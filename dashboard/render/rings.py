"""The call that is offered to one closer, as a frame for their page."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from dashboard.render import brief, presenters
from dashboard.render.isolation import isolated
from handoff import selectors as handoffs
from handoff.selectors import Closer
from sessions_app.visits import visitor_values


def ring(closer: Closer, now: datetime) -> dict[str, Any] | None:
    """The call that is offered to this closer at the moment."""
    offer = handoffs.ringing_offer(closer)
    if offer is None:
        return None
    session = offer.handoff.session
    name = presenters.prospect_name(session)
    context = {
        "offer": offer,
        "session": session,
        "name": name,
        "initials": presenters.initials(name),
        "brief": brief.of(session),
        "told": visitor_values.shown(session)[: presenters.TOLD_AT_A_GLANCE],
        "company": handoffs.company(offer, now),
        "is_early": session.is_assistant_running,
    }
    return {
        "type": "ring",
        "offer": str(offer.pk),
        "session": str(session.pk),
        # For the title of the page and the notification, where no element can stand.
        "name": isolated(name),
        "widget": isolated(session.widget.name),
        "expires_at": offer.expires_at.isoformat(),
        "html": mark_safe(render_to_string("dashboard/_ring.html", context)),  # noqa: S308 - our own template
    }
