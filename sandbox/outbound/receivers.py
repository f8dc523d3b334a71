"""Where an event of a leg is told: at the address of its connection, or at one that a command gave."""

from dataclasses import dataclass

from sandbox.model.account import Account, Settings
from sandbox.model.account_kinds import APPLICATIONS
from sandbox.model.legs import ASSISTANTS_OWN, Leg
from sandbox.model.platform import Platform

TIMEOUT_SECONDS = 2.0
# Telnyx repeats with growing pauses and does not say how often.
# https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
PAUSES = (0.5, 1.0, 2.0)

# What the webhook of a credential connection is documented to tell, beside voicemail; everything else belongs to
# Voice API applications. https://support.telnyx.com/en/articles/4351104-sip-connection-settings
OF_A_CONNECTION = frozenset(("call.initiated", "call.answered", "call.bridged", "call.hangup"))


@dataclass(frozen=True)
class Receiver:
    """One address, the one that follows when it fails, how long each may take, and the pauses between tries."""

    url: str
    failover_url: str = ""
    timeout_seconds: float = TIMEOUT_SECONDS
    pauses: tuple[float, ...] = PAUSES


class Receivers:
    """Knows who is told what."""

    def __init__(self, account: Account, platform: Platform, *, fallback: str) -> None:
        self._account = account
        self._platform = platform
        self._fallback = fallback

    def of(self, leg: Leg, event_type: str) -> list[Receiver]:
        """Return those that are told of this event of the leg; nobody, where no address is for it."""
        if leg.connection_id.startswith(ASSISTANTS_OWN):
            # In which form and where the events of an assistant's own calls are told is documented nowhere.
            return [Receiver(self._fallback)]
        settings = self._account.connection(leg.connection_id)
        is_application = settings.get("record_type") == APPLICATIONS.record_type
        override = leg.webhooks
        pauses = override.pauses.get(event_type, PAUSES) if override else PAUSES
        if override and event_type in override.urls:
            urls = override.urls[event_type]
            return [Receiver(url, timeout_seconds=_timeout(settings), pauses=pauses) for url in urls]
        if override and override.url:
            return [Receiver(override.url, timeout_seconds=_timeout(settings), pauses=pauses)]
        everything = is_application or self._platform.command_events == "connection"
        if not settings.get("webhook_event_url") or not (everything or event_type in OF_A_CONNECTION):
            return []
        failover_url = str(settings.get("webhook_event_failover_url") or "")
        return [Receiver(str(settings["webhook_event_url"]), failover_url, _timeout(settings), pauses)]


def _timeout(settings: Settings) -> float:
    return float(settings.get("webhook_timeout_secs") or TIMEOUT_SECONDS)
