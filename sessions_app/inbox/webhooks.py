"""The door for Telnyx's webhooks: what is let in, and stored before it is answered."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseUnavailable
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.roles import Action, asks
from sessions_app.account import signatures
from sessions_app.http import bodies
from sessions_app.inbox import intake
from sessions_app.models import WebhookDelivery
from telephony import inbound
from telephony.events import Event
from telephony.inbound import BodyUnreadable, SignatureRefused

logger = logging.getLogger(__name__)

CONTENT_TYPES = {"application/json", "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Incoming:
    """A verified delivery: what it says, and the bytes that were signed."""

    event: Event
    body: bytes


@asks(Action.DELIVERY_STORE)
@csrf_exempt
@require_POST
def deliver(request: HttpRequest, door: str) -> HttpResponse:
    """Verify, store and process one delivery. 200 means that it is stored."""
    incoming = receive(request)
    if isinstance(incoming, HttpResponse):
        return incoming
    if store(request, incoming, door=door) is None:
        return HttpResponse(status=503)  # Not stored, so not 2xx: Telnyx sends it again.
    return JsonResponse({"status": "stored"})


def receive(request: HttpRequest) -> Incoming | HttpResponse:
    """What a request delivers, or the refusal that it is to be answered with."""
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


def store(request: HttpRequest, incoming: Incoming, *, door: str) -> WebhookDelivery | None:
    """Keep and process a delivery; None when it could not be kept."""
    try:
        return intake.take(
            incoming.event,
            body=incoming.body,
            content_type=request.content_type or "",
            door=door,
            now=timezone.now(),
        )
    except DatabaseUnavailable:
        logger.exception("Could not store a delivery")
        return None
