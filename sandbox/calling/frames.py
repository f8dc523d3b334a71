"""The frames by which a browser learns of a call."""

from typing import Any

from sandbox.model.legs import Leg
from sandbox.model.orders import Ending


def browser_ids(leg: Leg) -> dict[str, Any]:
    return {
        "callID": leg.call_id,
        "telnyx_call_control_id": leg.call_control_id,
        "telnyx_session_id": leg.call_session_id,
        "telnyx_leg_id": leg.call_leg_id,
    }


def invitation(leg: Leg, sdp: str) -> dict[str, Any]:
    return {
        **browser_ids(leg),
        "sdp": sdp,
        "caller_id_name": leg.from_display_name or leg.from_,
        "caller_id_number": leg.from_,
        "callee_id_name": "Outbound Call",
        "callee_id_number": leg.sip_username,
        "display_direction": "inbound",
        "client_state": leg.client_state,
        "dialogParams": {"custom_headers": leg.custom_headers},
    }


def farewell(leg: Leg, ending: Ending) -> dict[str, Any]:
    return {
        "callID": leg.call_id,
        "cause": ending.browser_cause,
        "causeCode": ending.browser_code,
        "sipCode": int(ending.sip),
        "sipReason": ending.reason or ("OK" if ending.sip == "200" else ending.browser_cause.replace("_", " ").title()),
    }
