"""What a website says of its visitor: from the page, the call and the assistant to the session, and out again."""

import json
import random
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from handoff.models import Closer
from sessions_app.inbox import intake
from sessions_app.models import CallLeg, Team, VoiceSession, WidgetConfig
from sessions_app.rules import plain_values
from sessions_app.visits import tokens, visitor_values, visits
from telephony import inbound
from tests.flows.calling import call
from tests.people import Clock, make_ready, person
from tests.telnyx import DYNAMIC_VARIABLES, Rest, Webhooks, envelope
from tests.visits import Visit, open_visit

TIER = {"name": "X-User-Tier", "value": "Enterprise"}
SEED = 20261128


@pytest.fixture(autouse=True)
def told_of(widget: WidgetConfig) -> None:
    """The widget's website is an enterprise's, and may say which order its visitor looks at."""
    widget.custom_headers, widget.value_names = [TIER], ["order_number"]
    widget.assistant_run = "assistant"
    widget.save()


def place(visit: Visit, **headers: str) -> None:
    """The page's call parks with these headers and our ticket."""
    carried = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    ticket = {"name": "X-Session-Ticket", "value": tokens.ticket(visit.session_id)}
    ends: dict[str, Any] = {"from": "somebody", "to": "agileadapt", "from_sip_uri": "somebody@sip.telnyx.com"}
    visit.leg.says("call.initiated", direction="incoming", state="parked", custom_headers=[*carried, ticket], **ends)
    visit.work()


def initialise(visit: Visit, **variables: Any) -> dict[str, Any]:
    """The assistant asks for its variables; the answer."""
    answer: dict[str, Any] = visit.leg.says(
        "assistant.initialization",
        path=DYNAMIC_VARIABLES,
        assistant_id=visit.session.widget.assistant_id,
        telnyx_conversation_channel="web_call",
        telnyx_agent_target="+61255501234",
        telnyx_end_user_target="gencredabc@sip.telnyx.com",
        telnyx_conversation_id=visit.rest.conversation_id,
        **variables,
    ).json()
    return answer


def known(visit: Visit) -> dict[str, str]:
    return visitor_values.for_assistant(visit.session)


def test_a_visit_begins_with_the_widget_s_own_values(visit: Visit) -> None:
    assert known(visit) == {"user_tier": "Enterprise"}


def test_the_headers_of_the_call_are_kept_and_only_those_that_are_allowed(visit: Visit) -> None:
    place(visit, X_User_Tier="Gold", X_Order_Number=" A-17{ ", X_Company="Evil", X_Telnyx_Call_To="+1900", X_Other="x")

    assert known(visit) == {"user_tier": "Gold", "order_number": "A-17"}
    entry = visit.session.timeline.get(kind="session.described")
    assert entry.payload == {"names": ["user_tier", "order_number"]}
    assert "Gold" not in json.dumps(list(visit.session.timeline.values_list("payload", flat=True)))


def test_what_is_said_again_makes_no_news(visit: Visit) -> None:
    place(visit, X_User_Tier="Enterprise")

    assert known(visit) == {"user_tier": "Enterprise"}
    assert "session.described" not in visit.kinds()


def test_the_headers_of_a_closer_s_leg_say_nothing_of_the_visitor(waiting_for_alice: Visit) -> None:
    closer_leg = waiting_for_alice.accept()
    closer_leg.says("call.initiated", direction="outgoing", state="bridging", custom_headers=[TIER | {"value": "Free"}])

    assert CallLeg.objects.filter(role="closer").exists()
    assert known(waiting_for_alice) == {"user_tier": "Enterprise"}


def test_the_assistant_is_started_with_them_and_with_our_own_company(visit: Visit, sales: Team) -> None:
    place(visit, X_User_Tier="Gold", X_Company="Evil")
    visit.leg.answered()
    visit.work()

    (started,) = visit.rest.asked("ai_assistant_start")
    assert started["assistant"]["dynamic_variables"] == {"user_tier": "Gold", "company": sales.name}


def test_an_assistant_that_asks_is_told_them_beside_ours(visit: Visit) -> None:
    place(visit, X_Order_Number="A-17")

    answer = initialise(visit)

    told, metadata = answer["dynamic_variables"], answer["conversation"]["metadata"]
    assert (told["user_tier"], told["order_number"], told["company"]) == ("Enterprise", "A-17", "Sales")
    assert metadata == {
        "agileadapt_session": str(visit.session_id),
        "visitor_user_tier": "Enterprise",
        "visitor_order_number": "A-17",
    }


def test_they_cost_the_assistant_that_asks_no_further_look(visit: Visit, widget: WidgetConfig) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            initialise(visit)
        return len(counted)

    place(visit)
    initialise(visit)
    with_them = queries()
    VoiceSession.objects.update(visitor_values=[])
    WidgetConfig.objects.update(custom_headers=[], value_names=[])

    assert queries() == with_them


def test_a_name_that_became_ours_is_given_to_no_assistant(visit: Visit, settings: Any, alice: Closer) -> None:
    """The operator renames the targets to what a website may name as well."""
    place(visit, X_Order_Number="sip:thief@evil.example")

    settings.TELNYX_TARGETS_VARIABLE = "order_number"

    assert known(visit) == {"user_tier": "Enterprise"}
    answer = initialise(visit)
    assert [one["name"] for one in answer["dynamic_variables"]["order_number"]] == ["Alice"]
    assert "visitor_order_number" not in answer["conversation"]["metadata"]


