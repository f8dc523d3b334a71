"""A client of the sandbox's control interface, for browser tests and measurements."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar

Result = TypeVar("Result")
POLL_SECONDS = 0.05


# `from` is a keyword, so these two need the other way of writing.
Ends = TypedDict("Ends", {"from": str, "to": str})


class Conversation(TypedDict):
    """What one assistant was told (`given` at its start, `added` later), what was said, and what it captured."""

    id: str
    created_at: str
    metadata: dict[str, str]
    results: dict[str, Any]
    messages: list[dict[str, str]]
    given: dict[str, Any]
    added: list[dict[str, str]]


class Running(TypedDict):
    """The assistant on a leg."""

    running: bool
    conversation_id: str | None
    question: str | None


class Leg(Ends):
    """One call leg as the sandbox knows it; loudness as RMS, `voice_*` as [start, end, source], Unix seconds."""

    call_control_id: str
    call_leg_id: str
    call_session_id: str
    connection_id: str
    role: str
    state: str
    source: str
    peer: str | None
    conference: str | None
    supervises: str | None
    supervisor_role: str | None
    frames_in: int
    frames_out: int
    rms_in: float
    rms_out: float
    first_voice_in_at: float | None
    first_voice_in_monotonic: float | None
    last_voice_in_at: float | None
    first_voice_out_at: float | None
    last_voice_out_at: float | None
    voice_in: list[list[Any]]
    voice_out: list[list[Any]]
    connected: bool
    started_at: str
    answered_at: str | None
    bridged_at: str | None
    ended_at: str | None
    hangup_cause: str | None
    sip_username: str | None
    client_state: str | None
    custom_headers: list[dict[str, str]]
    display_name: str
    ring_seconds: float | None
    sip_region: str | None
    on_hold: bool
    far_side: str | None
    webhook_url: str | None
    assistant: Running


class Credential(TypedDict):
    """A telephony credential that has not been deleted."""

    id: str
    name: str
    tag: str | None
    sip_username: str
    expires_at: str | None
    expired: bool
    registered: bool


class State(TypedDict):
    """Everything at one moment; `at` and `monotonic` are the sandbox's clocks."""

    at: float
    monotonic: float
    legs: list[Leg]
    credentials: list[Credential]
    conferences: list[dict[str, Any]]
    conversations: list[Conversation]


class Request(TypedDict):
    """A request that the sandbox received over REST."""

    n: int
    at: str
    method: str
    path: str
    command: str
    command_id: str | None
    body: Any
    status: int | None
    effective: bool
    made: str | None
    fault: str | None


class Effective(Request):
    """A request that was truly carried out, with every leg that it concerned."""

    legs: list[str]


class Delivery(TypedDict):
    """A webhook that the sandbox sent; `url` is where it was tried last."""

    n: int
    event_id: str
    event_type: str
    path: str
    at: str
    url: str
    attempts: int
    status: int | None
    acked_at: str | None


class ControlError(Exception):
    """The sandbox refused a control request, or something did not happen in time."""


