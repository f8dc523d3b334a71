"""What was learnt of the prospect: the answer that holds, and every value that was given for it."""

from django.db import models

from sessions_app.models.visit import VoiceSession


class Source(models.TextChoices):
    PARTIAL = "partial", "While talking"
    FINAL = "final", "Final result"
    INSIGHT = "insight", "Insight"
    TOOL = "tool", "Assistant's tool"
    CLOSER = "closer", "Closer"
    PROSPECT = "prospect", "Prospect's form"


class CapturedField(models.Model):
    """One field of a session and the value that holds; `sessions_app.fields` alone writes it."""

    Source = Source

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="fields")
    name = models.CharField(max_length=100)
    value = models.JSONField(help_text="Empty text: a closer said that it is not known.")
    source = models.CharField(max_length=10, choices=Source.choices)
    captured_at = models.DateTimeField(help_text="When this source first gave this value.")
    unlocked_at = models.DateTimeField(null=True, help_text="Edits up to then no longer keep later values out.")
    dismissed = models.JSONField(default=list, help_text="Digests of values that a closer does not want suggested.")

    class Meta:
        ordering = ["session", "pk"]
        constraints = [models.UniqueConstraint(fields=["session", "name"], name="field_once")]

    def __str__(self) -> str:
        return self.name


class FieldValue(models.Model):
    """One value that one source gave for a field; the same value again only widens its times.

    A closer's edits are kept one by one, for each of them is a decision.
    """

    field = models.ForeignKey(CapturedField, on_delete=models.CASCADE, related_name="values")
    source = models.CharField(max_length=10, choices=Source.choices)
    digest = models.CharField(max_length=16, help_text="Of the value, to tell it from others.")
    value = models.JSONField()
    length = models.PositiveIntegerField(help_text="As it came; of a longer value the beginning is kept.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    position = models.PositiveIntegerField(null=True, help_text="The prospect's last utterance when first given.")
    given_by = models.CharField(max_length=80, blank=True, help_text="The closer's name.")

    class Meta:
        ordering = ["field", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["field", "source", "digest"],
                name="field_value_once",
                condition=~models.Q(source="closer"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.digest}"
