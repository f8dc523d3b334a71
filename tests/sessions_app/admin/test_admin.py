"""The administration: who may enter, what may be edited, and that history cannot be."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from assistant_tools import calls
from handoff.models import CallbackPromise, Closer, Command, Handoff, Offer, RoutingPolicy
from sessions_app.conversation.tool_calls import Caller
from sessions_app.inbox import fold
from sessions_app.models import (
    AccountLook,
    LegRefusal,
    Team,
    TelephonyCredential,
    ToolCall,
    VoiceSession,
    WebhookDelivery,
    WidgetConfig,
)
from sessions_app.visits import capacity, credentials, tokens, visits
from tests import handoffs
from tests.people import hashed_password, logged_in
from tests.visits import ANSWERS, Visit

EDITABLE = [Team, WidgetConfig, Closer, RoutingPolicy, CallbackPromise]
HISTORY = [
    *(VoiceSession, WebhookDelivery, TelephonyCredential, Handoff, Command, ToolCall, AccountLook, LegRefusal),
]


def address(model: Any, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def clerk(db: None) -> Client:
    """Staff who may look at everything and edit nothing."""
    user = User.objects.create(email="clerk@agileadapt.example", password=hashed_password(), is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return logged_in(user)


@pytest.fixture
def finished(talking: Visit, carol: Closer) -> Visit:
    """A visit with a row in every table."""
    credentials.mint_for_session(talking.session, now=timezone.now())
    use_tool(talking)
    now = timezone.now()
    capacity.refused(talking.session.team_id, capacity.OWN_CAP, now=now)
    AccountLook.objects.create(name="balance", told={"amount": "1.00"}, told_at=now, asked_at=now)
    talking.finish(ANSWERS)
    talking.work()
    handoff = talking.handoff
    now = timezone.now()
    Offer.objects.create(handoff=handoff, closer=carol, reason="test", offered_at=now, expires_at=now, state="expired")
    return talking


def use_tool(visit: Visit, **arguments: str) -> None:
    caller = Caller("mcp", conversation_id=visit.rest.conversation_id)
    calls.use("save_prospect_details", {"full_name": "Ada", **arguments}, caller=caller, now=timezone.now())


def rows_of(model: Any) -> Any:
    row = model._default_manager.first()
    assert row is not None, model
    return row


@pytest.mark.parametrize("model", EDITABLE + HISTORY)
def test_a_closer_who_is_not_staff_sees_nothing(alice: Closer, model: Any) -> None:
    answer = logged_in(alice.user).get(address(model))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("model", EDITABLE + HISTORY)
def test_staff_see_lists_and_rows(office: Client, finished: Visit, model: Any) -> None:
    assert office.get(address(model)).status_code == 200
    assert office.get(address(model), {"q": str(finished.session_id)}).status_code == 200
    assert office.get(address(model, "change", rows_of(model).pk)).status_code == 200


@pytest.mark.parametrize("model", HISTORY)
def test_history_cannot_be_edited_even_by_a_superuser(office: Client, finished: Visit, model: Any) -> None:
    row = rows_of(model)
    before = model._default_manager.filter(pk=row.pk).values().get()

    assert office.get(address(model, "add")).status_code == 403
    assert office.post(address(model, "change", row.pk), {"state": "x", "status": "processed"}).status_code == 403
    assert office.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    office.post(address(model), chosen)

    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_what_is_inside_a_session_cannot_be_edited_either(office: Client, finished: Visit) -> None:
    page = office.get(address(VoiceSession, "change", finished.session_id)).content.decode()

    assert 'name="_save"' not in page
    assert 'type="text"' not in page
    for what in ("session.created", "answers_complete", "start_assistant", "call.conversation.ended"):
        assert what in page
    assert finished.leg.call_control_id in page


def test_a_session_page_says_what_the_website_and_telnyx_said_and_by_which_way(office: Client, visit: Visit) -> None:
    said = {"page": {"value": "Gold <b>", "at": "x"}, "widget": {"value": "Enterprise", "at": "x"}}
    VoiceSession.objects.update(
        visitor_values=[{"name": "user_tier", "said": said}], system_variables={"channel": "web_call"}
    )

    page = office.get(address(VoiceSession, "change", visit.session_id)).content.decode()

    assert "user_tier: Gold &lt;b&gt; (page), Enterprise (widget)" in page
    assert "channel: web_call" in page


@pytest.mark.parametrize("name", ["id", "call_control_id", "call_leg_id", "call_session_id", "conversation_id"])
def test_a_session_is_found_by_any_id(office: Client, finished: Visit, name: str) -> None:
    other = visits.open_visit(finished.session.widget, recording=True, origin="", now=timezone.now())
    session = finished.session
    holder = {"id": session, "conversation_id": session.current_run}.get(name, session.current_leg)
    found = office.get(address(VoiceSession), {"q": str(getattr(holder, name))}).content.decode()

    assert str(finished.session_id) in found
    assert str(other.pk) not in found


@pytest.mark.parametrize("query", ["'; --", "%", "\\", "\x00", "🙂", "x" * 3000, "deadbeef" * 4])
@pytest.mark.parametrize("model", HISTORY)
def test_a_hostile_search_is_a_search(office: Client, finished: Visit, model: Any, query: str) -> None:
    assert office.get(address(model), {"q": query}).status_code < 500


@pytest.mark.usefixtures("enough_lines")
@pytest.mark.parametrize("model", HISTORY)
def test_a_list_asks_the_database_no_more_for_more_rows(office: Client, finished: Visit, model: Any) -> None:
    few = count_queries(office, address(model))
    for number in range(12):
        copy(finished, number)

    assert count_queries(office, address(model)) <= few


@pytest.mark.usefixtures("enough_lines")
def test_a_session_page_asks_no_more_for_more_rows(office: Client, finished: Visit) -> None:
    page = address(VoiceSession, "change", finished.session_id)
    few = count_queries(office, page)
    for number in range(8):
        copy(finished, number)
        finished.leg.says("call.teleported", number=number)

    assert count_queries(office, page) <= few


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def copy(visit: Visit, number: int) -> None:
    """One more row in every table, each with relations of its own."""
    now = timezone.now()
    team = Team.objects.create(name=f"Team {number}", slug=f"team-{number}")
    widget = WidgetConfig.objects.create(team=team, name=f"W{number}", slug=f"w-{number}", assistant_id="assistant-1")
    user = User.objects.create(email=f"closer{number}@agileadapt.example")
    closer = Closer.objects.create(user=user, team=team, display_name=f"Closer {number}")
    session = visits.open_visit(widget, recording=True, origin="", now=now)
    credentials.mint_for_session(session, now=now)
    handoffs.create(
        session=session,
        trigger="test",
        state="completed",
        method="bridge",
        closer=closer,
        triggered_at=now,
        give_up_at=now,
    )
    Command.objects.create(session=session, key=f"test:{number}", kind="speak", created_at=now, send_by=now)
    Command.objects.create(session=visit.session, key=f"own:{number}", kind="speak", created_at=now, send_by=now)
    delivery = WebhookDelivery.objects.first()
    assert delivery is not None
    delivery.pk, delivery.event_id, delivery.session = None, f"copy-{number}", session
    delivery.save()


def test_a_widget_is_edited(office: Client, widget: WidgetConfig) -> None:
    page = office.get(address(WidgetConfig, "change", widget.pk))
    form = page.context["adminform"].form
    given = {name: form[name].value() for name in form.fields}
    given = {name: value for name, value in given.items() if value is not None}
    given["allowed_origins"] = "https://a.example\r\n\r\n  https://b.example:8443  \r\n"
    given["volume_threshold"] = "22"
    given["value_names"] = "X-Order-Number\r\n plan \r\norder_number\r\n"

    answer = office.post(address(WidgetConfig, "change", widget.pk), given)

    assert answer.status_code == 302, answer.context["errors"]
    widget.refresh_from_db()
    assert widget.allowed_origins == ["https://a.example", "https://b.example:8443"]
    assert widget.vad["volumeThreshold"] == 22
    assert widget.value_names == ["order_number", "plan"]
    assert "Milliseconds of silence" in office.get(address(WidgetConfig, "change", widget.pk)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_origins", "https://a.example/path"),
        ("allowed_origins", "javascript:alert(1)"),
        ("custom_headers", '[{"name": "Authorization", "value": "x"}]'),
        ("custom_headers", '[{"name": "X-A", "value": "a\\r\\nX-B: c"}]'),
        ("custom_headers", '[{"name": "X-Company", "value": "Another"}]'),
        ("custom_headers", '[{"name": "X-Telnyx-Call-To", "value": "+1900"}]'),
        ("value_names", "order number"),
        ("value_names", "X-Session-Ticket"),
        ("value_names", "X-Targets"),
        ("value_names", "\n".join(f"n{number}" for number in range(21))),
        ("volume_threshold", "256"),
        ("silence_duration_ms", "-1"),
        ("assistant_id", "<script>"),
        ("slug", "a b"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_words(
    office: Client, widget: WidgetConfig, field: str, value: str
) -> None:
    form = office.get(address(WidgetConfig, "change", widget.pk)).context["adminform"].form
    given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    given["allowed_origins"] = "\n".join(widget.allowed_origins)

    answer = office.post(address(WidgetConfig, "change", widget.pk), given | {field: value})

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors


def test_a_closer_s_proofs_cannot_be_set_by_hand(office: Client, carol: Closer) -> None:
    given = {"user": carol.user_id, "team": carol.team_id, "display_name": "Carol I.", "is_available": "on"}
    given |= {"capacity": 1, "reached_by": "softphone"}

    office.post(address(Closer, "change", carol.pk), given | {"softphone_registered": "on"})

    carol.refresh_from_db()
    assert (carol.display_name, carol.is_available, carol.softphone_registered) == ("Carol I.", False, False)


def process_again(client: Client, *deliveries: WebhookDelivery) -> Any:
    chosen = {"action": "process_again", "_selected_action": [delivery.pk for delivery in deliveries]}
    response: Any = client.post(address(WebhookDelivery), chosen, follow=True)
    return response


@pytest.fixture
def dead(talking: Visit, monkeypatch: pytest.MonkeyPatch) -> WebhookDelivery:
    def fail(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(fold, "fold", fail)
        talking.leg.partial({"full_name": "Ada"})
    WebhookDelivery.objects.filter(status="failed").update(status="dead", attempts=8, next_attempt_at=None)
    return WebhookDelivery.objects.get(status="dead")


def test_a_dead_delivery_can_be_processed_again(office: Client, talking: Visit, dead: WebhookDelivery) -> None:
    answer = process_again(office, dead)

    dead.refresh_from_db()
    assert (dead.status, dead.error) == ("processed", "")
    assert talking.session.fields.get().value == "Ada"
    assert "1 processed, 0 not, 0 left alone." in answer.content.decode()


def test_a_processed_delivery_is_left_alone(office: Client, talking: Visit, dead: WebhookDelivery) -> None:
    process_again(office, dead)
    before = talking.session.last_seq

    answer = process_again(office, dead)

    assert talking.session.last_seq == before
    assert "0 processed, 0 not, 1 left alone." in answer.content.decode()


def test_a_delivery_that_still_has_no_session_stays_parked(office: Client, visit: Visit) -> None:
    visit.leg.answered()

    answer = process_again(office, WebhookDelivery.objects.get())

    assert WebhookDelivery.objects.get().status == "parked"
    assert "0 processed, 1 not, 0 left alone." in answer.content.decode()


def test_who_may_only_look_processes_nothing(clerk: Client, dead: WebhookDelivery) -> None:
    process_again(clerk, dead)

    dead.refresh_from_db()
    assert dead.status == "dead"


def test_what_a_prospect_said_is_shown_to_superusers_alone(
    office: Client, clerk: Client, talking: Visit, dead: WebhookDelivery
) -> None:
    talking.post("message", text="my secret wish")
    command = Command.objects.get(kind="add_message")
    use_tool(talking, phone="my secret number")
    tool_call = ToolCall.objects.get()
    pages = [
        address(WebhookDelivery, "change", dead.pk),
        address(Command, "change", command.pk),
        address(ToolCall, "change", tool_call.pk),
    ]

    for page, said in zip(pages, ("full_name", "my secret wish", "my secret number"), strict=True):
        assert said in office.get(page).content.decode()
        assert said not in clerk.get(page).content.decode()
    whole = clerk.get(address(VoiceSession, "change", talking.session_id)).content.decode()
    assert "tool.called" in whole
    assert "my secret number" not in whole


def test_every_model_with_history_is_registered_read_only() -> None:
    registered = {model for model in admin.site._registry if model._meta.app_label in {"handoff", "sessions_app"}}

    assert registered == {*EDITABLE, *HISTORY}


def test_a_page_of_the_administration_needs_no_exception_from_the_content_policy(
    office: Client, finished: Visit
) -> None:
    for model in EDITABLE + HISTORY:
        for url in (address(model), address(model, "change", rows_of(model).pk)):
            page = office.get(url)
            assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
            text = page.content.decode()
            assert " onclick=" not in text
            assert "<style" not in text
            assert ' style="' not in text


def test_a_session_token_is_no_key_to_the_administration(client: Client, visit: Visit) -> None:
    token = tokens.issue(visit.session_id)

    answer = client.get(address(VoiceSession), headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 302
