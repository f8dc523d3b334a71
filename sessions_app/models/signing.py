"""Which key the account at Telnyx signs its webhooks with."""

from django.db import models
from django.db.models import Q


class AccountKey(models.Model):
    """The one row of what Telnyx says of it, and when an unknown signature was last told to come again."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    public = models.CharField(max_length=60, blank=True, help_text="As Telnyx told it last; empty: never.")
    asked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True, help_text="Why the last question had no answer.")
    doubted_at = models.DateTimeField(null=True, help_text="An unknown signature was answered 503.")

    class Meta:
        constraints = [models.CheckConstraint(name="one_account_key", condition=Q(id=1))]

    def __str__(self) -> str:
        return self.public or "not told yet"
