"""What a visitor, a model or another person wrote reorders nothing that stands beside it on a closer's page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.render import callbacks, desk, entries, fragments, rings, roster
from dashboard.render.isolation import contained, isolated
from handoff.models import CallbackPromise, Closer, Handoff
from sessions_app.models import Insight, Prospect, Team, ToolCall, TranscriptTurn, VoiceSession, WidgetConfig
from sessions_app.search import indexing
from tests.dashboard.conftest import described, hand_over, ring, tell, visit
from tests.dashboard.page_model import Element, parse
from tests.dashboard.test_snapshot_and_event import _give
from tests.people import logged_in

pytestmark = pytest.mark.django_db

ALEF, OVERRIDE, END = "\u05d0", "\u202e", "\u2069"
# It turns what follows it, after having ended the isolation that it stands in.
HOSTILE = f"{ALEF}{END}{OVERRIDE}evil"
# A form's control is a line of its own, and what is there for scripts is shown to nobody.
CONTROLS = ("textarea", "script")
UNSEEN = ("value", "href")


@pytest.fixture
def team(sales: Team, widget: WidgetConfig, alice: Closer, carol: Closer) -> Team:
    """Everything that somebody may call something is called so."""
    Closer.objects.filter(team=sales).update(display_name=HOSTILE, address=HOSTILE)
    Team.objects.filter(pk=sales.pk).update(name=HOSTILE)
    WidgetConfig.objects.filter(pk=widget.pk).update(name=HOSTILE)
    for person in (alice, carol, widget):
        person.refresh_from_db()
    return Team.objects.get(pk=sales.pk)


@pytest.fixture
def told(team: Team, widget: WidgetConfig) -> VoiceSession:
    """A visit of which everything is known, and all of it is hostile."""
    now = timezone.now()
    session = visit(
        widget,
        closer_name=HOSTILE,
        prospect=Prospect.objects.create(name=HOSTILE, email=HOSTILE, phone=HOSTILE[:40]),
        visitor_values=described({"user_tier": HOSTILE, "plan": HOSTILE}, at=now),
        system_variables={"channel": HOSTILE, "agent_target": HOSTILE, "occurred_at": now.isoformat()},
    )
    for minute, (source, value) in enumerate(
        [("final", HOSTILE), ("closer", f"{HOSTILE}2"), ("insight", f"{HOSTILE}3")]
    ):
        _give(session, value, source, minute=minute)
    session.fields.get().values.update(given_by=HOSTILE)
    _give(session, HOSTILE, "partial", name="email")
    for position, speaker in enumerate(("assistant", "prospect")):
        turn = {"position": position, "speaker": speaker, "text": f"roof {HOSTILE}", "spoken_at": now, "as_of": now}
        TranscriptTurn.objects.create(session=session, **turn)
    Insight.objects.create(session=session, insight_id="i1", name=HOSTILE, result=HOSTILE, received_at=now)
    arguments = {HOSTILE: HOSTILE, "answers": [{"question": HOSTILE, "answer": HOSTILE}]}
    used = {"door": "mcp", "called_at": now, "duration_ms": 12, "outcome": "done"}
    ToolCall.objects.create(session=session, name=HOSTILE, arguments=arguments, text=HOSTILE, **used)
    said = dict.fromkeys(
        ("closer_name", "text", "reason", "cause", "error", "command", "by", "instruction", "tool"), HOSTILE
    )
    for kind in sorted(entries.TITLES):
        tell(session, kind, {**said, "fields": [HOSTILE], "names": [HOSTILE], "positions": [0, 1]})
    indexing.refresh(now=now, pause=timedelta(seconds=-60))
    return session


def is_isolated(element: Element) -> bool:
    standing: Element | None = element
    while standing is not None:
        # An avatar is a box of its own, in which stand two letters.
        is_box = standing.attributes.get("class") == "avatar" or standing.tag in CONTROLS
        if is_box or standing.tag == "bdi" or standing.attributes.get("dir") == "auto":
            return True
        standing = standing.parent
    return False


def is_plain(text: str) -> bool:
    """Nothing in it overrides a direction, and what runs from right to left stands between the marks."""
    return OVERRIDE not in text and ALEF not in re.sub("\u2068[^\u2066-\u2069]*\u2069", "", text)


def loose(element: Element) -> list[str]:
    """What is shown of strangers' words without being isolated."""
    found = []
    for name, value in element.attributes.items():
        if not (name.startswith("data-") or name in UNSEEN or is_plain(value or "")):
            found.append(f"<{element.tag} {name}={value!a}>")
    for child in element.children:
        if isinstance(child, Element):
            found += loose(child)
        elif not is_isolated(element) and not is_plain(child):
            found.append(f"<{element.tag}> {' '.join(child.split())!a}")
        elif element.tag == "bdi" and contained(child) != child:
            found.append(f"<bdi> {child!a} is ended by itself")
    return found


