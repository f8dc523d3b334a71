"""How a team's calls are routed."""

from handoff.models import RoutingPolicy
from sessions_app.models import VoiceSession


def of(session: VoiceSession) -> RoutingPolicy:
    """The policy of the session's team; one with the defaults is made where there is none."""
    return RoutingPolicy.objects.get_or_create(team_id=session.team_id)[0]
