"""A team of its own for one visit after the other: its widget, its closer, and the clicks and webhooks of a story."""

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import psycopg

from flight_recorder.replay.script import Fact, Script
from sandbox.model.signer import Signer
from tests.faults.people import DOMAIN, Closer
from tests.recordings.carrier import Carrier, Told

Rows = psycopg.Connection[dict[str, Any]]
PATIENCE = 40.0
STEP = 0.03
# Of each five facts, so many are told a second time.
SHARE = 0.2
LOGIN = "<login 1>"
# The legs of one call end in the same moment, give or take this.
TOGETHER = timedelta(milliseconds=50)

_BUTTONS = {
    "hang_up": "/dashboard/handoffs/{handoff}/hang-up",
    "hand_back": "/dashboard/handoffs/{handoff}/hand-back",
    "complete": "/dashboard/handoffs/{handoff}/complete",
    "take_over": "/dashboard/handoffs/{handoff}/take-over",
    "take": "/dashboard/sessions/{session}/take",
}


@dataclass
class Lane:
    name: str
    base_url: str
    http: aiohttp.ClientSession
    closer: Closer
    rows: Rows
    carrier: Carrier
    signer: Signer

    async def visit(self, script: Script, seed: int) -> "Visit":
        """Tell the story's facts in an order that the seed decides, and wait for its end."""
        self.rows.execute(READY, [f"{self.name}@{DOMAIN}"])
        asked = {"widget": self.name, "consent": {"version": "2026-11", "recording": True}}
        async with self.http.post("/api/orchestration/token", json=asked) as response:
            assert response.status == 201, await response.text()
            body = await response.json()
        told = Told(script)
        session, login = body["session"], body["credentials"]["username"]
        self.carrier.add(session["id"], told)
        visit = Visit(self, told, session["id"], session["ticket"], login, random.Random(seed))
        await visit.tell_all()
        await visit.end()
        return visit


READY = (
    "update handoff_closer set is_available = true, available_since = now() - interval '1 hour', missed_at = null,"
    " last_call_ended_at = null, seen_at = now() + interval '1 hour', softphone_registered = true,"
    " microphone_granted = true, sound_unlocked = true, line_proven_at = now() + interval '1 hour',"
    " sip_username = 'softphone-' || handoff_closer.id"
    " from accounts_user u where u.id = user_id and u.email = %s"
)


