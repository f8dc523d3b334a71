"""What a session can be found by."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from sessions_app.models.people import Team
from sessions_app.models.visit import VoiceSession


class SearchDocument(models.Model):
    """One session's words. Written anew a moment after they changed, see `sessions_app.search`."""

    session = models.OneToOneField(
        VoiceSession, primary_key=True, on_delete=models.CASCADE, related_name="search_document"
    )
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    began_at = models.DateTimeField()
    words = SearchVectorField(null=True)
    stale_since = models.DateTimeField(null=True, help_text="Something changed that the words do not hold yet.")

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="search_words"),
            models.Index(fields=["team", "-began_at", "-session"], name="search_newest"),
            models.Index(fields=["stale_since"], name="search_stale", condition=Q(stale_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Words of {self.session_id}"
