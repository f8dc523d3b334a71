"""Signs webhook bodies and login tokens with the account's ed25519 key."""

import base64
import json
import time
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey


class Signer:
    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)

    @property
    def public_key(self) -> str:
        return base64.b64encode(bytes(self._key.verify_key)).decode()

    def headers(self, body: bytes, *, age_seconds: int = 0) -> dict[str, str]:
        """Return the two signature headers; the signed bytes are `timestamp|body`."""
        timestamp = str(int(time.time()) - age_seconds)
        signature = self._key.sign(timestamp.encode() + b"|" + body).signature
        return {
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "telnyx-timestamp": timestamp,
        }

    def issue_token(self, claims: dict[str, Any]) -> str:
        """Return a compact JWT with the claims."""
        head = _segment(json.dumps({"typ": "JWT", "alg": "EdDSA"}).encode())
        unsigned = f"{head}.{_segment(json.dumps(claims).encode())}"
        return f"{unsigned}.{_segment(self._key.sign(unsigned.encode()).signature)}"

    def read_token(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that we issued and that has not run out, else None."""
        unsigned, _, signature = token.rpartition(".")
        try:
            self._key.verify_key.verify(unsigned.encode(), _bytes(signature))
            claims = json.loads(_bytes(unsigned.partition(".")[2]))
        except (BadSignatureError, ValueError):
            return None
        return claims if isinstance(claims, dict) and claims.get("exp", 0) > time.time() else None


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
