"""Promises to call back."""

from django.db import models

from handoff.models.people import Closer
from sessions_app.models import Team, VoiceSession


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
    is_booked = models.BooleanField(default=False, help_text="The prospect chose the time.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Calls made to keep it.")
    missed_at = models.DateTimeField(null=True, blank=True, help_text="When its time passed without a call.")
    kept_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Callback {self.pk}"


class Pulse(models.Model):
    """When a periodic work was last done; an inbox that looks empty can then be told from one that nobody fills."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
