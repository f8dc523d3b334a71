"""What an account may hold."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


def validate_ascii(email: str) -> None:
    """Refuse the look-alikes of other alphabets; mail servers that take them are rare."""
    if not email.isascii():
        raise ValidationError("Write the address in plain letters, without accents.", code="not_ascii")


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError("Not a time zone such as Australia/Sydney.")
