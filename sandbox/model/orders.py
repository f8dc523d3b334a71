"""What a dial asks for, and the ways in which a leg ends."""

from dataclasses import dataclass

from sandbox.model.legs import Headers, Override, SupervisorRole


@dataclass(frozen=True)
class Ending:
    """Why a leg ends: what the webhook says and what the browser is told."""

    cause: str
    sip: str
    browser_cause: str
    browser_code: int
    reason: str = ""


NORMAL = Ending("normal_clearing", "200", "NORMAL_CLEARING", 16)
CANCELLED = Ending("originator_cancel", "487", "ORIGINATOR_CANCEL", 487)
TIMED_OUT = Ending("timeout", "487", "ORIGINATOR_CANCEL", 487)
BUSY = Ending("user_busy", "486", "USER_BUSY", 17)
UNREACHABLE = Ending("not_found", "480", "UNALLOCATED_NUMBER", 1)
UNKNOWN_NUMBER = Ending("not_found", "404", "UNALLOCATED_NUMBER", 1)
REFUSED = Ending("call_rejected", "403", "CALL_REJECTED", 21)
# Whoever dials a user of a connection that takes no SIP calls is told so.
URI_CALLS_REFUSED = Ending("call_rejected", "403", "CALL_REJECTED", 21, reason="SIP URI calls are not allowed D30")
INCOMPATIBLE = Ending("call_rejected", "488", "INCOMPATIBLE_DESTINATION", 88)
TIME_LIMIT = Ending("time_limit", "200", "NORMAL_CLEARING", 16)


@dataclass(frozen=True)
class Order:
    """What a dial or transfer command asks for."""

    to: str
    from_: str
    connection_id: str
    from_display_name: str = ""
    custom_headers: tuple[tuple[str, str], ...] = ()
    client_state: str | None = None
    timeout_seconds: float = 30.0
    time_limit_seconds: float = 14_400.0
    sip_region: str | None = None
    supervisor_role: SupervisorRole = "barge"
    webhooks: Override | None = None

    @property
    def headers(self) -> Headers:
        return [{"name": name, "value": value} for name, value in self.custom_headers]
