"""A session's rows as the brief that its closer reads."""

from dashboard.render import brief_text, presenters
from dashboard.render.brief_text import Answer, Line, Said
from sessions_app import selectors as sessions
from sessions_app.answers import captured
from sessions_app.models import CapturedField, VoiceSession


def of(session: VoiceSession) -> tuple[Line, ...]:
    conflicting = _conflicting(session)
    answers = [
        Answer(
            label=view.label,
            text=presenters.text(view.value) if view.captured_at else "",
            is_required=view.is_required,
            is_conflicting=view.name in conflicting,
        )
        for view in sessions.fields(session)
    ]
    turns = [Said(str(turn.get_speaker_display()), turn.text) for turn in sessions.last_turns(session, 2)]
    name = session.prospect.name if session.prospect else ""
    return brief_text.write(name=name, answers=answers, turns=turns, summary=_summary(session))


def _conflicting(session: VoiceSession) -> set[str]:
    """The fields for which somebody said something else since."""
    given = captured.given(session)
    rows = CapturedField.objects.filter(session=session, pk__in=given)
    return {row.name for row in rows if captured.standing(row, given[row.pk]).suggestions}


def _summary(session: VoiceSession) -> str:
    """The first insight in prose; one that is called a summary before the others."""
    prose = [row for row in sessions.insights(session) if isinstance(row.result, str)]
    prose.sort(key=lambda row: "summar" not in row.name.lower())
    return str(prose[0].result) if prose else ""
