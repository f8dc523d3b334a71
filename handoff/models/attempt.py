"""The lines set up to closers who accepted."""

from django.db import models

from handoff.models.handoff import Handoff
from handoff.models.people import Closer


class Attempt(models.Model):
    """The lines set up to one closer who accepted; a softphone that was elsewhere, or a line that is free again, makes
    another one of the same acceptance.
    """

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(help_text="Counted from 1.")
    closer = models.ForeignKey(Closer, null=True, on_delete=models.SET_NULL, related_name="attempts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handoff", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"Attempt {self.number} of {self.handoff_id}"
