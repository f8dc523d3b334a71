"""What must hold whatever was broken, read from the rows, from the sandbox's own truth and from the sockets' logs."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.rows import HANDOFFS
from tests.faults.people import Closer, Prospect, until
from tests.faults.world import World

SETTLED_WITHIN = 10.0
LONGEST_SILENCE = timedelta(seconds=5)
DONE = {"processed", "ignored", "dead"}
SETTLED = {"wrap_up", "completed", "abandoned", "unanswered", "failed"}
# Commands that bring two people together, and may do so once for each closer that accepted.
JOINING = {"dial", "transfer", "bridge", "create_conference", "join_conference"}
# After these the prospect waits for somebody else.
SETBACKS = {"handoff.failed", "handoff.declined", "handoff.unanswered", "handoff.dropped"}
# What a waiting prospect gets next, if not a sentence: the talk, a promise, or they have left.
RELIEF = {"handoff.connected", "callback.promised", "handoff.abandoned", "handoff.released"}


async def hold(world: World, prospect: Prospect) -> None:
    """Assert all of them, counted from the moment at which everything runs again."""
    await world.everything_runs()
    await until("the end of what is due", lambda: not left_lying(world, prospect), seconds=SETTLED_WITHIN)
    await until("every delivery's end", lambda: not unprocessed(world), seconds=SETTLED_WITHIN)
    await until("the dashboards' positions", lambda: not behind(world, prospect), seconds=SETTLED_WITHIN)
    nothing_lost(world)
    nothing_twice(world, prospect)
    nothing_forgotten(world, prospect)
    history_is_whole(world, prospect)
    nobody_waits_in_silence(world, prospect)
    one_closer_at_a_time(world, prospect)
    no_secret_in_logs(world)


def unprocessed(world: World) -> list[dict[str, Any]]:
    query = "select event_id, status from sessions_app_webhookdelivery where received_at > to_timestamp(%s)"
    rows = world.rows.execute(query, [world.opened_at]).fetchall()
    return [row for row in rows if row["status"] not in DONE | {"parked"}]


def left_lying(world: World, prospect: Prospect) -> list[dict[str, Any]]:
    query = "select kind, state, due_at from handoff_command where session_id = %s and due_at < now() - interval '5 s'"
    return world.rows.execute(query, [prospect.session_id]).fetchall()


def behind(world: World, prospect: Prospect) -> list[str]:
    last = world.session(prospect)["last_seq"]
    watching = [person for person in world.people if isinstance(person, Closer) and person.line]
    return [one.name for one in watching if one.cursors.get(prospect.session_id, 0) < last]


def nothing_lost(world: World) -> None:
    """I1: what was answered with 2xx is in the inbox, once."""
    # Insights come without an id of their own; the inbox names them by their content.
    told = [one for one in world.sandbox.webhooks() if one["path"] != "insights"]
    answered = {one["event_id"]: one for one in told if (one["status"] or 0) // 100 == 2}
    query = "select event_id from sessions_app_webhookdelivery where event_id = any(%s)"
    kept = Counter(row["event_id"] for row in world.rows.execute(query, [list(answered)]))
    assert [one for name, one in answered.items() if name not in kept] == []
    assert set(kept.values()) <= {1}


def nothing_twice(world: World, prospect: Prospect) -> None:
    """I3: by the sandbox's truth each command was carried out at most once, and each attempt joined at most once."""
    effective = [one for one in world.sandbox.requests() if one["effective"] and one["command_id"]]
    assert not [name for name, times in Counter(one["command_id"] for one in effective).items() if times > 1]
    query = "select id::text, kind, attempt_id from handoff_command where session_id = %s and kind = any(%s)"
    commands = world.rows.execute(query, [prospect.session_id, list(JOINING)]).fetchall()
    done = {one["command_id"] for one in effective}
    joined = Counter((row["kind"], row["attempt_id"]) for row in commands if row["id"] in done)
    assert not [name for name, times in joined.items() if times > 1]


