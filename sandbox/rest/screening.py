"""Whether a call may be placed at all: destination, caller id, and what the outbound profile allows.

Sources: https://support.telnyx.com/en/articles/4409457-telnyx-sip-response-codes and
https://developers.telnyx.com/docs/voice/sip-trunking/caller-id-policy (2026-04).
"""

from sandbox.model.account import Account
from sandbox.model.account_kinds import VOICE_PROFILES
from sandbox.model.destinations import REFUSE, Destinations, is_number
from sandbox.rest import countries
from sandbox.rest.door import ApiError

NO_PROFILE = "No outbound voice profile is assigned D38"
PROFILE_DISABLED = "Outbound voice profile is disabled D15"
COUNTRY = "Dialed number is not included in whitelisted countries D13"
CALLER_INVALID = "Caller Origination Number is Invalid D35"
CALLER_NOT_OWN = "Caller Origination Number is not verified D51"
ONLY_VERIFIED = "Account is limited to verified numbers D60"


class Screening:
    def __init__(self, account: Account, destinations: Destinations) -> None:
        self._account = account
        self._destinations = destinations

    def require(self, *, to: str, caller: str, connection_id: str) -> None:
        """Refuse, with 403 and the words of a SIP answer, what may not be dialled."""
        if not to.startswith("sip:") and not is_number(to):
            detail = "The 'to' parameter must be in E164 format."
            raise ApiError(422, "10016", "Phone number must be in +E164 format", detail, parameter="to")
        destination = self._destinations.find(to)
        if destination and destination.behaviour == REFUSE:
            raise _forbidden(destination.reason)
        if is_number(caller) and not self._account.owns(caller):
            raise _forbidden(CALLER_NOT_OWN)
        if is_number(to):
            self._require_telephone(to, caller, connection_id)

    def _require_telephone(self, to: str, caller: str, connection_id: str) -> None:
        if not is_number(caller):
            raise _forbidden(CALLER_INVALID)
        if self._account.limits.level == "trial" and to != self._account.limits.verified_number:
            raise _forbidden(ONLY_VERIFIED)
        outbound = self._account.connection(connection_id).get("outbound") or {}
        profile = self._account.get(VOICE_PROFILES, str(outbound.get("outbound_voice_profile_id")))
        if profile is None:
            raise _forbidden(NO_PROFILE)
        if not profile.get("enabled", True):
            raise _forbidden(PROFILE_DISABLED)
        if not countries.of_number(to) & set(profile.get("whitelisted_destinations") or ()):
            raise _forbidden(COUNTRY)


def _forbidden(words: str) -> ApiError:
    return ApiError(403, "10010", "Authorization failed", words)
