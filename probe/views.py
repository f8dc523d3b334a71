"""The probe's page, what it asks and tells, and the door of the tool that a gather is given."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts import staff
from accounts.roles import Action
from probe import tickets, tooling
from probe.models import Probe, Told
from probe.vocabulary import LEGS
from sessions_app.http import bodies
from sessions_app.visits import credentials
from sessions_app.visits.credentials import MintingFailed
from strict_json import Unreadable, decode, objects, text
from telephony.regions import signalling_region

View = Callable[..., HttpResponse]

MAX_BYTES = 65_536
MOST_TOLD_AT_ONCE = 100
MOST_TOLD = 5_000
MOST_LOGINS = 40
MOST_TOOL_USES = 20
# A page that has not asked for this long is gone, and another one may take its part.
TAB_GONE_AFTER = timedelta(seconds=6)


def _for_its_staff(view: View) -> View:
    """Let in whoever may run a probe: staff who were given that right, which no other right gives."""

    @staff_member_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not staff.may(request.user, Action.PROBE_RUN, is_permitted=request.user.has_perm("probe.run_probe")):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.asks = Action.PROBE_RUN  # type: ignore[attr-defined]
    return guarded


def _running(probe_id: UUID) -> Probe:
    return get_object_or_404(Probe, pk=probe_id, ended_at=None)


@never_cache
@require_GET
@_for_its_staff
def page(request: HttpRequest, probe_id: UUID) -> HttpResponse:
    config = {
        "urls": {"turn": f"/probe/{_running(probe_id).pk}/turn", "login": f"/probe/{probe_id}/login"},
        "signalling_host": settings.TELNYX_SIGNALLING_HOST,
        "ice_servers": settings.TELNYX_ICE_SERVERS,
        "region": signalling_region(settings.TELNYX_SIGNALLING_REGION, time_zone=settings.TIME_ZONE),
    }
    response = render(request, "probe/page.html", {"config": config})
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    return response


@never_cache
@require_POST
@_for_its_staff
def turn(request: HttpRequest, probe_id: UUID) -> HttpResponse:
    """Take what the page saw, and answer with what it is to do next."""
    body = _body(request)
    if body is None:
        return _no(400, "Send a JSON object.")
    probe = Probe.objects.filter(pk=probe_id, ended_at=None).first()
    if probe is None:
        return JsonResponse({"orders": [], "is_over": True})
    now = timezone.now()
    tab = text(body.get("tab"))[:36]
    is_free = probe.tab in ("", tab) or probe.tab_seen_at is None or probe.tab_seen_at < now - TAB_GONE_AFTER
    if not tab or not is_free:
        return _no(409, "This probe goes on in another tab.")
    Probe.objects.filter(pk=probe.pk).update(tab=tab, tab_seen_at=now)
    told = objects(body.get("told"))[:MOST_TOLD_AT_ONCE]
    if probe.told.count() + len(told) <= MOST_TOLD:
        Told.objects.bulk_create(Told(probe=probe, source="tab", at=now, data=one) for one in told)
    after = body.get("after")
    orders = probe.orders.filter(number__gt=after if isinstance(after, int) and 0 <= after < 2**31 else 0)
    return JsonResponse(
        {
            "orders": list(orders.values("number", "kind", "arguments")),
            # The command died without a goodbye: nothing may stay up that nobody will hang up.
            "is_over": probe.seen_at < now - timedelta(seconds=20),
        }
    )


@never_cache
@require_POST
@_for_its_staff
@sensitive_variables("login")
def login(request: HttpRequest, probe_id: UUID) -> HttpResponse:
    """A login for one line of the page. Only who the line is stays here, never the token."""
    body = _body(request) or {}
    probe, now = _running(probe_id), timezone.now()
    line = text(body.get("line"))
    if line not in LEGS or probe.tab != text(body.get("tab")):
        return _no(400, "Send a line of this tab.")
    if not Probe.objects.filter(pk=probe.pk, logins__lt=MOST_LOGINS).update(logins=F("logins") + 1):
        return _no(429, "Enough logins for one probe.")
    try:
        login, row = credentials.mint_for_probe(now=now)
    except MintingFailed as failure:
        Told.objects.create(probe=probe, source="tab", at=now, data={"what": "refused", "line": line})
        return _no(502, f"Telnyx granted no login ({failure.reference}).")
    Told.objects.create(probe=probe, source="tab", at=now, data={"what": "login", "line": line, "credential": row.pk})
    return JsonResponse({"token": login.token})


@csrf_exempt
@require_POST
def tool(request: HttpRequest, ticket: str) -> HttpResponse:
    """What a gather's webhook tool sends: only what proves it is kept, never what it says."""
    probe_id = tickets.read(ticket)
    probe = Probe.objects.filter(pk=probe_id, ended_at=None).first() if probe_id else None
    if probe is None:
        raise Http404("No such tool.")
    if not Probe.objects.filter(pk=probe.pk, tool_uses__lt=MOST_TOOL_USES).update(tool_uses=F("tool_uses") + 1):
        return _no(429, "Enough uses for one probe.")
    try:
        body = bodies.raw(request)
    except RequestDataTooBig:
        return _no(413, "The request is too long.")
    now = timezone.now()
    use = tooling.read(body, request.headers, keys=settings.TELNYX_PUBLIC_KEYS, now=now)
    Told.objects.create(probe=probe, source="tool", at=now, data=use)
    # Later than the tool waits, so that a repetition, if there is one, comes.
    time.sleep(tooling.ANSWER_AFTER_SECONDS)
    return JsonResponse({"status": "done", "text": "Noted. Go on."})


def _body(request: HttpRequest) -> dict[str, Any] | None:
    if request.content_type != "application/json" or len(request.body) > MAX_BYTES:
        return None
    try:
        body = decode(request.body.decode())
    except (UnicodeDecodeError, Unreadable):
        return None
    return body if isinstance(body, dict) else None


def _no(status: int, message: str) -> JsonResponse:
    return JsonResponse({"status": "error", "message": message}, status=status)
