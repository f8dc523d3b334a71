"""The lines set up to closers who accepted."""

from django.db import models
from django.db.models import Q

from handoff.models.handoff import Handoff
from handoff.models.people import Closer
from sessions_app.models import CallLeg


class Attempt(models.Model):
    """The lines set up to one closer who accepted; a softphone that was elsewhere, or a line that is free again, makes
    another one of the same acceptance.
    """

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(help_text="Counted from 1.")
    closer = models.ForeignKey(Closer, null=True, on_delete=models.PROTECT, related_name="attempts")
    leg = models.ForeignKey(CallLeg, null=True, on_delete=models.SET_NULL, related_name="+")
    listener_leg = models.ForeignKey(
        CallLeg, null=True, on_delete=models.SET_NULL, related_name="+", help_text="On which the closer listens in."
    )
    takes_now = models.BooleanField(default=False, help_text="The closer does not wait for the assistant's end.")
    is_cold = models.BooleanField(default=True, help_text="It was accepted after the assistant's end.")
    listens_in = models.BooleanField(default=False, help_text="The closer hears the prospect while the line waits.")
    line_lost_at = models.DateTimeField(
        null=True, help_text="When the closer's softphone was not where it was rung; once for each acceptance."
    )
    line_back_at = models.DateTimeField(null=True, help_text="When it had registered anew, and was rung once more.")
    accepted_at = models.DateTimeField(null=True, help_text="Once for each acceptance.")
    seated_at = models.DateTimeField(null=True, help_text="The closer's leg was up while the assistant spoke.")
    command_sent_at = models.DateTimeField(null=True, help_text="The first command that could join the two.")
    connected_at = models.DateTimeField(null=True)
    broke_at = models.DateTimeField(null=True, help_text="When this closer's line broke in the talk, or just before.")
    over_at = models.DateTimeField(null=True, help_text="From when the closer may have another call.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handoff", "number"], name="attempt_number_once"),
            models.UniqueConstraint(fields=["closer"], name="one_attempt_per_closer", condition=Q(over_at=None)),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number} of {self.handoff_id}"

    @property
    def awaits_line(self) -> bool:
        """Whether the closer's page was asked to register anew and has not yet."""
        return self.line_lost_at is not None and self.line_back_at is None


class Measures(models.Model):
    """What both browsers measured of a change of speaker; what was not measured stays empty."""

    attempt = models.OneToOneField(Attempt, primary_key=True, on_delete=models.CASCADE, related_name="measures")
    media_up_at = models.DateTimeField(null=True, help_text="Both browsers received the other's audio.")
    first_word_at = models.DateTimeField(null=True, help_text="The prospect heard the closer.")
    dead_air_ms = models.PositiveIntegerField(null=True, help_text="Silence between assistant and closer.")

    class Meta:
        verbose_name_plural = "measures"

    def __str__(self) -> str:
        return f"Measures of attempt {self.attempt_id}"
