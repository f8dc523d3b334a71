"""One call of a tool, whichever door it came through: whose it is, whether it may be, what came of it."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from accounts.roles import Action, Role, may
from assistant_tools import sentences, tools
from sessions_app.answers import versions
from sessions_app.conversation import tool_calls, tool_catalogue
from sessions_app.conversation.tool_calls import Caller, Outcome, Told, Use
from sessions_app.conversation.tool_catalogue import Sifted
from sessions_app.models import VoiceSession

# What each tool lets the assistant of a call do.
ACTIONS: Mapping[str, Action] = {
    tool_catalogue.SAVE: Action.ANSWER_SAVE,
    tool_catalogue.AVAILABILITY: Action.TEAM_ASK_FREE,
    tool_catalogue.HANDOFF: Action.VISIT_ASK_PERSON,
    tool_catalogue.CALLBACK: Action.CALLBACK_ASK,
}

logger = logging.getLogger(__name__)

# A caller waits for what the assistant says next; and few threads carry out everybody's tools.
LOCK_PATIENCE = "2s"


def use(name: str, arguments: Any, *, caller: Caller, now: datetime) -> Told:
    """Carry out one call for the conversation that the platform names, and write it down.

    Nothing in `arguments` says whose call it is. Every effect and its record are one transaction.
    """
    try:
        found, told = _used(name, arguments, caller, now)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        # Nothing was done and nothing is on record, so that nothing is promised either.
        return Told(Outcome.FAILED, sentences.failed(), "busy")
    if found is None:
        tool_calls.adopt_late(caller)
    logger.info("tool %s by %s: %s %s", name, caller.door, told.outcome, told.code)
    return told


@transaction.atomic
def _used(name: str, arguments: Any, caller: Caller, now: datetime) -> tuple[tuple[VoiceSession, int] | None, Told]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_PATIENCE])
    found = tool_calls.hold(caller)
    told = tool_calls.answered_before(caller)
    if told is None:
        told = _of_session(name, arguments, caller, *found, now) if found else _of_nobody(name, arguments, caller, now)
    return found, told


def as_data(told: Told) -> dict[str, Any]:
    """What is told, as data: the same through both doors."""
    return {"status": told.outcome, **({"code": told.code} if told.code else {}), **told.result}


def _of_session(name: str, arguments: Any, caller: Caller, session: VoiceSession, run: int, now: datetime) -> Told:
    is_given = caller.run_id is None or name in tool_catalogue.OF_A_GATHER
    if not is_given or not may({Role.ASSISTANT}, ACTIONS[name], is_own=True):
        return tools.refused("not_given", sentences.not_given())
    if tool_calls.spent(session, name) >= settings.TOOL_CALLS_PER_SESSION:
        told = tools.refused(tool_calls.OVER_BUDGET, sentences.over_budget())
        tool_calls.keep_over_budget(session, caller, Use(name, arguments, told, now))
        return told
    began = time.perf_counter()
    sifted = _sifted(name, arguments, caller, versions.schema(session).get("properties", {}))
    told = _invalid(sifted) or _carried_out(name, session, run, sifted, now)
    duration_ms = round((time.perf_counter() - began) * 1000)
    tool_calls.keep(session, caller, Use(name, arguments, told, now, duration_ms))
    return told


def _of_nobody(name: str, arguments: Any, caller: Caller, now: datetime) -> Told:
    told = _invalid(_sifted(name, arguments, caller, {})) or tools.refused("too_early", sentences.too_early())
    tool_calls.keep_unknown(caller, Use(name, arguments, told, now), most=settings.TOOL_CALLS_PER_SESSION)
    return told


def _sifted(name: str, arguments: Any, caller: Caller, questions: Mapping[str, Any]) -> Sifted:
    return tool_catalogue.sift(name, arguments, questions=questions, by_question=caller.door == "webhook")


def _invalid(sifted: Sifted) -> Told | None:
    """The answer where nothing can be used."""
    if sifted.arguments or not sifted.problems:
        return None
    return Told(Outcome.INVALID, sentences.unfit(sifted.problems), "invalid", {"problems": sifted.problems})


def _carried_out(name: str, session: VoiceSession, run: int, sifted: Sifted, now: datetime) -> Told:
    try:
        with transaction.atomic():
            told = tools.carry_out(name, session, run, sifted.arguments, now=now)
    except Exception:  # Whatever went wrong, the assistant gets an answer and the call stays on record.
        logger.exception("A tool failed")
        return Told(Outcome.FAILED, sentences.failed(), "failed")
    if not sifted.problems:
        return told
    text = f"{told.text} {sentences.left_out(sifted.problems)}"
    return replace(told, text=text, result={**told.result, "problems": sifted.problems})
