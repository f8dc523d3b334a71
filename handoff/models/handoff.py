"""Hand-overs and the rings they make."""

import uuid

from django.db import models
from django.db.models import Q

from handoff.machine import SETTLED_STATES, TERMINAL_STATES, State
from handoff.models.people import Closer, RoutingPolicy
from sessions_app.models import CallLeg, VoiceSession


class Handoff(models.Model):
    """One way of one session from the assistant to a closer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="handoffs")
    run = models.PositiveSmallIntegerField(default=1, help_text="Number of the assistant's run that it follows.")
    trigger = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in State])
    outcome = models.CharField(max_length=40, blank=True, help_text="Typed reason of the end.")
    method = models.CharField(max_length=12, choices=RoutingPolicy.Method.choices)
    attempt = models.ForeignKey(
        "handoff.Attempt",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The one that holds it: from a closer's acceptance until they are given up, else to the end.",
    )
    broken = models.ForeignKey(
        "handoff.Attempt",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The last one whose line broke; its closer is rung again first.",
    )
    assigned_to = models.ForeignKey(
        Closer, null=True, on_delete=models.SET_NULL, related_name="+", help_text="A supervisor's choice; rung first."
    )
    assigned_by = models.ForeignKey(
        Closer, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The supervisor who chose."
    )
    wants_person = models.BooleanField(default=False, help_text="The prospect asked for a person.")
    instruction = models.TextField(blank=True, help_text="What the closer asked the assistant to go on with.")
    conference_id = models.CharField(max_length=100, blank=True)
    lines_busy_at = models.DateTimeField(null=True, help_text="When no leg was free, or the last one was refused.")
    deadline_at = models.DateTimeField(null=True, help_text="Set while the hand-over is not over.")

    triggered_at = models.DateTimeField()
    give_up_at = models.DateTimeField(
        null=True, help_text="When waiting ends with a callback promise; nobody waits while the assistant speaks."
    )
    offered_at = models.DateTimeField(null=True)
    prospect_free_at = models.DateTimeField(null=True, help_text="The assistant had ended.")
    connected_at = models.DateTimeField(null=True, help_text="When a closer was last joined.")
    released_at = models.DateTimeField(null=True, help_text="When the talk with the closer ended.")
    ended_at = models.DateTimeField(null=True)

    notes = models.TextField(blank=True)
    disposition = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                name="one_open_handoff",
                condition=~Q(state__in=sorted(state.value for state in SETTLED_STATES)),
            ),
            models.CheckConstraint(
                name="open_handoff_has_deadline",
                condition=Q(state__in=sorted(state.value for state in TERMINAL_STATES)) | Q(deadline_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["deadline_at"], name="handoff_due", condition=Q(deadline_at__isnull=False))]

    def __str__(self) -> str:
        return f"Hand-over {self.pk}"

    @property
    def closer(self) -> Closer | None:
        """Who has it."""
        return self.attempt.closer if self.attempt else None

    @property
    def closer_id(self) -> int | None:
        return self.attempt.closer_id if self.attempt else None

    @property
    def closer_leg(self) -> CallLeg | None:
        return self.attempt.leg if self.attempt else None

    @property
    def closer_leg_id(self) -> int | None:
        return self.attempt.leg_id if self.attempt else None


class Offer(models.Model):
    """One ring on one closer's dashboard."""

    class State(models.TextChoices):
        RINGING = "ringing", "Ringing"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        EXPIRED = "expired", "Not answered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="offers")
    closer = models.ForeignKey(Closer, on_delete=models.PROTECT, related_name="offers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RINGING)
    reason = models.CharField(max_length=120, help_text="Why this closer.")
    leg = models.ForeignKey(
        CallLeg,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="On which the assistant itself rings them.",
    )
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["closer"], name="one_ring_per_closer", condition=Q(state="ringing")),
        ]

    def __str__(self) -> str:
        return f"Offer {self.pk}"
