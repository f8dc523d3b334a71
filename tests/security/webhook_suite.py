"""What every webhook address must withstand. Inherit it and name the address."""

import base64
import json
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from nacl.signing import SigningKey
from pytest_django import Settings

from sessions_app.account import signatures
from sessions_app.models import AccountKey, TimelineEntry, WebhookDelivery
from tests.telnyx import envelope, signature

ENVELOPE = envelope("call.answered", {"call_control_id": "v3:x"}, event_id="event-1", occurred_at=timezone.now())

UNREADABLE = {
    "a list": b"[]",
    "null": b"null",
    "no event": b"{}",
    "empty data": b'{"data": null}',
    "text": b'"x"',
    "cut off": ENVELOPE[:-10],
    "not UTF-8": b'{"data": {"event_type": "call.answered", "id": "\xff\xfe"}}',
    "UTF-16": ENVELOPE.decode().encode("utf-16"),
    "NaN": ENVELOPE[:-1] + b', "x": NaN}',
    "infinite": ENVELOPE[:-1] + b', "x": 1e999}',
    "deep": b'{"data":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "BOM": b"\xef\xbb\xbf" + ENVELOPE,
    "long type": b'{"data": {"event_type": "' + b"x" * 101 + b'"}}',
    "number as type": b'{"data": {"event_type": 7}}',
}
STORABLE = {
    "NUL": '{"data": {"event_type": "call.\\u0000", "id": "a\\u0000b", "payload": {"call_control_id": "\\u0000"}}}',
    "lone surrogate": '{"data": {"event_type": "call.x", "id": "\\ud800", "payload": {"\\udfff": "\\ud83d"}}}',
    "twice the same key": '{"data": {"event_type": "a", "event_type": "call.x", "id": "1", "id": "2"}}',
    "odd shapes": '{"data": {"event_type": "call.hangup", "id": 7, "occurred_at": [], "payload": [1]}}',
    "odd ids": '{"data": {"event_type": "call.answered", "payload": {"call_control_id": {}, "call_leg_id": true}}}',
    "far future": '{"data": {"event_type": "call.x", "occurred_at": "9999-12-31T23:59:59-12:00", "id": "3"}}',
    "endless id": json.dumps({"data": {"event_type": "call.x", "id": "x" * 5000}}),
    "long ids": json.dumps({"data": {"event_type": "call.x", "payload": {"call_session_id": "x" * 250}}}),
}


def base64_of_noise() -> str:
    return base64.b64encode(os.urandom(64)).decode()


def public(key: SigningKey) -> str:
    """The public half as it stands in TELNYX_PUBLIC_KEYS."""
    return base64.b64encode(bytes(key.verify_key)).decode()