def nothing_forgotten(world: World, prospect: Prospect) -> None:
    """I4: what is not over has a moment at which something happens to it."""
    now = datetime.now(UTC)
    for row in handoffs(world, prospect):
        if row["ended_at"] is None:
            assert row["deadline_at"] is not None
            assert row["deadline_at"] > now - timedelta(seconds=5), f"{row['state']} is overdue"


def history_is_whole(world: World, prospect: Prospect) -> None:
    """I5: numbers without a gap in the rows, and each dashboard was told each of them once and in order."""
    last = world.session(prospect)["last_seq"]
    entries = world.entries(prospect)
    assert [entry["seq"] for entry in entries][:last] == list(range(1, last + 1))
    ended = [row for row in handoffs(world, prospect) if row["state"] in {"completed", "abandoned", "unanswered"}]
    told = Counter(entry["kind"] for entry in entries)
    assert told["handoff.completed"] == sum(row["state"] == "completed" for row in ended)
    assert told["handoff.abandoned"] == sum(row["state"] == "abandoned" for row in ended)
    for person in world.people:
        if isinstance(person, Closer):
            assert person.gaps == [], f"{person.name}'s dashboard"


def nobody_waits_in_silence(world: World, prospect: Prospect) -> None:
    """I6: whenever a closer fails, something happens for the prospect within five seconds.

    While dashboards ring the prospect hears sentences in turn, so another ring is enough then. After somebody had
    accepted nothing is said any more, so it takes a sentence.
    """
    entries = world.entries(prospect)
    spoken = world.commands(prospect, "speak")
    heard = [command["sent_at"] for command in spoken if command["sent_at"]]
    heard += [entry["recorded_at"] for entry in entries if entry["kind"] in RELIEF]
    rung = [entry["recorded_at"] for entry in entries if entry["kind"] == "handoff.offered"]
    for entry in entries:
        if entry["kind"] in SETBACKS:
            at = entry["recorded_at"]
            relief = heard if entry["kind"] in {"handoff.failed", "handoff.dropped"} else heard + rung
            # One transaction may write the sentence down just before it writes the entry.
            following = [moment for moment in sorted(relief) if moment >= at - timedelta(seconds=0.5)]
            assert following, f"{entry['kind']} and nothing after it"
            assert following[0] - at <= LONGEST_SILENCE, f"{entry['kind']}: silence of {following[0] - at}"


def one_closer_at_a_time(world: World, prospect: Prospect) -> None:
    """I7: one open hand-over, one accepted ring for each attempt, and no ring that nobody takes back."""
    rows = handoffs(world, prospect)
    assert sum(row["state"] not in SETTLED for row in rows) <= 1
    accepted = [offer for offer in world.offers(prospect) if offer["state"] == "accepted"]
    assert len(accepted) <= sum(row["attempt"] or 0 for row in rows)
    settled = {row["id"] for row in rows if row["state"] in SETTLED}
    assert not [
        offer for offer in world.offers(prospect) if offer["handoff_id"] in settled and offer["state"] == "ringing"
    ]


def no_secret_in_logs(world: World) -> None:
    """I8: neither keys nor tokens, nor what anybody said."""
    logs = "".join(path.read_text(errors="replace") for path in world.stack.logs.glob("*.log") if path.stem in PRODUCT)
    secrets = [world.stack.keys.api_key, world.stack.keys.django_secret, prospects_words()]
    assert not [secret[:6] for secret in secrets if secret in logs]


PRODUCT = {"web", "worker", "background", "beat"}


def prospects_words() -> str:
    return "jordan.blake@example.com"


def handoffs(world: World, prospect: Prospect) -> list[dict[str, Any]]:
    query = f"{HANDOFFS} where session_id = %s order by triggered_at"
    return world.rows.execute(query, [prospect.session_id]).fetchall()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def story(world: World, prospect: Prospect) -> str:
    """What happened, for a failure's message."""
    lines = [
        f"{entry['recorded_at']:%H:%M:%S.%f} {entry['kind']} {json.dumps(entry['payload'])[:100]}"
        for entry in world.entries(prospect)
    ]
    deaths = [f"{time.strftime('%H:%M:%S', time.gmtime(death.at))} {death.name} died" for death in world.deaths]
    return "\n".join([*lines, *deaths])
