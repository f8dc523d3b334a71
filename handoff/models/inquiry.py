"""When Telnyx is asked next about a session, in case that something was not told."""

from django.db import models
from django.db.models import Q

from sessions_app.models import VoiceSession


class Inquiry(models.Model):
    """One for each session while facts of it may be missing; without a time when nothing is."""

    session = models.OneToOneField(VoiceSession, primary_key=True, on_delete=models.CASCADE, related_name="inquiry")
    next_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0, help_text="In a row that found nothing new.")
    found = models.PositiveIntegerField(default=0, help_text="Facts that had not been told.")

    class Meta:
        verbose_name_plural = "inquiries"
        indexes = [models.Index(fields=["next_at"], name="inquiry_due", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"Inquiry about {self.session_id}"