class SignatureSuite:
    """What holds at every door; `good` is a body that it takes, with `v3` somewhere in it."""

    path = ""
    good = b""

    def nothing_happened(self) -> None:
        raise NotImplementedError

    def forget(self) -> None:
        """Remove what was taken before."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _prepare(self, client: Client, signing_key: SigningKey, db: None) -> Iterator[None]:
        self.client, self.key = client, signing_key
        self.statuses_of_doubt = set[int]()
        self.account_signs_with(signing_key)
        yield
        self.forget_what_was_learnt()

    def account_signs_with(self, key: SigningKey | None, *, hours_ago: float = 0) -> None:
        """What Telnyx has told of the account's key in a process that has just started; None: nothing."""
        self.forget_what_was_learnt()
        AccountKey.objects.all().delete()
        if key is not None:
            told_at = timezone.now() - timedelta(hours=hours_ago)
            AccountKey.objects.create(public=public(key), asked_at=told_at, told_at=told_at)

    def forget_what_was_learnt(self) -> None:
        signatures._process = signatures._Process()

    def send(self, body: bytes, headers: dict[str, str], content_type: str = "application/json") -> Any:
        response = self.client.post(self.path, body, content_type=content_type, headers=headers)
        assert response.status_code < 500 or response.status_code in self.statuses_of_doubt
        assert not 300 <= response.status_code < 400
        return response

    def signed(self, body: bytes, *, late: timedelta = timedelta(), key: SigningKey | None = None) -> dict[str, str]:
        return signature(key or self.key, body, at=timezone.now() - late)

    def refuse(self, body: bytes, headers: dict[str, str], status: int = 401) -> None:
        response = self.send(body, headers)
        assert response.status_code == status
        assert response.content == b""
        self.nothing_happened()

    @pytest.mark.parametrize("missing", ["telnyx-signature-ed25519", "telnyx-timestamp"])
    def test_a_missing_header_is_refused(self, missing: str) -> None:
        headers = self.signed(self.good)
        del headers[missing]
        self.refuse(self.good, headers)

    def test_no_header_at_all_is_refused(self) -> None:
        self.refuse(self.good, {})

    @pytest.mark.parametrize(
        "bad",
        ["", "x", "é", "====", "A" * 88, base64.b64encode(bytes(63)).decode(), base64.b64encode(bytes(65)).decode()],
    )
    def test_a_bad_signature_is_refused(self, bad: str) -> None:
        self.refuse(self.good, self.signed(self.good) | {"telnyx-signature-ed25519": bad})

    @pytest.mark.parametrize(
        "bad", ["", "x", "-1", "1_700_000_000", "１７００００００００", "9" * 5000, "1e9", " 1", "0x10", "1700000000.0"]
    )
    def test_a_bad_timestamp_is_refused(self, bad: str) -> None:
        self.refuse(self.good, self.signed(self.good) | {"telnyx-timestamp": bad})

    def test_a_timestamp_that_was_not_signed_is_refused(self) -> None:
        other = self.signed(self.good, late=timedelta(seconds=10))["telnyx-timestamp"]
        self.refuse(self.good, self.signed(self.good) | {"telnyx-timestamp": other})

    @pytest.mark.parametrize("late", [timedelta(seconds=302), timedelta(seconds=-330), timedelta(days=3650)])
    def test_an_old_delivery_is_refused(self, late: timedelta) -> None:
        self.refuse(self.good, self.signed(self.good, late=late))

    @pytest.mark.parametrize("late", [timedelta(seconds=270), timedelta(seconds=-298)])
    def test_a_clock_may_differ_by_less_than_five_minutes(self, late: timedelta) -> None:
        assert self.send(self.good, self.signed(self.good, late=late)).status_code == 200

    def test_an_altered_body_is_refused(self) -> None:
        self.refuse(self.good + b" ", self.signed(self.good))
        self.refuse(self.good.replace(b"v3", b"v4"), self.signed(self.good))

    def test_the_signature_of_another_delivery_is_refused(self) -> None:
        other = self.good.replace(b"v3", b"v4")
        self.refuse(other, self.signed(self.good))

    def test_a_stranger_s_key_is_refused(self) -> None:
        self.refuse(self.good, self.signed(self.good, key=SigningKey.generate()))

    def test_two_keys_hold_while_they_are_being_changed(self, settings: Settings) -> None:
        new = SigningKey.generate()
        settings.TELNYX_PUBLIC_KEYS = [public(new), public(self.key)]
        for key in (new, self.key):
            assert self.send(self.good, self.signed(self.good, key=key)).status_code == 200

        settings.TELNYX_PUBLIC_KEYS = [public(new)]
        self.account_signs_with(new)
        self.forget()
        self.refuse(self.good, self.signed(self.good))

    def test_without_a_key_nothing_is_accepted(self, settings: Settings) -> None:
        settings.TELNYX_PUBLIC_KEYS = []
        self.doubt()
        # No key at all is the plainest case of a wrong one: what is genuine is to come again.
        self.refuse(self.good, self.signed(self.good), status=503)

    # --- while our keys may be the wrong ones

    def doubt(self) -> None:
        self.statuses_of_doubt = {503}

    def test_an_unknown_signature_is_to_come_again_while_our_keys_are_not_the_account_s(self) -> None:
        self.doubt()
        account = SigningKey.generate()
        self.account_signs_with(account)
        for key in (account, SigningKey.generate()):
            self.refuse(self.good, self.signed(self.good, key=key), status=503)

        assert self.send(self.good, self.signed(self.good)).status_code == 200
        self.forget()
        self.refuse(self.good, self.signed(self.good, key=account), status=503)

    @pytest.mark.parametrize("hours_ago", [None, 4])
    def test_an_unknown_signature_is_to_come_again_until_anything_is_known(self, hours_ago: float | None) -> None:
        self.doubt()
        self.account_signs_with(None if hours_ago is None else self.key, hours_ago=hours_ago or 0)
        self.refuse(self.good, self.signed(self.good, key=SigningKey.generate()), status=503)

        self.send(self.good, self.signed(self.good))
        self.forget()
        signatures._process.looked_up = float("-inf")
        self.refuse(self.good, self.signed(self.good, key=SigningKey.generate()))

    @pytest.mark.parametrize("fault", ["missing", "malformed", "stale", "of tomorrow", "another spelling", "no time"])
    def test_what_is_no_proper_signature_is_refused_for_good_however_much_is_in_doubt(self, fault: str) -> None:
        self.account_signs_with(SigningKey.generate())
        stranger = SigningKey.generate()
        headers = self.signed(self.good, key=stranger)
        name = "telnyx-signature-ed25519"
        headers |= {
            "missing": {name: ""},
            "malformed": {name: base64.b64encode(bytes(63)).decode()},
            "stale": self.signed(self.good, key=stranger, late=timedelta(seconds=302)),
            "of tomorrow": self.signed(self.good, key=stranger, late=timedelta(days=-1)),
            "another spelling": {name: headers[name].replace("==", "=")},
            "no time": {"telnyx-timestamp": "1e9"},
        }[fault]

        self.refuse(self.good, headers)

    def test_a_stale_signature_of_ours_is_refused_for_good_while_in_doubt(self) -> None:
        self.account_signs_with(SigningKey.generate())

        self.refuse(self.good, self.signed(self.good, late=timedelta(seconds=302)))

    def test_strangers_change_nothing_but_the_status_they_get(
        self, caplog: pytest.LogCaptureFixture, django_assert_max_num_queries: Any
    ) -> None:
        self.doubt()
        self.account_signs_with(SigningKey.generate())
        random = [self.signed(self.good) | {"telnyx-signature-ed25519": base64_of_noise()} for _ in range(40)]

        # One look at the row, and one alarm with it: the looks are five seconds apart, the alarms a minute.
        with caplog.at_level(logging.ERROR), django_assert_max_num_queries(6):
            for headers in random:
                assert self.send(self.good, headers).status_code == 503

        self.nothing_happened()
        assert [record.name for record in caplog.records if record.levelno == logging.ERROR] == [signatures.__name__]
        assert AccountKey.objects.get().doubted_at is not None

    def test_an_empty_delivery_is_refused(self) -> None:
        assert 400 <= self.send(b"", self.signed(b"")).status_code < 500
        self.nothing_happened()

    @pytest.mark.parametrize("size", [1_048_577, 2_097_152])
    def test_a_long_body_is_refused(self, size: int) -> None:
        body = b"x" * size
        assert self.send(body, self.signed(body)).status_code == 413
        self.nothing_happened()

    @pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml"])
    def test_another_content_type_is_refused(self, content_type: str) -> None:
        assert self.send(self.good, self.signed(self.good), content_type).status_code == 415
        self.nothing_happened()

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
    def test_another_method_is_refused(self, method: str) -> None:
        assert getattr(self.client, method)(self.path).status_code == 405

    def test_a_trailing_slash_is_no_redirect(self) -> None:
        response = self.client.post(f"{self.path}/", self.good, content_type="application/json")
        assert response.status_code == 404


