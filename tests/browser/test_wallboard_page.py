"""The wallboard in a browser: readable by everybody, fresh by itself, and honest when it cannot be."""

import pytest
from playwright.sync_api import expect

from launcher.stack import Stack
from tests.browser.people import CloserPage
from tests.browser.scene import Database, OpenContext
from tests.browser.test_accessibility import Reader

pytestmark = pytest.mark.usefixtures("settled")

# On a day that no other test has hand-overs on.
VISIT = """
INSERT INTO sessions_app_voicesession (id, widget_id, team_id, connection_mode, claimed_call_control_id,
  system_variables, visitor_values, created_at, ended_at, end_reason, handover_phase, closer_name, run_number,
  leg_refused, is_leg_tried, has_rejoined, is_let_in, network,
  met_busy_lines, last_seq)
SELECT gen_random_uuid(), id, team_id, 'credential', '', '{}', '[]', now() - interval '3 days',
  now() - interval '3 days', 'hung_up', '', '', 1, false, false, false, true, '',
  false, 0
FROM sessions_app_widgetconfig ORDER BY id LIMIT 1 RETURNING id
"""
HAND_OVER = """
INSERT INTO handoff_handoff (id, session_id, run, trigger, state, outcome, method, instruction, conference_id,
  triggered_at, offered_at, connected_at, notes, disposition, wants_person)
SELECT gen_random_uuid(), %s, 1, 'gather_complete', 'completed', 'won', 'bridge', '', '',
  at, at, at + interval '8 s', '', '', false
FROM (SELECT now() - interval '3 days' AS at) AS earlier RETURNING id
"""
ATTEMPT = """
INSERT INTO handoff_attempt (handoff_id, number, closer_id, takes_now, is_cold, listens_in, accepted_at, connected_at)
SELECT handoff.id, 1, min(closer.id), false, true, false, triggered_at + interval '7 s', connected_at
FROM handoff_handoff AS handoff, handoff_closer AS closer WHERE handoff.id = %s GROUP BY handoff.id RETURNING id
"""
MEASURES = "INSERT INTO handoff_measures (attempt_id, dead_air_ms) VALUES (%s, 4321)"
HOLD = "UPDATE handoff_handoff SET attempt_id = %s WHERE id = %s"
FRESH_SECONDS = 30


def test_it_is_readable_and_keeps_itself_fresh(stack: Stack, open_context: OpenContext, database: Database) -> None:
    # The checker is a script of its own, which the page's policy would refuse.
    carol = CloserPage.log_in(open_context(None, bypass_csp=True), stack.base_url, "carol")
    carol.page.get_by_role("link", name="Wallboard").click()
    expect(carol.page.get_by_role("heading", name="By closer")).to_be_visible()
    reader = Reader()
    reader.look(carol.page, "wallboard")
    assert reader.faults == {}

    visit = database.execute(VISIT).fetchone()
    assert visit is not None
    handoff = database.execute(HAND_OVER, [visit["id"]]).fetchone()
    assert handoff is not None
    attempt = database.execute(ATTEMPT, [handoff["id"]]).fetchone()
    assert attempt is not None
    database.execute(MEASURES, [attempt["id"]])
    database.execute(HOLD, [attempt["id"], handoff["id"]])

    expect(carol.page.locator("#days")).to_contain_text("4.3 s", timeout=FRESH_SECONDS * 1000)
    assert carol.problems == []
    carol.page.context.set_offline(True)
    expect(carol.page.locator("[data-fresh]")).to_contain_text("Out of date", timeout=FRESH_SECONDS * 1000)
    carol.page.context.set_offline(False)
    expect(carol.page.locator("[data-fresh]")).to_have_text("Live", timeout=FRESH_SECONDS * 1000)


def test_a_closer_sees_no_way_there(stack: Stack, open_context: OpenContext) -> None:
    alice = CloserPage.log_in(open_context(None), stack.base_url, "alice")

    expect(alice.page.get_by_role("link", name="Wallboard")).to_have_count(0)
    answer = alice.page.goto(f"{stack.base_url}/dashboard/wallboard/")
    assert answer is not None
    assert answer.status == 404
