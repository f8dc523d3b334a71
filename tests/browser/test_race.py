"""Several hands reach for one call: one has it, and the others are told who."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from bench.rows import END_ATTEMPTS
from handoff.machine import BUSY_STATES
from launcher.checkout import VENV_PYTHON
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.people import PASSWORD, CloserPage, Prospect
from tests.browser.scene import (
    CLOSER_SAYS,
    Database,
    OpenContext,
    Speech,
    finish_assistant,
    newest_handoff,
    route,
    sent,
)

pytestmark = pytest.mark.usefixtures("settled")

DIAL = "/v2/calls"
ROUNDS_OF_REQUESTS = 100
ROUNDS_OF_CLICKS = 5
NAMES = {"alice": "Alice Nguyen", "bob": "Bob Marsh"}

# Visits without a line, in which the search for a closer is about to begin: what is raced for here is the claim.
MAKE_VISITS = """
import datetime, json, sys
from django.utils import timezone
from handoff.models import Closer, Handoff, Offer
from sessions_app.models import VoiceSession, WidgetConfig
now, widget = timezone.now(), WidgetConfig.objects.get(slug="demo")
later = now + datetime.timedelta(hours=1)
closers = Closer.objects.filter(user__name__in=["Alice Nguyen", "Bob Marsh"]).order_by("user__name")
made = []
for _ in range({count}):
    session = VoiceSession.objects.create(
        widget=widget, team=widget.team, connection_mode="credential", created_at=now, handover_phase="handing_over"
    )
    handoff = Handoff.objects.create(
        session=session, trigger="gather_complete", state="reserved", method="bridge", triggered_at=now,
        prospect_free_at=now, give_up_at=later, deadline_at=later,
    )
    offers = [
        Offer.objects.create(
            handoff=handoff, closer=closer, state="withdrawn", reason="everybody is rung", offered_at=now,
            expires_at=later,
        )
        for closer in closers
    ]
    made.append([str(handoff.pk), *[str(offer.pk) for offer in offers]])
print("made", json.dumps(made))
"""


def make_visits(stack: Stack, count: int) -> list[list[str]]:
    """(hand-over, Alice's offer, Bob's offer) of each."""
    command = [str(VENV_PYTHON), "manage.py", "shell", "-c", MAKE_VISITS.format(count=count)]
    done = subprocess.run(command, env=stack.env, capture_output=True, text=True, check=True, timeout=120)
    line = next(line for line in done.stdout.splitlines() if line.startswith("made "))
    return list(json.loads(line.removeprefix("made ")))


class Desk:
    """A closer's browser as its requests alone."""

    def __init__(self, base_url: str, login: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=30)
        form = self.http.get("/accounts/login/").text
        credentials = {
            "username": f"{login}@agileadapt.example",
            "password": PASSWORD,
            "csrfmiddlewaretoken": token(form),
        }
        self.http.post("/accounts/login/", data=credentials, headers={"Referer": base_url})
        page = self.http.get("/dashboard/")
        assert page.status_code == 200
        self.headers = {"X-CSRFToken": token(page.text), "Content-Type": "application/json"}

    def accept(self, offer: str) -> httpx.Response:
        return self.http.post(f"/dashboard/offers/{offer}/accept", content="{}", headers=self.headers)


def token(html: str) -> str:
    return html.split('name="csrfmiddlewaretoken" value="')[1].split('"', maxsplit=1)[0]


@pytest.fixture
def desks(stack: Stack) -> Iterator[dict[str, list[Desk]]]:
    """Alice in two tabs, Bob in one."""
    alice, bob = Desk(stack.base_url, "alice"), Desk(stack.base_url, "bob")
    second = Desk(stack.base_url, "alice")
    yield {"alice": [alice, second], "bob": [bob]}
    for desk in (alice, second, bob):
        desk.http.close()


