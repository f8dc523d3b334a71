"""Telnyx's reason codes as flat tables: what each one means and what to do about it."""

import re
from typing import NamedTuple


class Reason(NamedTuple):
    """One code. `sip` is the SIP status it comes with, None outside SIP; `uncertain` where Telnyx's pages differ."""

    sip: int | None
    cause: str
    action: str
    uncertain: bool = False


# Source: https://support.telnyx.com/en/articles/4409457-telnyx-sip-response-codes (2026-05), compared with the page of
# the developer documentation (2026-04). The code stands at the end of the SIP reason, e.g. "User channel limit
# exceeded D1".
SIP_CODES: dict[str, Reason] = {
    "B3": Reason(488, "connection requires SRTP, the offer has none", "offer SRTP or clear encrypted_media"),
    "D1": Reason(403, "account's outbound call limit reached", "back off, or have the limit raised"),
    "D2": Reason(403, "outbound voice profile's channel limit reached", "raise the limit or queue"),
    "D3": Reason(403, "connection's outbound channel limit reached", "raise the limit"),
    "D4": Reason(486, "connection's inbound channel limit reached", "raise the limit"),
    "D5": Reason(486, "channel billing limit reached (legacy)", "raise the limit"),
    "D7": Reason(403, "no outbound voice profile on the connection", "assign one"),
    "D8": Reason(404, "emergency call without E911 id (legacy)", ""),
    "D9": Reason(403, "same international number dialled again within 60 s", "wait"),
    # The newest article says concurrency; an older copy, a reserved SIP header; the developer page, "forbidden".
    "D10": Reason(403, "account's call limit reached", "check call limit, then custom headers, then account", True),
    "D11": Reason(403, "destination is invalid", "correct the number"),
    "D12": Reason(403, "destination is not in the service plan (legacy)", "change the plan"),
    "D13": Reason(403, "country is not allowed on the outbound voice profile", "add it to whitelisted_destinations"),
    "D14": Reason(404, "dialled number is invalid", "correct the number"),
    "D15": Reason(403, "outbound voice profile is disabled", "enable it"),
    "D16": Reason(403, "connection is disabled", "enable it"),
    "D17": Reason(403, "account is disabled", "contact Telnyx support"),
    "D18": Reason(404, "inbound: connection is inactive", "enable it"),
    "D19": Reason(404, "inbound: account is blocked for billing", "top up the account"),
    "D21": Reason(480, "number has no registered or valid destination", "register the client or set a route"),
    "D22": Reason(403, "channel limit of user, profile or connection reached", "raise the limit"),
    "D24": Reason(403, "rate is above max_destination_rate", "raise the profile's maximum"),
    "D25": Reason(403, "no account for this address or user", "correct the authentication"),
    "D26": Reason(403, "no connection or outbound voice profile", "correct the authentication"),
    "D29": Reason(403, "X-Telnyx-Token is wrong", "correct the authentication"),
    "D30": Reason(403, "SIP URI calling preference refuses the call", "set internal or unrestricted; check the URI"),
    "D31": Reason(403, "SIP subdomain's receive settings refuse the call", "correct the subdomain"),
    "D34": Reason(403, "European restriction (legacy)", ""),
    "D35": Reason(403, "caller id is blank, a SIP username or not E.164", "set ani_override, or `from` as +E.164"),
    "D36": Reason(403, "caller id belongs to another account", "use a number of your own"),
    "D37": Reason(403, "emergency calls are not allowed through call control", ""),
    "D38": Reason(403, "no outbound voice profile on the connection", "assign one"),
    "D39": Reason(403, "international daily spend reached", "contact Telnyx support"),
    "D40": Reason(404, "number exists but has no route", "contact Telnyx support"),
    "D41": Reason(403, "prefix is blocked for fraud", "contact Telnyx support"),
    "D42": Reason(405, "REFER is not allowed", "enable transfer"),
    "D44": Reason(403, "connection_id is wrong", "correct it"),
    "D46": Reason(403, "caller id is on the do-not-originate list", "change the caller id"),
    "D48": Reason(480, "no address or FQDN to route to", "correct the connection"),
    "D49": Reason(403, "North American caller id without routing number", "change the caller id"),
    "D50": Reason(404, "North American destination without routing number", "change the number"),
    "D51": Reason(403, "caller id of another carrier is not verified", "verify it in Verified Numbers"),
    "D52": Reason(603, "inbound call screening refused the call", "", True),  # developer page: 403 restricted origin
    "D53": Reason(403, "caller and callee are the same", "", True),  # developer page: restricted origin
    "D54": Reason(403, "caller id is blocked for its reputation", "change the caller id"),
    "D56": Reason(486, "global channel billing limit reached", "raise the limit"),
    "D57": Reason(403, "HD voice is off", "enable it"),
    "D58": Reason(403, "destination is restricted", "contact Telnyx support"),
    "D59": Reason(404, "special or short number cannot be called from here", ""),
    "D60": Reason(403, "account tier allows verified numbers only", "upgrade, or verify the number"),
    "D61": Reason(486, "account tier blocks inbound calls", "upgrade the account", True),  # developer page: 403
    "D63": Reason(403, "number port or regulatory documents pending", "finish the documents"),
    "D64": Reason(403, "number port or regulatory documents pending", "finish the documents"),
    "D65": Reason(403, "number port or regulatory documents pending", "finish the documents", True),  # article: 486
    "P01": Reason(403, "request URI names a proxy's address", "honour Contact and Record-Route"),
    "P02": Reason(403, "CANCEL without INVITE", ""),
    "P03": Reason(403, "bad method", "correct the client"),
    "P04": Reason(403, "REGISTER has a To tag", "correct the client"),
    "P05": Reason(503, "too many calls per second", "slow down", True),  # developer page: 403
    "P06": Reason(513, "message is larger than 6,144 bytes", "send fewer or shorter headers"),
    "P14": Reason(403, "request URI is longer than 512 bytes", "shorten it"),
    "P15": Reason(503, "too many registrations per second", "slow down", True),  # developer page: 403
    "P16": Reason(403, "destination is empty", "correct the client"),
    "P18": Reason(403, "plain SIP on the WebSocket port", "correct the client"),
    "P29": Reason(500, "registrar failure", "retry"),
    "P43": Reason(403, "Contact is too long", "correct the client"),
    "P51": Reason(403, "method is not supported", "correct the client"),
    "P81": Reason(403, "username is too short", "correct the username"),
    "P82": Reason(403, "username has forbidden characters", "correct the username"),
    "P83": Reason(483, "too many hops", "look for a routing loop"),
    "P93": Reason(403, "method is not supported", "correct the client"),
    "PE1": Reason(503, "no route", "retry or fail over"),
    "PE2": Reason(503, "no route", "retry or fail over"),
    "PE3": Reason(503, "no route", "retry or fail over"),
    "PE4": Reason(503, "no route", "retry or fail over"),
    "PE5": Reason(503, "no route", "retry or fail over"),
    "PE6": Reason(503, "no route", "retry or fail over"),
    "R14": Reason(403, "authentication username is empty", "correct the username"),
    "R16": Reason(403, "authentication username is invalid", "correct the username"),
    "R17": Reason(403, "authentication username is too short", "correct the username"),
    "R18": Reason(403, "authentication username does not match", "correct the username"),
    "R47": Reason(403, "several Contacts in one REGISTER", "send one"),
    "RG1": Reason(480, "callee is not registered", "the callee's client is offline"),
    "TM1": Reason(403, "no rates for the destination", "contact Telnyx support"),
    "TV1": Reason(503, "next carrier failed", "retry"),
}

