"""For every kind of entry: the page before plus its event is the page as a fresh snapshot draws it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dashboard.render import entries, snapshot
from handoff.models import Closer, Handoff
from sessions_app.answers import captured
from sessions_app.kinds import Kind
from sessions_app.models import (
    CapturedField,
    FieldValue,
    Insight,
    Prospect,
    Run,
    Team,
    ToolCall,
    TranscriptTurn,
    VoiceSession,
    WidgetConfig,
)
from sessions_app.rules import answer_values
from tests import handoffs
from tests.dashboard.conftest import described, hand_over, tell, visit
from tests.dashboard.page_model import PageModel

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
Change = Callable[[VoiceSession, Closer], dict[str, Any] | None]


def _give(session: VoiceSession, value: str, source: str, *, name: str = "full_name", minute: int = 0) -> None:
    """A value of a field as its writer leaves it, without the entry that the writer appends itself."""
    at = session.created_at + minute * MINUTE
    row, _ = CapturedField.objects.get_or_create(
        session=session, name=name, defaults={"value": value, "source": source, "captured_at": at}
    )
    FieldValue.objects.create(
        field=row,
        source=source,
        digest=answer_values.kept(value).digest,
        value=value,
        length=len(value),
        first_at=at,
        last_at=at,
        given_by="Alice" if source == "closer" else "",
    )
    captured.mirror(row, captured.standing(row, list(row.values.all())))


def _capture(session: VoiceSession, _: Closer) -> dict[str, Any]:
    _give(session, "Ada Lovelace", "partial")
    session.prospect = Prospect.objects.create(name="Ada Lovelace")
    session.save(update_fields=["prospect"])
    return {"fields": ["full_name"], "source": "partial"}


def _hear_otherwise(session: VoiceSession, _: Closer) -> dict[str, Any]:
    _give(session, "Ada Byron <b>", "insight", minute=3)
    return {"fields": ["full_name"], "source": "insight"}


def _edit(session: VoiceSession, _: Closer) -> dict[str, Any]:
    _give(session, "Augusta Ada King", "closer", minute=2)
    Prospect.objects.filter(sessions=session).update(name="Augusta Ada King")
    return {"fields": ["full_name"], "closer_name": "Alice"}


def _unlock(session: VoiceSession, _: Closer) -> dict[str, Any]:
    CapturedField.objects.filter(session=session).update(unlocked_at=session.created_at + 2 * MINUTE)
    return {"fields": ["full_name"], "closer_name": "Alice"}


def _dismiss(session: VoiceSession, _: Closer) -> dict[str, Any]:
    heard = FieldValue.objects.get(field__session=session, source="insight").digest
    CapturedField.objects.filter(session=session).update(dismissed=[heard])
    return {"fields": ["full_name"], "closer_name": "Alice"}


def _known(*then: Change) -> Change:
    """A name that the assistant gathered, and what came after it."""

    def change(session: VoiceSession, closer: Closer) -> dict[str, Any] | None:
        for step in (_gathered, *then):
            step(session, closer)
        return None

    return change


def _gathered(session: VoiceSession, _: Closer) -> None:
    _give(session, "Ada Lovelace", "final", minute=1)
    session.prospect = Prospect.objects.create(name="Ada Lovelace")
    session.save(update_fields=["prospect"])


def _say(session: VoiceSession, _: Closer) -> dict[str, Any]:
    now = timezone.now()
    for position, speaker in enumerate(["assistant", "prospect", "assistant"]):
        TranscriptTurn.objects.create(
            session=session, position=position, speaker=speaker, text=f"turn {position}", spoken_at=now, as_of=now
        )
    return {"positions": [0, 1, 2]}


def _finalise(session: VoiceSession, closer: Closer) -> dict[str, Any]:
    _say(session, closer)
    TranscriptTurn.objects.filter(session=session, position=2).delete()
    TranscriptTurn.objects.filter(session=session).update(is_final=True, text="as Telnyx keeps it")
    return {"turns": 2}


def _insights_asked(state: str) -> Change:
    def change(session: VoiceSession, _: Closer) -> None:
        Run.objects.filter(session=session).update(insights=state)

    return change


def _withhold(session: VoiceSession, _: Closer) -> None:
    Run.objects.filter(session=session).update(transcript="withheld")


def _insight(session: VoiceSession, _: Closer) -> None:
    Insight.objects.create(
        session=session, insight_id="i1", name="Interest", result={"interest": "high"}, received_at=timezone.now()
    )


def _use_tools(session: VoiceSession, _: Closer) -> dict[str, Any]:
    told = {"door": "mcp", "called_at": timezone.now(), "duration_ms": 12}
    for name, outcome in (("save_prospect_details", "done"), ("request_handoff", "refused"), ("<b>odd</b>", "failed")):
        arguments = {"reason": "<i>asks</i>", "answers": [{"question": "budget", "answer": 7}]}
        ToolCall.objects.create(
            session=session, name=name, outcome=outcome, arguments=arguments, text="Told <so>", **told
        )
    return {"tool": "request_handoff", "outcome": "refused", "text": "Told <so>"}


def _set(**values: Any) -> Change:
    def change(session: VoiceSession, _: Closer) -> None:
        VoiceSession.objects.filter(pk=session.pk).update(
            **{name: value() if callable(value) else value for name, value in values.items()}
        )

    return change


def _handoff(state: str, phase: str = "", **values: Any) -> Change:
    def change(session: VoiceSession, closer: Closer) -> dict[str, Any]:
        Handoff.objects.filter(session=session).delete()
        taken = state not in {"reserved", "ringing", "abandoned", "failed"}
        handoff = hand_over(session, closer if taken else None, state=state)
        handoffs.change(handoff, **values)
        VoiceSession.objects.filter(pk=session.pk).update(
            handover_phase=phase, closer_name=closer.display_name if phase == "human" else ""
        )
        return {"closer": closer.pk, "closer_name": closer.display_name, "reason": "declined", "offer": "x"}

    return change


def _wait_for_line(session: VoiceSession, closer: Closer) -> dict[str, Any] | None:
    VoiceSession.objects.filter(pk=session.pk).update(met_busy_lines=True)
    return _handoff("reserved", "handing_over")(session, closer)


def _second_handoff(session: VoiceSession, closer: Closer) -> dict[str, Any]:
    """The closer gave the call back and somebody is looked for once more."""
    Handoff.objects.filter(session=session).delete()
    first = hand_over(session, closer, state="wrap_up")
    Handoff.objects.filter(pk=first.pk).update(notes="Wants it cheaper <i>", triggered_at=first.triggered_at - MINUTE)
    hand_over(session, state="ringing")
    return {"closer": closer.pk, "closer_name": closer.display_name, "instruction": "Ask for the <roof>"}


def _write_notes(session: VoiceSession, _: Closer) -> None:
    Handoff.objects.filter(session=session).update(notes="Call on Thursday <b>")


def _nothing(_: VoiceSession, __: Closer) -> dict[str, Any]:
    told = {"role": "closer", "cause": "normal_clearing", "command": "dial", "error": "90018", "side": "closer"}
    return told | {"text": "Ask about the budget", "closer_name": "Alice"}


def _describe(session: VoiceSession, _: Closer) -> dict[str, Any]:
    """The website's values and Telnyx's, as their writer leaves them."""
    told = {"channel": "web_call", "agent_target": "<b>+61</b>", "occurred_at": session.created_at.isoformat()}
    values = described({"user_tier": "Enterprise <i>", "plan": "Gold", "order_number": "A-17"}, at=session.created_at)
    VoiceSession.objects.filter(pk=session.pk).update(visitor_values=values, system_variables=told)
    return {"names": ["user_tier", "channel"]}


CHANGES: dict[str, Change] = {
    "session.created": _nothing,
    "session.described": _describe,
    "session.typed": _nothing,
    "call.initiated": _nothing,
    "call.answered": _set(answered_at=timezone.now),
    "call.hangup": _nothing,
    "assistant.started": _set(assistant_started_at=timezone.now),
    "assistant.ended": _set(assistant_ended_at=timezone.now),
    "assistant.fell_short": _nothing,
    "assistant.steered": _nothing,
    "transcript.updated": _say,
    "transcript.finalised": _finalise,
    "transcript.withheld": _withhold,
    "field.captured": _capture,
    "field.heard": _hear_otherwise,
    "field.edited": _edit,
    "field.unlocked": _unlock,
    "field.dismissed": _dismiss,
    "tool.called": _use_tools,
    "insight.awaited": _insights_asked("awaited"),
    "insight.received": _insight,
    "insight.missing": _insights_asked("missing"),
    "handoff.triggered": _handoff("reserved", "handing_over"),
    "handoff.offered": _handoff("ringing", "handing_over"),
    "handoff.assigned": _handoff("reserved", "handing_over"),
    "handoff.declined": _handoff("reserved", "handing_over"),
    "handoff.unanswered": _handoff("reserved", "handing_over"),
    "handoff.accepted": _handoff("accepted", "handing_over"),
    "handoff.line_sought": _handoff("accepted", "handing_over"),
    "handoff.line_found": _handoff("accepted", "handing_over"),
    "handoff.queued": _handoff("queued", "handing_over"),
    "handoff.busy": _wait_for_line,
    "handoff.line_free": _handoff("accepted", "handing_over"),
    "handoff.seated": _handoff("seated", seated_at=timezone.now()),
    "handoff.taken_over": _handoff("seated", takes_now=True),
    "handoff.bridging": _handoff("bridging", "handing_over"),
    "handoff.connected": _handoff("connected", "human", connected_at=timezone.now()),
    "handoff.dropped": _handoff("dropped", "handing_over"),
    "handoff.handed_back": _second_handoff,
    "handoff.released": _handoff("wrap_up", "human"),
    "handoff.completed": _handoff("completed", "human", disposition="won", outcome="won"),
    "handoff.abandoned": _handoff("abandoned", outcome="prospect_left"),
    "handoff.failed": _handoff("failed", outcome="command_failed"),
    "callback.promised": _handoff("unanswered", "callback", outcome="nobody_left"),
    "callback.booked": _handoff("unanswered", "callback", outcome="nobody_left"),
    "callback.called": _nothing,
    "callback.page_rung": _nothing,
    "callback.unanswered": _nothing,
    "callback.missed": _nothing,
    "callback.kept": _nothing,
    "command.sent": _nothing,
    "command.confirmed": _handoff("accepted", "handing_over", command_sent_at=timezone.now()),
    "command.failed": _nothing,
    "session.ended": _set(ended_at=timezone.now, end_reason="hung_up"),
    "media.reported": _nothing,
    "prospect.rejoins": _nothing,
    "notes.saved": _write_notes,
    "a.kind.of.tomorrow": _capture,
}


# What must stand before a kind can come.
BEFORE: dict[str, Change] = {
    "field.heard": _known(),
    "field.edited": _known(_hear_otherwise),
    "field.unlocked": _known(_edit),
    "field.dismissed": _known(_hear_otherwise),
    "transcript.withheld": _say,
    "notes.saved": _handoff("connected", "human"),
}


def fresh(team: Team, session: VoiceSession) -> dict[str, Any]:
    taken: dict[str, Any] = json.loads(snapshot.take(team, str(session.pk)).frame())
    return taken


def commit(session: VoiceSession, closer: Closer, kind: str) -> None:
    with transaction.atomic():
        payload = CHANGES[kind](session, closer)
        tell(session, kind, payload)


def test_every_kind_has_a_case_and_reads_as_prose() -> None:
    assert set(Kind) <= set(CHANGES)
    assert set(entries.TITLES) | entries.SILENT_KINDS == set(Kind)


@pytest.mark.parametrize("kind", CHANGES)
def test_the_page_before_plus_the_event_is_the_page_after(
    kind: str, widget: WidgetConfig, session: VoiceSession, alice: Closer
) -> None:
    visit(widget, created_at=timezone.now() - timedelta(minutes=5))
    visit(widget, created_at=timezone.now())
    BEFORE.get(kind, _nothing)(session, alice)
    before = fresh(widget.team, session)
    page = PageModel(before)

    commit(session, alice, kind)
    frames = snapshot.event_frames(widget.team, str(session.pk), before["cursors"][str(session.pk)], is_watched=True)
    for _, frame in frames:
        page.apply(frame)

    assert page.lines() == PageModel(fresh(widget.team, session)).lines()


def test_a_visit_that_begins_appears_at_its_place(widget: WidgetConfig, session: VoiceSession) -> None:
    page = PageModel(fresh(widget.team, session))

    newcomer = visit(widget, created_at=timezone.now())
    for _, frame in snapshot.event_frames(widget.team, str(newcomer.pk), 0, is_watched=False):
        page.apply(frame)

    assert page.lines() == PageModel(fresh(widget.team, session)).lines()


def test_a_long_gap_is_replayed_to_the_same_page(widget: WidgetConfig, session: VoiceSession, alice: Closer) -> None:
    before = fresh(widget.team, session)
    page = PageModel(before)

    for kind in ("transcript.updated", "field.captured", "handoff.triggered", "handoff.accepted", "session.ended"):
        commit(session, alice, kind)
    for _, frame in snapshot.event_frames(widget.team, str(session.pk), 1, is_watched=True):
        page.apply(frame)

    assert page.lines() == PageModel(fresh(widget.team, session)).lines()


def test_an_event_that_is_missing_is_not_papered_over(widget: WidgetConfig, session: VoiceSession) -> None:
    for _ in range(3):
        tell(session, "call.answered")
    session.timeline.filter(seq=2).delete()

    with pytest.raises(snapshot.NotContinuous):
        snapshot.event_frames(widget.team, str(session.pk), 1, is_watched=False)
