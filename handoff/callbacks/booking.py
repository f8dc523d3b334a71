"""Nobody came: a call is owed at once, then the assistant returns to say so and to ask when and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handoff import announcements, policies
from handoff.callbacks import promises, slots
from handoff.closers import readiness
from handoff.commands import ledger
from handoff.commands.kinds import CommandKind
from handoff.legs import assistant_runs, connection, speech
from handoff.machine import State
from handoff.models import CallbackPromise, Handoff
from handoff.routing import offers
from sessions_app.answers import prospects, versions
from sessions_app.models import CallLeg, CapturedField, Run, VoiceSession
from sessions_app.models.people import AssistantRun
from sessions_app.rules import phone_numbers

APOLOGY = "callback"
# After the last sentence was spoken; its own end hastens this.
HANG_UP_AFTER_PROMISE = timedelta(seconds=25)
# The names of the questions, and of the fields that their answers become.
PHONE, TIME = "phone", "callback_time"


@dataclass(frozen=True)
class Questions:
    properties: dict[str, Any]
    offered: list[dict[str, str]]


def promise_after_silence(handoff: Handoff, now: datetime) -> None:
    """The promise is made first, so that nothing is lost whatever becomes of the rest."""
    session = handoff.session
    team = readiness.team(session.team_id)
    reason = offers.why_nobody(handoff, now, team=team)
    promise = promises.owe(session, reason=reason, now=now)
    ledger.drop(handoff, {CommandKind.SPEAK})
    leg = connection.prospect_leg(session)
    if leg is None:
        return  # The page asks for what is missing.
    _ask_for_rest(handoff, promise, leg, now, people=len(team))


def back_on_line(session: VoiceSession, leg: CallLeg, *, now: datetime) -> None:
    """The page has come back too late for anybody: say on its new leg what is promised, and ask what is missing."""
    handoff = _unanswered(session)
    promise = CallbackPromise.objects.filter(session=session, kept_at=None).first()
    # Of a leg that stood when nobody was left, all that follows has been said.
    if handoff is None or promise is None or leg.answered_at is None or leg.answered_at <= (handoff.ended_at or now):
        return
    handoff.session = promise.session = session
    _ask_for_rest(handoff, promise, leg, now)


def _ask_for_rest(
    handoff: Handoff, promise: CallbackPromise, leg: CallLeg, now: datetime, *, people: int | None = None
) -> None:
    questions = _questions(promise, now, people=people)
    if questions.properties:
        _return_assistant(handoff.session, leg, questions, promise.reason, now)
    else:
        _say_goodbye(handoff, promise, leg, text=announcements.sorry(promise.reason), now=now)


def answers_known(session: VoiceSession, run: Run | None, *, now: datetime) -> None:
    """Write down what the prospect says as they say it: they may hang up before the end."""
    if run is None or run.purpose != Run.Purpose.CALLBACK:
        return
    promise = CallbackPromise.objects.filter(session=session, kept_at=None).first()
    if promise is None:
        return
    promise.session = session
    _keep_number(promise, _number_given(session))
    offered = [(one["label"], datetime.fromisoformat(one["at"])) for one in run.offered]
    time = CapturedField.objects.filter(session=session, name=TIME).values_list("value", flat=True).first()
    wanted = slots.meant(time, offered)
    if wanted is not None:
        promises.book(promise, wanted, now=now)
    settled(session, run, now=now)


def settled(session: VoiceSession, run: Run | None, *, now: datetime) -> None:
    """Once nothing is left to ask, let the assistant say its last sentence; a gather ends by itself."""
    if run is None or run.purpose != Run.Purpose.CALLBACK or run.complete_at is not None:
        return
    promise = CallbackPromise.objects.filter(session=session, kept_at=None).first()
    if promise is None:
        return
    has_number = phone_numbers.is_one(promise.phone, country=session.widget.country)
    if run.mode == AssistantRun.ASSISTANT and has_number and (promise.is_booked or not run.offered):
        run.complete_at = now
        run.save(update_fields=["complete_at"])
        connection.stop_assistant(session, now=now, delay=connection.LAST_SENTENCE)


def run_over(session: VoiceSession, run: Run, *, now: datetime) -> None:
    """The assistant has asked, or could not: say what is promised, and hang up."""
    answers_known(session, run, now=now)
    handoff = _unanswered(session)
    promise = CallbackPromise.objects.filter(session=session).first()
    leg = connection.prospect_leg(session)
    if handoff is None or promise is None or leg is None or session.ended_at:
        return
    handoff.session = promise.session = session
    has_spoken = run.started_at is not None
    opening = announcements.thanks() if has_spoken else announcements.sorry(promise.reason)
    _say_goodbye(handoff, promise, leg, text=opening, now=now)


def _unanswered(session: VoiceSession) -> Handoff | None:
    return Handoff.objects.filter(session=session, state=State.UNANSWERED).order_by("-triggered_at").first()


def _questions(promise: CallbackPromise, now: datetime, *, people: int | None) -> Questions:
    """What is not known yet; a time is asked for only if there is one to be had."""
    session = promise.session
    properties: dict[str, Any] = {}
    if not phone_numbers.is_one(promise.phone, country=session.widget.country):
        properties[PHONE] = {"type": "string", "description": announcements.which_number()}
    when = promises.diary(session.widget, people=people)
    free = slots.offer(when, promises.free_slots(session, when, own=promise, now=now), now=now)
    offered = [{"label": slots.label(when, slot.start), "at": slot.start.isoformat()} for slot in free]
    if offered and not promise.is_booked:
        labels = [one["label"] for one in offered]
        properties[TIME] = {"type": "string", "enum": labels, "description": announcements.which_time(labels)}
    return Questions(properties, offered)


def _return_assistant(session: VoiceSession, leg: CallLeg, questions: Questions, reason: str, now: datetime) -> None:
    labels = [one["label"] for one in questions.offered] if TIME in questions.properties else []
    is_gather = session.widget.assistant_run == AssistantRun.GATHER
    errand = assistant_runs.Errand(
        instruction=(
            announcements.BOOKING_INSTRUCTION
            if is_gather
            else announcements.booking_by_tool(labels, asks_number=PHONE in questions.properties)
        ),
        parameters={"type": "object", "properties": questions.properties},
        offered=questions.offered if labels else [],
    )
    greeting = announcements.will_call_back(reason)
    assistant_runs.begin(session, leg, errand, purpose=Run.Purpose.CALLBACK, greeting=greeting, now=now)


def _number_given(session: VoiceSession) -> str:
    """The number given last that can be called, whatever the widget calls its question; else what was said instead."""
    rules = versions.schema(session).get("properties", {}).items()
    asked = [name for name, rule in rules if isinstance(rule, Mapping) and rule.get("format") == "phone"]
    names = [*prospects.PHONE_FIELDS, *asked]
    rows = CapturedField.objects.filter(session=session, name__in=names).order_by("-captured_at", "-pk")
    said = [str(row.value) for row in rows if isinstance(row.value, str | int)]
    country = session.widget.country
    return next((one for one in said if phone_numbers.is_one(one, country=country)), said[0] if said else "")


def _keep_number(promise: CallbackPromise, said: str) -> None:
    if not said.strip():
        return
    phone = phone_numbers.kept(said.strip(), country=promise.session.widget.country)[:40]
    if phone != promise.phone:
        promise.phone = phone
        promise.save(update_fields=["phone"])
        prospects.name_prospect(promise.session)


def _say_goodbye(handoff: Handoff, promise: CallbackPromise, leg: CallLeg, *, text: str, now: datetime) -> None:
    goodbye = announcements.goodbye(_when(promise, now))
    speech.say(handoff, f"{text} {goodbye}", name=APOLOGY, now=now)
    connection.hang_up(handoff.session, leg, now=now, handoff=handoff, delay=HANG_UP_AFTER_PROMISE)


def _when(promise: CallbackPromise, now: datetime) -> str:
    """“on Monday 24 November at 9:30 am”, or “within 30 minutes” where nothing more exact was agreed."""
    minutes = policies.of(promise.session).callback_minutes
    if promise.is_booked or promise.due_at > now + timedelta(minutes=minutes):
        return f"on {slots.label(promises.diary(promise.session.widget), promise.due_at)}"
    return f"within {minutes} minutes"
