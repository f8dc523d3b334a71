"""The session page of the administration, with its file."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from accounts.roles import Action
from flight_recorder.record import recorder
from handoff.admin import SessionAdmin
from sessions_app.models import VoiceSession

EXPORT = "export"

admin.site.unregister(VoiceSession)


@admin.register(VoiceSession)
class RecordedSessionAdmin(SessionAdmin):
    asks = {**SessionAdmin.asks, EXPORT: Action.VISIT_EXPORT}
    actions = ["export"]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.may(request, EXPORT)  # It holds what was said.

    @admin.action(description="Export as a file", permissions=[EXPORT])
    def export(self, request: HttpRequest, queryset: QuerySet[VoiceSession]) -> HttpResponse | None:
        """One session is one file, without secrets, for `manage.py replay`."""
        session = queryset.select_related("widget", "team", "prospect").first()
        if session is None or queryset.count() > 1:
            self.message_user(request, "Choose one session: each is a file of its own.", messages.WARNING)
            return None
        headers = {"Content-Disposition": f'attachment; filename="session-{session.pk}.json"'}
        return JsonResponse(recorder.record(session, now=timezone.now()), headers=headers)
