"""REST: how the account stands. Key, balance, connections, registrations, dials."""

from datetime import UTC, datetime, timedelta

from aiohttp import web

from sandbox.calling.switchboard import Switchboard
from sandbox.model import clock
from sandbox.model.account_kinds import APPLICATIONS, CONNECTIONS
from sandbox.model.signer import Signer
from sandbox.rest.door import Body, action, invalid, missing, not_found

# "You may only have 5 Credential Connection(s) at your account level": seen by a third party (2026).
CONNECTION_LIMIT = 5
REGISTRATION_SECONDS = 3600
DIALS_PER_SECOND = 5
OTHER_CONNECTIONS = (
    *("external", "fax", "fqdn", "ip", "microsoft_teams_sbc", "mobile_voice", "operator_connect"),
    *("third_party_provider", "uac", "zoom_sbc"),
)


class StandingRoutes:
    def __init__(self, switchboard: Switchboard, signer: Signer) -> None:
        self._switchboard = switchboard
        self._signer = signer

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/public_key", action(self.public_key)),
            web.get("/v2/balance", action(self.balance)),
            web.get("/v2/connections/count", action(self.connections)),
            web.get("/v2/sip_registration_status", action(self.registration)),
            web.get("/v2/dial_metrics", action(self.dials)),
        ]

    async def public_key(self, _request: web.Request) -> Body:
        return {"data": {"record_type": "public_key", "public": self._signer.public_key}}

    async def balance(self, _request: web.Request) -> Body:
        balance = self._switchboard.account.limits.balance
        return {
            "data": {
                "record_type": "balance",
                "balance": balance,
                "available_credit": balance,
                "credit_limit": "0.00",
                "pending": "0.00",
                "currency": "USD",
            }
        }

    async def connections(self, _request: web.Request) -> Body:
        account = self._switchboard.account
        counts = {f"{name}_connections": 0 for name in OTHER_CONNECTIONS}
        counts["call_control_applications"] = len(account.all(APPLICATIONS))
        counts["credential_connections"] = len(account.all(CONNECTIONS))
        counts["texml_applications"] = 0
        limits = {"standard_limit": CONNECTION_LIMIT, "texml_limit": CONNECTION_LIMIT, "uac_limit": CONNECTION_LIMIT}
        return {"data": {"record_type": "connection_count", "counts": counts, "limits": limits}}

    async def registration(self, request: web.Request) -> Body:
        """Who has gone reads as registered for a while.

        Source: https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/resources/sip_registration_status.py
        """
        if request.query.get("credential_type") != "telephony_credential":
            raise invalid("Only telephony credentials are known here.", parameter="credential_type", is_query=True)
        username = request.query.get("username") or ""
        if not username:
            raise missing("username", is_query=True)
        credential = self._switchboard.credentials.by_username(username)
        if credential is None:
            raise not_found("Telephony credential")
        known = self._switchboard.sessions.registration(username)
        is_registered = known is not None and known.reads_as_registered
        connection = self._switchboard.account.connection(credential.connection_id)
        answer: Body = {
            "credential_type": "telephony_credential",
            "credential_username": username,
            "connection_id": credential.connection_id,
            "connection_name": connection.get("connection_name"),
            "registered": is_registered,
            "sip_registration_status": "registered" if is_registered else "unknown",
        }
        if known and is_registered:
            answer["last_registration_response"] = "200 OK"
            answer["sip_registration_details"] = {
                "expires": REGISTRATION_SECONDS,
                "last_modified": clock.iso(known.at),
                "transport": "WSS",
                "ua_ip": "127.0.0.1",
                "ua_port": 443,
            }
        return answer

    async def dials(self, request: web.Request) -> Body:
        """How many calls were dialled in the asked-for time, in one sum."""
        moments = {name: _moment(request, name) for name in ("start_time", "end_time")}
        capacity = self._switchboard.capacity
        accepted = capacity.started_within(clock.now() - moments["start_time"])
        rejected = {"daily_limit": 0, "dps_limit": 0, "hourly_limit": capacity.refused}
        sums = {
            "record_type": "dial_metric",
            "region": "australia",
            **{name: clock.iso(moment) for name, moment in moments.items()},
            "dials": {"accepted": accepted, "rejected": rejected, "total": accepted + capacity.refused},
            "dps_limit": DIALS_PER_SECOND,
            "average_dps": accepted / max(1.0, (moments["end_time"] - moments["start_time"]) / timedelta(seconds=1)),
            "peak_dps": float(min(accepted, DIALS_PER_SECOND)),
        }
        return {"data": [sums], "meta": {"cursors": {"after": None}}}


def _moment(request: web.Request, name: str) -> datetime:
    text = request.query.get(name)
    if not text:
        raise missing(name, is_query=True)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"'{name}' must be an ISO 8601 date and time.", parameter=name, is_query=True) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