# Source: @telnyx/webrtc 2.27.10, errors (4xxxx) and warnings (3xxxx); where its code and its table disagree: uncertain.
# https://github.com/team-telnyx/webrtc/blob/main/packages/js/src/Modules/Verto/util/constants/errorCodes.ts
SDK_CODES: dict[str, Reason] = {
    "31001": Reason(None, "round trip is slow", "prefer a nearer region; check the network"),
    "31002": Reason(None, "jitter is high", "prefer a cable to Wi-Fi"),
    "31003": Reason(None, "packets are lost", "prefer a cable to Wi-Fi"),
    "31004": Reason(None, "estimated quality is low", "check round trip, jitter and loss"),
    "31005": Reason(None, "microphone is very quiet", "check the microphone and its level"),
    "31006": Reason(None, "incoming audio is very quiet", "check the other side"),
    "32001": Reason(None, "no bytes received", "check firewall and relay"),
    "32002": Reason(None, "no bytes sent", "check firewall and microphone"),
    "32003": Reason(None, "recording warning", ""),
    "32004": Reason(None, "recording warning", ""),
    "33001": Reason(None, "media connection lost", "wait for recovery"),
    "33002": Reason(None, "gathering candidates took too long", "check access to STUN and TURN"),
    "33003": Reason(None, "no candidates gathered", "check access to STUN and TURN"),
    "33004": Reason(None, "peer connection failed", "call again"),
    "33005": Reason(None, "only local candidates", "check access to STUN and TURN"),
    "33006": Reason(None, "answered while another call is active", "end or hold the other call"),
    "33007": Reason(None, "incoming call answered twice", ""),
    "33008": Reason(None, "media path changed", ""),
    "33009": Reason(None, "change of microphone was skipped", "choose the microphone again"),
    "33010": Reason(None, "several calls at once", "end the others"),
    "33011": Reason(None, "two calls share one audio element", "give each call its own"),
    "34001": Reason(None, "login token expires soon", "fetch a new token"),
    "35002": Reason(None, "reattached to an unknown call", "call again"),
    "36003": Reason(None, "signalling is being recovered", "wait"),
    "36004": Reason(None, "media is being recovered", "wait"),
    "36005": Reason(None, "automatic reconnection is off", "reconnect"),
    "40001": Reason(None, "offer could not be made", "reload the page"),
    "40002": Reason(None, "answer could not be made", "reload the page"),
    "40003": Reason(None, "local description was refused", "reload the page"),
    "40004": Reason(None, "remote description was refused", "reload the page"),
    "40005": Reason(None, "description could not be sent", "check the connection"),
    "42001": Reason(None, "microphone was refused", "allow the microphone for this page"),
    "42002": Reason(None, "no microphone found", "plug one in"),
    "42003": Reason(None, "microphone could not be opened", "close other programs that use it"),
    "44001": Reason(None, "hold failed; the call goes on", "try again"),
    "44002": Reason(None, "call parameters are wrong", "correct the page's settings"),
    "44003": Reason(None, "hang-up could not be sent", ""),
    "44004": Reason(None, "subscription failed", "", True),  # fatal in the SDK's table, not in its code
    "44005": Reason(None, "peer connection closed while starting", "call again"),
    "45001": Reason(None, "signalling could not be reached", "check the connection"),
    "45002": Reason(None, "signalling socket failed", "wait for recovery", True),  # fatal in the SDK's table only
    "45003": Reason(None, "reconnection was given up", "reload the page"),
    "45004": Reason(None, "gateway refused the registration", "reload the page"),
    "46001": Reason(None, "login failed", "fetch a new token"),
    "46002": Reason(None, "login parameters are wrong", "correct the page's settings"),
    "46003": Reason(None, "login is required", "fetch a new token"),
    "47001": Reason(None, "media path could not be renewed; the call goes on", "wait for recovery"),
    "48001": Reason(None, "browser is offline", "check the connection"),
    "48501": Reason(None, "earlier session could not be resumed", "call again"),
    "49001": Reason(None, "unexpected error", "reload the page"),
}

