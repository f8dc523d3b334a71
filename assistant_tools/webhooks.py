"""The same tools for assistants that use them as webhooks: Telnyx's signature, and a secret beside it."""

import logging
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseUnavailable
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from assistant_tools import access, calls
from sessions_app import addresses, bodies, limits
from sessions_app.tool_calls import Caller
from telephony import inbound
from telephony.inbound import BodyUnreadable, SignatureRefused, ToolRequest

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def use(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with what the assistant is told; a delivery that is repeated is answered again, not carried out again."""
    incoming = _receive(request)
    if isinstance(incoming, HttpResponse):
        return incoming
    if not incoming.call_control_id or not isinstance(incoming.arguments, dict):
        return HttpResponse(status=400)
    key = sha256(f"{name} {incoming.delivery}".encode()).hexdigest()
    caller = Caller("webhook", call_control_id=incoming.call_control_id, delivery_key=key)
    try:
        told = calls.use(name, incoming.arguments, caller=caller, now=timezone.now())
    except DatabaseUnavailable:
        logger.exception("Could not keep a use of a tool")
        return HttpResponse(status=503)
    return JsonResponse({"text": told.text, **calls.as_data(told)})


def _receive(request: HttpRequest) -> ToolRequest | HttpResponse:
    if request.content_type != "application/json":
        return HttpResponse(status=415)
    authorization = request.headers.get("Authorization", "")
    try:
        body = bodies.raw(request)
        incoming = inbound.receive_tool(body, request.headers, keys=settings.TELNYX_PUBLIC_KEYS, now=timezone.now())
        if not access.is_granted(authorization):
            return HttpResponse(status=401)
        access.count(authorization, addresses.client_address(request))
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except SignatureRefused as error:
        logger.warning("tool refused: %s", error)
        return HttpResponse(status=401)
    except BodyUnreadable as error:
        logger.warning("tool unreadable: %s", error)
        return HttpResponse(status=400)
    except limits.Refused as refused:
        return HttpResponse(status=429, headers={"Retry-After": str(refused.retry_after)})
    except limits.LimiterDown:
        return HttpResponse(status=503)
    return incoming
