"""SIP logins for browsers, and their login tokens."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx

from telephony.answers import Credential, CredentialSummary
from telephony.connection import Connection
from telephony.exchange import TelnyxError, ask, given, pages, send, unreadable
from telephony.wire import mapping

CREDENTIALS_PER_PAGE = 250

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

    def list_credentials(self, *, tag: str) -> Iterator[CredentialSummary]:
        """Return the credentials of a tag, all read before the first is returned: deleting would shift the pages."""
        request = self._sdk.telephony_credentials.with_raw_response.list
        rows = pages(request, page_size=CREDENTIALS_PER_PAGE, filter={"tag": tag})
        return iter([CredentialSummary.read(row) for row in rows])


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
