"""What the prospect's page asks while it talks: a typed message, a callback, a way out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from handoff.models import CallbackPromise, Closer
from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visitor_page import page
from tests.visits import ANSWERS, Visit, connect


def test_a_typed_message_reaches_the_assistant_as_the_prospect_s_turn(talking: Visit) -> None:
    assert talking.post("message", text="My name is Ada").status_code == 202
    talking.work()

    (asked,) = talking.rest.asked("ai_assistant_add_messages")
    assert asked["messages"] == [{"role": "user", "content": "My name is Ada"}]
    # Otherwise it would be answered with the next spoken turn, which who only types never takes.
    assert asked["trigger_response"] is True


def test_two_equal_messages_are_two_messages(talking: Visit) -> None:
    for _ in range(2):
        assert talking.post("message", text="yes").status_code == 202
    talking.work()

    assert len(talking.rest.asked("ai_assistant_add_messages")) == 2


def test_so_many_messages_are_on_their_way_and_no_more(talking: Visit) -> None:
    """Telnyx is slow, and a page goes on: others' commands must not queue behind it."""
    answers = [talking.post("message", text=f"line {number}") for number in range(7)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [409] * 2
    assert answers[-1].json()["code"] == "busy"

    talking.work()
    assert talking.post("message", text="once more").status_code == 202


def test_nobody_listens_before_the_call_and_after_the_assistant(visit: Visit) -> None:
    assert visit.post("message", text="hello").status_code == 409


def test_nobody_listens_after_the_assistant(waiting_for_alice: Visit) -> None:
    answer = waiting_for_alice.post("message", text="hello")

    assert (answer.status_code, answer.json()["code"]) == (409, "gone")
    assert not waiting_for_alice.session.timeline.filter(kind="session.typed").exists()


@pytest.mark.parametrize("text", ["", " ", "x" * 2001])
def test_an_empty_or_endless_message_is_refused(talking: Visit, text: str) -> None:
    assert talking.post("message", text=text).status_code == 400


def test_a_callback_is_promised_for_the_time_that_was_asked(visit: Visit, carol: Closer) -> None:
    wish = timezone.now() + timedelta(hours=3)

    answer = visit.post("callback", name="Ada Lovelace", phone="+61 2 5550 1234", when=wish.isoformat())

    assert answer.status_code == 201
    promise = CallbackPromise.objects.get(session_id=visit.session_id)
    assert (promise.name, promise.phone, promise.owner) == ("Ada Lovelace", "+61255501234", carol)
    assert parse_datetime(answer.json()["due_at"]) == promise.due_at == wish
    assert visit.session.prospect is not None
    assert visit.session.prospect.phone == "+61255501234"


@pytest.mark.parametrize("when", ["", "soon", "2026-13-45T99:00:00Z", "2020-01-01T00:00:00Z", "2026-11-22T10:00:00"])
def test_a_wish_that_cannot_be_kept_falls_back_on_the_policy(visit: Visit, when: str) -> None:
    assert visit.post("callback", name="Ada", phone="+61255501234", when=when).status_code == 201

    due_in = CallbackPromise.objects.get().due_at - timezone.now()
    assert timedelta(minutes=29) < due_in <= timedelta(minutes=30)


def test_the_form_after_the_apology_fills_the_same_promise(talking: Visit) -> None:
    talking.finish(ANSWERS)
    first = CallbackPromise.objects.get()

    assert talking.post("callback", name="Ada King", phone="+61 400 000 000").status_code == 201

    promise = CallbackPromise.objects.get()
    assert (promise.pk, promise.phone, promise.due_at) == (first.pk, "+61400000000", first.due_at)
    assert talking.session.fields.get(name="phone").source == "prospect"


@pytest.mark.parametrize("phone", ["", "12", "call me", "+61255501234; DROP", "x" * 31])
def test_a_phone_number_must_look_like_one(visit: Visit, phone: str) -> None:
    assert visit.post("callback", name="Ada", phone=phone).status_code == 400
    assert not CallbackPromise.objects.exists()


@pytest.mark.parametrize("phone", ["(02) 5550 1234", "٠٢ ٥٥٥٠ ١٢٣٤", "０２ ５５５０ １２３４", "+61 (0)2 5550 1234"])
def test_a_number_may_be_written_as_its_owner_writes_it(visit: Visit, phone: str) -> None:
    assert visit.post("callback", name="Ada", phone=phone).status_code == 201

    assert CallbackPromise.objects.get().phone == "+61255501234"
    # What they typed stays what they typed.
    assert visit.session.fields.get(name="phone").value == phone


@pytest.mark.parametrize(
    ("phone", "message"),
    [
        ("5550 1234", "Not a complete phone number. One of another country begins with + and its code."),
        ("(415) 555-0100", "Not a complete phone number. One of another country begins with + and its code."),
        ("02 5550 1234 ext. 7", "A number without an extension is needed."),
    ],
)
def test_the_page_is_told_what_is_wrong_with_a_number(visit: Visit, phone: str, message: str) -> None:
    answer = visit.post("callback", name="Ada", phone=phone)

    assert answer.status_code == 400
    assert answer.json() == {"status": "error", "message": message, "code": "not_a_number"}
    assert not CallbackPromise.objects.exists()


def test_a_national_number_is_one_of_the_widgets_country(visit: Visit) -> None:
    WidgetConfig.objects.update(time_zone="America/Los_Angeles")

    assert visit.post("callback", name="Ada", phone="(415) 555-0100").status_code == 201

    assert CallbackPromise.objects.get().phone == "+14155550100"


def test_a_page_that_goes_before_its_call_ends_the_visit(visit: Visit) -> None:
    assert visit.post("leave").status_code == 204

    assert visit.session.end_reason == "left_before_call"


def test_a_page_that_goes_during_its_call_leaves_the_end_to_telnyx(talking: Visit) -> None:
    assert talking.post("leave").status_code == 204

    assert talking.session.ended_at is None


def test_a_page_that_never_calls_is_ended_by_the_sweep(visit: Visit) -> None:
    visit.pass_time(55)
    assert visit.session.ended_at is None

    visit.pass_time(10)

    assert visit.session.end_reason == "never_called"


def test_a_page_that_only_wants_to_be_called_back_is_not_hurried(visit: Visit) -> None:
    VoiceSession.objects.update(is_let_in=False, page_leg_by=None)
    visit.pass_time(170)
    assert visit.session.ended_at is None

    visit.pass_time(20)

    assert visit.session.end_reason == "never_called"


def test_a_page_is_not_asked_back_into_a_visit_that_has_just_ended(waiting_for_alice: Visit) -> None:
    visit = waiting_for_alice
    connect(visit)
    read_before_the_end = visit.session

    visit.leg.hung_up()
    visit.work()

    state = page.state(read_before_the_end)
    assert (state["rejoin"], state["phase"]) == (False, "ended")
