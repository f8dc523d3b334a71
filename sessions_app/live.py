"""The only publisher to open sockets. A push may be lost: sockets read the rows when numbers have a gap."""

import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def team_group(team_id: int) -> str:
    return f"team-{team_id}"


def session_group(session_id: UUID | str) -> str:
    return f"session-{session_id}"


def user_group(user_id: int) -> str:
    return f"user-{user_id}"


def announce(*, team_id: int, session_id: UUID, seq: int, kind: str) -> None:
    """Tell the team's dashboards and the prospect's page that entry `seq` exists."""
    message = {"type": "live.event", "session": str(session_id), "seq": seq, "kind": kind}
    _send(team_group(team_id), message)
    _send(session_group(session_id), message)


def announce_roster(team_id: int) -> None:
    _send(team_group(team_id), {"type": "live.roster"})


def revoke(user_id: int) -> None:
    """Close the sockets of a user whose rights changed."""
    _send(user_group(user_id), {"type": "live.revoke", "user": user_id})


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("CHANNEL_LAYERS has no default layer")
    try:
        async_to_sync(layer.group_send)(group, message)
    except (RedisError, OSError) as error:
        # The rows are the truth; sockets compare positions by themselves and will catch up.
        logger.warning("push to %s lost: %s", group, type(error).__name__)
