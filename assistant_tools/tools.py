"""What each tool does for the session of a conversation. Runs with the session's row locked; no network."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from assistant_tools import details, sentences
from handoff import actions, selectors
from sessions_app.answers import captured, versions
from sessions_app.conversation import tool_catalogue
from sessions_app.conversation.tool_calls import Outcome, Told
from sessions_app.models import VoiceSession
from sessions_app.models.visit import Phase

REASON = "requested"
TOLD_LATE = timedelta(minutes=5)

Arguments = Mapping[str, Any]


def carry_out(name: str, session: VoiceSession, run: int, arguments: Arguments, *, now: datetime) -> Told:
    """Do what the tool is for, or say why not."""
    reason = why_not(name, session, run)
    if name == tool_catalogue.SAVE and session.ended_at is not None and now - session.ended_at <= TOLD_LATE:
        # Heard before the end and told after it: it helps the talk no more, but whoever reads of it later.
        captured.record(session, _sorted_out(session, arguments).values, source="tool", at=now)
    return reason or _TOOLS[name](session, arguments, now)


def why_not(name: str, session: VoiceSession, run: int) -> Told | None:
    """The refusal of a call that comes too early or too late; None when it comes in time."""
    if session.ended_at:
        return refused("over", sentences.over())
    if session.phase == Phase.HUMAN:
        return refused("with_person", sentences.with_person())
    if not session.run_number and session.assistant_started_at is None:
        return refused("too_early", sentences.too_early())
    # What the caller said is of use as long as nobody else has heard it.
    if name != tool_catalogue.SAVE and (run != session.run_number or not session.is_assistant_running):
        return refused("not_running", sentences.not_running())
    return None


def save_details(session: VoiceSession, arguments: Arguments, now: datetime) -> Told:
    sorted_out = _sorted_out(session, arguments)
    changed = captured.record(session, sorted_out.values, source="tool", at=now)
    is_complete = actions.answers_saved(session.pk, now=now)
    said = [sentences.saved([details.spoken(name) for name in changed if name not in sorted_out.unfit])]
    if sorted_out.unfit:
        said.append(sentences.could_not_use(list(sorted_out.unfit.values())))
    if sorted_out.unknown:
        said.append(sentences.no_such_question(sorted_out.unknown, sorted_out.questions))
    if is_complete:
        said.append(sentences.complete())
    result = {
        "saved": changed,
        "could_not_use": sorted_out.unfit,
        "unknown": sorted_out.unknown,
        "complete": is_complete,
    }
    is_of_no_use = not set(sorted_out.values) - set(sorted_out.unfit)
    if is_of_no_use:
        return refused("does_not_fit", " ".join(said[1:]), result)
    return done(" ".join(said), result)


def check_availability(session: VoiceSession, arguments: Arguments, now: datetime) -> Told:
    seen = selectors.availability(session, now=now)
    text = sentences.available(seen.ready) if seen.is_open else sentences.closed(seen.opens)
    return done(
        text, {"closers_ready": seen.ready if seen.is_open else 0, "is_open": seen.is_open, "opens": seen.opens}
    )


def request_handoff(session: VoiceSession, arguments: Arguments, now: datetime) -> Told:
    seen, is_called = selectors.availability(session, now=now), selectors.unsettled(session) is not None
    if not is_called and not seen.is_open:
        return refused("closed", sentences.closed(seen.opens), {"opens": seen.opens})
    is_new = actions.request_handoff(session.pk, reason=REASON, now=now)
    if is_called:  # For another reason perhaps; from now on that closer does not wait for the assistant's end.
        return done(sentences.calling_already(), {"is_new": False})
    if not is_new:
        return refused("asked_before", sentences.asked_before())
    return done(sentences.calling(seen.ready), {"is_new": True})


def book_callback(session: VoiceSession, arguments: Arguments, now: datetime) -> Told:
    free = selectors.callback_times(session, now=now)
    listing = {"free_times": [time.label for time in free]}
    if "when" not in arguments:
        return done(sentences.free_times(listing["free_times"]), listing)
    try:
        booked = actions.book_callback(
            session.pk,
            when=arguments["when"],
            phone=arguments.get("phone", ""),
            name=arguments.get("name", ""),
            now=now,
        )
    except actions.ActionRefused as refusal:
        return refused(refusal.code, str(refusal), listing)
    return done(sentences.booked(booked.label, booked.number), {"booked": booked.label})


def _sorted_out(session: VoiceSession, arguments: Arguments) -> details.SortedOut:
    return details.sort_out(arguments, versions.schema(session), country=session.widget.country)


def done(text: str, result: Mapping[str, Any]) -> Told:
    return Told(Outcome.DONE, text, result=result)


def refused(code: str, text: str, result: Mapping[str, Any] | None = None) -> Told:
    return Told(Outcome.REFUSED, text, code, result or {})


_TOOLS: Mapping[str, Callable[[VoiceSession, Arguments, datetime], Told]] = {
    tool_catalogue.SAVE: save_details,
    tool_catalogue.AVAILABILITY: check_availability,
    tool_catalogue.HANDOFF: request_handoff,
    tool_catalogue.CALLBACK: book_callback,
}
