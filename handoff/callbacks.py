"""Promises to call back: made, filled in by the prospect, kept."""

from datetime import datetime, timedelta

from handoff import joining, ledger, policies, sentences, telling
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app.models import Run, VoiceSession

APOLOGY = "callback"
# After the apology was spoken; its own end hastens this.
HANG_UP_AFTER_PROMISE = timedelta(seconds=25)


def promise_after_silence(handoff: Handoff, now: datetime) -> None:
    session = handoff.session
    minutes = policies.of(session).callback_minutes
    due_at = now + timedelta(minutes=minutes)
    prospect = session.prospect
    CallbackPromise.objects.get_or_create(
        session=session,
        defaults={
            "team_id": session.team_id,
            "owner": Closer.objects.filter(team_id=session.team_id).order_by("-is_supervisor", "pk").first(),
            "reason": "nobody_free",
            "promised_at": now,
            "due_at": due_at,
            "name": prospect.name if prospect else "",
            "phone": prospect.phone if prospect else "",
        },
    )
    session.callback_due_at = due_at
    session.save(update_fields=["callback_due_at"])
    ledger.drop(handoff, {"speak"})
    telling.say(handoff, sentences.callback(minutes), name=APOLOGY, now=now)
    leg = joining.prospect_leg(session)
    if leg is not None:
        joining.hang_up(session, leg, now=now, handoff=handoff, delay=HANG_UP_AFTER_PROMISE)


def run_over(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """The assistant has asked for the callback's time and number: nothing keeps the prospect on the line."""
    leg = joining.prospect_leg(session)
    if leg is not None:
        joining.hang_up(session, leg, now=now)
