"""The people of a team changed: tell its dashboards."""

from django.db import transaction

from sessions_app import live


def changed(team_id: int) -> None:
    """Push after commit; the roster is read anew, so a lost or doubled push does no harm."""
    transaction.on_commit(lambda: live.announce_roster(team_id))
