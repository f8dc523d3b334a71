"""Read the body of a request: the bytes that Telnyx signed, or the JSON that a browser sent.

Of JSON, what PostgreSQL could not keep is replaced, and what is none is refused.
"""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

import strict_json
from sessions_app.http.uploads import MAX_BYTES


def raw(request: HttpRequest) -> bytes:
    """The bytes that Telnyx signed. Raises RequestDataTooBig."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MAX_BYTES:
        raise RequestDataTooBig
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise RequestDataTooBig
    return body


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
            return strict_json.decode(body.decode())
        except (UnicodeDecodeError, strict_json.Unreadable) as error:
            raise ParseError("The body is not JSON.") from error