def test_an_anonymous_call_brings_them_with_the_assistant_s_question(
    anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock
) -> None:
    anonymous_widget.custom_headers = [TIER]
    anonymous_widget.save()
    anonymous = open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")
    initialise(anonymous, user_tier="Gold", company="Evil", telnyx_end_user_target_verified=False, order_number="A-17")
    assert known(anonymous) == {"user_tier": "Enterprise"}

    anonymous.post("claim", call_control_id=anonymous.leg.call_control_id)

    assert known(anonymous) == {"user_tier": "Gold"}
    assert visitor_values.shown_system(anonymous.session) == [
        ("Channel", "Web call"),
        ("Reached at", "+61255501234"),
        ("Calls from", "A browser"),
    ]
    assert visitor_values.told_at(anonymous.session) is not None
    names = [entry.payload["names"] for entry in anonymous.session.timeline.filter(kind="session.described")]
    assert names == [["channel", "agent_target", "end_user_target"], ["user_tier"]]


def test_a_call_back_begins_with_what_was_known(promised: Visit, alice: Closer) -> None:
    place(promised, X_Order_Number="A-17")

    made = call(promised, alice)

    assert known(made.visit) == {"user_tier": "Enterprise", "order_number": "A-17"}


# Whose words they are and when; each is told by an event of its own.
FACTS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "page": ("", 0, {"order_number": "A-17"}),
    "call": ("call.initiated", 1, {"X-User-Tier": "Gold", "X-Order-Number": "A-16"}),
    "rejoined": ("call.initiated", 7, {"X-User-Tier": "Silver", "X-Order-Number": "A-15"}),
    "asked": ("assistant.initialization", 3, {"user_tier": "Bronze", "telnyx_agent_target": "first"}),
    "asked again": ("assistant.initialization", 9, {"user_tier": "Copper", "telnyx_agent_target": "second"}),
}


@pytest.fixture
def story(widget: WidgetConfig, clock: Clock) -> Any:
    """Tell facts in an order; the rows that they end in."""
    page = FACTS["page"][2]
    session = visits.open_visit(widget, recording=True, origin="", now=timezone.now(), passed=page)
    bodies = {name: body_of(name, session) for name in FACTS if name != "page"}

    def tell(order: tuple[str, ...]) -> tuple[Any, ...]:
        with transaction.atomic():
            for name in order:
                now = timezone.now()
                event = inbound.reread(bodies[name], content_type="application/json", received_at=now)
                intake.take(
                    event,
                    body=bodies[name],
                    content_type="application/json",
                    door="call-control",
                    now=now,
                )
            row = VoiceSession.objects.get(pk=session.pk)
            transaction.set_rollback(True)
        return row.visitor_values, row.system_variables

    return tell


def body_of(name: str, session: VoiceSession) -> bytes:
    kind, minute, said = FACTS[name]
    legs = {"rejoined": "v3:two"}
    payload: dict[str, Any] = {
        "call_control_id": legs.get(name, "v3:one"),
        "call_session_id": legs.get(name, "v3:one"),
        "connection_id": settings.TELNYX_CONNECTION_ID,
    }
    if kind == "call.initiated":
        headers = {**said, "X-Session-Ticket": tokens.ticket(session.pk)}
        listed = [{"name": key, "value": value} for key, value in headers.items()]
        payload |= {"direction": "incoming", "state": "parked", "custom_headers": listed}
    else:
        payload |= said
    at = session.created_at + timedelta(minutes=minute)
    return envelope(kind, payload, event_id=f"event-{name}", occurred_at=at)


def test_the_same_facts_in_any_order_end_in_the_same_rows(story: Any) -> None:
    facts = tuple(name for name in FACTS if name != "page")
    values, system = expected = story(facts)

    assert plain_values.holding(values) == {"user_tier": "Silver", "order_number": "A-17"}
    assert system["agent_target"] == "first"
    for order in permutations(facts):
        assert story(order) == expected, order
    dice = random.Random(SEED)
    for _ in range(20):
        twice = tuple(dice.sample(facts * 2, len(facts) * 2))
        assert story(twice) == expected, (SEED, twice)


def test_it_is_the_page_s_word_that_holds_in_the_end(visit: Visit) -> None:
    passed = {"order_number": "A-17", "X-User-Tier": "Platinum"}
    session = visits.open_visit(visit.session.widget, recording=True, origin="", now=timezone.now(), passed=passed)
    told = Visit(session.pk, visit.leg, visit.rest, visit.clock)

    place(told, X_User_Tier="Gold", X_Order_Number="A-16")
    initialise(told, user_tier="Bronze")

    assert known(told) == {"user_tier": "Platinum", "order_number": "A-17"}


def test_nothing_that_is_passed_chooses_who_is_rung(
    visit: Visit, widget: WidgetConfig, sales: Team, alice: Closer, clock: Clock
) -> None:
    """Not even what is called like something that does."""
    skilled = make_ready(person("Dora", sales), idle_seconds=5)
    Closer.objects.filter(pk=skilled.pk).update(skills=["solar"])
    widget.value_names = ["required_skills", "closer", "team", "prefers", "priority"]
    widget.save()

    place(visit, X_Required_Skills="solar", X_Closer="Dora", X_Team="support", X_Priority="1000")
    visit.leg.answered()
    visit.work()
    assert visit.post("request").status_code < 300
    visit.work()

    assert known(visit)["closer"] == "Dora"
    assert visit.ringing().closer == alice
    assert visit.session.team == sales


def test_a_name_that_looks_like_a_ticket_binds_nothing(visit: Visit, widget: WidgetConfig) -> None:
    other = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    initialise(visit, session_ticket=tokens.ticket(other.pk), conversation_id=str(other.pk))

    assert VoiceSession.objects.exclude(call_control_id=None).count() == 0
    assert not CallLeg.objects.exists()
