"""A session as one file, for a supervisor."""

from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.roles import Action
from dashboard.permissions import closer_required
from dashboard.render import snapshot
from flight_recorder.record import recorder
from handoff.selectors import Closer


@never_cache
@require_safe
@closer_required(Action.VISIT_EXPORT)
def download(request: HttpRequest, closer: Closer, session_id: UUID) -> JsonResponse:
    """All that came in, was asked and became of the session; no secrets."""
    session = snapshot.find(closer.team, session_id)
    if session is None:
        raise Http404("No such session in your team.")
    headers = {"Content-Disposition": f'attachment; filename="session-{session.pk}.json"'}
    return JsonResponse(recorder.record(session, now=timezone.now()), headers=headers)
