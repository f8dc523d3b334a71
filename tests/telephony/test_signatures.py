"""Only what Telnyx signed, lately, comes in."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.inbound import SignatureRefused, receive, usable_key
from tests.telephony.vendor import NOW, Signer

BODY = b'{"data":{"event_type":"call.answered","id":"e1","payload":{}}}'
SIGNATURE = "Telnyx-Signature-Ed25519"
TIMESTAMP = "Telnyx-Timestamp"


def test_it_accepts_a_signed_delivery(signer: Signer) -> None:
    event = receive(BODY, signer.headers(BODY), keys=[signer.public_key], now=NOW)

    assert (event.id, event.type) == ("e1", "call.answered")


@pytest.mark.parametrize("respell", [str.lower, str.upper, str.title])
def test_it_reads_header_names_in_any_case(signer: Signer, respell: type[str]) -> None:
    headers = {respell(name): value for name, value in signer.headers(BODY).items()}

    assert receive(BODY, headers, keys=[signer.public_key], now=NOW).id == "e1"


@pytest.mark.parametrize("missing", [SIGNATURE, TIMESTAMP])
@pytest.mark.parametrize("empty", [True, False])
def test_it_refuses_a_missing_or_empty_header(signer: Signer, missing: str, empty: bool) -> None:
    headers = signer.headers(BODY)
    del headers[missing]
    if empty:
        headers[missing] = ""

    with pytest.raises(SignatureRefused, match="missing or malformed"):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


def test_it_refuses_another_key(signer: Signer) -> None:
    with pytest.raises(SignatureRefused, match="no configured key matches"):
        receive(BODY, Signer().headers(BODY), keys=[signer.public_key], now=NOW)


@pytest.mark.parametrize("altered", [BODY + b" ", BODY[:-1], BODY.replace(b"e1", b"e2"), b"", b"\xff\xfe\x80"])
def test_it_refuses_an_altered_body(signer: Signer, altered: bytes) -> None:
    with pytest.raises(SignatureRefused):
        receive(altered, signer.headers(BODY), keys=[signer.public_key], now=NOW)


def test_it_refuses_the_signature_of_another_delivery(signer: Signer) -> None:
    headers = {**signer.headers(BODY), SIGNATURE: signer.headers(BODY + b"\n")[SIGNATURE]}

    with pytest.raises(SignatureRefused):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


def test_it_refuses_a_changed_timestamp(signer: Signer) -> None:
    headers = {**signer.headers(BODY), TIMESTAMP: str(int(NOW.timestamp()) + 1)}

    with pytest.raises(SignatureRefused):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


SECONDS = str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    "spelling",
    [
        f"{SECONDS[0]}_{SECONDS[1:]}",
        SECONDS.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        SECONDS.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        f" {SECONDS}",
        f"{SECONDS} ",
        f"{SECONDS}\n",
        f"+{SECONDS}",
        f"-{SECONDS}",
        f"{SECONDS}.0",
        f"0x{int(SECONDS):x}",
        "1e9",
        "9" * 13,
        "9" * 5000,
        "é",
        "\ud800",
        "nan",
    ],
)
def test_it_refuses_a_timestamp_that_is_not_plain_digits(signer: Signer, spelling: str) -> None:
    signature = signer.signature(BODY, spelling.encode(errors="surrogatepass").decode(errors="replace"))
    headers = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: spelling}

    with pytest.raises(SignatureRefused, match="timestamp missing or malformed"):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


def spoilt_signatures(good: bytes) -> dict[str, str]:
    """Every way to spell a signature wrongly that a lenient decoder would take, and some that none would."""
    text = base64.b64encode(good).decode()
    return {
        "63 bytes": base64.b64encode(good[:63]).decode(),
        "65 bytes": base64.b64encode(good + b"\0").decode(),
        "all zero": base64.b64encode(bytes(64)).decode(),
        "one bit off": base64.b64encode(bytes([good[0] ^ 1]) + good[1:]).decode(),
        "no padding": text.rstrip("="),
        "more padding": text + "=",
        "leading space": " " + text,
        "trailing newline": text + "\n",
        "junk inside": f"{text[:40]}*!{text[40:]}",
        "space inside": f"{text[:40]} {text[40:]}",
        "accent": f"{text[:-3]}é==",
        "accent inside": f"{text[:40]}é{text[40:]}",
        "lone surrogate": f"{text[:40]}\ud800{text[40:]}",
        "url alphabet": base64.urlsafe_b64encode(b"\xff" * 64).decode(),
        "hex": good.hex(),
        "twice": text + text,
        "unused bits set": text[:-3] + chr(ord(text[-3]) + 1) + "==",
        "long": "A" * 100_000,
    }


@pytest.mark.parametrize("spoilt", spoilt_signatures(bytes(64)))
def test_it_refuses_a_misspelt_signature(signer: Signer, spoilt: str) -> None:
    headers = signer.headers(BODY)
    headers[SIGNATURE] = spoilt_signatures(base64.b64decode(headers[SIGNATURE]))[spoilt]

    with pytest.raises(SignatureRefused):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_it_tolerates_five_minutes_either_way(signer: Signer, seconds: int) -> None:
    headers = signer.headers(BODY, at=NOW + timedelta(seconds=seconds))

    assert receive(BODY, headers, keys=[signer.public_key], now=NOW).id == "e1"


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 600])
def test_it_tells_the_skew_of_a_good_signature_at_a_wrong_time(signer: Signer, seconds: int) -> None:
    headers = signer.headers(BODY, at=NOW + timedelta(seconds=seconds))

    with pytest.raises(SignatureRefused, match="outside the tolerance") as refusal:
        receive(BODY, headers, keys=[signer.public_key], now=NOW)

    assert refusal.value.skew == timedelta(seconds=-seconds)


def test_it_survives_a_signed_time_past_the_calendar(signer: Signer) -> None:
    timestamp = "9" * 12
    headers = {SIGNATURE: base64.b64encode(signer.signature(BODY, timestamp)).decode(), TIMESTAMP: timestamp}

    with pytest.raises(SignatureRefused, match="outside the tolerance"):
        receive(BODY, headers, keys=[signer.public_key], now=NOW)


def test_a_forger_learns_no_skew(signer: Signer) -> None:
    headers = Signer().headers(BODY, at=NOW - timedelta(days=1))

    with pytest.raises(SignatureRefused) as refusal:
        receive(BODY, headers, keys=[signer.public_key], now=NOW)

    assert refusal.value.skew is None


def test_both_keys_are_good_while_they_are_rotated(signer: Signer) -> None:
    successor = Signer()
    both = [signer.public_key, successor.public_key]

    assert receive(BODY, signer.headers(BODY), keys=both, now=NOW).id == "e1"
    assert receive(BODY, successor.headers(BODY), keys=both, now=NOW).id == "e1"
    with pytest.raises(SignatureRefused):
        receive(BODY, signer.headers(BODY), keys=both[1:], now=NOW)


@pytest.mark.parametrize("key", ["", " ", "short", "é" * 44, base64.b64encode(bytes(31)).decode(), "A" * 44])
def test_an_unusable_key_accepts_nothing(signer: Signer, key: str) -> None:
    assert not usable_key(key)
    with pytest.raises(SignatureRefused):
        receive(BODY, signer.headers(BODY), keys=[key], now=NOW)


def test_an_unusable_key_does_not_stand_in_the_way_of_the_next(signer: Signer) -> None:
    assert usable_key(signer.public_key)
    assert receive(BODY, signer.headers(BODY), keys=["short", signer.public_key], now=NOW).id == "e1"


def test_no_key_accepts_nothing(signer: Signer) -> None:
    with pytest.raises(SignatureRefused):
        receive(BODY, signer.headers(BODY), keys=[], now=NOW)


def test_a_weak_key_cannot_be_used_to_forge() -> None:
    """With the all-zero point as key, a lenient verifier accepts a made-up signature for some messages."""
    weak = base64.b64encode(bytes(32)).decode()
    forged = base64.b64encode(bytes(64)).decode()

    for second in range(32):
        headers = {SIGNATURE: forged, TIMESTAMP: str(int(NOW.timestamp()) - second)}
        with pytest.raises(SignatureRefused):
            receive(BODY, headers, keys=[weak], now=NOW)


def test_a_refusal_repeats_nothing_of_the_delivery(signer: Signer) -> None:
    body = b'{"name":"Ada Lovelace"}'

    with pytest.raises(SignatureRefused) as refusal:
        receive(body, {SIGNATURE: "Ada", TIMESTAMP: "Lovelace"}, keys=[signer.public_key], now=NOW)

    assert "Ada" not in repr(refusal.value)
    assert "Lovelace" not in repr(refusal.value)


ANY_KEY = Signer().public_key


@given(body=st.binary(max_size=200), signature=st.text(max_size=120), timestamp=st.text(max_size=30))
def test_nothing_unsigned_comes_in(body: bytes, signature: str, timestamp: str) -> None:
    with pytest.raises(SignatureRefused):
        receive(body, {SIGNATURE: signature, TIMESTAMP: timestamp}, keys=[ANY_KEY], now=NOW)


@given(body=st.binary(max_size=200), signature=st.binary(min_size=64, max_size=64))
def test_no_guessed_signature_comes_in(body: bytes, signature: bytes) -> None:
    headers = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: SECONDS}

    with pytest.raises(SignatureRefused):
        receive(body, headers, keys=[ANY_KEY], now=NOW)
