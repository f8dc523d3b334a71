"""Read a JSON body that a browser sent: what PostgreSQL could not keep is replaced, what no JSON is, refused."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from telephony import wire


class BodyTooLong(APIException):
    status_code = 413
    default_detail = "The request is too long."


class StrictJSONParser(BaseParser):
    """The framework's own parser lets NUL, lone surrogates and any depth and length through."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        longest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(longest + 1)
        if len(body) > longest:
            raise BodyTooLong
        try:
            return wire.decode(body.decode())
        except (UnicodeDecodeError, wire.Unreadable) as error:
            raise ParseError("The body is not JSON.") from error
