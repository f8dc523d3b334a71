"""The payloads of Call Control events, built from the truth about a leg."""

from typing import Any

from sandbox.model import clock
from sandbox.model.legs import Conference, Leg
from sandbox.model.platform import Platform

Payload = dict[str, Any]

# What a far end gives as status where none is known, as of a call that came in.
UNSPECIFIED = "unspecified"
PRICE_PER_MINUTE = 0.002


def identity(leg: Leg) -> Payload:
    return {
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "connection_id": leg.connection_id,
        "client_state": leg.client_state,
    }


def common(leg: Leg) -> Payload:
    return {**identity(leg), "from": leg.from_, "to": leg.to}


def initiated(leg: Leg, platform: Platform) -> Payload:
    return {
        **common(leg),
        "calling_party_type": "sip",
        "caller_id_name": leg.from_display_name,
        "direction": direction(leg, platform),
        "state": _state(leg, platform),
        "from_sip_uri": leg.from_sip_uri,
        "to_sip_uri": leg.to_sip_uri,
        "start_time": clock.iso(leg.started_at),
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "offered_codecs": "OPUS",
        "connection_codecs": "OPUS,G722,PCMU,PCMA",
        "tags": [],
    }


def direction(leg: Leg, platform: Platform) -> str:
    """A call that a browser places through a connection leaves it; one to an assistant comes in."""
    if leg.role == "anonymous":
        return "incoming"
    if leg.role == "far_side":
        return platform.far_side_direction
    return platform.parked_direction if leg.role == "prospect" else "outgoing"


def _state(leg: Leg, platform: Platform) -> str | None:
    if leg.state != "parked":
        return "bridging"
    return "parked" if platform.parked_state == "parked" else None


def answered(leg: Leg) -> Payload:
    codec, rate = leg.media.codec if leg.media else ("OPUS", 48_000)
    return {
        **common(leg),
        "state": "answered",
        "start_time": clock.iso(leg.started_at),
        "codec": codec,
        "sampling_rate": rate,
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "tags": [],
    }


def bridged(leg: Leg) -> Payload:
    return common(leg)


def hangup(leg: Leg, platform: Platform, *, source: str, sip_cause: str) -> Payload:
    """Source of `unspecified`: https://developers.telnyx.com/api-reference/callbacks/call-hangup"""
    came_in = direction(leg, platform) == "incoming"
    return {
        **common(leg),
        "state": "hangup",
        "hangup_cause": leg.hangup_cause,
        "hangup_source": source,
        "sip_hangup_cause": UNSPECIFIED if came_in else sip_cause,
        "start_time": clock.iso(leg.started_at),
        "call_quality_stats": quality(leg),
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "tags": [],
    }


def quality(leg: Leg) -> Payload | None:
    """What was measured; None where nothing was, as documented."""
    packets_in, packets_out = (leg.media.meter.frames, leg.media.outlet.meter.frames) if leg.media else (0, 0)
    inbound = {
        "mos": "4.50",
        "jitter_max_variance": "2.74",
        "jitter_packet_count": "0",
        "packet_count": str(packets_in),
        "skip_packet_count": "0",
    }
    outbound = {"packet_count": str(packets_out), "skip_packet_count": "0"}
    found: Payload = {"inbound": inbound} if packets_in else {}
    return {**found, **({"outbound": outbound} if packets_out else {})} or None


def cost(leg: Leg) -> Payload:
    """What the leg cost, told after its end where the application asks for it."""
    # A call that was answered costs a minute at least.
    seconds = -(-max(1, leg.duration_seconds) // 60) * 60 if leg.answered_at else 0
    price = f"{seconds / 60 * PRICE_PER_MINUTE:.4f}"
    part = {
        "billed_duration_secs": seconds,
        "call_part": "call-control",
        "cost": price,
        "currency": "USD",
        "rate": f"{PRICE_PER_MINUTE:.5f}",
    }
    return {
        **identity(leg),
        "billed_duration_secs": seconds,
        "billing_group_id": None,
        "cost_parts": [part],
        "occurred_at": clock.iso(clock.now()),
        "status": "success",
        "total_cost": price,
    }


def conference(subject: Conference, leg: Leg) -> Payload:
    return {**identity(leg), "conference_id": subject.id}


def told(leg: Leg, payload: Payload, platform: Platform) -> Payload:
    """Spell a payload as the platform does: missing states, and the headers of a browser's own call."""
    spelt = dict(payload)
    if platform.client_state == "absent" and spelt.get("client_state") is None:
        spelt.pop("client_state", None)
    if leg.is_from_browser or leg.role == "far_side":
        known = spelt.pop("custom_headers", None)
        if known is not None and platform.custom_headers != "withheld":
            spelt["custom_headers"] = [_header(header, platform) for header in known]
    return spelt


def _header(known: dict[str, str], platform: Platform) -> dict[str, str]:
    if platform.custom_headers == "header_name":
        return {"header_name": known["name"], "header_value": known["value"]}
    return known
