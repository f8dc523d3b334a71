"""Read the small JSON bodies of the dashboard's actions, strictly; what PostgreSQL could not keep is replaced."""

from typing import Any, NoReturn
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework import serializers

import strict_json

NOTES_LENGTH = 20_000
DISPOSITION_LENGTH = 40
STEER_LENGTH = 500
INSTRUCTION_LENGTH = 500


class BadBody(ValueError):
    """The body is not what this address takes; the message may be shown."""


def read(request: HttpRequest, *, most_bytes: int) -> dict[str, Any]:
    """The JSON object of the body; raises BadBody."""
    if request.content_type != "application/json":
        raise BadBody("Send a JSON object.")
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise BadBody("The body is too long.") from error
    if len(raw) > most_bytes:
        raise BadBody("The body is too long.")
    try:
        body = strict_json.decode((raw or b"{}").decode())
    except (UnicodeDecodeError, strict_json.Unreadable) as error:
        raise BadBody("Send a JSON object.") from error
    if not isinstance(body, dict):
        raise BadBody("Send a JSON object.")
    return body


class Strict(serializers.Field[Any, Any, Any, Any]):
    """Takes JSON of one type as it is, and says in one sentence what it wants."""

    wants: str

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        raise serializers.ValidationError(f"“{self.field_name}” {self.wants}", code=key)


class Flag(Strict, serializers.BooleanField):
    wants = "must be true or false."

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Number(Strict, serializers.IntegerField):
    wants = "must be a number."

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool) or not 0 < data < 2**31:
            self.fail("invalid")
        return data


class Text(Strict, serializers.CharField):
    """Text as it was typed, which may be empty."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, trim_whitespace=False, allow_blank=True, **kwargs)
        self.wants = f"must be text of at most {max_length} characters."

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or len(data) > (self.max_length or 0):
            self.fail("invalid")
        return data


class Words(Text):
    """Text that says something."""

    def to_internal_value(self, data: Any) -> str:
        said = super().to_internal_value(data).strip()
        if not said:
            raise serializers.ValidationError(f"“{self.field_name}” is empty.", code="blank")
        return said

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # An empty text is one that says nothing, and is told so in the words above.
        return self.to_internal_value(data) if data == "" else super().run_validation(data)


class PageName(Strict, serializers.UUIDField):
    """The name that an open page gave itself; None where it gave none."""

    wants = "must be a UUID."

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, default=None, **kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return UUID(data)
        except (ValueError, TypeError, AttributeError):
            self.fail("invalid")


def checked(kind: type[serializers.Serializer[Any]], body: dict[str, Any]) -> dict[str, Any]:
    """What the body says, field by field; raises BadBody with the first fault."""
    made = kind(data=body)
    if not made.is_valid():
        raise BadBody(str(next(iter(made.errors.values()))[0]))
    return dict(made.validated_data)