def test_of_many_requests_in_the_same_instant_one_closer_has_the_call(
    stack: Stack, desks: dict[str, list[Desk]], database: Database
) -> None:
    people = [("alice", desk) for desk in desks["alice"]] + [("bob", desk) for desk in desks["bob"]]
    won: list[str] = []
    with ThreadPoolExecutor(len(people)) as pool:
        for handoff, alices, bobs in make_visits(stack, ROUNDS_OF_REQUESTS):
            ring(database, handoff)
            ready = Barrier(len(people))

            def reach(one: tuple[str, Desk], ready: Barrier = ready, alices: str = alices, bobs: str = bobs) -> Any:
                login, desk = one
                ready.wait(30)
                return login, desk.accept(alices if login == "alice" else bobs)

            told = list(pool.map(reach, people))
            winners = {login for login, answer in told if answer.status_code == 200}
            assert len(winners) == 1, [(login, answer.status_code, answer.text) for login, answer in told]
            (winner,) = winners
            for login, answer in told:
                assert answer.status_code == (200 if login == winner else 409)
                assert login == winner or answer.json()["message"] == f"Taken by {NAMES[winner]}."
            won.append(winner)
            assert_one_claim(database, handoff)
            put_away(database, handoff)

    assert len(won) == ROUNDS_OF_REQUESTS


def ring(database: Database, handoff: str) -> None:
    """Both dashboards ring, as when the search rings everybody at once."""
    database.execute("update handoff_offer set state = 'ringing' where handoff_id = %s", [handoff])
    database.execute("update handoff_handoff set state = 'ringing' where id = %s", [handoff])


def assert_one_claim(database: Database, handoff: str) -> None:
    states = database.execute("select state from handoff_offer where handoff_id = %s", [handoff]).fetchall()
    assert sorted(row["state"] for row in states) == ["accepted", "withdrawn"]
    (row,) = database.execute("select count(*) as n from handoff_attempt where handoff_id = %s", [handoff]).fetchall()
    assert row["n"] == 1
    (dials,) = database.execute(
        "select count(*) as n from handoff_command where handoff_id = %s and kind = 'dial'", [handoff]
    ).fetchall()
    assert dials["n"] == 1


def put_away(database: Database, handoff: str) -> None:
    database.execute(
        "update sessions_app_voicesession set ended_at = now() where id ="
        " (select session_id from handoff_handoff where id = %s)",
        [handoff],
    )
    database.execute("update handoff_command set state = 'dropped', due_at = null where handoff_id = %s", [handoff])
    database.execute("update handoff_handoff set state = 'completed', deadline_at = null where id = %s", [handoff])
    database.execute(END_ATTEMPTS)


# --- with hands on pages


RACE = """([at, how]) => {
  const now = () => performance.timeOrigin + performance.now();
  const race = (window.race = { clicked: 0, told: 0, words: "", errors: 0 });
  const area = document.getElementById("ring");
  const look = () => {
    const words = area.querySelector("[data-ring][data-over] .ring-kicker")?.textContent ?? "";
    if (words && !race.told) { race.told = now(); race.words = words; }
    const error = area.querySelector("[data-ring-error]");
    if (error && !error.hidden) race.errors += 1;
  };
  new MutationObserver(look).observe(area, { subtree: true, childList: true, attributes: true, characterData: true });
  const key = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
  const click = () => document.querySelector("[data-accept]").click();
  const reach = { click, key, both: () => { click(); key(); click(); } }[how];
  setTimeout(() => { race.clicked = now(); reach(); }, at - Date.now());
}"""
SEEN = """() => ({ ...window.race, rings: document.querySelector("[data-ring]:not([data-over])") !== null })"""


def race(hands: list[tuple[Page, str]]) -> list[dict[str, Any]]:
    """Have every page reach for the call in the same instant; what each of them saw and when."""
    at = int(time.time() * 1000) + 500
    for page, how in hands:
        page.evaluate(RACE, [at, how])
    deadline = time.monotonic() + 10
    seen: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        seen = [page.evaluate(SEEN) for page, _ in hands]
        if all(one["clicked"] and not one["rings"] for one in seen):
            return seen
        hands[0][0].wait_for_timeout(50)
    raise AssertionError(f"not settled within 10 s: {seen}")


@pytest.fixture
def bob(stack: Stack, open_context: OpenContext, speech: Speech) -> CloserPage:
    return CloserPage.log_in(open_context(speech(CLOSER_SAYS)), stack.base_url, "bob")


def both_are_ready(database: Database) -> bool:
    """Whether the server, too, takes Alice and Bob for ready: who becomes so later is rung by the next search alone."""
    ready = database.execute(
        "select 1 from handoff_closer c join accounts_user u on u.id = c.user_id"
        " where split_part(u.email, '@', 1) in ('alice', 'bob') and c.is_available and c.missed_at is null"
        " and c.softphone_registered and c.microphone_granted and c.sound_unlocked and not exists ("
        "   select 1 from handoff_handoff h join handoff_attempt a on a.id = h.attempt_id"
        "   where a.closer_id = c.id and h.state = any(%s))",
        [sorted(BUSY_STATES)],
    ).fetchall()
    return len(ready) == 2