# Source: the SDKs' own constants. One number covers both a timeout and a refused login in the browser SDK.
SOCKET_CODES: dict[str, Reason] = {
    "-32000": Reason(None, "login token refused, or a timeout", "fetch a new token", True),
    "-32001": Reason(None, "login is incorrect", "fetch a new token"),
    "-32002": Reason(None, "no codec in common", "use a current browser"),
    "-32003": Reason(None, "registration timed out", "retry"),
    "-32004": Reason(None, "registration failed", "retry"),
}

REASONS: dict[str, Reason] = SIP_CODES | SDK_CODES | SOCKET_CODES

# Of Telnyx's REST error codes the 9xxxx belong to calls; in words only, the remedy is the caller's.
# Source: https://developers.telnyx.com/development/api-fundamentals/api-errors
API_CODES: dict[str, str] = {
    "10005": "not found",
    "10006": "not found or not yours",
    "10007": "conversation does not exist or is not yours",
    "10009": "API key refused",
    "10010": "not allowed",
    "10011": "too many requests, or SRTP towards a telephone number",
    "10015": "bad request or connection_id",
    "10016": "number is not E.164",
    "10027": "could not be processed",
    "10032": "value is not one of those allowed",
    "10033": "value is out of range",
    "10036": "resource is busy",
    "10038": "account tier does not allow it",
    "10039": "a limit of the account's tier is reached",
    "20002": "API key was revoked",
    "20012": "account is inactive or out of funds",
    "20013": "account is blocked",
    "20100": "account is out of funds",
    "90015": "call_control_id is invalid",
    "90018": "the call has ended",
    "90019": "the conference has ended",
    "90020": "recording before there is audio",
    "90032": "too many participants",
    "90033": "conference name is in use, or nobody is in it",
    "90034": "the call is not answered yet",
    "90040": "audio could not be downloaded",
    "90041": "account's outbound channel limit reached",
    "90042": "outbound voice profile's channel limit reached",
    "90043": "connection's channel limit reached",
    "90044": "already in this conference",
    "90054": "transcription is running already",
    "90058": "conference id is invalid",
    "90061": "an assistant is running already",
    "90103": "too many calls begun per second",
}

