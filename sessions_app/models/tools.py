"""What an assistant used while it talked."""

from django.db import models
from django.db.models import Q

from sessions_app.models.visit import VoiceSession


class ToolCall(models.Model):
    """One use of a tool by an assistant. It has no session until the conversation or the leg that it names is known."""

    class Door(models.TextChoices):
        MCP = "mcp", "MCP"
        WEBHOOK = "webhook", "Webhook"

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        INVALID = "invalid", "Arguments that do not fit"
        FAILED = "failed", "Failed"

    session = models.ForeignKey(VoiceSession, null=True, on_delete=models.CASCADE, related_name="tool_calls")
    door = models.CharField(max_length=10, choices=Door.choices)
    conversation_id = models.CharField(max_length=100, blank=True, db_index=True)
    call_control_id = models.CharField(max_length=200, blank=True, db_index=True)
    delivery_key = models.CharField(
        max_length=64, null=True, unique=True, help_text="The same for every attempt to deliver one webhook."
    )
    name = models.CharField(max_length=60)
    arguments = models.JSONField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=30, blank=True)
    text = models.TextField(help_text="What the assistant was told.")
    result = models.JSONField(default=dict)
    called_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    repeats = models.PositiveIntegerField(default=0, help_text="Further calls that were over the budget.")

    class Meta:
        ordering = ["session", "called_at", "pk"]
        indexes = [models.Index(fields=["called_at"], name="tool_call_unknown", condition=Q(session=None))]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"
