"""Closers, hand-overs, offers, commands to Telnyx and promises to call back."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from handoff.machine import TERMINAL_STATES, State
from sessions_app.models import CallLeg, Team, VoiceSession
from sessions_app.ordered_json import OrderedJSONField

# A dashboard says that it is alive every 10 s; two missed beats and the closer is no longer ready.
HEARTBEAT_TIMEOUT = timedelta(seconds=25)


class RoutingPolicy(models.Model):
    """How one team's calls reach a person."""

    class Method(models.TextChoices):
        BRIDGE = "bridge", "Dial the closer, then bridge"
        TRANSFER = "transfer", "Transfer the call"
        CONFERENCE = "conference", "Meet in a conference"

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="routing_policy")
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.BRIDGE)
    ring_seconds = models.PositiveSmallIntegerField(
        default=25, validators=[MinValueValidator(3), MaxValueValidator(120)], help_text="Then the next closer is rung."
    )
    max_wait_seconds = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(3), MaxValueValidator(600)], help_text="Then a callback is promised."
    )
    wrap_up_seconds = models.PositiveSmallIntegerField(default=120)
    callback_minutes = models.PositiveSmallIntegerField(default=30, help_text="A promised callback is due after this.")

    class Meta:
        verbose_name_plural = "routing policies"

    def __str__(self) -> str:
        return f"Routing of {self.team}"


class Closer(models.Model):
    """A person who takes calls. Ready means proven, not claimed."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="closer")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="closers")
    display_name = models.CharField(max_length=80, help_text="The prospect reads and hears this name.")
    is_supervisor = models.BooleanField(default=False)

    is_available = models.BooleanField(default=False, help_text="The closer wants calls.")
    available_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="Last sign of life of the dashboard.")
    softphone_registered = models.BooleanField(default=False)
    microphone_granted = models.BooleanField(default=False)
    sound_unlocked = models.BooleanField(default=False)
    sip_username = models.CharField(max_length=100, blank=True, help_text="Of the softphone that registered last.")
    last_call_ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    def is_alive(self, now: datetime) -> bool:
        return self.seen_at is not None and now - self.seen_at <= HEARTBEAT_TIMEOUT


class Handoff(models.Model):
    """One way of one session from the assistant to a closer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="handoffs")
    trigger = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in State])
    outcome = models.CharField(max_length=40, blank=True, help_text="Typed reason of the end.")
    method = models.CharField(max_length=12, choices=RoutingPolicy.Method.choices)
    closer = models.ForeignKey(Closer, null=True, on_delete=models.SET_NULL, related_name="handoffs")
    closer_leg = models.ForeignKey(CallLeg, null=True, on_delete=models.SET_NULL, related_name="+")
    conference_id = models.CharField(max_length=100, blank=True)
    dropped_by = models.ForeignKey(
        Closer, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Whose line broke; rung again first."
    )
    dropped_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="Counts the closers that accepted.")
    deadline_at = models.DateTimeField(null=True, help_text="Set while the hand-over is not over.")

    triggered_at = models.DateTimeField()
    give_up_at = models.DateTimeField(help_text="When waiting ends with a callback promise.")
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    command_sent_at = models.DateTimeField(null=True)
    connected_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True, help_text="When the talk with the closer ended.")
    ended_at = models.DateTimeField(null=True)

    notes = models.TextField(blank=True)
    disposition = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                name="one_open_handoff",
                condition=~Q(state__in=[state.value for state in TERMINAL_STATES]),
            ),
            models.CheckConstraint(
                name="open_handoff_has_deadline",
                condition=Q(state__in=[state.value for state in TERMINAL_STATES]) | Q(deadline_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["deadline_at"], name="handoff_due", condition=Q(deadline_at__isnull=False))]

    def __str__(self) -> str:
        return f"Hand-over {self.pk}"


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
    closer = models.ForeignKey(Closer, on_delete=models.CASCADE, related_name="offers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RINGING)
    reason = models.CharField(max_length=120, help_text="Why this closer.")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["closer"], name="one_ring_per_closer", condition=Q(state="ringing")),
            models.UniqueConstraint(fields=["handoff"], name="one_ring_per_handoff", condition=Q(state="ringing")),
        ]

    def __str__(self) -> str:
        return f"Offer {self.pk}"


class Command(models.Model):
    """One request to Telnyx. Its primary key is the `command_id` that Telnyx sees."""

    class State(models.TextChoices):
        PENDING = "pending", "To be sent"
        SENT = "sent", "Sent, no answer yet"
        CONFIRMED = "confirmed", "Confirmed"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Outcome unknown"
        DROPPED = "dropped", "No longer wanted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=160, unique=True, help_text="Names the intent, so that it exists once.")
    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="commands")
    handoff = models.ForeignKey(Handoff, null=True, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=30)
    call_control_id = models.CharField(max_length=200, blank=True)
    arguments = OrderedJSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="Set while something is still to be done for it.")
    send_by = models.DateTimeField(help_text="Never sent after this; Telnyx forgets command ids after 60 s.")
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=120, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="command_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class CallbackPromise(models.Model):
    """A promise made to a prospect: it has an owner and a due time until it is kept."""

    session = models.OneToOneField(VoiceSession, on_delete=models.CASCADE, related_name="promise")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="promises")
    owner = models.ForeignKey(Closer, null=True, blank=True, on_delete=models.SET_NULL, related_name="promises")
    reason = models.CharField(max_length=40)
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    kept_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Callback {self.pk}"
