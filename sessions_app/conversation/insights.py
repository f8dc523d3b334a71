"""What Telnyx concludes of a conversation: awaited for a bounded time, kept by its own time, whatever the order."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sessions_app import timeline
from sessions_app.answers import captured, versions
from sessions_app.kinds import Kind
from sessions_app.models import Insight, Run, VoiceSession
from sessions_app.models.learnt import Source
from telephony.events import InsightResult, InsightsGenerated

COMPLETED = "completed"


def told(event: InsightsGenerated, session: VoiceSession, number: int) -> None:
    """Keep what a webhook brings; one that says that results are still to come may bring some already."""
    is_complete = event.status == COMPLETED
    keep(session, event.results, number=number, at=event.occurred_at, is_complete=is_complete)


def keep(
    session: VoiceSession, results: Iterable[InsightResult], *, number: int, at: datetime, is_complete: bool = True
) -> None:
    """Keep each insight once: a completed one before an unfinished one, then the newest."""
    kept = False
    for place, result in enumerate(results):
        insight_id = (result.insight_id or f"{result.name}-{place}")[:100]
        kept = _keep(session, insight_id, result, at=at, is_complete=is_complete) or kept
    if kept and is_complete:
        Run.objects.filter(session=session, number=number).update(insights=Run.Insights.CAME)


def _keep(session: VoiceSession, insight_id: str, result: InsightResult, *, at: datetime, is_complete: bool) -> bool:
    """Whether it is there now, new or known."""
    if result.result in (None, "", {}, []):
        return False
    given = {"name": result.name[:120], "result": result.result, "received_at": at, "is_complete": is_complete}
    known, is_new = Insight.objects.get_or_create(session=session, insight_id=insight_id, defaults=given)
    is_news = is_new or (
        _rank(is_complete, at, result.result) > _rank(known.is_complete, known.received_at, known.result)
    )
    if is_news and not is_new:
        is_news = known.result != result.result or (is_complete and not known.is_complete)
        Insight.objects.filter(pk=known.pk).update(**(given | {"name": given["name"] or known.name}))
    if is_news:
        timeline.append(session, Kind.INSIGHT_RECEIVED, {"insight": insight_id}, occurred_at=at)
        if is_complete:
            _answer(session, result.result, at=at)
    return True


def _answer(session: VoiceSession, result: Any, *, at: datetime) -> None:
    """An insight may be an object whose keys are questions of this session."""
    asked = versions.schema(session).get("properties", {})
    answers = {name: value for name, value in result.items() if name in asked} if isinstance(result, dict) else {}
    if answers:
        captured.record(session, answers, source=Source.INSIGHT, at=at)


def _rank(is_complete: bool, at: datetime, result: Any) -> tuple[bool, datetime, str]:
    # Two that were made in the same instant must end the same way whichever came first.
    return is_complete, at, json.dumps(result, sort_keys=True)


def await_for(run: Run, session: VoiceSession, *, at: datetime) -> None:
    """From here on the dashboard says that the AI's own data is waited for."""
    if Run.objects.filter(pk=run.pk, insights=Run.Insights.NOT_ASKED).update(insights=Run.Insights.AWAITED):
        timeline.append(session, Kind.INSIGHT_AWAITED, {"run": run.number}, occurred_at=at)


def give_up(run: Run, session: VoiceSession, *, at: datetime) -> None:
    """None came in time. One that comes later is kept all the same."""
    if Run.objects.filter(pk=run.pk, insights=Run.Insights.AWAITED).update(insights=Run.Insights.MISSING):
        timeline.append(session, Kind.INSIGHT_MISSING, {"run": run.number}, occurred_at=at)
