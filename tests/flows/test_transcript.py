"""What was said: heard from Telnyx, relayed by a page, as Telnyx keeps it, or withheld."""

from typing import Any

import pytest
import respx
from django.conf import settings
from django.utils import timezone

from handoff.engine import call_record
from sessions_app.conversation import transcript
from sessions_app.conversation.transcript import MAX_RELAYED, Heard
from sessions_app.models import Run, TranscriptTurn, VoiceSession, WidgetConfig
from sessions_app.visits import visits
from tests.people import Clock
from tests.telnyx import Leg, Rest, Webhooks
from tests.visits import Visit, open_visit

HISTORY = [
    {"role": "assistant", "content": "May I have your name?"},
    {"role": "user", "content": "Ada Lovelace."},
    {"role": "assistant", "content": "Thank you."},
]
ENDED = "call.conversation.ended"
UPDATED = "call.ai_gather.message_history_updated"


def turns(visit: Visit) -> list[tuple[str, str]]:
    return list(visit.session.turns.order_by("position").values_list("speaker", "text"))


def run(visit: Visit) -> Run:
    return visit.session.runs.get(number=1)


def kept(visit: Visit, messages: list[dict[str, Any]]) -> None:
    """What the Conversations API answers from now on."""
    asked(visit).respond(json={"data": messages, "meta": {"total_pages": 1}})


def asked(visit: Visit) -> respx.Route:
    base = f"{settings.TELNYX_API_BASE}/ai/conversations/{visit.rest.conversation_id}"
    return visit.rest.router.get(url__regex=rf"{base}/messages")


def api(text: str | None, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"role": role, "text": text, "sent_at": "2026-11-22T05:00:00Z"} | more


def end(visit: Visit) -> None:
    visit.leg.says(UPDATED, message_history=HISTORY)
    visit.leg.says(ENDED, conversation_id=visit.rest.conversation_id, reason="completed", messages=[])


def wait_for_record(visit: Visit) -> None:
    for delay in call_record.DELAYS:
        visit.pass_time(delay.total_seconds() + 1)


def test_what_telnyx_keeps_wins(talking: Visit) -> None:
    kept(talking, [api("May I have your name, please?", "assistant"), api("Ada Lovelace"), api("Bye.", "assistant")])
    end(talking)
    talking.pass_time(3)

    assert turns(talking)[1] == ("prospect", "Ada Lovelace")
    assert set(talking.session.turns.values_list("is_final", flat=True)) == {True}
    assert run(talking).transcript == Run.Transcript.KEPT


def test_a_record_that_is_still_written_does_not_wipe_what_was_heard(talking: Visit) -> None:
    kept(talking, [api("May I have your name?", "assistant")])
    end(talking)
    talking.pass_time(3)
    assert len(turns(talking)) == 3

    kept(talking, [api("May I have your name?", "assistant"), api("Ada."), api("Thanks.", "assistant")])
    talking.pass_time(5)

    assert [text for _, text in turns(talking)] == ["May I have your name?", "Ada.", "Thanks."]


def test_the_last_word_of_telnyx_counts_even_when_it_is_shorter(talking: Visit) -> None:
    kept(talking, [api("May I have your name?", "assistant")])
    end(talking)
    wait_for_record(talking)

    assert [text for _, text in turns(talking)] == ["May I have your name?"]


@pytest.mark.parametrize("text", [None, "", "[redacted]", "[REDACTED]", "<redacted>"])
def test_a_withheld_record_is_shown_as_that_and_wipes_nothing(talking: Visit, text: str | None) -> None:
    kept(talking, [api(text, "assistant"), api(text), api(text, "assistant")])
    end(talking)
    talking.pass_time(3)

    assert len(turns(talking)) == 3
    assert run(talking).transcript == Run.Transcript.WITHHELD
    assert talking.kinds().count("transcript.withheld") == 1


def test_a_record_that_never_comes_is_shown_as_that(talking: Visit) -> None:
    end(talking)
    wait_for_record(talking)

    assert len(turns(talking)) == 3
    assert run(talking).transcript == Run.Transcript.ABSENT


def test_a_turn_without_its_words_keeps_its_place(talking: Visit) -> None:
    talking.leg.says(UPDATED, message_history=HISTORY)
    hidden = [HISTORY[0], {"role": "user", "content": "[redacted]"}, {"role": "assistant", "content": "Thanks, Ada."}]
    talking.clock.advance(1)
    talking.leg.says(UPDATED, message_history=hidden)

    assert [text for _, text in turns(talking)] == ["May I have your name?", "Ada Lovelace.", "Thanks, Ada."]


