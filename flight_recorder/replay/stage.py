"""What goes on by itself in a replay: time, deadlines, and workers that send what is due."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from flight_recorder.record.names import Names
from flight_recorder.replay.carrier import Carrier, Reply
from flight_recorder.replay.ghost import Ghost
from handoff.commands import ledger
from handoff.engine import transitions, visitor_left
from handoff.events import command_results
from handoff.machine import Fact
from handoff.models import Closer, Command, Handoff
from sessions_app.inbox import intake
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery
from telephony.client import TelnyxError

TICK = timedelta(milliseconds=1)
LONGEST_VISIT = timedelta(hours=6)


class Stage:
    """One session with a clock of its own. `sent` are the keys of the commands that Telnyx was sent, and when."""

    def __init__(self, ghost: Ghost, carrier: Carrier) -> None:
        self.ghost, self.carrier = ghost, carrier
        self.session_id = ghost.session.pk
        self.now = ghost.started_at
        self.sent: dict[str, datetime] = {}
        self.replies: list[Reply] = []
        self.sendings = 0

    def pass_time(self, to: datetime, *, deadline: datetime | None) -> None:
        """Move the clock on, but not onto the next deadline: that comes when nothing else is left."""
        later = max(self.now + TICK, to)
        self._set_clock(later if deadline is None else max(self.now + TICK, min(later, deadline - TICK)))

    def _set_clock(self, now: datetime) -> None:
        self.now = now
        Closer.objects.filter(team=self.ghost.team).update(seen_at=now)  # Their dashboards are alive.

    def next_deadline(self) -> datetime | None:
        waiting = Command.objects.filter(session=self.session_id, state=Command.State.PENDING)
        moments: Iterable[datetime | None] = [
            *Handoff.objects.filter(session=self.session_id).values_list("deadline_at", flat=True),
            *waiting.values_list("due_at", flat=True),
            *self._parked().values_list("next_attempt_at", flat=True),
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    def reach(self, deadline: datetime) -> None:
        """Let time pass up to a deadline, and do what the sweep does, for this session alone."""
        self._set_clock(max(self.now + TICK, deadline))
        for handoff in Handoff.objects.filter(session=self.session_id, deadline_at__lte=self.now):
            handoff.session = transitions.lock(self.session_id)
            transitions.apply(handoff, Fact.DEADLINE, now=self.now)
        overdue = Command.objects.filter(session=self.session_id, due_at__lte=self.now, send_by__lte=self.now)
        for command_id in list(overdue.values_list("pk", flat=True)):
            command_results.expired(command_id, now=self.now)
        for delivery in list(self._parked().filter(next_attempt_at__lte=self.now)):
            intake.process_again(delivery.pk, now=self.now)
        self.work()

    def work(self) -> None:
        """Workers take what is due at once; the replies come when they come."""
        while command_ids := self._due():
            legs = CallLeg.objects.filter(session=self.session_id).values_list("pk", "call_control_id")
            known = {pk: self.ghost.legs.get(control_id, f"new-leg-{pk}") for pk, control_id in legs}
            names = Names(self.ghost.session, known)
            for command_id in command_ids:
                command = ledger.claim(command_id, now=self.now)
                if command is not None:
                    key = names.key(command)
                    self.sendings += 1
                    self.sent.setdefault(key, self.now)
                    self.replies.append(self.carrier.takes(command, key, now=self.now, sent=self.sent))

    def hear(self, reply: Reply) -> None:
        self.replies.remove(reply)
        try:
            answer = self.carrier.answer(reply)
        except TelnyxError as error:
            command_results.refused(reply.command, error, now=self.now)
        else:
            command_results.confirmed(reply.command, answer, now=self.now)

    def end_visit(self) -> bool:
        """End what no event will end any more, because those that would have are lost. False when it is over."""
        if VoiceSession.objects.filter(pk=self.session_id, ended_at__isnull=False).exists():
            return False
        self._set_clock(max(self.now + TICK, self.ghost.started_at + LONGEST_VISIT))
        visitor_left.observe_end(self.session_id, reason="expired", now=self.now)
        self.work()
        return True

    def _due(self) -> list[UUID]:
        rows = Command.objects.filter(session=self.session_id, state=Command.State.PENDING, due_at__lte=self.now)
        return list(rows.filter(send_by__gt=self.now).order_by("due_at", "created_at").values_list("pk", flat=True))

    def _parked(self) -> QuerySet[WebhookDelivery]:
        mine = WebhookDelivery.objects.filter(event_id__endswith=f"~{self.ghost.nonce}")
        return mine.filter(next_attempt_at__isnull=False)
