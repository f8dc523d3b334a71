"""The prospect's page and the JSON that it asks for: token, rejoin, report."""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

import strict_json
from accounts.roles import Action, asks
from sessions_app import timeline
from sessions_app.conversation import transcript
from sessions_app.conversation.transcript import Heard
from sessions_app.http import limits
from sessions_app.http.client_ip import client_address
from sessions_app.http.schema import Refusal
from sessions_app.http.throttles import PerNetwork
from sessions_app.kinds import Kind
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.rules import origins, plain_values
from sessions_app.visitor_page import answers, page
from sessions_app.visitor_page.access import OpenView, PerVisit, SessionView, error, own_origin
from sessions_app.visits import capacity, credentials, visits
from sessions_app.visits.credentials import Login, MintingFailed

logger = logging.getLogger(__name__)

NO_VOICE = "Unable to establish secure voice session."
LINES_BUSY = "lines_busy"
MAX_REPORT_BYTES = 8_192
MAX_REPORTS = 100
MAX_HEARD_AT_ONCE = 50


class Looks(PerNetwork):
    subject, most, seconds = "lines", 60, 60
    message = "Too many requests from here."


class Tries(PerNetwork):
    """Those that were given back count as well: each costs a look at all legs, or a question to Telnyx."""

    subject, most, seconds = "tries", 60, 60
    message = "Too many calls from here. Please try again later."
    passes_when_down = True

    def limit(self) -> int:
        """Whoever lets an address have more visits lets it try as often."""
        return max(self.most, settings.TOKEN_LIMIT_PER_ADDRESS)


class Rejoins(PerVisit):
    """The visit itself was counted when it was opened."""

    subject, most, seconds = "rejoin", 10, 600
    message = "Too many calls from here."


class Renewals(PerVisit):
    """One in the last two minutes of each login, which may live for as little as five; and tries that fail."""

    subject, most, seconds = "renew", 40, 3600
    message = "Too many renewals."


class Relays(PerVisit):
    subject, most, seconds = "heard", 120, 60
    message = "Too many turns at once."


@asks(Action.WIDGET_SEE)
@require_GET
@xframe_options_exempt  # Framing is decided per widget, by the frame-ancestors below.
def widget_page(request: HttpRequest, slug: str) -> HttpResponse:
    widget = get_object_or_404(WidgetConfig.objects.select_related("team"), slug=slug, is_active=True)
    context = {"widget": widget, "config": page.page_config(widget), "embedded": "embed" in request.GET}
    response = render(request, "widget/page.html", context)
    response._csp_replace = {"frame-ancestors": ["'self'", *widget.allowed_origins]}  # type: ignore[attr-defined]
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    response.headers["Cache-Control"] = "no-store"
    return response


class ConsentBody(serializers.Serializer[Any]):
    version = serializers.CharField(max_length=40)
    recording = serializers.BooleanField()


