"""What a command gives back, read from Telnyx's answer."""

from datetime import UTC, datetime
from typing import Any

import pytest
import respx

from telephony.client import DialledLeg, Telnyx
from tests.telephony.contract.commands import ACCEPTED, COMMANDS
from tests.telephony.contract.others import EXPIRY
from tests.telephony.vendor import answered


def test_dialling_returns_the_new_leg(client: Telnyx, api: respx.MockRouter) -> None:
    api.post("/calls").mock(return_value=answered({**ACCEPTED, "call_leg_id": 7, "is_alive": False}))

    assert COMMANDS["dial"].call(client) == DialledLeg("v3:new", "7", "s")


def test_a_conference_has_an_id(client: Telnyx, api: respx.MockRouter) -> None:
    api.post("/conferences").mock(return_value=answered({"id": "conf-9"}))

    assert COMMANDS["create_conference"].call(client) == "conf-9"


@pytest.mark.parametrize("name", ["start_gather", "start_assistant"])
@pytest.mark.parametrize(
    ("data", "conversation_id"),
    [({"conversation_id": "c1"}, "c1"), ({"conversation_id": None}, ""), ({"result": "ok"}, ""), ([], "")],
)
def test_starting_the_assistant_returns_the_conversation(
    client: Telnyx, api: respx.MockRouter, name: str, data: Any, conversation_id: str
) -> None:
    COMMANDS[name].route(api, answered(data))

    assert COMMANDS[name].call(client) == conversation_id


def test_a_new_credential_is_a_login_until_its_expiry(client: Telnyx, api: respx.MockRouter) -> None:
    login = {"id": "c1", "sip_username": "gencred7x", "sip_password": "a92dbc", "expires_at": "2026-12-01T00:00:00"}
    api.post("/telephony_credentials").mock(return_value=answered(login))

    credential = client.create_credential(connection_id="1", name="n", tag="t", expires_at=EXPIRY)

    assert (credential.id, credential.username, credential.password) == ("c1", "gencred7x", "a92dbc")
    assert credential.expires_at == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_credential_hides_its_password(client: Telnyx, api: respx.MockRouter) -> None:
    login = {"id": "c1", "sip_username": "gencred7x", "sip_password": "a92dbc"}
    api.post("/telephony_credentials").mock(return_value=answered(login))

    credential = client.create_credential(connection_id="1", name="n", tag="t", expires_at=EXPIRY)

    assert credential.expires_at == EXPIRY
    assert "gencred7x" in repr(credential)
    assert "a92dbc" not in f"{credential!r}{credential}"
