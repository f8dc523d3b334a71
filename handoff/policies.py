"""How a team's calls are routed."""

from handoff.models import RoutingPolicy
from sessions_app.models import VoiceSession


def of(session: VoiceSession) -> RoutingPolicy:
    """The policy of the session's team, read once; one with the defaults is made where there is none."""
    try:
        return session.team.routing_policy
    except RoutingPolicy.DoesNotExist:
        return RoutingPolicy.objects.get_or_create(team=session.team)[0]
