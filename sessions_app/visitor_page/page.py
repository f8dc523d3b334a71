"""What the prospect's own page may know of its session."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone

from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, Run, TranscriptTurn, VoiceSession
from sessions_app.models.people import WidgetConfig
from sessions_app.models.visit import Phase
from sessions_app.visits import tokens, visitor_values
from telephony.regions import signalling_region

CAPTION_TURNS = 200
# Later it would only make every state differ from the one before.
MEASURED_WITHIN = timedelta(minutes=1)
_JOINING = (Kind.HANDOFF_ACCEPTED, Kind.HANDOFF_BRIDGING, Kind.HANDOFF_CONNECTED)
_FACTS = (
    "ended_at",
    "handover_phase",
    "closer_name",
    "assistant_ended_at",
    "has_rejoined",
    "is_leg_tried",
    "leg_refused",
    "met_busy_lines",
)


def state(session: VoiceSession) -> dict[str, Any]:
    """The whole state, sent anew at every change; nothing in it is numbered, so a lost push heals with the next."""
    is_leg_gone = must_rejoin(session)
    return {
        "type": "state",
        "phase": str(_phase(session)),
        "purpose": str(session.current_run.purpose if session.current_run else Run.Purpose.QUALIFY),
        "closer": {"name": session.closer_name} if session.closer_name else None,
        "rejoin": is_leg_gone,
        "handover": _handover(session) if session.phase == Phase.HUMAN else None,
        "turns": _turns(session),
        "callback": _callback(session),
        "calling": _calling(session),
        "busy": session.met_busy_lines,
    }


def own_names(session: VoiceSession) -> dict[str, str]:
    """What the page of this session goes by: its id, its token for us, its ticket for its call."""
    return {"id": str(session.pk), "token": tokens.issue(session.pk), "ticket": tokens.ticket(session.pk)}


def _phase(session: VoiceSession) -> str:
    """A promise is shown beyond the end of the visit, but not while the assistant still arranges it."""
    if session.handover_phase != Phase.CALLBACK:
        return session.phase
    return Phase.ASSISTANT if session.is_assistant_running else Phase.CALLBACK


def _calling(session: VoiceSession) -> dict[str, Any] | None:
    """The visit that a closer opened to call this page back, while this page rings for it."""
    rings = session.callbacks.filter(
        ended_at=None,
        call_control_id=None,
        handover_phase=Phase.HANDING_OVER,
        timeline__kind=Kind.CALLBACK_PAGE_RUNG,
    )
    visit = rings.order_by("-created_at").first()
    return {"closer": visit.closer_name, "session": own_names(visit)} if visit else None


def must_rejoin(session: VoiceSession) -> bool:
    """A closer is being connected, and the prospect's leg is gone with the assistant, or cannot be had from it."""
    current = CallLeg.objects.filter(pk=session.current_leg_id or 0).first()
    # Read after the leg: one transaction may have ended both the leg and the visit since the session was read.
    session.refresh_from_db(fields=_FACTS)
    if session.ended_at or session.phase not in {Phase.HANDING_OVER, Phase.HUMAN}:
        return False
    if current is None:
        # The closer whom an anonymous call's assistant rings may be there before anything proves which call it is: it
        # stands while they talk, and ends with their line.
        return not session.is_anonymous or session.phase == Phase.HANDING_OVER
    is_gone = current.ended_at is not None or current.refused_at is not None
    is_doomed = session.leg_refused or (session.assistant_ended_at is not None and not session.is_leg_tried)
    return is_gone or (session.is_anonymous and not session.has_rejoined and is_doomed)


def _handover(session: VoiceSession) -> dict[str, Any] | None:
    """How long ago the closer's line was joined to this call: what the page hears is measured from there.

    As ages, because the page's clock is not ours.
    """
    steps = session.timeline.filter(kind__in=_JOINING).order_by("-seq")[: len(_JOINING)]
    at = {step.kind: step for step in reversed(steps)}
    now = timezone.now()
    connected = at.get(Kind.HANDOFF_CONNECTED)
    if connected is None or now - connected.occurred_at > MEASURED_WITHIN:
        return None
    begun = at.get(Kind.HANDOFF_BRIDGING) or at.get(Kind.HANDOFF_ACCEPTED) or connected
    return {
        "id": connected.payload.get("handoff"),
        "joining_ms": _age_ms(begun.occurred_at, now),
        "connected_ms": _age_ms(connected.occurred_at, now),
    }


def _age_ms(moment: datetime, now: datetime) -> int:
    return max(0, round((now - moment).total_seconds() * 1000))


def _turns(session: VoiceSession) -> list[dict[str, str]]:
    turns = TranscriptTurn.objects.filter(session=session).order_by("-position")[:CAPTION_TURNS]
    return [{"id": str(turn.position), "role": turn.speaker, "text": turn.text} for turn in reversed(turns)]


def _callback(session: VoiceSession) -> dict[str, str] | None:
    """Known only once there is a number to call: until then the page asks for one."""
    prospect = session.prospect
    if session.callback_due_at is None or prospect is None or not prospect.phone:
        return None
    return {"due_at": session.callback_due_at.isoformat()}


def page_config(widget: WidgetConfig) -> dict[str, Any]:
    """What the widget page is told before anybody consents to anything."""
    return {
        "slug": widget.slug,
        "mode": widget.connection_mode,
        "assistant_id": widget.assistant_id,
        "destination": settings.TELNYX_PAGE_DESTINATION,
        "caller_number": settings.TELNYX_PAGE_CALLER_NUMBER,
        "signalling_host": settings.TELNYX_SIGNALLING_HOST,
        "ice_servers": settings.TELNYX_ICE_SERVERS,
        "region": signalling_region(settings.TELNYX_SIGNALLING_REGION, time_zone=widget.time_zone),
        "ice_prefetch": settings.TELNYX_ICE_PREFETCH,
        "company": widget.team.name,
        "variables": visitor_values.allowed(widget),
        "consent": {
            "version": widget.consent_version,
            "text": widget.consent_text,
            "recording": widget.is_recorded,
        },
        "urls": {
            **{name: f"/api/orchestration/{name}" for name in _CALLS},
            "socket": "/ws/prospect/",
            "hearing": static("dist/hearing.js"),
        },
    }


_CALLS = (
    *("token", "lines", "message", "claim", "rejoin", "renew", "request", "callback", "report", "heard"),
    "leave",
)
