"""Each method of the client is one request with the right path and a body that the SDK's own types accept."""

import inspect
import json
from typing import Any

import httpx
import pytest
import respx
from pydantic import ValidationError
from telnyx.types.call_dial_params import CallDialParams

from telephony import parsing, webhooks
from telephony.client import CallWebhooks, Telnyx
from tests.telephony.contract.case import Case, check, nested
from tests.telephony.contract.commands import ACCEPTED, COMMAND, COMMANDS
from tests.telephony.contract.others import OTHERS
from tests.telephony.vendor import API_KEY, BASE_URL, answered, sent

CASES = COMMANDS | OTHERS
JWT = "eyJhbGciOiJIUzUxMiJ9.eyJhdWQiOiJ0In0.c2ln"
LOGIN = {"sip_username": "gencred7x", "sip_password": "a92dbc", "is_alive": True, "registered": True}
MONEY = {"balance": "50.00"}
PUBLIC_KEY = {"public": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "record_type": "public_key"}
HOOK = "https://shop.example/webhooks/telnyx/call-control"
# The commands whose parameters offer where the call is told of.
TOLD = {"answer", "answer with the assistant", "dial", "transfer"}


def good_answer(name: str) -> httpx.Response:
    return (
        httpx.Response(201, text=JWT)
        if name == "create_login_token"
        else answered(ACCEPTED | LOGIN | PUBLIC_KEY | MONEY)
    )


def good_list(name: str) -> bool:
    listing = ("account_objects", "list_", "secret_names", "conversation", "call_records", "dials", "blocked_products")
    return name.startswith(listing)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_one_valid_request(client: Telnyx, api: respx.MockRouter, name: str) -> None:
    case = COMMANDS[name]
    route = case.route(api, good_answer(name))

    case.call(client)

    body = sent(route)
    assert body == {**case.sends, "command_id": str(COMMAND)}
    check(case.parameters, body)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_where_its_call_is_told_of_if_that_can_be_said(api: respx.MockRouter, name: str) -> None:
    case = COMMANDS[name]
    route = case.route(api, good_answer(name))

    case.call(Telnyx(api_key=API_KEY, base_url=BASE_URL, call_webhooks=CallWebhooks(HOOK)))

    body = sent(route)
    check(case.parameters, body)
    offered = case.parameters.__annotations__.keys()
    assert ("webhook_url" in offered) == (name.partition(",")[0] in TOLD)
    for parameter in ("webhook_url", "webhook_retries_policies"):
        assert (parameter in body) == (parameter in offered)
    if "webhook_url" in body:
        assert body["webhook_url"] == HOOK
        retries = {event: policy["retries_ms"] for event, policy in body["webhook_retries_policies"].items()}
        assert set(retries) == set(webhooks.RETRIED)
        assert all(len(pauses) <= 5 and sum(pauses) <= 60_000 for pauses in retries.values())


def test_only_what_is_read_is_repeated() -> None:
    assert all(map(parsing.is_known, webhooks.RETRIED))


@pytest.mark.parametrize("pauses", [(1,) * 6, (30_000, 30_001), (-1,)])
def test_more_than_telnyx_repeats_is_not_asked_for(pauses: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at most 5 retries within 60000 ms"):
        CallWebhooks(HOOK, pauses)


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_request_is_valid_too(client: Telnyx, api: respx.MockRouter, name: str) -> None:
    case = OTHERS[name]
    route = case.route(api, answered([]) if good_list(name) else good_answer(name))

    case.call(client)

    assert route.call_count == 1
    request = route.calls.last.request
    given = nested(request.url.params) | json.loads(request.content or b"{}")
    assert given == case.sends
    check(case.parameters, given, strict=case.method != "GET")


@pytest.mark.parametrize("name", CASES)
def test_it_authenticates_and_never_waits_without_end(client: Telnyx, api: respx.MockRouter, name: str) -> None:
    case = CASES[name]
    route = case.route(api, answered([]) if good_list(name) else good_answer(name))

    case.call(client)

    request = route.calls.last.request
    longest = 5.0 if name in COMMANDS else 20.0
    assert request.headers["authorization"] == f"Bearer {API_KEY}"
    assert set(request.extensions["timeout"].values()) <= {1.0, 5.0, longest}
    assert request.url.path.startswith("/v2/")


class Listener:
    """Stands in the client's place and remembers which methods were called with which parameters."""

    def __init__(self) -> None:
        self.heard: dict[str, set[str]] = {}

    def __getattr__(self, name: str) -> Any:
        signature = inspect.signature(getattr(Telnyx, name))

        def hear(*arguments: Any, **named: Any) -> None:
            bound = signature.bind(self, *arguments, **named).arguments
            self.heard.setdefault(name, set()).update(bound)

        return hear


def test_every_method_and_every_parameter_has_a_case() -> None:
    listener: Any = Listener()
    for case in CASES.values():
        case.call(listener)

    public = {name for name in dir(Telnyx) if not name.startswith("_")} - {"warm"}
    assert listener.heard.keys() == public
    for name in public:
        assert listener.heard[name] == set(inspect.signature(getattr(Telnyx, name)).parameters), name


def test_the_check_can_fail() -> None:
    body = dict(COMMANDS["dial"].sends)

    with pytest.raises(ValidationError):
        check(CallDialParams, {**body, "sip_region": "Atlantis"})
    with pytest.raises(ValidationError):
        check(CallDialParams, {**body, "custom_headers": [{"name": "X-A"}]})
    with pytest.raises(ValidationError):
        check(CallDialParams, {**body, "timeout_secs": "25"})
    with pytest.raises(AssertionError):
        check(CallDialParams, {**body, "ring_seconds": 25})
    with pytest.raises(AssertionError):
        check(None, {"page[size]": "5"})


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.parameters is not None])
def test_a_word_that_the_sdk_does_not_know_is_noticed(case: Case) -> None:
    with pytest.raises(AssertionError):
        check(case.parameters, {**case.sends, "not_a_parameter": 1})
