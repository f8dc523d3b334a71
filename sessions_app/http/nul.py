"""Refuse a request whose headers or cookies hold a NUL: PostgreSQL stores none and takes none in a query.

Addresses and bodies are cleaned where they are read. A cookie's value may spell a NUL out: the decoded one counts.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NUL = "\0"


class NoNul:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in one for one in (*request.headers.values(), *request.COOKIES.values())):
            return HttpResponse(status=400)
        return self._get_response(request)
