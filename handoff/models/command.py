"""Commands to Telnyx, each written down before it is sent."""

import uuid

from django.db import models
from django.db.models import Q

from handoff.models.attempt import Attempt
from handoff.models.handoff import Handoff
from sessions_app.models import Run, VoiceSession
from sessions_app.rules.ordered_json import OrderedJSONField


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
    attempt = models.ForeignKey(
        Attempt,
        null=True,
        on_delete=models.CASCADE,
        related_name="commands",
        help_text="The attempt that it belongs to.",
    )
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.CASCADE,
        related_name="commands",
        help_text="The assistant's run that it is about.",
    )
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