@dataclass
class Visit:
    lane: Lane
    told: Told
    session_id: str
    ticket: str
    login: str
    dice: random.Random
    order: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.time)

    async def tell_all(self) -> None:
        facts = list(self.told.script.facts)
        facts += [fact for fact in facts if fact.kind == "webhook" and self.dice.random() < SHARE]
        deadline = time.monotonic() + PATIENCE
        while facts:
            ready = [fact for fact in facts if self._is_possible(fact)]
            if not ready:
                if self.is_all_but_unsaid(facts):
                    return
                assert time.monotonic() < deadline, f"never became possible: {[fact.name for fact in facts]}"
                await asyncio.sleep(STEP)
                continue
            fact = self.dice.choice(ready)
            facts.remove(fact)
            self.order.append(fact.name)
            await (self._deliver(fact) if fact.kind == "webhook" else self._click(fact))
            deadline = time.monotonic() + PATIENCE

    def is_all_but_unsaid(self, facts: list[Fact]) -> bool:
        """A closer who accepts before a sentence was sent takes it back; what was not said neither begins nor ends."""
        return all(fact.name.startswith("call.speak.") for fact in facts) and self._is_over()

    async def end(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_over():
            assert time.monotonic() < deadline, "it does not end"
            await asyncio.sleep(STEP * 3)

    def _is_over(self) -> bool:
        return self.lane.rows.execute(NOT_OVER, [self.session_id] * 2).fetchone() is None

    def _is_possible(self, fact: Fact) -> bool:
        if not fact.needs <= self.told.sent.keys() or not fact.after <= set(self.order):
            return False
        if fact.kind == "webhook":
            return all(mark in self.told.marks for mark in re.findall(r"<mark [^>]+>", fact.webhook["body"]))
        if fact.kind == "answer":
            return self._offer(fact) is not None
        if fact.kind == "take":
            return bool(self.told.sent)
        return self._handoff(fact, fact.state) is not None

    # --- webhooks

    async def _deliver(self, fact: Fact) -> None:
        self._end_legs(fact)
        body = self._body(fact).encode()
        headers = {**self.lane.signer.headers(body), "Content-Type": fact.webhook["content_type"]}
        async with self.lane.http.post(
            f"/webhooks/telnyx/{fact.webhook['door']}", data=body, headers=headers
        ) as answer:
            assert answer.status == 200, fact.name

    def _end_legs(self, told: Fact) -> None:
        """Whatever had ended when the fact happened is over now, whether or not anybody has been told."""
        ends = [fact for fact in self.told.script.facts if fact.webhook.get("event_type") == "call.hangup"]
        over = [fact for fact in ends if fact.at <= told.at + TOGETHER and fact.needs <= self.told.sent.keys()]
        self.told.over |= {fact.webhook["call_control_id"] for fact in over}

    def _body(self, fact: Fact) -> str:
        text: str = fact.webhook["body"].replace("<ticket>", self.ticket).replace(LOGIN, self.login)
        for placeholder, mark in self.told.marks.items():
            text = text.replace(placeholder, mark)
        for name in self._ids():
            text = text.replace(name, f"{name}{self.told.nonce}")
        told = json.loads(text)
        data = told.get("data", told)
        if "occurred_at" in data:
            data["occurred_at"] = (fact.at + self._lag(fact)).isoformat()
        return json.dumps(told)

    def _ids(self) -> set[str]:
        recording = self.told.script.recording
        legs = [
            leg[name] for leg in recording["legs"] for name in ("call_control_id", "call_leg_id", "call_session_id")
        ]
        conversations = [run["conversation_id"] for run in recording["runs"]]
        events = [webhook["event_id"] for webhook in recording["webhooks"]]
        return {name for name in [*legs, *conversations, *events] if name}

    def _lag(self, fact: Fact) -> timedelta:
        """From the recorded times to those of this visit; a later run of the assistant began when it was asked for."""
        sent = {key: datetime.fromtimestamp(at, fact.at.tzinfo) for key, at in self.told.sent.items()}
        created = datetime.fromisoformat(self.told.script.recording["session"]["created_at"])
        return self.told.script.lag(fact, sent) or timedelta(seconds=self.began_at - created.timestamp())

    # --- clicks

    async def _click(self, fact: Fact) -> None:
        if fact.kind == "answer":
            path = f"/dashboard/offers/{self._offer(fact)}/{'accept' if fact.text == 'accepted' else 'decline'}"
            status, body = await self.lane.closer.post(path)
        else:
            path = _BUTTONS[fact.kind].format(handoff=self._handoff(fact, fact.state), session=self.session_id)
            told: dict[str, Any] = {"hand_back": {"instruction": fact.text}, "take": {"immediately": False}}
            if fact.kind == "complete":
                recorded = next(one for one in self.told.script.recording["handoffs"] if one["handoff"] == fact.handoff)
                told["complete"] = {"disposition": recorded["disposition"]}
                await self.lane.closer.post(path.replace("complete", "notes"), {"notes": recorded["notes"]})
            status, body = await self.lane.closer.post(path, told.get(fact.kind))
        assert status == 200, (fact.name, body)

    def _offer(self, fact: Fact) -> str | None:
        rings = self.lane.rows.execute(OFFERS, [self.session_id]).fetchall()
        number = fact.number - 1
        is_there = number < len(rings) and rings[number]["state"] == "ringing"
        return str(rings[number]["id"]) if is_there else None

    def _handoff(self, fact: Fact, state: str) -> str | None:
        found = self.lane.rows.execute(HANDOFFS, [self.session_id]).fetchall()
        number = int(fact.handoff.removeprefix("handoff-") or 1) - 1
        is_there = number < len(found) and found[number]["state"] == state
        return str(found[number]["id"]) if is_there else None


HANDOFFS = "select id, state from handoff_handoff where session_id = %s order by triggered_at, id"
OFFERS = (
    "select o.id, o.state from handoff_offer o join handoff_handoff h on h.id = handoff_id"
    " where session_id = %s order by o.offered_at, o.id"
)
NOT_OVER = (
    "select 1 from sessions_app_voicesession where id = %s and ended_at is null"
    " union select 1 from handoff_handoff where session_id = %s and deadline_at is not null"
)
