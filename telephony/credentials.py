"""SIP logins for browsers, and their login tokens."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx

from strict_json import mapping
from telephony.answers import Credential, CredentialSummary
from telephony.connection import Connection
from telephony.exchange import TelnyxError, ask, given, pages, send, unreadable

CREDENTIALS_PER_PAGE = 250
LOOK_UP_SECONDS = 1.0

_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class CredentialCommands(Connection):
    def create_credential(self, *, connection_id: str, name: str, tag: str, expires_at: datetime) -> Credential:
        """Create a SIP login on a credential connection. A tag holds at most 1,000 credentials.

        There is no `command_id` here: after `outcome_unknown`, find a possible orphan by its unique `name`.
        """
        answer = ask(
            self._sdk.telephony_credentials.with_raw_response.create,
            **given(connection_id=connection_id, name=name, tag=tag, expires_at=_stamp(expires_at)),
        )
        credential = Credential.read(mapping(answer.get("data")), requested_expiry=expires_at)
        if credential is None:
            raise unreadable("create_credential")
        return credential

    def extend_credential(self, credential_id: str, *, expires_at: datetime) -> None:
        """Let a credential live for longer; one that has expired cannot be."""
        request = self._sdk.telephony_credentials.with_raw_response.update
        send(request, credential_id, **given(expires_at=_stamp(expires_at)))

    def create_login_token(self, credential_id: str) -> str:
        """Mint a login token (JWT): valid for 24 hours or until its credential expires or is deleted."""
        answer = send(self._sdk.telephony_credentials.with_raw_response.create_token, credential_id)
        token = answer.text.strip()
        if not _JWT.fullmatch(token):
            raise unreadable("create_login_token")
        return token

    def delete_credential(self, credential_id: str) -> None:
        """Delete a credential, which also ends its tokens. One that is gone already counts as done."""
        try:
            send(self._sdk.telephony_credentials.with_raw_response.delete, credential_id)
        except TelnyxError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def is_registered(self, username: str) -> bool:
        """Tell whether a browser is registered under this login; True may be out of date, False is not.

        Raises TelnyxError also when the answer does not say. Gives up after a second for each network step, for
        whoever asks is about to ring there.
        """
        answer = ask(
            self._sdk.sip_registration_status.with_raw_response.list,
            credential_type="telephony_credential",
            username=username,
            timeout=LOOK_UP_SECONDS,
        )
        told = answer.get("registered", mapping(answer.get("data")).get("registered"))
        if not isinstance(told, bool):
            raise unreadable("is_registered")
        return told

    def list_credentials(self, *, tag: str) -> Iterator[CredentialSummary]:
        """Return the credentials of a tag, all read before the first is returned: deleting would shift the pages."""
        request = self._sdk.telephony_credentials.with_raw_response.list
        rows = pages(request, page_size=CREDENTIALS_PER_PAGE, filter={"tag": tag})
        return iter([CredentialSummary.read(row) for row in rows])


def ends_at(token: str) -> datetime | None:
    """When a login token ends, as it says itself; None when it does not. Its signature is Telnyx's to check.

    Source: https://developers.telnyx.com/docs/voice/webrtc/auth/jwt
    """
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], tz=UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
