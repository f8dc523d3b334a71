"""The people of a team changed: tell its dashboards."""

from django.db import transaction

from sessions_app.timeline import live


def changed(team_id: int) -> None:
    """Push after commit; the roster is read anew, so a lost or doubled push does no harm."""
    transaction.on_commit(lambda: live.announce_roster(team_id))


def revoked(user_id: int) -> None:
    """Have the sockets of a user look at once whether they may stay open."""
    transaction.on_commit(lambda: live.revoke(user_id))
