"""What a closer may do. Each view reads a body, asks handoff.actions and answers in JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from dashboard import bodies
from dashboard.permissions import closer_required
from dashboard.render import presenters
from handoff import actions, selectors
from handoff.selectors import Closer, Handoff

Action = Callable[..., dict[str, Any] | None]
MAX_QUALITY_BYTES = 8192
MAX_NOTES_BYTES = 4 * bodies.NOTES_LENGTH
MAX_BYTES = 1024
# Somebody else's offer or call does not exist for this closer; what Telnyx refuses is no fault of the click.
STATUSES = {
    "unknown": 404,
    "forbidden": 403,
    "too_often": 429,
    "softphone_unavailable": 503,
    "bad_report": 400,
    "unfit": 400,
}


def action(view: Action) -> Callable[..., HttpResponse]:
    """POST by a closer; a refusal is 409 with words for the screen, a bad body 400."""

    @wraps(view)
    def answered(request: HttpRequest, closer: Closer, **kwargs: Any) -> HttpResponse:
        try:
            result = view(request, closer, **kwargs)
        except bodies.BadBody as error:
            return _no(400, str(error), "bad_body", {})
        except actions.ActionRefused as refusal:
            return _no(STATUSES.get(refusal.code, 409), str(refusal), refusal.code, refusal.told)
        return JsonResponse({"status": "success", **(result or {})})

    return never_cache(require_POST(closer_required(answered)))


def _no(status: int, message: str, code: str, told: dict[str, Any]) -> JsonResponse:
    return JsonResponse({"status": "error", "message": message, "code": code, **told}, status=status)


@action
def availability(request: HttpRequest, closer: Closer) -> dict[str, Any]:
    available = bodies.flag(bodies.read(request, most_bytes=MAX_BYTES), "available")
    actions.set_available(closer, available, now=timezone.now())
    return {"available": available}


@action
def back(request: HttpRequest, closer: Closer) -> None:
    actions.back(closer, now=timezone.now())


@action
def accept(request: HttpRequest, closer: Closer, offer_id: UUID) -> dict[str, Any]:
    return _taken(actions.accept(offer_id, closer=closer, now=timezone.now()))


def _taken(handoff: Handoff) -> dict[str, Any]:
    """What the softphone must know before the line rings, which may be sooner than the desk is told."""
    return {
        "handoff": str(handoff.pk),
        "session": str(handoff.session_id),
        "state": str(handoff.state),
        "standby": selectors.is_standby(handoff),
    }


@action
def take(request: HttpRequest, closer: Closer, session_id: UUID) -> dict[str, Any]:
    immediately = bodies.flag(bodies.read(request, most_bytes=MAX_BYTES), "immediately")
    return _taken(actions.take(session_id, closer=closer, immediately=immediately, now=timezone.now()))


@action
def assign(request: HttpRequest, closer: Closer, session_id: UUID) -> None:
    to = bodies.number(bodies.read(request, most_bytes=MAX_BYTES), "closer")
    actions.assign(session_id, to=to, by=closer, now=timezone.now())


@action
def steer(request: HttpRequest, closer: Closer, session_id: UUID) -> None:
    body = bodies.read(request, most_bytes=4 * MAX_BYTES)
    words = bodies.words(body, "text", longest=bodies.STEER_LENGTH)
    actions.steer(session_id, closer=closer, text=words, now=timezone.now())


@action
def take_over(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    actions.take_over(handoff_id, closer=closer, now=timezone.now())


@action
def hand_back(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    body = bodies.read(request, most_bytes=4 * MAX_BYTES)
    instruction = bodies.text(body, "instruction", longest=bodies.INSTRUCTION_LENGTH).strip()
    actions.hand_back(handoff_id, closer=closer, instruction=instruction, now=timezone.now())


@action
def decline(request: HttpRequest, closer: Closer, offer_id: UUID) -> None:
    actions.decline(offer_id, closer=closer, now=timezone.now())


@action
def hang_up(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    actions.hang_up(handoff_id, closer=closer, now=timezone.now())


@action
def notes(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    body = bodies.read(request, most_bytes=MAX_NOTES_BYTES)
    kept = bodies.text(body, "notes", longest=bodies.NOTES_LENGTH)
    actions.save_notes(handoff_id, closer=closer, notes=kept, now=timezone.now())


@action
def complete(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    body = bodies.read(request, most_bytes=MAX_BYTES)
    disposition = bodies.text(body, "disposition", longest=bodies.DISPOSITION_LENGTH)
    if disposition not in presenters.DISPOSITION_LABELS:
        raise bodies.BadBody("Choose one of the outcomes.")
    actions.complete(handoff_id, closer=closer, disposition=disposition, now=timezone.now())


@action
def quality(request: HttpRequest, closer: Closer, handoff_id: UUID) -> None:
    data = bodies.read(request, most_bytes=MAX_QUALITY_BYTES)
    actions.report_quality(handoff_id, closer=closer, data=data, now=timezone.now())


@action
@sensitive_variables("login")
def softphone_login(request: HttpRequest, closer: Closer) -> dict[str, Any]:
    """A login token for the softphone. It is a secret: shown once, never logged."""
    body = bodies.read(request, most_bytes=MAX_BYTES)
    is_renewal = "renew" in body and bodies.flag(body, "renew")
    login = actions.softphone_login(closer, page=bodies.page(body), is_renewal=is_renewal, now=timezone.now())
    return {"token": login.token, "username": login.username, "expires_at": login.expires_at.isoformat()}


@action
def call_back(request: HttpRequest, closer: Closer, promise_id: int) -> dict[str, Any]:
    """Call the prospect of a promise: the closer's own line first."""
    return _taken(actions.call_back(promise_id, closer=closer, now=timezone.now()))


@action
def keep_promise(request: HttpRequest, closer: Closer, promise_id: int) -> None:
    actions.keep_promise(promise_id, closer=closer, now=timezone.now())