class SandboxControl:
    """Reads and steers a running sandbox."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def state(self) -> State:
        state: State = self.call("GET", "/control/state")
        return state

    def legs(self, **wanted: object) -> list[Leg]:
        """Return the legs whose entries equal those wanted: `legs(role="prospect", state="answered")`."""
        return [leg for leg in self.state()["legs"] if all(leg.get(name) == value for name, value in wanted.items())]

    def conversations(self, call_control_id: str) -> list[Conversation]:
        """Return the conversations of a leg, the newest first."""
        known = self.state()["conversations"]
        return [one for one in known if one["metadata"]["call_control_id"] == call_control_id]

    def requests(self, since: int = 0) -> list[Request]:
        requests: list[Request] = self.call("GET", f"/control/requests?since={since}")["requests"]
        return requests

    def effective(self, call_control_id: str | None = None, *commands: str) -> list[Effective]:
        """Return what was truly carried out on calls and conferences: dial, transfer, bridge, join_conference, …

        A repetition that was recognised by its command id is not in it; a command whose answer got lost is.
        """
        query = urllib.parse.urlencode({"call_control_id": call_control_id}) if call_control_id else ""
        done: list[Effective] = self.call("GET", f"/control/effective?{query}")
        return [entry for entry in done if not commands or entry["command"] in commands]

    def webhooks(self, since: int = 0) -> list[Delivery]:
        deliveries: list[Delivery] = self.call("GET", f"/control/webhooks?since={since}")
        return deliveries

    def reset(self) -> None:
        """End all calls and forget everything but the configuration and the account that was kept."""
        self.call("POST", "/control/reset")

    def scenario(self, *, call_control_id: str = "", **entries: object) -> None:
        """Say what prospects answer and how the assistant behaves, for the next calls or for one.

        Spoken answers: `answers` (in order), `field_values` (by question), `pause_ms`; `practice_notice` off keeps the
        assistant from saying that it does not hear what is said. Of a gather: `gather_status` (valid, invalid,
        client_error, or a list for one gather after the other), `gather_ends_after` answers, `hold_open` until it is
        told to end. Of an assistant: `greeting`, `gather_fields` (what it asks, instead of what its tools take),
        `tools` (used after an answer), `ends_itself` when all is asked, `mcp_handshakes`, `insights_after_ms`,
        `insights_shape`; `transfer_targets`, `transfer_from` and `transfer_headers` where its account has no such
        tool.
        """
        query = urllib.parse.urlencode({"call_control_id": call_control_id}) if call_control_id else ""
        self.call("PUT", f"/control/scenario?{query}", entries)

    def platform(self, **choices: str) -> None:
        """Choose what the platform does where its documents are silent; what is not named becomes usual again.

        The choices and their values are those of `sandbox/platform.py`; docs/sandbox.md says what they mean.
        """
        self.call("PUT", "/control/platform", choices)

    def destinations(self, by_address: Mapping[str, Mapping[str, object]]) -> None:
        """Say what happens at numbers and foreign SIP addresses (`*` is any text), instead of what was said before.

        `behaviour`: answer (usual), busy, reject, unallocated, no_answer, or refuse (the dial itself gets a 403 with
        `reason`). Also `after_seconds`, `sentences` (the next one follows whenever it was spoken to), `sip`,
        `hangs_up_after_seconds`.
        """
        self.call("PUT", "/control/destinations", by_address)

    def account(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the account holds by kind: `assistants`, `credential_connections`, `mcp_servers`, …"""
        account: dict[str, list[dict[str, Any]]] = self.call("GET", "/control/account")
        return account

    def set_account(self, **objects: Sequence[Mapping[str, object]]) -> None:
        """Let the account hold these objects and no others, by kind; `shared_tools` of an assistant are the library's.

        Without any it is a new account.
        """
        self.call("PUT", "/control/account", objects)

    def keep_account(self) -> dict[str, list[dict[str, Any]]]:
        """Let every reset return to the account as it is now; return all of it, secrets included, for `set_account`."""
        kept: dict[str, list[dict[str, Any]]] = self.call("POST", "/control/account/keep")
        return kept

    def limits(self, **limits: object) -> None:
        """Say what the account allows; what is not named becomes usual again.

        `level` ("2" usual, "1", "trial"), `concurrent_calls`, `calls_per_hour`, `calls_per_day` (those of the level),
        `told_by` ("request" usual, "leg": how a call too many is refused), `verified_number`, `balance`; `requests`
        within `requests_seconds`; `token_seconds`, for which a login token lives.
        """
        self.call("PUT", "/control/account/limits", limits)

    def end_assistant(self, call_control_id: str, *, reason: str = "normal") -> None:
        self.call("POST", "/control/assistant/end", {"call_control_id": call_control_id, "reason": reason})

    def transfer_by_assistant(self, call_control_id: str, *, target: str | None = None, reason: str = "normal") -> str:
        """Let the assistant use its transfer tool now; return the new leg's call_control_id.

        The target is the named one, or the first, of those that the tool names. Its settings are those of the account,
        or the scenario's entries `transfer_targets`, `transfer_from` and `transfer_headers`.
        """
        body = {"call_control_id": call_control_id, "target": target, "reason": reason}
        new_leg: str = self.call("POST", "/control/assistant/transfer", body)["call_control_id"]
        return new_leg

    def use_tool(
        self, call_control_id: str, name: str, arguments: Mapping[str, object] | None = None, *, door: str = ""
    ) -> dict[str, Any]:
        """Let the assistant use a tool that it has now; return status, text and data of the answer.

        `door` is `webhook` or `mcp` where it has both; otherwise the webhook is taken.
        """
        body = {"call_control_id": call_control_id, "name": name, "arguments": arguments or {}, "door": door}
        answer: dict[str, Any] = self.call("POST", "/control/assistant/tool", body)
        return answer

    def hangup(self, call_control_id: str) -> None:
        self.call("POST", "/control/hangup", {"call_control_id": call_control_id})

    def faults(self, *faults: Mapping[str, object]) -> None:
        """Make the sandbox misbehave as described, instead of whatever was set before.

        Each has a `mode`, and a `command` (dial, transfer, bridge, …) or a `match` ("POST /v2/…", "webhook call.…",
        with `*`); `call_control_id` narrows it to one leg, `nth` lets the first n-1 pass, `times` ends it. Requests:
        `status` (with `status`, `code`; 429 asks to wait for `seconds`), `slow` (by `seconds`), `lose_reply` (carried
        out, then the connection breaks), `execute_then_hang` (carried out, never answered), `hang` (neither),
        `ignore` (answered with 200, not carried out), `reset`. Webhooks: `duplicate`, `drop`, `delay`, `reorder`. The
        gateway ("socket telnyx_rtc.gatewayState"): `state`, which says `code` (TRYING, UNREGED, FAIL_WAIT, …).
        """
        self.call("PUT", "/control/faults", list(faults))

    def clear_faults(self) -> None:
        """End all faults and all disorder."""
        self.call("DELETE", "/control/faults")

    def disorder(self, seed: int, **shares: float) -> None:
        """Lose, duplicate, delay and shuffle all webhooks, alike for the same seed.

        `lose`, `duplicate`, `delay` are shares of 1; `delay_seconds` and `shuffle_seconds` say for how long at most.
        """
        self.call("PUT", "/control/disorder", {"seed": seed, **shares})

    def age_command_ids(self, seconds: float) -> None:
        """Let time pass for the command ids that the sandbox remembers; it forgets them after 60 s."""
        self.call("POST", "/control/command_ids/age", {"seconds": seconds})

    def send_webhook(self, event_type: str, payload: Mapping[str, object], *, sign: str = "good") -> dict[str, Any]:
        """Send one crafted delivery; return the application's answer as status and body."""
        body = {"event_type": event_type, "payload": payload, "sign": sign}
        answer: dict[str, Any] = self.call("POST", "/control/webhook", body)
        return answer

    def wait_for(self, what: str, probe: Callable[["SandboxControl"], Result], *, seconds: float = 15) -> Result:
        """Return the first truthy answer of `probe`; raise ControlError naming `what` when the time is up."""
        deadline = time.monotonic() + seconds
        while not (result := probe(self)):
            if time.monotonic() > deadline:
                raise ControlError(f"{what}: not within {seconds:g} s; legs: {summary(self.state()['legs'])}")
            time.sleep(POLL_SECONDS)
        return result

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - always http:// on loopback
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                content = response.read()
        except urllib.error.HTTPError as error:
            raise ControlError(
                f"{method} {path}: {error.code} {error.read()[:300].decode(errors='replace')}"
            ) from error
        return json.loads(content) if content else None


def summary(legs: Sequence[Leg]) -> str:
    return ", ".join(f"{leg['role']} {leg['state']}" for leg in legs) or "none"
