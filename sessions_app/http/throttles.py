"""How often something may be asked, as the framework's throttles. Redis counts: `limits`."""

from typing import Any, ClassVar

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from sessions_app.http import limits
from sessions_app.http.client_ip import client_address


class TooOften(APIException):
    """`wait` is in seconds; the framework makes Retry-After of it."""

    status_code = 429

    def __init__(self, message: str, *, wait: int, code: str = "") -> None:
        super().__init__(message)
        self.wait, self.code = wait, code


class LimiterUnavailable(TooOften):
    status_code = 503

    def __init__(self, *, code: str = "") -> None:
        super().__init__("This is not possible at the moment.", wait=limits.DOWN_FOR_SECONDS, code=code)


class Spending(BaseThrottle):
    """One use of what may be used `most` times within `seconds`. Raises TooOften, LimiterUnavailable."""

    most: ClassVar[int]
    seconds: ClassVar[int]
    message: ClassVar[str] = "Too many requests at once."
    codes: ClassVar[tuple[str, str]] = ("", "")  # Of the two refusals.
    # What does no harm and matters most while something is down.
    passes_when_down: ClassVar[bool] = False

    def name(self, request: Request, view: Any) -> str:
        raise NotImplementedError

    def limit(self) -> int:
        return self.most

    def allow_request(self, request: Request, view: Any) -> bool:
        too_often, unavailable = self.codes
        try:
            limits.spend_on(self.name(request, view), most=self.limit(), seconds=self.seconds)
        except limits.Refused as refused:
            raise TooOften(self.message, wait=refused.retry_after, code=too_often) from refused
        except limits.LimiterDown as down:
            if not self.passes_when_down:
                raise LimiterUnavailable(code=unavailable) from down
        return True


class PerNetwork(Spending):
    subject: ClassVar[str]

    def name(self, request: Request, view: Any) -> str:
        return f"{self.subject}:{limits.fingerprint(client_address(request))}"
