"""Answers in a whole visit: whose questions count, which sentence a value came from, how a replay takes edits."""

import json
from typing import Any

import pytest
from django.utils import timezone

from dashboard.render import answers
from flight_recorder.record import recorder
from flight_recorder.replay import player, script
from flight_recorder.replay.player import Manner
from handoff import actions
from handoff.models import Closer, Handoff
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits import tokens
from tests.visits import Visit

pytestmark = pytest.mark.usefixtures("gathering")

OTHER = {"type": "object", "properties": {"roof": {"type": "string"}}, "required": ["roof"]}
HISTORY = [
    {"role": "assistant", "content": "May I have your full name?"},
    {"role": "user", "content": "My name is Ada."},
    {"role": "assistant", "content": "And your email address?"},
    {"role": "user", "content": "It is ada at example dot com."},
]


def ask_something_else() -> None:
    WidgetConfig.objects.update(gather_schema=OTHER)


def shown(visit: Visit, name: str) -> dict[str, Any]:
    return next(one for one in answers.panel(visit.session) if one["view"].name == name)


def test_the_share_of_answers_is_of_the_session_s_own_questions(talking: Visit, alice: Closer) -> None:
    ask_something_else()

    talking.leg.partial({"roof": "tiles"})
    assert not Handoff.objects.exists()
    talking.leg.partial({"full_name": "Ada", "email": "ada@example.com", "budget": "20000"})

    assert talking.handoff.trigger == "fields_known"


def test_an_answer_that_a_closer_took_back_is_not_known(talking: Visit, alice: Closer) -> None:
    talking.leg.partial({"full_name": "Ada", "email": "ada@example.com"})
    actions.edit_answer(
        talking.session_id, "email", closer=alice, text="", seen=shown(talking, "email")["seen"], now=timezone.now()
    )

    talking.leg.partial({"full_name": "Ada", "email": "ada@example.com", "budget": "20000"})

    assert not Handoff.objects.exists()
    assert shown(talking, "email")["text"] == ""


def test_the_assistant_is_asked_the_session_s_own_questions(visit: Visit, alice: Closer) -> None:
    ask_something_else()

    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()

    (command,) = visit.commands("start_gather")
    assert set(command.arguments["parameters"]["properties"]) == {"full_name", "email", "budget", "timeline"}


def test_a_value_comes_from_the_sentence_after_which_it_was_first_told(talking: Visit, alice: Closer) -> None:
    talking.leg.partial({"full_name": "Ada"}, HISTORY[:2])
    talking.leg.partial({"full_name": "Ada", "email": "ada@example.com"}, HISTORY)
    talking.leg.gathered({"full_name": "Ada", "email": "ada@example.com"}, HISTORY)

    assert [shown(talking, name)["position"] for name in ("full_name", "email", "budget")] == [1, 3, None]
    assert shown(talking, "email")["origin"].label == "Confirmed"


def test_a_replay_is_not_put_off_by_what_people_wrote(talking: Visit, alice: Closer) -> None:
    talking.leg.partial({"full_name": "Ada"}, HISTORY[:2])
    seen = shown(talking, "full_name")["seen"]
    actions.edit_answer(
        talking.session_id, "full_name", closer=alice, text="Ada Lovelace", seen=seen, now=timezone.now()
    )
    talking.leg.hung_up()
    talking.work()
    ask_something_else()
    session = VoiceSession.objects.select_related("widget").get(pk=talking.session_id)

    recording = json.loads(json.dumps(recorder.record(session, now=timezone.now())))
    report = player.play(script.read(recording, format_name=recorder.FORMAT, version=recorder.VERSION), Manner())

    assert list(recording["widget"]["gather_schema"]["properties"]) == ["full_name", "email", "budget", "timeline"]
    assert recording["end"]["captured"] == {"full_name": "Ada"}
    assert (report.differences, report.violations) == ([], [])
