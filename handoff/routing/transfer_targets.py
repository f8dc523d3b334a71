"""Whom the assistant of an anonymous call may transfer to, in the shape that its transfer tool takes."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from handoff.closers import readiness
from handoff.models import Closer
from sessions_app.models import TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.visits import capacity

# The model reads all of them; more would only cost it time.
MOST = 20

Targets = dict[str, list[dict[str, str]]]


def of_session(session: VoiceSession, *, now: datetime) -> Targets:
    """The softphones of the session's team that could ring right now, under the name of their variable."""
    return {settings.TELNYX_TARGETS_VARIABLE: _ready(session.team_id, session.widget, now=now)}


def of_assistant(assistant_id: str, *, now: datetime) -> Targets:
    """The same for a call that no session is known for yet: only where the assistant serves one team."""
    widgets = list(WidgetConfig.objects.filter(assistant_id=assistant_id, is_active=True)[:MOST])
    if not assistant_id or len({widget.team_id for widget in widgets}) != 1:
        return nobody()
    return {settings.TELNYX_TARGETS_VARIABLE: _ready(widgets[0].team_id, widgets[0], now=now)}


def nobody() -> Targets:
    return {settings.TELNYX_TARGETS_VARIABLE: []}


def owner_of(usernames: frozenset[str]) -> Closer | None:
    """The closer of whom a page has, or had, one of these logins: the assistant may know a former one."""
    owners = TelephonyCredential.objects.filter(sip_username__in=usernames, user__isnull=False).values("user")
    mine = Q(sip_username__in=usernames) | Q(user__in=owners)
    return Closer.objects.filter(mine).select_related("user").first()


def _ready(team_id: int, widget: WidgetConfig, *, now: datetime) -> list[dict[str, str]]:
    if capacity.are_closed(now=now):
        return []  # The assistant would ring in vain.
    wanted = readiness.skills(widget.required_skills)
    closers = {closer.pk: closer for closer in readiness.team(team_id)}
    seen = readiness.candidates(list(closers.values()), now=now)
    ready = [closers[one.closer_id] for one in seen if one.is_ready and one.skills >= wanted]
    phones = [closer for closer in ready if closer.reached_by == Closer.ReachedBy.SOFTPHONE]
    return [
        {"name": closer.display_name, "to": f"sip:{closer.sip_username}@{settings.TELNYX_SIP_DOMAIN}"}
        for closer in phones[:MOST]
    ]
