"""The names under which sockets are told of changes."""

from uuid import UUID


def team(team_id: int) -> str:
    return f"team-{team_id}"


def session(session_id: UUID | str) -> str:
    return f"session-{session_id}"


def user(user_id: int) -> str:
    return f"user-{user_id}"
