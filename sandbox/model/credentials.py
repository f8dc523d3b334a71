"""The on-demand telephony credentials and their login tokens."""

import secrets
import string
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.model import clock
from sandbox.model.limits import Limits
from sandbox.model.signer import Signer

ALPHABET = string.ascii_letters + string.digits
USER_ID = str(uuid.uuid4())


@dataclass
class Credential:
    connection_id: str
    name: str
    tag: str | None
    expires_at: datetime | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sip_username: str = field(default_factory=lambda: "gencred" + "".join(secrets.choice(ALPHABET) for _ in range(25)))
    sip_password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    created_at: datetime = field(default_factory=clock.now)

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()

    @property
    def ends_at(self) -> float | None:
        """When it expires, as Unix seconds."""
        return self.expires_at.timestamp() if self.expires_at else None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "record_type": "credential",
            "resource_id": f"connection:{self.connection_id}",
            "name": self.name,
            "sip_username": self.sip_username,
            "sip_password": self.sip_password,
            "expired": self.expired,
            "expires_at": clock.iso_plain(self.expires_at) if self.expires_at else None,
            "created_at": clock.iso_plain(self.created_at),
            "updated_at": clock.iso_plain(self.created_at),
            "user_id": USER_ID,
        }


class CredentialStore:
    def __init__(self, signer: Signer, limits: Limits) -> None:
        self._signer = signer
        self._limits = limits
        self._by_id: dict[str, Credential] = {}

    def add(self, credential: Credential) -> None:
        self._by_id[credential.id] = credential

    def get(self, credential_id: str) -> Credential | None:
        return self._by_id.get(credential_id)

    def delete(self, credential_id: str) -> Credential | None:
        return self._by_id.pop(credential_id, None)

    def all(self) -> list[Credential]:
        return list(self._by_id.values())

    def clear(self) -> None:
        self._by_id.clear()

    def issue_token(self, credential: Credential) -> str:
        """Return a login token that lives 24 h (or as the test wants it) or as long as its credential."""
        now = clock.now()
        own_end = now + timedelta(seconds=self._limits.token_seconds)
        end = min(own_end, credential.expires_at or own_end)
        return self._signer.issue_token(
            {
                "aud": "telnyx_telephony",
                "iss": "telnyx_telephony",
                "sub": credential.id,
                "tel_token": str(uuid.uuid4()),
                "iat": int(now.timestamp()),
                "exp": int(end.timestamp()),
            }
        )

    def end_of(self, token: str) -> float | None:
        """Return when a token runs out, as Unix seconds."""
        claims = self._signer.read_token(token)
        return float(claims["exp"]) if claims else None

    def by_token(self, token: str) -> Credential | None:
        claims = self._signer.read_token(token)
        return self.usable(self._by_id.get(str(claims["sub"]))) if claims else None

    def by_password(self, username: str, password: str) -> Credential | None:
        found = self.by_username(username)
        matches = found is not None and secrets.compare_digest(found.sip_password.encode(), password.encode())
        return found if matches else None

    def by_username(self, username: str) -> Credential | None:
        return self.usable(next((c for c in self._by_id.values() if c.sip_username == username), None))

    @staticmethod
    def usable(credential: Credential | None) -> Credential | None:
        return credential if credential and not credential.expired else None
