"""What the prospect's page asks while it talks: a typed message, its call's id, a person, a callback."""

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from handoff import actions
from handoff.actions import visitor
from handoff.engine import visitor_left
from sessions_app.models import VoiceSession
from sessions_app.rules import phone_numbers
from sessions_app.visitor_page import answers
from sessions_app.visitor_page import views as sessions_views
from sessions_app.visitor_page.access import PerVisit, SessionView, error

MAX_MESSAGE = 2_000
ACCEPTED = 202
_NOT_PASSED = {
    "gone": "The assistant is not listening now.",
    "busy": "Your last messages are still on their way.",
    "voice_only": "The assistant hears what is said and reads nothing.",
}
_REPORT_STATUSES = {"bad_report": 400, "unknown": 404}


class Messages(PerVisit):
    """Each is a command to Telnyx."""

    subject, most, seconds = "message", 30, 60
    message = "Too many messages at once."


class Wishes(PerVisit):
    """Asked again, it changes nothing; this only keeps a page that asks without end away from the session's row."""

    subject, most, seconds = "request", 10, 60
    message = "You have asked many times already."
    codes = ("too_many", "unavailable")


class Leaving(PerVisit):
    subject, most, seconds = "leave", 30, 60
    passes_when_down = True


class Claims(PerVisit):
    subject, most, seconds = "claim", 30, 60


class Callbacks(PerVisit):
    """What is left to a prospect when all else is down."""

    subject, most, seconds = "callback", 20, 600
    message = "You have asked many times already."
    passes_when_down = True


class MessageBody(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_MESSAGE)


class ClaimBody(serializers.Serializer[Any]):
    call_control_id = serializers.RegexField(r"^[\x21-\x7e]{3,200}$")


class CallbackBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    phone = serializers.CharField(max_length=40)
    when = serializers.CharField(max_length=40, allow_blank=True, required=False, default="")


class MessageView(SessionView):
    """A message typed by the prospect, for the assistant that is running."""

    asks = Action.VISIT_TYPE
    takes = MessageBody
    gives = {202: None}
    throttle_classes = [Messages]

    def post(self, request: Request) -> Response:
        session = self.session
        body = MessageBody(data=request.data)
        if not body.is_valid():
            return error(400, f"Send a text of at most {MAX_MESSAGE} characters.")
        self.check_throttles(request)
        why_not = actions.pass_message(session.pk, body.validated_data["text"], now=timezone.now())
        if why_not:
            return error(409, _NOT_PASSED[why_not], code=why_not)
        return Response(status=202)


class RequestView(SessionView):
    """The prospect wants to talk to a person; the assistant goes on meanwhile."""

    asks = Action.VISIT_ASK_PERSON
    gives = {202: None}
    throttle_classes = [Wishes]

    def post(self, request: Request) -> Response:
        self.check_throttles(request)
        try:
            visitor.for_person(self.session, now=timezone.now())
        except visitor.Refused as refused:
            return error(409, str(refused), code=refused.code)
        return Response(status=202)


class LeaveView(SessionView):
    """The page is going."""

    asks = Action.VISIT_LEAVE
    gives = {204: None}
    throttle_classes = [Leaving]

    def post(self, request: Request) -> Response:
        self.check_throttles(request)
        visitor_left.leave(self.session.pk, now=timezone.now())
        return Response(status=204)


class ClaimView(SessionView):
    """The page of an anonymous call says which call is its own; it counts once Telnyx tells us of that call."""

    asks = Action.VISIT_CLAIM
    takes = ClaimBody
    gives = {204: None}
    throttle_classes = [Claims]

    def post(self, request: Request) -> Response:
        session = self.session
        body = ClaimBody(data=request.data)
        if not body.is_valid():
            return error(400, "Send the id of the call.")
        self.check_throttles(request)
        if not actions.claim_call(session.pk, body.validated_data["call_control_id"], now=timezone.now()):
            return error(409, "This session has another call.")
        return Response(status=204)


class ReportView(sessions_views.ReportView):
    """What the page measured; what it heard of a hand-over is kept with that hand-over."""

    def keep(self, session: VoiceSession, *, kind: str, data: Any) -> Response:
        if kind != "handover":
            kept = super().keep(session, kind=kind, data=data)
            if kind == "error" and isinstance(data, dict) and kept.status_code == ACCEPTED:
                actions.report_limit(session.pk, code=str(data.get("limit")), now=timezone.now())
            return kept
        try:
            actions.report_handover(session.pk, data=data, now=timezone.now())
        except actions.ActionRefused as refusal:
            return error(_REPORT_STATUSES.get(refusal.code, 409), str(refusal))
        return Response(status=202)


class CallbackView(SessionView):
    """Where to call the prospect back."""

    asks = Action.CALLBACK_ASK
    takes = CallbackBody
    gives = {201: answers.Due}
    throttle_classes = [Callbacks]

    def post(self, request: Request) -> Response:
        session = self.session
        body = CallbackBody(data=request.data)
        if not body.is_valid():
            return error(400, "Send a name and a phone number.")
        given = body.validated_data
        try:
            phone_numbers.parse(given["phone"], country=session.widget.country)
        except phone_numbers.NotANumber as refusal:
            return error(400, str(refusal), code="not_a_number")
        self.check_throttles(request)
        when = _moment(given["when"])
        promise = actions.promise_callback(
            session.pk, name=given["name"], phone=given["phone"], when=when, now=timezone.now()
        )
        return Response({"status": "success", "due_at": promise.due_at.isoformat()}, status=201)


def _moment(value: str) -> Any:
    try:
        moment = parse_datetime(value)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None
