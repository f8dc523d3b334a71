"""A softphone whose registration is gone, and logins that end while two people talk, on real audio."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Route

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import CloserPage, Prospect
from tests.browser.scene import (
    ANSWERS,
    CLOSER_SAYS,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    newest_handoff,
    sent,
)
from tests.browser.test_takeover import meet_the_assistant, talk_to_each_other

pytestmark = pytest.mark.usefixtures("settled")

LOGIN = "**/dashboard/softphone/login"
KEPT_LOGIN = "agileadapt.softphone-login"
# Something else registers with the page's login and is gone again: the page still believes to be registered.
REGISTER_ELSEWHERE = """async (name) => {
  const { token } = JSON.parse(sessionStorage.getItem(name));
  const { signalling_host } = JSON.parse(document.getElementById("dashboard-config").textContent);
  const socket = new WebSocket(signalling_host);
  await new Promise((resolve) => { socket.onopen = resolve; });
  const heard = new Promise((resolve) => { socket.onmessage = resolve; });
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: "1", method: "login", params: { login_token: token } }));
  await heard;
  socket.close();
}"""
# Keeps the live lines of a page, so that a test can cut them.
KEEP_SOCKETS = """(() => {
  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); window.sockets.push(this); }
  };
})()"""
CUT = "window.sockets.filter((one) => one.url.includes('/ws/dashboard')).forEach((one) => one.close())"
# The SDK warns 120 s before the end.
TOKEN_SECONDS = 150
# A gap that a listener would notice. Packets come every 20 ms.
GAP_SECONDS = 0.5
LOOK_MS = 150


@pytest.fixture(autouse=True)
def talkative(settled: None, sandbox: SandboxControl, database: Database) -> Iterator[None]:
    """The assistant has no end of its own, and nobody is rung before somebody wants it."""
    sandbox.scenario(answers=list(ANSWERS.values()), field_values=ANSWERS, hold_open=True)
    share = "update sessions_app_widgetconfig set pre_alert_percent = %s"
    database.execute(share, [None])
    yield
    database.execute(share, [75])


def rings(sandbox: SandboxControl) -> list[Any]:
    return list(sandbox.legs(role="dialled"))


def is_blamed(database: Database) -> bool:
    row = database.execute("select count(*) as n from handoff_closer where missed_at is not null").fetchone()
    return row != {"n": 0}


def test_a_softphone_that_was_reloaded_is_rung_once_more(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)
    finish_assistant(sandbox)
    alice.wait_for_ring()

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    # The page has no login of its own any more, and gets the next one only after it was rung.
    alice.page.evaluate("name => sessionStorage.removeItem(name)", KEPT_LOGIN)
    alice.page.route(LOGIN, hold)
    alice.page.reload()
    alice.wait_for_ring()
    alice.page.keyboard.press("a")
    while not rings(sandbox):
        alice.page.wait_for_timeout(LOOK_MS)
    alice.page.route(LOGIN, lambda route: route.continue_())
    for route in held:
        route.continue_()

    talk_to_each_other(prospect, alice)
    first, second = rings(sandbox)
    assert (first["state"], second["state"]) == ("ended", "bridged")
    assert first["sip_username"] != second["sip_username"] or first["to"] != second["to"]
    handoff = newest_handoff(database)
    assert (handoff["state"], handoff["attempt"]) == ("connected", 2)
    assert handoff["line_back_at"] > handoff["line_lost_at"]
    assert not is_blamed(database)
    assert prospect.problems == []


def test_a_page_that_lost_its_registration_registers_anew_and_is_rung_once_more(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    meet_the_assistant(prospect, alice)
    finish_assistant(sandbox)
    alice.wait_for_ring()
    alice.page.evaluate(REGISTER_ELSEWHERE, KEPT_LOGIN)
    alice.wait_for_body(softphone="ready")

    alice.page.keyboard.press("a")

    talk_to_each_other(prospect, alice)
    assert [leg["state"] for leg in rings(sandbox)] == ["ended", "bridged"]
    assert newest_handoff(database)["attempt"] == 2
    assert not is_blamed(database)


def test_the_other_page_is_rung_when_the_one_that_registered_last_is_closed(
    stack: Stack,
    prospect: Prospect,
    alice: CloserPage,
    open_context: OpenContext,
    speech: Speech,
    sandbox: SandboxControl,
    database: Database,
) -> None:
    meet_the_assistant(prospect, alice)
    second = CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "alice")
    second.page.mouse.click(5, 5)
    second.wait_for_body(softphone="ready")
    finish_assistant(sandbox)
    alice.wait_for_ring()

    second.page.close()
    alice.page.keyboard.press("a")

    talk_to_each_other(prospect, alice)
    assert [leg["state"] for leg in rings(sandbox)] == ["ended", "bridged"]
    assert not is_blamed(database)


@pytest.fixture
def ready(stack: Stack, open_context: OpenContext, speech: Speech) -> CloserPage:
    """Alice's page, ready to be rung."""
    context = open_context(speech(CLOSER_SAYS))
    context.add_init_script(KEEP_SOCKETS)
    alice = CloserPage.log_in(context, stack.base_url, "alice")
    alice.take_calls()
    alice.page.wait_for_selector("#me[data-status=ready]")
    return alice


def kept_login(alice: CloserPage) -> Any:
    return alice.page.evaluate("name => JSON.parse(sessionStorage.getItem(name))?.username ?? null", KEPT_LOGIN)


