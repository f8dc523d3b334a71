"""A leg as the control interface prints it."""

from typing import Any

from sandbox.assistant.run import run_on
from sandbox.model import clock
from sandbox.model.legs import Leg


def leg_json(leg: Leg) -> dict[str, Any]:
    media, run = leg.media, run_on(leg)
    heard, spoken = (media.meter, media.outlet.meter) if media else (None, None)
    return {
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "connection_id": leg.connection_id,
        "role": leg.role,
        "state": leg.state,
        "source": media.outlet.source if media else "silence",
        "peer": leg.peer.call_control_id if leg.peer else None,
        "conference": leg.conference.id if leg.conference else None,
        "supervises": leg.supervises.call_control_id if leg.supervises else None,
        "supervisor_role": leg.supervisor_role if leg.supervises else None,
        "frames_in": heard.frames if heard else 0,
        "frames_out": spoken.frames if spoken else 0,
        "rms_in": round(heard.rms, 1) if heard else 0.0,
        "rms_out": round(spoken.rms, 1) if spoken else 0.0,
        "first_voice_in_at": heard.first_voice_at if heard else None,
        "first_voice_in_monotonic": heard.first_voice_monotonic if heard else None,
        "last_voice_in_at": heard.last_voice_at if heard else None,
        "first_voice_out_at": spoken.first_voice_at if spoken else None,
        "last_voice_out_at": spoken.last_voice_at if spoken else None,
        "voice_in": list(heard.stretches) if heard else [],
        "voice_out": list(spoken.stretches) if spoken else [],
        "connected": media.connected if media else False,
        "started_at": clock.iso(leg.started_at),
        "answered_at": clock.iso(leg.answered_at) if leg.answered_at else None,
        "bridged_at": clock.iso(leg.bridged_at) if leg.bridged_at else None,
        "ended_at": clock.iso(leg.ended_at) if leg.ended_at else None,
        "hangup_cause": leg.hangup_cause,
        "from": leg.from_,
        "to": leg.to,
        "sip_username": leg.sip_username,
        "client_state": leg.client_state,
        "custom_headers": leg.custom_headers,
        "display_name": leg.from_display_name,
        "ring_seconds": leg.ring_seconds,
        "sip_region": leg.sip_region,
        "on_hold": leg.on_hold,
        "far_side": leg.far_side.call_control_id if leg.far_side else None,
        "webhook_url": leg.webhooks.url if leg.webhooks else None,
        "assistant": {
            "running": run is not None,
            "conversation_id": run.conversation.id if run else None,
            "question": run.question.name if run and run.question else None,
        },
    }
