"""Where an assistant asks, before it greets, what is known of its prospect: a delivery like any other, but answered."""

import logging
from typing import Any

from django.db import Error as DatabaseUnavailable
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.roles import Action, asks
from handoff.routing import transfer_targets
from sessions_app.conversation import variables
from sessions_app.inbox import binding, webhooks
from sessions_app.models import VoiceSession, WebhookDelivery
from sessions_app.visits import tokens, visitor_values
from telephony.events import AssistantInitialization, Event

logger = logging.getLogger(__name__)


@asks(Action.VARIABLES_ASK)
@csrf_exempt
@require_POST
def dynamic_variables(request: HttpRequest) -> HttpResponse:
    """Tell the assistant what is known of its prospect; with a good signature this always answers 200."""
    incoming = webhooks.receive(request)
    if isinstance(incoming, HttpResponse):
        return incoming
    delivery = webhooks.store(request, incoming, door="dynamic-variables")
    if delivery is None:
        return JsonResponse(variables.unknown(transfer_targets.nobody()))
    try:
        return JsonResponse(_known(incoming.event, _session_of(delivery, incoming.event)))
    except DatabaseUnavailable:
        logger.exception("Could not read what the assistant asks for")
        return JsonResponse(variables.unknown(transfer_targets.nobody()))


def _session_of(delivery: WebhookDelivery, event: Event) -> VoiceSession | None:
    """Whose the delivery was found to be: a leg that was found to be nobody's learns nothing of the call it shares."""
    if delivery.status == WebhookDelivery.Status.FAILED:
        return binding.peek(event)  # It will be processed again; the assistant greets now.
    if delivery.session_id is None:
        return None
    # Read anew: what had waited for this delivery was let in after it, and may have told more.
    return VoiceSession.objects.select_related("widget", "team", "prospect").get(pk=delivery.session_id)


def _known(event: Event, session: VoiceSession | None) -> dict[str, Any]:
    now = timezone.now()
    if session is None:
        assistant_id = event.assistant_id if isinstance(event, AssistantInitialization) else None
        return variables.unknown(transfer_targets.of_assistant(assistant_id or "", now=now))
    return variables.answer(
        session_id=str(session.pk),
        ticket=tokens.ticket(session.pk),
        targets=transfer_targets.of_session(session, now=now),
        company=session.team.name,
        widget=session.widget.name,
        prospect_name=session.prospect.name if session.prospect else "",
        passed=visitor_values.for_assistant(session),
    )