def lose(alice: CloserPage, database: Database) -> str:
    """Her login is rung in vain for another hand-over's sake, while nobody can tell her page."""
    username = str(kept_login(alice))
    database.execute("update handoff_closer set lost_username = %s where sip_username = %s", [username, username])
    return username


def wait_until_well(alice: CloserPage, database: Database, *, former: str) -> None:
    """The page has another login, on which it is registered and may be rung."""
    row = "select registered_as, lost_username from handoff_closer where sip_username = %s"
    changed = "([name, former]) => (JSON.parse(sessionStorage.getItem(name))?.username ?? former) !== former"
    alice.page.wait_for_function(changed, arg=[KEPT_LOGIN, former], timeout=25_000)
    fresh = str(kept_login(alice))
    while (kept := database.execute(row, [fresh]).fetchone()) is None or kept["registered_as"] != fresh:
        alice.page.wait_for_timeout(LOOK_MS)
    assert kept["lost_username"] != fresh
    alice.page.wait_for_selector("#me[data-status=ready]")
    alice.wait_for_body(softphone="ready")
    assert alice.problems == []


def test_a_page_that_was_away_when_its_login_was_lost_registers_anew(ready: CloserPage, database: Database) -> None:
    former = lose(ready, database)

    ready.page.evaluate(CUT)

    wait_until_well(ready, database, former=former)


def test_connect_takes_another_login_than_the_one_that_was_lost(ready: CloserPage, database: Database) -> None:
    refusal = {"status": "error", "message": "Not now.", "code": "softphone_unavailable"}
    ready.page.route(LOGIN, lambda route: route.fulfill(status=409, json=refusal))
    former = lose(ready, database)
    ready.page.evaluate(CUT)
    ready.wait_for_body(softphone="off")
    assert kept_login(ready) is None

    ready.page.unroute(LOGIN)
    ready.page.locator("[data-fix=softphone]").click()

    ready.problems.clear()  # The browser notes the refusal.
    wait_until_well(ready, database, former=former)


def test_a_page_that_may_not_hear_yet_starts_with_another_login(ready: CloserPage, database: Database) -> None:
    former = lose(ready, database)
    ready.page.add_init_script("navigator.permissions.query = () => Promise.reject(new Error('not told'))")

    ready.page.reload()
    ready.wait_for_body(connection="live")
    ready.page.wait_for_function("name => sessionStorage.getItem(name) === null", arg=KEPT_LOGIN)
    ready.page.locator("[data-fix=softphone]").click()

    wait_until_well(ready, database, former=former)


def test_connect_after_the_gateway_failed_takes_another_login(
    ready: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    former = str(kept_login(ready))
    sandbox.faults({"match": "socket telnyx_rtc.gatewayState", "mode": "state", "code": "FAILED"})
    ready.page.reload()
    ready.page.get_by_text("could not be reached again").wait_for(timeout=150_000)
    sandbox.clear_faults()

    ready.page.mouse.click(5, 5)
    ready.page.locator("[data-fix=softphone]").click()

    wait_until_well(ready, database, former=former)


@pytest.mark.slow  # A login lives as long as two people take to meet, and the 120 s of the SDK's warning.
@pytest.mark.timeout(420)
@pytest.mark.parametrize("how", ["the same login lives on", "another login"])
def test_logins_that_end_during_a_talk_are_renewed_without_a_gap(
    prospect: Prospect, alice: CloserPage, sandbox: SandboxControl, database: Database, how: str
) -> None:
    sandbox.limits(token_seconds=TOKEN_SECONDS)
    begun = time.monotonic()
    meet_the_assistant(prospect, alice)
    alice.page.keyboard.press("t")
    alice.wait_for_body(softphone="standby")
    sandbox.limits()
    if how == "another login":
        refusal = {"match": "PATCH /v2/telephony_credentials/*", "mode": "status", "status": 422, "code": "10027"}
        sandbox.faults(refusal)
    finish_assistant(sandbox)
    talk_to_each_other(prospect, alice)
    assert time.monotonic() - begun < TOKEN_SECONDS - 120, "the logins must not be renewed before the talk"

    gaps = longest_gaps(prospect, alice, until=begun + TOKEN_SECONDS + 15)

    assert max(gaps.values()) < GAP_SECONDS, gaps
    prospect.hears()
    alice.hears()
    assert prospect.state == "human"
    alice.wait_for_body(softphone="in-call")
    prolonged = [one for one in sandbox.requests() if one["method"] == "PATCH"]
    assert len(prolonged) == 2
    fresh = len(sent(sandbox, "POST", "/v2/telephony_credentials"))
    assert fresh == (2 if how == "the same login lives on" else 4)
    assert alice.problems == []
    assert prospect.problems == []


def longest_gaps(prospect: Prospect, alice: CloserPage, *, until: float) -> dict[str, float]:
    """For how long at most no packet of sound came to either side, in seconds."""
    now = time.monotonic()
    last = {"prospect": (0, now), "closer": (0, now)}
    longest = dict.fromkeys(last, 0.0)
    while time.monotonic() < until:
        for name, person in (("prospect", prospect), ("closer", alice)):
            received, now = int(person.stats()["packetsReceived"]), time.monotonic()
            known, since = last[name]
            longest[name] = max(longest[name], now - since if received == known else 0.0)
            if received != known:
                last[name] = (received, now)
        alice.page.wait_for_timeout(LOOK_MS)
    return longest
