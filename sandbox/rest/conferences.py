"""REST: conferences and their participants."""

from aiohttp import web

from sandbox.calling.conferences import ConferenceRooms
from sandbox.calling.switchboard import Switchboard
from sandbox.model.legs import Conference, Leg, Participant
from sandbox.rest.door import ApiError, Body, action, body_of, not_found, state_of, text_of
from sandbox.rest.legs import OK, LiveLegs


class ConferenceRoutes:
    def __init__(self, switchboard: Switchboard, rooms: ConferenceRooms) -> None:
        self._calls = switchboard.calls
        self._legs = LiveLegs(switchboard)
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        base = "/v2/conferences"
        return [
            web.post(base, action(self.create)),
            web.get(base, action(self.list_conferences)),
            web.get(base + "/{id}", action(self.get)),
            web.get(base + "/{id}/participants", action(self.participants)),
            web.post(base + "/{id}/actions/join", action(self.join)),
            web.post(base + "/{id}/actions/leave", action(self.leave)),
            web.post(base + "/{id}/actions/end", action(self.end)),
        ]

    async def create(self, request: web.Request) -> Body:
        body = body_of(request)
        state_of(body)
        leg, name = self._joinable(body), text_of(body, "name")
        if any(known.name == name and not known.ended_at for known in self._calls.conferences()):
            raise ApiError(422, "90033", "Conference name in use", "Choose another name.", parameter="name")
        conference = self._rooms.create(leg, name=name, region=body.get("region"))
        self._rooms.join(conference, Participant(leg))
        return {"data": conference.as_json()}

    async def list_conferences(self, request: web.Request) -> Body:
        name = request.query.get("filter[name]")
        found = [known.as_json() for known in self._calls.conferences() if name in (None, known.name)]
        return {"data": found, "meta": _meta(len(found))}

    async def get(self, request: web.Request) -> Body:
        return {"data": self._find(request).as_json()}

    async def participants(self, request: web.Request) -> Body:
        conference = self._find(request)
        found = [conference.participant_json(participant) for participant in conference.participants.values()]
        return {"data": found, "meta": _meta(len(found))}

    async def join(self, request: web.Request) -> Body:
        conference, body = self._find(request), body_of(request)
        _require_running(conference)
        state_of(body)
        leg = self._joinable(body)
        if leg.conference is conference:
            detail = "The call is in this conference."
            raise ApiError(422, "90044", "Conference join not allowed", detail, parameter="call_control_id")
        whispers = body.get("whisper_call_control_ids")
        participant = Participant(
            leg,
            muted=body.get("mute") is True,
            on_hold=body.get("hold") is True,
            ends_conference=body.get("end_conference_on_exit") is True,
            soft_ends_conference=body.get("soft_end_conference_on_exit") is True,
            supervisor_role=str(body.get("supervisor_role") or "none"),
            whispers_to=[str(item) for item in whispers] if isinstance(whispers, list) else [],
        )
        self._rooms.join(conference, participant)
        return OK

    async def leave(self, request: web.Request) -> Body:
        conference, body = self._find(request), body_of(request)
        leg = self._legs.answered(text_of(body, "call_control_id"))
        if leg.conference is not conference:
            detail = "The call is not in this conference."
            raise ApiError(422, "90015", "Invalid Call Control ID", detail, parameter="call_control_id")
        self._rooms.leave(leg)
        return OK

    async def end(self, request: web.Request) -> Body:
        conference = self._find(request)
        _require_running(conference)
        self._rooms.end(conference)
        return OK

    def _joinable(self, body: Body) -> Leg:
        leg = self._legs.answered(text_of(body, "call_control_id"))
        self._legs.require_joinable(leg)
        return leg

    def _find(self, request: web.Request) -> Conference:
        conference = self._calls.conference(request.match_info["id"])
        if conference is None:
            raise not_found("Conference")
        return conference


def _require_running(conference: Conference) -> None:
    if conference.ended_at:
        raise ApiError(422, "90019", "Conference has already ended", "This conference is over.")


def _meta(total: int) -> Body:
    return {"total_results": total, "total_pages": 1, "page_number": 1, "page_size": max(total, 20)}