class WebhookSuite(SignatureSuite):
    """Doors for events."""

    good = ENVELOPE

    def forget(self) -> None:
        WebhookDelivery.objects.all().delete()

    def nothing_happened(self) -> None:
        assert not WebhookDelivery.objects.exists()
        assert not TimelineEntry.objects.exists()

    def test_a_good_signature_is_accepted(self) -> None:
        assert self.send(ENVELOPE, self.signed(ENVELOPE)).status_code == 200
        assert bytes(WebhookDelivery.objects.get().body) == ENVELOPE

    def test_a_replay_has_no_effect(self) -> None:
        headers = self.signed(ENVELOPE)
        for _ in range(3):
            assert self.send(ENVELOPE, headers).status_code == 200

        assert WebhookDelivery.objects.get().duplicates == 2

    @pytest.mark.parametrize("name", UNREADABLE)
    def test_what_is_no_event_is_refused_although_signed(self, name: str) -> None:
        self.refuse(UNREADABLE[name], self.signed(UNREADABLE[name]), status=400)

    @pytest.mark.parametrize("name", STORABLE)
    def test_odd_but_signed_events_are_stored(self, name: str) -> None:
        body = STORABLE[name].encode()

        assert self.send(body, self.signed(body)).status_code == 200
        assert WebhookDelivery.objects.count() == 1

    @pytest.mark.parametrize("body", [b"a=1", b"&&&", b"CallStatus=x", b"%ff=%ff", b"a=1&" * 500])
    def test_a_form_that_is_no_call_status_is_refused(self, body: bytes) -> None:
        form = "application/x-www-form-urlencoded"
        assert self.send(body, self.signed(body), form).status_code == 400
        self.nothing_happened()
