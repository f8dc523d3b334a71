"""One probe, what its page is asked to do, and what it tells; the last two are deleted when the probe is over."""

import uuid

from django.db import models


class Probe(models.Model):
    """A run of the command, while it lasts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="Last sign of life of the command.")
    ended_at = models.DateTimeField(null=True)
    tab = models.CharField(max_length=36, blank=True, help_text="The page that takes part; a second one may not.")
    tab_seen_at = models.DateTimeField(null=True)
    logins = models.PositiveSmallIntegerField(default=0)
    tool_uses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        permissions = [("run_probe", "Can run a probe on the account at Telnyx")]

    def __str__(self) -> str:
        return str(self.pk)


class Order(models.Model):
    """Something that the page is to do. Nothing secret stands in it."""

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="orders")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["probe", "number"], name="order_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Told(models.Model):
    """Something that the page saw, or one use of the tool that a gather was given."""

    probe = models.ForeignKey(Probe, on_delete=models.CASCADE, related_name="told")
    source = models.CharField(max_length=4)
    at = models.DateTimeField()
    data = models.JSONField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"
