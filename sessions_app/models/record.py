"""What happened: deliveries as they came, the timeline, what was said and concluded."""

import uuid

from django.db import models
from django.db.models import Q

from sessions_app.models.visit import VoiceSession


class WebhookDelivery(models.Model):
    """One verified webhook, kept exactly once per vendor event id."""

    class Status(models.TextChoices):
        STORED = "stored", "Stored: about to be processed"
        PROCESSED = "processed", "Processed"
        IGNORED = "ignored", "Ignored: nothing to do"
        PARKED = "parked", "Parked: no session yet"
        FAILED = "failed", "Failed: will be retried"
        DEAD = "dead", "Dead: needs a person"

    event_id = models.CharField(max_length=120, unique=True)
    event_type = models.CharField(max_length=100, db_index=True)
    door = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    body = models.BinaryField()
    content_type = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=160, blank=True, help_text="Why it is no session's.")
    hang_up_at = models.DateTimeField(null=True, help_text="Set while a call that nobody proved theirs is to be ended.")
    holds_line = models.BooleanField(
        default=False, help_text="A call that nobody proved theirs, which may still stand: it takes a line."
    )
    session = models.ForeignKey(VoiceSession, null=True, on_delete=models.CASCADE, related_name="deliveries")
    call_control_id = models.CharField(max_length=200, blank=True, db_index=True)
    call_leg_id = models.CharField(max_length=100, blank=True)
    call_session_id = models.CharField(max_length=100, blank=True, db_index=True)
    conversation_id = models.CharField(max_length=100, blank=True, db_index=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index(fields=["call_leg_id"], name="delivery_leg"),
            models.Index(fields=["hang_up_at"], name="stranger_due", condition=Q(hang_up_at__isnull=False)),
            # Deliveries are kept for ever; those that count are found without the others.
            models.Index(fields=["holds_line"], name="stranger_stands", condition=Q(holds_line=True)),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class TimelineEntry(models.Model):
    """One thing that happened in a session; `seq` counts 1, 2, 3 … without gaps."""

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="timeline")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    payload = models.JSONField(default=dict)

    class Meta:
        ordering = ["session", "seq"]
        verbose_name_plural = "timeline entries"
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="timeline_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class TranscriptTurn(models.Model):
    """One utterance. `position` is its place in the conversation, counted from 0."""

    class Speaker(models.TextChoices):
        ASSISTANT = "assistant", "Assistant"
        PROSPECT = "prospect", "Prospect"
        CLOSER = "closer", "Closer"

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    speaker = models.CharField(max_length=10, choices=Speaker.choices)
    text = models.TextField()
    spoken_at = models.DateTimeField()
    as_of = models.DateTimeField(help_text="Of the event that said so; an older event never overwrites a newer one.")
    is_final = models.BooleanField(default=False, help_text="As Telnyx keeps it after the call.")
    is_relayed = models.BooleanField(default=False, help_text="Only the prospect's own page has told of it.")

    class Meta:
        ordering = ["session", "position"]
        constraints = [models.UniqueConstraint(fields=["session", "position"], name="turn_position_once")]

    def __str__(self) -> str:
        return f"{self.position} {self.speaker}"


class Insight(models.Model):
    """What Telnyx concluded after the conversation."""

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="insights")
    insight_id = models.CharField(max_length=100)
    name = models.CharField(max_length=120, blank=True)
    result = models.JSONField()
    received_at = models.DateTimeField(help_text="Of the event that said so; an older event never overwrites a newer.")
    is_complete = models.BooleanField(default=True, help_text="Telnyx was done with it.")

    class Meta:
        ordering = ["session", "pk"]
        constraints = [models.UniqueConstraint(fields=["session", "insight_id"], name="insight_once")]

    def __str__(self) -> str:
        return self.name or self.insight_id


class Epoch(models.Model):
    """One row that names this history; an operator renews it after a restore."""

    value = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)