# A limit of the account, of its voice profile or of its connection keeps a new leg from coming about. That is nobody's
# fault and passes by itself. D10 is among them by the newest article; D4 is the limit of the legs that *arrive* at a
# connection, as at a softphone.
LIMIT_SIP_CODES = frozenset({"D1", "D2", "D3", "D4", "D5", "D10", "D22", "D56", "P05"})
# 90103: https://developers.telnyx.com/docs/voice/programmable-voice/dials-per-second-limit, 10039, “a limit for this
# feature has been reached at this account level”: https://developers.telnyx.com/api/errors/10039 (read 2026-11).
LIMIT_API_CODES = frozenset({"10039", "90041", "90042", "90043", "90103"})
# Of these, the ones that say how many calls may *stand* at once, and not how many may begin in an hour or a second.
AT_ONCE_CODES = frozenset({"D1", "D2", "D3", "D4", "D5", "D22", "D56", "90041", "90042", "90043"})
# The key or the account may not do this, or too much was asked for: it says nothing of what was asked for.
ACCOUNT_API_CODES = frozenset({"10009", "10010", "10011", "10038", "20002", "20012", "20013", "20100"})
# It came at the wrong moment: the resource is busy, the call has ended, or is not answered yet.
MOMENT_API_CODES = frozenset({"10036", "90018", "90034"})

_AT_THE_END = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,2}[0-9]{1,2})[\s.)\]]*$")


def sip_code(reason: str) -> str:
    """Return the code at the end of a SIP reason, such as D1 of “User channel limit exceeded D1”; "" without one."""
    found = _AT_THE_END.search(reason[-100:])
    return found[1] if found and found[1] in SIP_CODES else ""
