"""What an event says of itself about whose call it is."""

from functools import cached_property
from uuid import UUID

from django.conf import settings

from sessions_app.models import TelephonyCredential
from sessions_app.visits import tokens
from telephony.events import CallInitiated, Event

TICKET_HEADER = "X-Session-Ticket"


class Proof:
    """What one event can prove, looked up when it is asked for and at most once."""

    def __init__(self, event: Event) -> None:
        # Whether it tells of a leg at a browser: one that a page placed, or one that arrives at a closer's softphone.
        # Which of the two, neither `direction` nor `state` says reliably:
        # https://support.telnyx.com/en/articles/4351104-sip-connection-settings
        self.is_on_our_connection = event.ids.connection_id == settings.TELNYX_CONNECTION_ID
        self._call = event if isinstance(event, CallInitiated) else None

    @cached_property
    def ticket(self) -> UUID | None:
        """The session whose ticket a call carries; it says whose call it is and proves nothing else."""
        headers = {name.lower(): value for name, value in self._call.custom_headers.items()} if self._call else {}
        return tokens.read_ticket(headers.get(TICKET_HEADER.lower(), ""))

    @cached_property
    def caller(self) -> UUID | None:
        """The session for whose page the credential was minted that placed a call: Telnyx's own word.

        Of several names the surest that is a credential of ours counts, also when it is no page's.
        """
        calling = self._call.calling if self._call else ()
        minted = TelephonyCredential.objects.filter(sip_username__in=calling)
        sessions = dict(minted.values_list("sip_username", "session_id"))
        return next((sessions[name] for name in calling if name in sessions), None)
