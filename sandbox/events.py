"""The payloads of Call Control events, built from the truth about a leg."""

from typing import Any

from sandbox import clock
from sandbox.calls import Conference, Leg

Payload = dict[str, Any]


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


def initiated(leg: Leg) -> Payload:
    return {
        **common(leg),
        "calling_party_type": "sip",
        "caller_id_name": leg.from_display_name,
        "direction": "incoming" if leg.is_incoming else "outgoing",
        "state": "parked" if leg.state == "parked" else "bridging",
        "from_sip_uri": leg.own_address if leg.is_incoming else f"{leg.from_}@{leg.sip_domain}",
        "to_sip_uri": f"{leg.to}@{leg.sip_domain}" if leg.is_incoming else leg.own_address,
        "start_time": clock.iso(leg.started_at),
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "offered_codecs": "OPUS",
        "connection_codecs": "OPUS,G722,PCMU,PCMA",
        "tags": [],
    }


def answered(leg: Leg) -> Payload:
    return {
        **common(leg),
        "state": "answered",
        "start_time": clock.iso(leg.started_at),
        "codec": "OPUS",
        "sampling_rate": 48_000,
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "tags": [],
    }


def bridged(leg: Leg) -> Payload:
    return common(leg)


def hangup(leg: Leg, *, source: str, sip_cause: str) -> Payload:
    return {
        **common(leg),
        "state": "hangup",
        "hangup_cause": leg.hangup_cause,
        "hangup_source": source,
        "sip_hangup_cause": sip_cause,
        "start_time": clock.iso(leg.started_at),
        "call_quality_stats": quality(leg),
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "tags": [],
    }


def quality(leg: Leg) -> Payload | None:
    if not leg.media:
        return None
    frames_in = leg.media.meter.frames
    return {
        "inbound": {
            "mos": "4.50" if frames_in else "0.00",
            "jitter_max_variance": "2.74" if frames_in else "0.00",
            "jitter_packet_count": "0",
            "packet_count": str(frames_in),
            "skip_packet_count": "0",
        },
        "outbound": {"packet_count": str(leg.media.outlet.meter.frames), "skip_packet_count": "0"},
    }


def conference(subject: Conference, leg: Leg) -> Payload:
    return {**identity(leg), "conference_id": subject.id, "occurred_at": clock.iso(clock.now())}
