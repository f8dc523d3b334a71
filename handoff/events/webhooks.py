"""The doors for Telnyx's webhooks: one way in for all of them."""

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseUnavailable
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from handoff.routing import transfer_targets
from sessions_app.account import signatures
from sessions_app.conversation import variables
from sessions_app.http import bodies
from sessions_app.inbox import binding, intake
from sessions_app.visits import tokens, visitor_values
from telephony import inbound
from telephony.events import AssistantInitialization, Event
from telephony.inbound import BodyUnreadable, SignatureRefused

logger = logging.getLogger(__name__)

CONTENT_TYPES = {"application/json", "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Incoming:
    """A verified delivery: what it says, and the bytes that were signed."""

    event: Event
    body: bytes


@csrf_exempt
@require_POST
def deliver(request: HttpRequest, door: str) -> HttpResponse:
    """Verify, store and process one delivery. 200 means that it is stored."""
    incoming = _receive(request)
    if isinstance(incoming, HttpResponse):
        return incoming
    if not _store(request, incoming, door):
        return HttpResponse(status=503)  # Not stored, so not 2xx: Telnyx sends it again.
    return JsonResponse({"status": "stored"})


@csrf_exempt
@require_POST
def dynamic_variables(request: HttpRequest) -> HttpResponse:
    """Tell the assistant what is known of its prospect; with a good signature this always answers 200."""
    incoming = _receive(request)
    if isinstance(incoming, HttpResponse):
        return incoming
    if not _store(request, incoming, "dynamic-variables"):
        return JsonResponse(variables.unknown(transfer_targets.nobody()))
    try:
        return JsonResponse(_variables(incoming.event))
    except DatabaseUnavailable:
        logger.exception("Could not read what the assistant asks for")
        return JsonResponse(variables.unknown(transfer_targets.nobody()))


def _receive(request: HttpRequest) -> Incoming | HttpResponse:
    if request.content_type not in CONTENT_TYPES:
        return HttpResponse(status=415)
    try:
        body = bodies.raw(request)
        event = inbound.receive(body, request.headers, keys=settings.TELNYX_PUBLIC_KEYS, now=timezone.now())
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except SignatureRefused as error:
        logger.warning("delivery refused: %s", error)
        return signatures.refuse(error)
    except BodyUnreadable as error:
        logger.warning("delivery unreadable: %s", error)
        return HttpResponse(status=400)
    signatures.verified()
    return Incoming(event, body)


def _store(request: HttpRequest, incoming: Incoming, door: str) -> bool:
    try:
        intake.take(
            incoming.event,
            body=incoming.body,
            content_type=request.content_type or "",
            door=door,
            now=timezone.now(),
        )
    except DatabaseUnavailable:
        logger.exception("Could not store a delivery")
        return False
    return True


def _variables(event: Event) -> dict[str, Any]:
    match, now = binding.peek(event), timezone.now()
    if match is None:
        assistant_id = event.assistant_id if isinstance(event, AssistantInitialization) else None
        return variables.unknown(transfer_targets.of_assistant(assistant_id or "", now=now))
    return variables.answer(
        session_id=str(match.pk),
        ticket=tokens.ticket(match.pk),
        targets=transfer_targets.of_session(match, now=now),
        company=match.team.name,
        widget=match.widget.name,
        prospect_name=match.prospect.name if match.prospect else "",
        passed=visitor_values.for_assistant(match),
    )
