"""The one door to Telnyx: commands over its official SDK, short timeout, no retries of its own, one kind of error.

Every method raises TelnyxError. A command only asks: what becomes of it arrives later as a webhook. Telnyx ignores a
`command_id` that it knows for the same call, but only for 60 s, so a repeat keeps its id and comes within that time.
A `client_state` is Base64, as Telnyx demands, and returns as it is in the leg's events.
Source: https://developers.telnyx.com/api-reference/ and the parameter types of telnyx 4.189.0 (read 2026-11).
"""

from telephony.account import AccountCommands, AccountObject, Kind
from telephony.answers import CallStatus, Credential, CredentialSummary, DialledLeg
from telephony.assistant import AssistantCommands
from telephony.calls import CallCommands
from telephony.conferences import ConferenceCommands
from telephony.credentials import CredentialCommands
from telephony.exchange import TelnyxError
from telephony.observing import Observing
from telephony.standing import Balance, Connections, Dials, StandingReads
from telephony.webhooks import CallWebhooks

__all__ = [
    "AccountObject",
    "Balance",
    "CallStatus",
    "CallWebhooks",
    "Connections",
    "Credential",
    "CredentialSummary",
    "DialledLeg",
    "Dials",
    "Kind",
    "Telnyx",
    "TelnyxError",
]


class Telnyx(
    CredentialCommands,
    CallCommands,
    AssistantCommands,
    ConferenceCommands,
    AccountCommands,
    StandingReads,
    Observing,
):
    """Threads may share it; it may be made before a process forks, if first used after."""
