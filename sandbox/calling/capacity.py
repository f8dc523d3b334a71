"""Whether one more call fits: into the account, its level, the outbound profile and the connection."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.model import clock
from sandbox.model.account import Account, Settings
from sandbox.model.account_kinds import VOICE_PROFILES
from sandbox.model.calls import Calls
from sandbox.model.legs import Leg
from sandbox.model.orders import Ending

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# An assistant's own calls come in, and the far side of a leg is that leg.
COUNTED = frozenset(("prospect", "dialled", "transfer"))


@dataclass(frozen=True)
class Shortage:
    """Why a call is refused: the code and title of a request, and the words of a leg, which end with a code."""

    code: str
    title: str
    words: str

    @property
    def ending(self) -> Ending:
        return Ending("call_rejected", "403", "CALL_REJECTED", 21, reason=self.words)


# https://developers.telnyx.com/docs/overview/errors/90041 (to 90043) and
# https://support.telnyx.com/en/articles/4409457-telnyx-sip-response-codes
OF_ACCOUNT = Shortage("90041", "User termination channels limit exceeded", "User channel limit exceeded D1")
OF_PROFILE = Shortage("90042", "Outbound voice profile channels limit exceeded", "Profile channel limit exceeded D2")
OF_CONNECTION = Shortage("90043", "Connection outbound channels limit exceeded", "Connection channel limit exceeded D3")
# Which code tells of too many calls in an hour or a day is not documented: the general one, and the new words of D10.
OF_LEVEL = Shortage("10039", "Feature limited", "Account call limit exceeded D10")


class Capacity:
    def __init__(self, calls: Calls, account: Account) -> None:
        self._calls = calls
        self._account = account
        self._started: deque[datetime] = deque()
        self.refused = 0

    def started(self, leg: Leg) -> None:
        if leg.role in COUNTED:
            self._started.append(leg.started_at)

    def started_within(self, span: timedelta) -> int:
        since = clock.now() - span
        return sum(1 for moment in self._started if moment >= since)

    def forget(self) -> None:
        self._started.clear()
        self.refused = 0

    def shortage(self, connection_id: str) -> Shortage | None:
        """Return why another call through this connection is refused; None when it fits."""
        found = self._shortage(connection_id)
        self.refused += found is not None
        return found

    def _shortage(self, connection_id: str) -> Shortage | None:
        allowed = self._account.limits.allowance
        alive = [leg for leg in self._calls.alive() if leg.role in COUNTED]
        if len(alive) >= allowed.concurrent_calls:
            return OF_ACCOUNT
        for span, most in ((HOUR, allowed.calls_per_hour), (DAY, allowed.calls_per_day)):
            if most is not None and self.started_within(span) >= most:
                return OF_LEVEL
        outbound = self._outbound(connection_id)
        if _reaches(outbound.get("channel_limit"), [leg for leg in alive if leg.connection_id == connection_id]):
            return OF_CONNECTION
        profile_id = self._profile_of(connection_id)
        profile = self._account.get(VOICE_PROFILES, profile_id) or {}
        of_profile = [leg for leg in alive if self._profile_of(leg.connection_id) == profile_id]
        return OF_PROFILE if _reaches(profile.get("concurrent_call_limit"), of_profile) else None

    def _profile_of(self, connection_id: str) -> str:
        return str(self._outbound(connection_id).get("outbound_voice_profile_id"))

    def _outbound(self, connection_id: str) -> Settings:
        return self._account.connection(connection_id).get("outbound") or {}


def _reaches(limit: object, legs: list[Leg]) -> bool:
    return isinstance(limit, int) and len(legs) >= limit
