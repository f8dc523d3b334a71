"""What an assistant asks before it greets, what is known of its prospect: a delivery like any other, but answered."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from accounts.roles import Action
from handoff.routing import transfer_targets
from sessions_app.conversation import variables
from sessions_app.inbox import binding
from sessions_app.inbox.door import UNSTORED, Inbox, Kept, Lane
from sessions_app.models import VoiceSession, WebhookDelivery
from sessions_app.visits import tokens, visitor_values
from telephony.events import AssistantInitialization, Event

PATH = "/webhooks/telnyx/dynamic-variables"
# The prospect hears nothing until the answer is there. Somebody may hold their session's row meanwhile: what is
# readable without it is said then, and if nothing is, what is safe to say to anybody.
ANSWERED_WITHIN = timedelta(milliseconds=300)
# Of it, how long the delivery's own effect is waited for.
_FOLDED_WITHIN = 2 / 3

Status = WebhookDelivery.Status


def lane(*, within: timedelta = ANSWERED_WITHIN) -> Lane:
    """With a good signature this always answers 200, and in time."""
    return Lane("dynamic-variables", Action.VARIABLES_ASK, partial(_answer, seconds=within.total_seconds()))


async def _answer(event: Event, keeping: asyncio.Future[Kept], inbox: Inbox, *, seconds: float) -> Mapping[str, Any]:
    readable = asyncio.ensure_future(inbox.ask(lambda: _known(event, binding.of_own_leg(event))))
    with suppress(*UNSTORED):
        async with asyncio.timeout(seconds):
            kept = await asyncio.shield(keeping)
            await asyncio.wait([kept.folded], timeout=seconds * _FOLDED_WITHIN)
            if kept.folded.done():
                return await inbox.ask(lambda: _known(event, _session_of(kept.pk, event)))
            return await asyncio.shield(readable)
    if readable.done() and readable.exception() is None:
        return readable.result()
    return variables.unknown(transfer_targets.nobody())


def _session_of(pk: int, event: Event) -> VoiceSession | None:
    """Whose the delivery was found to be: a leg that was found to be nobody's learns nothing of the call it shares."""
    delivery = WebhookDelivery.objects.only("status").get(pk=pk)
    if delivery.status in {Status.STORED, Status.FAILED}:
        return binding.of_own_leg(event)  # It is still to be processed; the assistant greets now.
    # Read now: what had waited for this delivery was let in after it, and may have told more.
    return VoiceSession.objects.select_related("widget", "team", "prospect").filter(deliveries=delivery).first()


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