def begin_search(database: Database, handoff: str) -> None:
    database.execute("update handoff_handoff set deadline_at = now() where id = %s", [handoff])


def test_of_hands_on_three_pages_one_closer_has_the_call_and_the_other_reads_who(
    stack: Stack,
    alice: CloserPage,
    bob: CloserPage,
    sandbox: SandboxControl,
    database: Database,
    record_property: Callable[[str, object], None],
) -> None:
    route(database, strategy="all_at_once")
    alice.take_calls()
    bob.take_calls()
    second = alice.page.context.new_page()
    second.goto(alice.page.url)
    CloserPage(second).wait_for_body(connection="live")
    waits: list[float] = []

    for number, (handoff, *_) in enumerate(make_visits(stack, ROUNDS_OF_CLICKS)):
        bob.page.locator("#search").focus()
        sandbox.wait_for("both to be ready", lambda _: both_are_ready(database))
        begin_search(database, handoff)
        for page in (alice.page, second, bob.page):
            CloserPage(page).wait_for_ring()
        expect(bob.page.locator("[data-ring]")).to_contain_text("1 other is rung too")
        hows = ("click", "key", "both")
        seen = race([(alice.page, hows[number % 3]), (second, hows[(number + 1) % 3]), (bob.page, "click")])

        (row,) = database.execute(
            "select split_part(u.email, '@', 1) as login from handoff_handoff h"
            " join handoff_attempt a on a.id = h.attempt_id"
            " join handoff_closer c on c.id = a.closer_id join accounts_user u on u.id = c.user_id where h.id = %s",
            [handoff],
        ).fetchall()
        winner = row["login"]
        losers = [seen[2]] if winner == "alice" else seen[:2]
        assert [one["words"] for one in losers] == [f"Taken by {NAMES[winner]}."] * len(losers)
        assert sum(one["errors"] for one in seen) == 0
        waits += [one["told"] - one["clicked"] for one in losers]
        if winner == "alice":
            assert bob.page.evaluate("document.activeElement.id") == "search", "the focus stays where it was"
        offers = database.execute(
            "select state from handoff_offer where handoff_id = %s and state <> 'withdrawn'", [handoff]
        ).fetchall()
        assert [offer["state"] for offer in offers] == ["accepted"]
        hang_up_everything(sandbox, database, handoff)
        for page in (alice.page, second, bob.page):
            page.wait_for_selector("[data-ring]", state="detached")
        alice.wait_for_body(softphone="ready")
        bob.wait_for_body(softphone="ready")

    record_property("milliseconds_until_the_loser_reads_it", sorted(round(wait) for wait in waits))
    # The browser itself writes down that a request was refused.
    told = [problem for problem in [*alice.problems, *bob.problems] if "409 (Conflict)" not in problem]
    assert told == []


def hang_up_everything(sandbox: SandboxControl, database: Database, handoff: str) -> None:
    """End the round without ringing anybody else."""
    sandbox.wait_for("the winner's line", lambda control: control.legs(role="dialled", state="answered"))
    put_away(database, handoff)
    for leg in sandbox.legs(state="answered"):
        sandbox.hangup(str(leg["call_control_id"]))


def test_a_raced_call_reaches_the_prospect_over_one_line(
    prospect: Prospect, alice: CloserPage, bob: CloserPage, sandbox: SandboxControl, database: Database
) -> None:
    route(database, strategy="all_at_once")
    alice.take_calls()
    bob.take_calls()
    prospect.agree()
    prospect.wait_for("speaking")
    finish_assistant(sandbox)
    alice.wait_for_ring()
    bob.wait_for_ring()

    race([(alice.page, "both"), (bob.page, "both")])

    prospect.wait_for("human")
    prospect.hears()
    handoff = newest_handoff(database)
    (row,) = database.execute(
        "select display_name from handoff_closer where id = %s", [handoff["closer_id"]]
    ).fetchall()
    prospect.sees(row["display_name"])
    assert handoff["attempt"] == 1
    assert len(sent(sandbox, "POST", DIAL)) == 1