def assert_isolated(html: str) -> None:
    root = parse(html)
    assert ALEF in html
    assert loose(root) == []


PHASES = ("", "human", "callback")


@pytest.mark.parametrize("phase", PHASES)
def test_an_open_visit_and_its_card(told: VoiceSession, alice: Closer, phase: str) -> None:
    VoiceSession.objects.filter(pk=told.pk).update(handover_phase=phase)
    told.refresh_from_db()
    first = hand_over(told, alice, state="completed")
    Handoff.objects.filter(pk=first.pk).update(notes=f"{HOSTILE}\n{HOSTILE}", outcome=HOSTILE, disposition=HOSTILE[:40])
    hand_over(told, alice, state="connected" if phase == "human" else "seated")

    assert_isolated(fragments.detail(told)["html"])
    assert_isolated(fragments.board([told])["html"])


@pytest.mark.parametrize("state", ["ringing", "reserved"])
def test_a_visit_that_rings(told: VoiceSession, alice: Closer, state: str) -> None:
    ring(told, alice)
    Handoff.objects.filter(session=told).update(state=state)
    frame: Any = rings.ring(alice, timezone.now()) or {"html": ALEF, "name": "", "widget": ""}

    assert_isolated(fragments.detail(told)["html"])
    assert_isolated(frame["html"])
    assert is_plain(frame["name"])
    assert is_plain(frame["widget"])


@pytest.mark.parametrize("state", ["accepted", "queued", "seated", "bridging", "connected", "dropped", "wrap_up"])
@pytest.mark.parametrize("by", ["softphone", "number"])
def test_the_desk(told: VoiceSession, alice: Closer, state: str, by: str) -> None:
    Closer.objects.filter(pk=alice.pk).update(reached_by=by)
    handoff = hand_over(told, alice, state=state)
    Handoff.objects.filter(pk=handoff.pk).update(trigger="callback", notes=HOSTILE, connected_at=timezone.now())

    (piece,) = desk.desk(alice)["fragments"]

    assert_isolated(piece["html"])


def test_callbacks(told: VoiceSession, team: Team, widget: WidgetConfig, alice: Closer) -> None:
    now = timezone.now()
    for name in (HOSTILE, f"{HOSTILE} "):
        session = visit(widget)
        CallbackPromise.objects.create(
            session=session, team=team, owner=alice, name=name, phone=HOSTILE[:30], reason=HOSTILE[:20],
            promised_at=now, due_at=now + timedelta(minutes=5), is_booked=True,
        )  # fmt: skip
    CallbackPromise.objects.filter(name=HOSTILE).update(kept_at=now)

    assert_isolated(callbacks.inbox(team, now)["html"])
    assert_isolated(callbacks.page(team, widget="", week="", now=now))


def test_the_team(told: VoiceSession, team: Team, alice: Closer) -> None:
    page = roster.read(team, timezone.now()).page(alice.pk)

    assert_isolated(page["roster"])
    assert_isolated(page["me"] + ALEF.join(["<bdi>", "</bdi>"]))


@pytest.mark.parametrize(
    "address",
    ["/dashboard/", "/dashboard/search/?q=roof", f"/dashboard/search/?q={HOSTILE}xyz", "/dashboard/wallboard/"],
)
def test_whole_pages(told: VoiceSession, carol: Closer, address: str) -> None:
    assert_isolated(logged_in(carol.user).get(address).content.decode())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ada", "Ada"),
        (f"{OVERRIDE}abc", f"{OVERRIDE}abc"),
        (f"a{END}b", "ab"),
        (f"\u2068{ALEF}{END}b", f"\u2068{ALEF}{END}b"),
        (f"\u2067a{END}b{END}c\u2066", f"\u2067a{END}bc\u2066"),
        ("a\u2029b\x85c\x1cd\ne", "a b c d\ne"),
    ],
)
def test_nothing_ends_the_isolation_from_within(text: str, kept: str) -> None:
    assert contained(text) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada O’Neill", "Ada O’Neill"),
        (f"{OVERRIDE}abc", "abc"),
        (ALEF, f"\u2068{ALEF}\u2069"),
        (HOSTILE, f"\u2068{ALEF}evil\u2069"),
        ("\u0661", "\u2068\u0661\u2069"),
        ("a\u2029b", "a b"),
    ],
)
def test_where_no_element_can_stand_the_marks_do(text: str, shown: str) -> None:
    assert isolated(text) == shown
