"""Plays a recording's facts into the real intake, fold and machine, and says whether the end is the same."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from flight_recorder.record import endings
from flight_recorder.replay.carrier import Carrier, Reply
from flight_recorder.replay.desk import Desk
from flight_recorder.replay.ghost import Ghost
from flight_recorder.replay.script import Fact, Script
from flight_recorder.replay.stage import Stage
from flight_recorder.replay.watch import Watch
from handoff.errors import ActionRefused
from sessions_app.inbox import intake
from sessions_app.models import VoiceSession
from telephony import inbound

MOST_STEPS = 20_000
# Of each five webhooks, so many are lost, or come a second time.
SHARE = 0.2
# Longer than a delivery waits for its call: what has not followed by then follows from nothing any more.
SILENCE = timedelta(minutes=12)


@dataclass(frozen=True)
class Manner:
    """How the facts are told. `seed` decides every choice, so that a run can be had again."""

    shuffle: bool = False
    duplicate: bool = False
    drop: bool = False
    seed: int = 0


@dataclass
class Report:
    """`differences` from the recorded end; `violations` of what must always hold; `notes` that explain both."""

    manner: Manner
    facts: int = 0
    commands: int = 0
    differences: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return not self.differences and not self.violations

    @property
    def is_good(self) -> bool:
        """What was left out may change the end, but may break nothing."""
        return not self.violations if self.manner.drop else self.is_same


class NeverRests(Exception):
    """The replay goes on and on: the recording, or the machine, runs in a circle."""


def play(script: Script, manner: Manner) -> Report:
    """Everything happens in a transaction that is rolled back; nothing is sent to anybody. Raises NeverRests."""
    with transaction.atomic():
        try:
            return _Player(script, manner).play()
        finally:
            transaction.set_rollback(True)


class _Player:
    def __init__(self, script: Script, manner: Manner) -> None:
        self.script, self.manner = script, manner
        self.dice = random.Random(manner.seed)  # noqa: S311 - the same choices again are what it is for
        self.ghost = Ghost(script.recording)
        self.carrier = Carrier(self.ghost, script)
        self.stage = Stage(self.ghost, self.carrier)
        self.desk = Desk(self.ghost, script)
        self.watch = Watch(self.ghost.session)
        self.report = Report(manner)
        facts = list(script.facts)
        if manner.drop:
            facts = [fact for fact in facts if fact.kind != "webhook" or self.dice.random() > SHARE]
        if manner.duplicate:
            facts += [fact for fact in facts if self.dice.random() < SHARE]
        self.facts = facts
        self.done: set[str] = set()
        self.told_at = self.stage.now

    def play(self) -> Report:
        for _ in range(MOST_STEPS):
            if not (self._step() or self._wait()):
                return self._finish()
        raise NeverRests(f"still going after {MOST_STEPS} steps")

    def _step(self) -> bool:
        """Tell one fact that can be told now, or let one reply come in. False when there is none."""
        deadline = self.stage.next_deadline()
        if deadline is not None and deadline <= self.stage.now:
            return False
        # What happened after the next deadline cannot be told before it.
        timely = [fact for fact in self.facts if deadline is None or self._time(fact) <= deadline]
        items: list[Fact | Reply] = [*self.stage.replies, *timely]
        order = self.dice.sample(items, len(items)) if self.manner.shuffle else sorted(items, key=self._time)
        item = next((item for item in order if isinstance(item, Reply) or self._is_possible(item)), None)
        if item is None:
            return False
        self.stage.pass_time(self._time(item), deadline=deadline)
        if isinstance(item, Reply):
            self.stage.hear(item)
        else:
            self.facts.remove(item)
            self._tell(item)
        self.stage.work()
        self.told_at = self.stage.now
        self.watch.look(now=self.stage.now, step=item.key if isinstance(item, Reply) else item.name)
        return True

    def _time(self, item: Fact | Reply) -> datetime:
        return item.at if self.manner.shuffle or isinstance(item, Reply) else item.arrived_at

    def _is_possible(self, fact: Fact) -> bool:
        # With events lost, a click may never become possible, and what came later must not wait for it.
        if not fact.needs <= self.stage.sent.keys() or not (self.manner.drop or fact.after <= self.done):
            return False
        return fact.kind == "webhook" or fact.name in self.done or self.desk.shows(fact)

    def _tell(self, fact: Fact) -> None:
        self.report.facts += 1
        if fact.kind == "webhook":
            now, webhook = self.stage.now, fact.webhook
            body = self.ghost.body(webhook, lag=self.script.lag(fact, self.stage.sent))
            event = inbound.reread(body, content_type=webhook["content_type"], received_at=now)
            intake.take(event, body=body, content_type=webhook["content_type"], door=webhook["door"], now=now)
            return
        try:
            self.desk.click(fact, now=self.stage.now)
        except ActionRefused as refused:
            if fact.name not in self.done:  # A second click on the same button may be refused.
                self.report.notes.append(f"{fact.name} was refused: {refused.code}")
        self.done.add(fact.name)

    def _wait(self) -> bool:
        """Let time pass until something is due; False when nothing ever will be."""
        deadline = self.stage.next_deadline()
        if deadline is None:
            return self.manner.drop and self.stage.end_visit()
        if not self.script.is_over and deadline > datetime.fromisoformat(self.script.recording["exported_at"]):
            return False
        if self.manner.drop and deadline - self.told_at > SILENCE and self.stage.end_visit():
            return True
        self.stage.reach(deadline)
        self.watch.look(now=self.stage.now, step="a deadline")
        return True

    def _finish(self) -> Report:
        session = VoiceSession.objects.get(pk=self.ghost.session.pk)
        ended = endings.of(session, self.ghost.closer_names)
        report = self.report
        report.commands = self.stage.sendings
        report.differences = endings.differences(self.script.recording["end"], ended)
        untold = [fact.name for fact in self.facts if fact.name not in self.done]
        if untold:
            report.differences.append(f"never became possible: {', '.join(untold)}")
        report.violations = self.watch.violations
        if self.carrier.unrecorded:
            report.notes.append(f"commands that were not recorded: {', '.join(sorted(self.carrier.unrecorded))}")
        return report
