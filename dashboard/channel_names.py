"""The groups that the back end publishes to; a socket joins its team's and its user's."""


def team(team_id: int) -> str:
    return f"team-{team_id}"


def user(user_id: int) -> str:
    return f"user-{user_id}"