def test_a_record_that_cannot_be_read_is_asked_for_again(talking: Visit) -> None:
    asked(talking).respond(404, json={"errors": [{"code": "10005"}]})
    end(talking)
    talking.pass_time(3)
    kept(talking, [api("Hello.", "assistant"), api("Ada."), api("Thanks.", "assistant"), api("Bye.")])
    talking.pass_time(5)

    assert run(talking).transcript == Run.Transcript.KEPT


# --- what a page relays


@pytest.fixture
def anonymous(anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock) -> Visit:
    visit = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="2700000000000000001")
    visit.post("claim", call_control_id=visit.leg.call_control_id)
    initialise(visit.leg, anonymous_widget, rest)
    return visit


def initialise(leg: Leg, widget: WidgetConfig, rest: Rest) -> None:
    leg.says(
        "assistant.initialization",
        path="/webhooks/telnyx/dynamic-variables",
        assistant_id=widget.assistant_id,
        telnyx_conversation_id=rest.conversation_id,
    )


def relay(visit: Visit, *texts: str, first: int = 0) -> Any:
    said = [
        {"position": first + number, "role": "assistant" if (first + number) % 2 == 0 else "prospect", "text": text}
        for number, text in enumerate(texts)
    ]
    return visit.post("heard", turns=said)


def test_what_a_page_relays_is_kept_and_marked(anonymous: Visit) -> None:
    assert relay(anonymous, "Hello.", "I am Ada <b>").status_code == 202

    assert turns(anonymous) == [("assistant", "Hello."), ("prospect", "I am Ada <b>")]
    assert set(anonymous.session.turns.values_list("is_relayed", flat=True)) == {True}
    assert anonymous.kinds()[-1] == "transcript.updated"


def test_a_relayed_turn_grows_and_repeats_are_no_news(anonymous: Visit) -> None:
    relay(anonymous, "Hel")
    relay(anonymous, "Hello.")
    before = anonymous.session.last_seq
    relay(anonymous, "Hello.")

    assert turns(anonymous) == [("assistant", "Hello.")]
    assert anonymous.session.last_seq == before


def test_telnyx_s_word_replaces_the_page_s_and_is_never_replaced_by_it(anonymous: Visit) -> None:
    relay(anonymous, "I promise you a discount.", "Yes please.", "Made up.")
    earlier = timezone.now()
    anonymous.leg.webhooks.event(
        UPDATED, anonymous.leg.ids() | {"message_history": HISTORY[:2]}, occurred_at=earlier.replace(year=2020)
    )
    relay(anonymous, "I promise you a discount.", "No.")

    assert turns(anonymous) == [
        ("assistant", "May I have your name?"),
        ("prospect", "Ada Lovelace."),
        ("assistant", "Made up."),
    ]
    assert list(anonymous.session.turns.values_list("is_relayed", flat=True)) == [False, False, True]


def test_the_end_as_telnyx_tells_it_takes_away_what_only_the_page_said(anonymous: Visit) -> None:
    relay(anonymous, "Hello.", "Ada.", "Made up.", "Made up too.", "And more.")
    conversation = anonymous.rest.conversation_id
    anonymous.leg.says(ENDED, conversation_id=conversation, reason="completed", messages=HISTORY[:2])
    relay(anonymous, "later", "later", "later", "later", first=2)

    assert [text for _, text in turns(anonymous)] == ["May I have your name?", "Ada Lovelace."]


@pytest.mark.parametrize(
    "turns_",
    [
        [],
        "x",
        [{"position": -1, "role": "prospect", "text": "x"}],
        [{"position": MAX_RELAYED, "role": "prospect", "text": "x"}],
        [{"position": 0, "role": "closer", "text": "x"}],
        [{"position": 0, "role": "prospect", "text": ""}],
        [{"position": 0, "role": "prospect", "text": "x" * 4_001}],
        [{"position": 0, "role": "prospect", "text": "x"}] * 51,
        [{"position": True, "role": [], "text": {}}],
    ],
)
def test_a_hostile_page_is_refused_and_changes_nothing(anonymous: Visit, turns_: Any) -> None:
    assert anonymous.post("heard", turns=turns_).status_code == 400
    assert not TranscriptTurn.objects.exists()


def test_a_page_that_never_stops_is_held_up(anonymous: Visit) -> None:
    codes = [relay(anonymous, f"Sentence {number}.").status_code for number in range(125)]

    assert codes[:100] == [202] * 100
    assert codes[-1] == 429


def test_only_pages_of_anonymous_calls_relay(talking: Visit) -> None:
    relay(talking, "Hello.")

    assert turns(talking) == []


def test_nothing_is_relayed_into_a_visit_that_is_over(anonymous: Visit) -> None:
    visits.end(VoiceSession.objects.get(pk=anonymous.session_id), reason="left", now=timezone.now())

    assert transcript.relay(anonymous.session_id, [Heard(0, "prospect", "x")], at=timezone.now()) is False
