"""Refuse a request whose address, headers or cookies hold a NUL: PostgreSQL stores none and takes none in a query.

Bodies are cleaned where they are read. A cookie's value may spell a NUL out, so that the decoded ones are looked at.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NUL = "\0"


class NoNul:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=400) if _has_nul(request) else self._get_response(request)


def _has_nul(request: HttpRequest) -> bool:
    if "%00" in request.META.get("QUERY_STRING", ""):
        return True
    told = [*request.META.values(), *request.COOKIES.values(), request.path_info]
    return any(NUL in one for one in told if isinstance(one, str))
