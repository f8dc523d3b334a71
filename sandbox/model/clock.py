"""Wall-clock time in the forms that Telnyx prints."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Format with microseconds and Z, as webhooks and call records do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_plain(moment: datetime) -> str:
    """Format without a time zone, as credentials do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
