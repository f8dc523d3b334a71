"""The only way in: verify a delivery from Telnyx on its raw bytes, then parse it."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

import strict_json
from telephony import parsing
from telephony.events import Event

TOLERANCE = timedelta(seconds=300)
MAX_FORM_FIELDS = 200
SIGNATURE_HEADER = "telnyx-signature-ed25519"
TOOL_CALL_HEADER = "x-telnyx-call-control-id"

# int() would also take "1_700", full-width digits and spaces; twelve digits reach the year 33658.
_SECONDS = re.compile(r"[0-9]{1,12}")


class InboundError(Exception):
    """A delivery was not accepted. The message never holds any of its content."""


class SignatureRefused(InboundError):
    """Not signed by Telnyx, or not lately; answer 401.

    `skew` is set when the signature is good but its time is not: a replay, or a clock that is wrong. `is_unknown` when
    all is in order but that no configured key fits: a forgery, unless the keys are wrong.
    """

    def __init__(self, message: str, *, skew: timedelta | None = None, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.skew = skew
        self.is_unknown = is_unknown


class BodyUnreadable(InboundError):
    """Signed, but not an event that can be read or stored; answer 400."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """One use of a webhook tool. `arguments` is whatever JSON came, cleaned; `delivery` names this delivery of it."""

    arguments: Any = field(repr=False)
    call_control_id: str
    delivery: str


def receive(body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now: datetime) -> Event:
    """Verify a delivery with any of the Base64 public `keys` and return its event.

    `now` is aware. The caller limits the size of `body`. Raises SignatureRefused or BodyUnreadable, whatever the bytes.
    Source: https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks (read 2026-04)
    """
    sent_at = _verify(body, headers, keys=keys, now=now)
    return _parse(body, _header(headers, "content-type"), sent_at)


def receive_tool(body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now: datetime) -> ToolRequest:
    """Verify what a webhook tool of an assistant posts: its arguments, and the call in which it was used.

    The header that names the call is not signed; only who knows the account's key and a secret of ours can send it.
    Raises SignatureRefused or BodyUnreadable, whatever the bytes.
    """
    sent_at = _verify(body, headers, keys=keys, now=now)
    call_control_id = strict_json.identifier(_header(headers, TOOL_CALL_HEADER))
    return ToolRequest(_arguments(body), call_control_id or "", _digest(body, sent_at, call_control_id))


def receive_ticketed(body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now: datetime) -> Any:
    """Read the arguments that a gather's tool posts to an address which proves by itself whose it is.

    Whether Telnyx signs these is not documented: a signature that is there must be good.
    Raises SignatureRefused or BodyUnreadable, whatever the bytes.
    """
    if _header(headers, SIGNATURE_HEADER):
        _verify(body, headers, keys=keys, now=now)
    return _arguments(body)


def _arguments(body: bytes) -> Any:
    try:
        return strict_json.decode(body.decode())
    except (UnicodeDecodeError, strict_json.Unreadable) as error:
        raise BodyUnreadable("not JSON that can be stored") from error


def _digest(body: bytes, sent_at: datetime, call_control_id: str | None) -> str:
    """Names one delivery: repeated as it was, it is the same; made anew in another second, it is another."""
    signed = f"{sent_at.timestamp()}|{call_control_id}|".encode() + body
    return sha256(signed).hexdigest()


def reread(body: bytes, *, content_type: str, received_at: datetime) -> Event:
    """Parse a delivery again that `receive` accepted before and that was stored since. Raises BodyUnreadable."""
    return _parse(body, content_type, received_at)


def _parse(body: bytes, content_type: str, sent_at: datetime) -> Event:
    delivery = parsing.Delivery(id=f"sha256:{sha256(body).hexdigest()}", sent_at=sent_at)
    try:
        content = body.decode()
        media_type, _, _ = content_type.partition(";")
        if media_type.strip().lower() == "application/x-www-form-urlencoded":
            return parsing.from_form(_form(content), delivery=delivery)
        return parsing.from_json(strict_json.decode(content), delivery=delivery)
    except UnicodeDecodeError as error:
        raise BodyUnreadable("not UTF-8") from error
    except strict_json.Unreadable as error:
        raise BodyUnreadable(str(error)) from error


def usable_key(key: str) -> bool:
    """Tell whether `key` is a public key as the Telnyx portal shows it: Base64 of 32 bytes."""
    return _verify_key(key) is not None


def _verify(body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now: datetime) -> datetime:
    signature = _base64(_header(headers, SIGNATURE_HEADER))
    if signature is None or len(signature) != 64:
        raise SignatureRefused("signature missing or malformed")
    seconds = _header(headers, "telnyx-timestamp")
    if not _SECONDS.fullmatch(seconds):
        raise SignatureRefused("timestamp missing or malformed")
    message = seconds.encode() + b"|" + body
    # Measured in seconds first: the largest accepted number is past the last year of datetime.
    distance = now.timestamp() - int(seconds)
    is_timely = abs(distance) <= TOLERANCE.total_seconds()
    if not any(_signed_with(key, message, signature) for key in keys):
        raise SignatureRefused("no configured key matches", is_unknown=is_timely)
    if not is_timely:
        raise SignatureRefused("timestamp outside the tolerance", skew=timedelta(seconds=distance))
    return datetime.fromtimestamp(int(seconds), UTC)


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _base64(value: str) -> bytes | None:
    """Decode canonical Base64 only, so that one signature has one spelling."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return decoded if base64.b64encode(decoded).decode() == value else None


@lru_cache(maxsize=16)
def _verify_key(key: str) -> VerifyKey | None:
    decoded = _base64(key)
    return VerifyKey(decoded) if decoded is not None and len(decoded) == 32 else None


def _signed_with(key: str, message: bytes, signature: bytes) -> bool:
    verify_key = _verify_key(key)
    if verify_key is None:
        return False
    try:
        verify_key.verify(message, signature)
    except BadSignatureError:
        return False
    return True


def _form(content: str) -> dict[str, str]:
    try:
        fields = parse_qsl(content, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="replace")
    except ValueError as error:
        raise strict_json.Unreadable("too many form fields") from error
    return {str(strict_json.cleaned(name)): str(strict_json.cleaned(value)) for name, value in fields}