@extend_schema_field({"type": "object", "additionalProperties": True})
class ValuesField(serializers.Field[Any, Any, Any, Any]):
    """A flat object of plain values. What it names is looked at later: a page may pass more than its widget takes."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            return plain_values.read(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class TokenBody(serializers.Serializer[Any]):
    widget = serializers.SlugField(max_length=50)
    consent = ConsentBody()
    # False for a page that only asks to be called back: that must work without a microphone and without Telnyx.
    call = serializers.BooleanField(default=True)
    # What the website says of its visitor, by header or variable name: display text.
    variables = ValuesField(default=dict)


class TokenView(OpenView):
    """Open a session for a prospect who consented, with a short-lived credential."""

    asks = Action.VISIT_OPEN
    takes = TokenBody
    gives = {201: answers.Minted, 403: Refusal, 500: Refusal}
    throttle_classes = [Tries]

    def post(self, request: Request) -> Response:
        body = TokenBody(data=request.data)
        if not body.is_valid():
            return error(400, "Send a widget and the consent that was given.")
        widget = WidgetConfig.objects.select_related("team").filter(slug=body.validated_data["widget"]).first()
        if widget is None or not widget.is_active:
            return error(404, "There is no such widget.")
        origin = request.headers.get("Origin", "")
        if not origins.is_allowed(origin, [own_origin(request), settings.PUBLIC_URL, *widget.allowed_origins]):
            return error(403, "This website may not start a call.")
        response = self._open(request, widget, body.validated_data, origin)
        return _shared_with(response, origin)

    @property
    def answered_methods(self) -> list[str]:
        return self.allowed_methods

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """A preflight names no widget, so it passes for every origin that some widget allows."""
        origin = request.headers.get("Origin", "")
        known = WidgetConfig.objects.filter(is_active=True, allowed_origins__contains=[origin]).exists()
        return _shared_with(Response(status=204), origin) if known else Response(status=204)

    def _open(self, request: Request, widget: WidgetConfig, asked: dict[str, Any], origin: str) -> Response:
        consent, address = asked["consent"], client_address(request)
        if consent["version"] != widget.consent_version:
            return error(400, "The consent text has changed: show the new one.")
        if consent["recording"] != widget.is_recorded:
            return error(400, "The consent does not match what this widget records.")
        self.check_throttles(request)
        try:
            limits.spend(address=address, widget=widget.slug)
            session = visits.open_visit(
                widget,
                recording=consent["recording"],
                origin=origin,
                passed=asked["variables"],
                calls=asked["call"],
                network=limits.fingerprint(address),
                now=timezone.now(),
            )
        except limits.Refused as refused:
            return error(429, "Too many calls from here. Please try again later.", retry_after=refused.retry_after)
        except limits.LimiterDown as down:
            logger.error("limiter down (%s): no session is opened", down)  # noqa: TRY400 - the cause is in the name
            return error(503, "Calls are not possible at the moment.", retry_after=limits.DOWN_FOR_SECONDS)
        except capacity.Busy as busy:
            limits.refund(address=address, widget=widget.slug)
            capacity.refused(widget.team_id, capacity.OWN_CAP, now=timezone.now())
            return error(503, str(busy), code=LINES_BUSY, retry_after=capacity.ASK_AGAIN_SECONDS)
        return self._answer(session, address, places_call=asked["call"])

    def _answer(self, session: VoiceSession, address: str, *, places_call: bool) -> Response:
        login = None
        if places_call and not session.is_anonymous:
            try:
                login = credentials.mint_for_session(session, now=timezone.now())
            except MintingFailed:
                limits.refund(address=address, widget=session.widget.slug)
                with transaction.atomic():
                    visits.end(session, reason="no_credential", now=timezone.now())
                return error(500, NO_VOICE)
        return Response(
            {
                "status": "success",
                "credentials": _credentials(login),
                "session": page.own_names(session),
            },
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )


class LinesView(OpenView):
    """Whether a visit would find a line, for a page that would rather not ask for the microphone in vain."""

    asks = Action.LINE_ASK
    gives = {200: answers.Lines}
    throttle_classes = [Looks]

    @extend_schema(parameters=[OpenApiParameter("widget", str, required=True)])
    def get(self, request: Request) -> Response:
        widgets = WidgetConfig.objects.select_related("team").filter(is_active=True)
        slug = strict_json.cleaned(request.query_params.get("widget", "")[:50])
        widget = widgets.filter(slug=slug).first()
        if widget is None:
            return error(404, "There is no such widget.")
        self.check_throttles(request)
        free = capacity.has_room(widget.team, now=timezone.now())
        return Response({"status": "success", "free": free}, headers={"Cache-Control": "no-store"})


class RejoinView(SessionView):
    """A credential for a page whose call ended with the assistant, while a closer is being connected."""

    asks = Action.VISIT_REJOIN
    gives = {201: answers.Rejoined, 500: Refusal}
    throttle_classes = [Rejoins]

    def post(self, request: Request) -> Response:
        session = self.session
        if not page.must_rejoin(session):
            return error(409, "There is nothing to join.")
        self.check_throttles(request)
        try:
            capacity.expect_page(session, now=timezone.now())
            login = credentials.mint_for_session(session, now=timezone.now())
        except MintingFailed:
            return error(500, NO_VOICE)
        return Response({"status": "success", "credentials": _credentials(login)}, status=201)


class RenewView(SessionView):
    """A later end for the login of a page whose call outlasts it, while the visit lives."""

    asks = Action.VISIT_RENEW
    gives = {201: answers.Renewed, 500: Refusal}
    throttle_classes = [Renewals]

    def post(self, request: Request) -> Response:
        session, now = self.session, timezone.now()
        if not credentials.has_login(session, now=now):
            return error(409, "There is nothing to renew.")
        self.check_throttles(request)
        try:
            login = credentials.renew_for_session(session, now=now)
        except MintingFailed:
            return error(500, NO_VOICE)
        given = {"token": login.token, "expires": _stamp(login.expires_at)}
        headers = {"Cache-Control": "no-store"}
        return Response({"status": "success", "credentials": given}, status=201, headers=headers)


class TurnBody(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=0, max_value=transcript.MAX_RELAYED - 1)
    role = serializers.ChoiceField(choices=["assistant", "prospect"])
    text = serializers.CharField(max_length=transcript.MAX_RELAYED_TEXT)


class HeardBody(serializers.Serializer[Any]):
    turns = serializers.ListField(child=TurnBody(), allow_empty=False, max_length=MAX_HEARD_AT_ONCE)


class HeardView(SessionView):
    """What the page of an anonymous call hears of it; Telnyx's own word replaces it."""

    asks = Action.VISIT_RELAY
    takes = HeardBody
    gives = {202: None}
    throttle_classes = [Relays]

    def post(self, request: Request) -> Response:
        session = self.session
        body = HeardBody(data=request.data)
        if not body.is_valid():
            return error(400, "The turns are not valid.")
        self.check_throttles(request)
        heard = [Heard(turn["position"], turn["role"], turn["text"]) for turn in body.validated_data["turns"]]
        transcript.relay(session.pk, heard, at=timezone.now())
        return Response(status=202)


class ReportBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["latency", "media", "error", "handover"])
    data = serializers.JSONField()  # type: ignore[assignment]  # the metaclass takes fields out of the class


class ReportView(SessionView):
    """What the prospect's browser measured. It is evidence, never a command. The hand-over adds a kind of its own."""

    asks = Action.VISIT_REPORT
    takes = ReportBody
    gives = {202: None}

    def post(self, request: Request) -> Response:
        session = self.session
        # Not the body's own length: where it held the token, it has been read already.
        if int(request.headers.get("Content-Length") or 0) > MAX_REPORT_BYTES:
            return error(413, "The report is too long.")
        body = ReportBody(data=request.data)
        if not body.is_valid():
            return error(400, "The report is not valid.")
        return self.keep(session, **body.validated_data)

    def keep(self, session: VoiceSession, *, kind: str, data: Any) -> Response:
        told = session.timeline.filter(kind=Kind.MEDIA_REPORTED, payload__side="prospect")
        if told.count() >= MAX_REPORTS:
            return error(429, "Enough reports for this session.", retry_after=3600)
        with transaction.atomic():
            timeline.append(session, Kind.MEDIA_REPORTED, {"side": "prospect", "kind": kind, "data": data})
        return Response(status=202)


def _credentials(login: Login | None) -> dict[str, str] | None:
    if login is None:
        return None
    return {
        "username": login.username,
        "password": login.password,
        "expires": _stamp(login.expires_at),
        "token": login.token,
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shared_with(response: Response, origin: str) -> Response:
    """Let the page of an allowed website read the answer."""
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
    response.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response.headers["Vary"] = "Origin"
    return response
