"""The same tools as webhooks: with Telnyx's signature and our secret, or at an address with a ticket of ours."""

import logging
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseUnavailable
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from assistant_tools import access, calls
from sessions_app.account import signatures
from sessions_app.conversation.tool_calls import Caller
from sessions_app.http import bodies, client_ip, limits
from sessions_app.rules import answer_values
from sessions_app.visits import tokens
from telephony import inbound
from telephony.inbound import BodyUnreadable, SignatureRefused

logger = logging.getLogger(__name__)


class NotGranted(Exception):
    """Neither our secret nor a ticket of ours came along."""


@csrf_exempt
@require_POST
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with what the assistant is told; a delivery that is repeated is answered again, not carried out again."""
    received = _receive(request, name)
    if isinstance(received, HttpResponse):
        return received
    caller, arguments = received
    if not caller.call_control_id or not isinstance(arguments, dict):
        return HttpResponse(status=400)
    # A model names what it has not heard, too; one such argument must not lose the others.
    heard = {argument: value for argument, value in arguments.items() if answer_values.is_one(value)}
    try:
        told = calls.use(name, heard, caller=caller, now=timezone.now())
    except DatabaseUnavailable:
        logger.exception("Could not keep a use of a tool")
        return HttpResponse(status=503)
    return JsonResponse({"text": told.text, **calls.as_data(told)})


def _receive(request: HttpRequest, name: str) -> tuple[Caller, Any] | HttpResponse:
    """Who uses the tool, and with what."""
    if request.content_type != "application/json":
        return HttpResponse(status=415)
    try:
        return _by_ticket(request) if "ticket" in request.GET else _by_signature(request, name)
    except NotGranted:
        return HttpResponse(status=401)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except SignatureRefused as error:
        logger.warning("tool refused: %s", error)
        return signatures.refuse(error)
    except BodyUnreadable as error:
        logger.warning("tool unreadable: %s", error)
        return HttpResponse(status=400)
    except limits.Refused as refused:
        return HttpResponse(status=429, headers={"Retry-After": str(refused.retry_after)})
    except limits.LimiterDown:
        return HttpResponse(status=503)


def _by_signature(request: HttpRequest, name: str) -> tuple[Caller, Any]:
    authorization = request.headers.get("Authorization", "")
    body = bodies.raw(request)
    incoming = inbound.receive_tool(body, request.headers, keys=settings.TELNYX_PUBLIC_KEYS, now=timezone.now())
    signatures.verified()
    if not access.is_granted(authorization):
        raise NotGranted
    access.count(authorization, client_ip.client_address(request))
    key = sha256(f"{name} {incoming.delivery}".encode()).hexdigest()
    return Caller("webhook", call_control_id=incoming.call_control_id, delivery_key=key), incoming.arguments


def _by_ticket(request: HttpRequest) -> tuple[Caller, Any]:
    """A gather's tool. Without a time of signing a repetition cannot be told from a second use, which is harmless."""
    ticket = request.GET["ticket"]
    granted = tokens.read_tool_ticket(ticket)
    if granted is None:
        raise NotGranted
    access.count(ticket, client_ip.client_address(request))
    arguments = inbound.receive_ticketed(
        bodies.raw(request), request.headers, keys=settings.TELNYX_PUBLIC_KEYS, now=timezone.now()
    )
    return Caller("webhook", call_control_id=granted[1], run_id=granted[0]), arguments
