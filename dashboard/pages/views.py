"""The closers' page."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.roles import Action
from dashboard.pages import search
from dashboard.permissions import closer_required, may_at_desk
from dashboard.render import callbacks, desk, roster, snapshot
from handoff.selectors import Closer
from telephony.regions import signalling_region

_DESK = ("handoff", "session", "state", "standby", "register", "says")
# The page fills the id of an offer, a hand-over or a promise into these.
PLACEHOLDER_ID = UUID(int=0)


class SignOut(LogoutView):
    """What ends with it, `handoff/closers/access.py` hears of."""

    asks = Action.ACCOUNT_SIGN_OUT


@never_cache
@require_safe
@closer_required(Action.BOARD_SEE)
def board(request: HttpRequest, closer: Closer, session_id: UUID | None = None) -> HttpResponse:
    """The board, with the session of the address opened."""
    if session_id and (not may_at_desk(closer, Action.VISIT_READ) or snapshot.find(closer.team, session_id) is None):
        raise Http404("No such session in your team.")
    return _board(request, closer, watching=str(session_id) if session_id else None)


@never_cache
@require_safe
@closer_required(Action.CALLBACK_SEE)
def callback_page(request: HttpRequest, closer: Closer) -> HttpResponse:
    """The callbacks of the team; the page that is open already asks for this part of itself alone."""
    asked = {name: request.GET.get(name, "")[:60] for name in ("widget", "week")}
    html = callbacks.page(closer.team, **asked, now=timezone.now())
    if request.headers.get("X-Part") == "callbacks":
        return HttpResponse(html)
    return _board(request, closer, watching=None, callback_html=html)


@never_cache
@require_safe
@closer_required(Action.VISIT_SEARCH)
def search_page(request: HttpRequest, closer: Closer) -> HttpResponse:
    """What the team's calls hold; the page that is open already asks for this part of itself alone."""
    html = search.page(closer.team, query=request.GET.get("q", ""), before=request.GET.get("before", "")[:100])
    if request.headers.get("X-Part") == "search":
        return HttpResponse(html)
    return _board(request, closer, watching=None, search_html=html)


def _board(
    request: HttpRequest, closer: Closer, *, watching: str | None, callback_html: str = "", search_html: str = ""
) -> HttpResponse:
    taken = snapshot.take(closer.team, watching)
    team = roster.read(closer.team, timezone.now())
    own = desk.desk(closer)
    html = {piece["target"]: piece["html"] for piece in [*taken.fragments, *own["fragments"]]}
    context = {
        "closer": closer,
        "callback_html": mark_safe(callback_html),  # noqa: S308 - our own template
        "search_html": mark_safe(search_html),  # noqa: S308 - our own template
        "pieces": html | team.page(closer.pk),
        "config": config(closer, taken, own),
        "widgets": closer.team.widgets.filter(is_active=True)[:5],
    }
    return render(request, "dashboard/board.html", context)


def config(closer: Closer, taken: snapshot.Snapshot, own: dict[str, Any]) -> dict[str, Any]:
    """What the page's program must know before its socket is open."""
    return {
        "signalling_host": settings.TELNYX_SIGNALLING_HOST,
        "ice_servers": settings.TELNYX_ICE_SERVERS,
        "region": signalling_region(settings.TELNYX_SIGNALLING_REGION, time_zone=settings.TIME_ZONE),
        "ice_prefetch": settings.TELNYX_ICE_PREFETCH,
        "closer": {"id": closer.pk, "name": closer.display_name, "reached_by": closer.reached_by},
        "epoch": taken.epoch,
        "cursors": taken.cursors,
        "watching": taken.watching,
        "desk": {name: own[name] for name in _DESK},
        "urls": urls(),
    }


def urls() -> dict[str, str]:
    some = {"offer_id": PLACEHOLDER_ID}
    call = {"handoff_id": PLACEHOLDER_ID}
    visit = {"session_id": PLACEHOLDER_ID}
    return {
        "socket": "/ws/dashboard/",
        "board": reverse("dashboard:board"),
        "session": reverse("dashboard:session", kwargs=visit),
        "login": reverse("login"),
        "callbacks": reverse("dashboard:callbacks"),
        "search": reverse("dashboard:search"),
        "availability": reverse("dashboard:availability"),
        "back": reverse("dashboard:back"),
        "accept": reverse("dashboard:accept", kwargs=some),
        "decline": reverse("dashboard:decline", kwargs=some),
        "take": reverse("dashboard:take", kwargs=visit),
        "assign": reverse("dashboard:assign", kwargs=visit),
        "steer": reverse("dashboard:steer", kwargs=visit),
        "edit_answer": _without_name("edit-answer", visit),
        "use_answer": _without_name("use-answer", visit),
        "dismiss_answer": _without_name("dismiss-answer", visit),
        "unlock_answer": _without_name("unlock-answer", visit),
        "take_over": reverse("dashboard:take-over", kwargs=call),
        "hand_back": reverse("dashboard:hand-back", kwargs=call),
        "hang_up": reverse("dashboard:hang-up", kwargs=call),
        "notes": reverse("dashboard:notes", kwargs=call),
        "complete": reverse("dashboard:complete", kwargs=call),
        "quality": reverse("dashboard:quality", kwargs=call),
        "softphone_login": reverse("dashboard:softphone-login"),
        "hearing": static("dist/hearing.js"),
    }


def _without_name(view: str, visit: dict[str, UUID]) -> str:
    """The address of something done with an answer, to which the page adds the answer's name."""
    return reverse(f"dashboard:{view}", kwargs={**visit, "name": "-"}).removesuffix("-")
