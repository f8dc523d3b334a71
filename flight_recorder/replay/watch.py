"""What must hold at every moment of a hand-over, whatever comes in and in whatever order."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from handoff.commands.kinds import CommandKind
from handoff.machine import TERMINAL_STATES
from handoff.models import Attempt, Command, Handoff, Offer
from sessions_app.models import CallLeg, VoiceSession, WebhookDelivery

# The first command of each way to bring two people together. One attempt may carry out one of them; a refused one did
# nothing.
_JOINING = (CommandKind.TRANSFER, CommandKind.BRIDGE, CommandKind.CREATE_CONFERENCE)
Status = WebhookDelivery.Status


class Watch:
    """Looks at one session after every step and keeps what it finds wrong."""

    def __init__(self, session: VoiceSession) -> None:
        self.session = session
        self.violations: list[str] = []
        self._ended: dict[UUID, str] = {}
        self._was_over = False

    def look(self, *, now: datetime, step: str) -> None:
        handoffs = list(Handoff.objects.filter(session=self.session))
        lasting = [handoff for handoff in handoffs if handoff.state not in TERMINAL_STATES]
        waiting = [one for one in lasting if one.deadline_at is None or one.deadline_at < now]
        won = Counter(Offer.objects.filter(handoff__in=handoffs, state="accepted").values_list("handoff_id", flat=True))
        made = Counter(Attempt.objects.filter(handoff__in=handoffs).values_list("handoff_id", flat=True))
        found = [
            *(f"{one.state} has no deadline ahead" for one in waiting),
            *self._ends(handoffs),
            *(f"{won[pk]} winners of {made[pk]} attempts" for pk in won if won[pk] > made[pk]),
            *self._one_joining(),
            *self._deliveries(),
        ]
        numbers = list(self.session.timeline.order_by("seq").values_list("seq", flat=True))
        if numbers != list(range(1, len(numbers) + 1)):
            found.append("the history's numbers have a gap")
        self.violations += [f"after {step}: {what}" for what in found]

    def _ends(self, handoffs: list[Handoff]) -> list[str]:
        known = self._ended
        left = [f"{known[one.pk]} became {one.state}" for one in handoffs if known.get(one.pk, one.state) != one.state]
        self._ended = {one.pk: one.state for one in handoffs if one.state in TERMINAL_STATES} | known
        is_over = VoiceSession.objects.filter(pk=self.session.pk, ended_at__isnull=False).exists()
        if self._was_over and not is_over:
            left.append("a visit that had ended goes on")
        self._was_over = is_over
        return left

    def _one_joining(self) -> list[str]:
        sent = Command.objects.filter(session=self.session, kind__in=_JOINING, sent_at__isnull=False)
        sent = sent.exclude(state=Command.State.FAILED)
        joined = Counter(sent.values_list("attempt__handoff_id", "attempt__number"))
        return [f"attempt {number} was joined {count} times" for (_, number), count in joined.items() if count > 1]

    def _deliveries(self) -> list[str]:
        # What fails is taken back, its session too; its call is still known.
        legs = CallLeg.objects.filter(session=self.session).values("call_control_id")
        mine = Q(session=self.session) | Q(call_control_id__in=legs)
        broken = WebhookDelivery.objects.filter(mine, status__in=[Status.FAILED, Status.DEAD])
        return [f"{kind} was not processed: {error}" for kind, error in broken.values_list("event_type", "error")]
