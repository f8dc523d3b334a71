"""What the account at Telnyx says of itself, and how often it, or we, had no leg to give."""

from django.db import models

from sessions_app.models.people import Team


class AccountLook(models.Model):
    """The account's newest answer about one thing, and whether it answered the last time that it was asked."""

    name = models.CharField(max_length=40, unique=True)
    told = models.JSONField(default=dict)
    told_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    error = models.CharField(max_length=60, blank=True, help_text="Why there was no answer the last time.")

    def __str__(self) -> str:
        return self.name


class LegRefusal(models.Model):
    """How often within an hour a team was refused a leg, by code: Telnyx's own, or that of our own cap."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    code = models.CharField(max_length=20)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "hour", "code"], name="refusals_counted_once")]

    def __str__(self) -> str:
        return f"{self.code}: {self.count}"
