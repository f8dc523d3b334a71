"""The questions of a widget as they stood at a time, so that an old session still reads with its own."""

from typing import Any

from django.conf import settings
from django.db import models

from sessions_app.models.people import WidgetConfig
from sessions_app.rules.ordered_json import OrderedJSONField


class GatherVersion(models.Model):
    """One state of a widget's questions. It never changes: other questions are another version."""

    widget = models.ForeignKey(WidgetConfig, on_delete=models.CASCADE, related_name="gather_versions")
    number = models.PositiveIntegerField(help_text="Counted from 1.")
    schema = OrderedJSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Who saved them."
    )

    class Meta:
        ordering = ["widget", "number"]
        constraints = [models.UniqueConstraint(fields=["widget", "number"], name="gather_version_once")]

    def __str__(self) -> str:
        return f"Version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a version of the questions does not change")
        super().save(*args, **kwargs)
