"""What a closer may do. Each view reads a body, asks handoff.actions and answers in JSON."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.roles import Action
from dashboard import bodies
from dashboard.actions import serializers
from dashboard.actions.base import MAX_BYTES, CloserAction, done
from dashboard.permissions import HasDesk
from handoff import actions, selectors
from handoff.selectors import Handoff
from sessions_app.http.throttles import Spending


class Availability(CloserAction):
    asks = Action.PRESENCE_SAY
    takes = serializers.Availability
    gives = {200: serializers.IsAvailable}

    def post(self, request: Request) -> HttpResponse:
        available = self.said(request)["available"]
        actions.set_available(self.closer, available, now=timezone.now())
        return done(available=available)


class Back(CloserAction):
    asks = Action.PRESENCE_SAY

    def post(self, request: Request) -> HttpResponse:
        actions.back(self.closer, now=timezone.now())
        return done()


class Accept(CloserAction):
    asks = Action.RING_ACCEPT
    gives = {200: serializers.Taken}

    def post(self, request: Request, offer_id: UUID) -> HttpResponse:
        return _taken(actions.accept(offer_id, closer=self.closer, now=timezone.now()))


class Decline(CloserAction):
    asks = Action.RING_DECLINE

    def post(self, request: Request, offer_id: UUID) -> HttpResponse:
        actions.decline(offer_id, closer=self.closer, now=timezone.now())
        return done()


def _taken(handoff: Handoff) -> HttpResponse:
    """What the softphone must know before the line rings, which may be sooner than the desk is told."""
    return done(
        handoff=str(handoff.pk),
        session=str(handoff.session_id),
        state=str(handoff.state),
        standby=selectors.is_standby(handoff),
    )


class Take(CloserAction):
    asks = Action.CALL_TAKE
    takes = serializers.Take
    gives = {200: serializers.Taken}

    def post(self, request: Request, session_id: UUID) -> HttpResponse:
        immediately = self.said(request)["immediately"]
        return _taken(actions.take(session_id, closer=self.closer, immediately=immediately, now=timezone.now()))


class Assign(CloserAction):
    """Who is no supervisor is told so in words, once the call is known to be of their team: the action asks."""

    asks = Action.CALL_ASSIGN
    refuses = (400, 403, 404, 409)
    permission_classes = [HasDesk]
    takes = serializers.Assign

    def post(self, request: Request, session_id: UUID) -> HttpResponse:
        actions.assign(session_id, to=self.said(request)["closer"], by=self.closer, now=timezone.now())
        return done()


class Steer(CloserAction):
    asks = Action.ASSISTANT_STEER
    takes = serializers.Steer
    refuses = (400, 404, 409, 429)
    most_bytes = 4 * MAX_BYTES

    def post(self, request: Request, session_id: UUID) -> HttpResponse:
        actions.steer(session_id, closer=self.closer, text=self.said(request)["text"], now=timezone.now())
        return done()


class TakeOver(CloserAction):
    asks = Action.CALL_TAKE_OVER

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        actions.take_over(handoff_id, closer=self.closer, now=timezone.now())
        return done()


class HandBack(CloserAction):
    asks = Action.CALL_HAND_BACK
    takes = serializers.HandBack
    most_bytes = 4 * MAX_BYTES

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        instruction = self.said(request)["instruction"].strip()
        actions.hand_back(handoff_id, closer=self.closer, instruction=instruction, now=timezone.now())
        return done()


class HangUp(CloserAction):
    asks = Action.CALL_HANG_UP

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        actions.hang_up(handoff_id, closer=self.closer, now=timezone.now())
        return done()


class Notes(CloserAction):
    asks = Action.CALL_NOTE
    takes = serializers.Notes
    most_bytes = 4 * bodies.NOTES_LENGTH

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        actions.save_notes(handoff_id, closer=self.closer, notes=self.said(request)["notes"], now=timezone.now())
        return done()


class Complete(CloserAction):
    asks = Action.CALL_COMPLETE
    takes = serializers.Complete

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        disposition = self.said(request)["disposition"]
        actions.complete(handoff_id, closer=self.closer, disposition=disposition, now=timezone.now())
        return done()


class Quality(CloserAction):
    """What the browser measured, in names of its own."""

    asks = Action.CALL_MEASURE
    most_bytes = 8192

    def post(self, request: Request, handoff_id: UUID) -> HttpResponse:
        actions.report_quality(handoff_id, closer=self.closer, data=self.said(request), now=timezone.now())
        return done()


class Logins(Spending):
    """Each is a credential at Telnyx."""

    most, seconds = 60, 600
    message = "The softphone has logged in many times already."
    codes = ("too_often", "softphone_unavailable")

    def name(self, request: Request, view: "SoftphoneLogin") -> str:
        return f"softphone:{view.closer.pk}"


class SoftphoneLogin(CloserAction):
    """A login token for the softphone. It is a secret: shown once, never logged."""

    asks = Action.SOFTPHONE_LOG_IN
    takes = serializers.SoftphoneLogin
    gives = {200: serializers.Login}
    refuses = (400, 429, 503)
    throttle_classes = [Logins]

    @sensitive_variables("login")
    def post(self, request: Request) -> HttpResponse:
        said = self.said(request)
        self.check_throttles(request)
        login = actions.softphone_login(self.closer, page=said["page"], is_renewal=said["renew"], now=timezone.now())
        return done(token=login.token, username=login.username, expires_at=login.expires_at.isoformat())


class CallBack(CloserAction):
    """Call the prospect of a promise: the closer's own line first."""

    asks = Action.CALLBACK_CALL
    gives = {200: serializers.Taken}

    def post(self, request: Request, promise_id: int) -> HttpResponse:
        return _taken(actions.call_back(promise_id, closer=self.closer, now=timezone.now()))


class KeepPromise(CloserAction):
    asks = Action.CALLBACK_KEEP

    def post(self, request: Request, promise_id: int) -> HttpResponse:
        actions.keep_promise(promise_id, closer=self.closer, now=timezone.now())
        return done()
