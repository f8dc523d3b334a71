"""Questions are edited as rows, and every change of them is a version that sessions keep."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from sessions_app import selectors
from sessions_app.answers import versions
from sessions_app.conversation import gather_request
from sessions_app.models import GatherVersion, VoiceSession, WidgetConfig
from sessions_app.visits import visits
from telephony.client import Telnyx
from tests.telnyx import Rest

Row = dict[str, Any]
NESTED = {
    "type": "object",
    "properties": {"zebra": {"type": "object", "properties": {"a": {"type": "string"}}}, "ant": {"type": "string"}},
}


def page_of(widget: WidgetConfig) -> str:
    return reverse("admin:sessions_app_widgetconfig_change", args=[widget.pk])


def row(name: str, kind: str = "text", **parts: Any) -> Row:
    return {"name": name, "kind": kind, "asked": "", "choices": "", **parts}


def save(office: Client, widget: WidgetConfig, rows: list[Row] | None, **others: str) -> Any:
    """Send the form as the browser does, with these rows of questions."""
    form = office.get(page_of(widget)).context["adminform"].form
    given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    given.pop("gather_schema")
    given["allowed_origins"] = "\n".join(widget.allowed_origins)
    if rows is not None:
        given["gather_schema-rows"] = "1"
        for number, one in enumerate(rows):
            given |= {f"gather_schema-{number}-place": str(number + 1)}
            given |= {f"gather_schema-{number}-{part}": value for part, value in one.items()}
    answer = office.post(page_of(widget), given | others)
    widget.refresh_from_db()
    return answer


def test_rows_become_questions_in_their_places(office: Client, widget: WidgetConfig) -> None:
    rows = [
        row("zip", asked="What is your postcode?", required="on", place="3"),
        row("age", "integer", place="1"),
        row("size", "choice", choices="small; large ; ", place="2"),
        row("gone", delete="on"),
        row("", place="9"),
    ]

    answer = save(office, widget, rows)

    assert answer.status_code == 302, answer.context["errors"]
    assert widget.gather_schema == {
        "type": "object",
        "properties": {
            "age": {"type": "integer"},
            "size": {"type": "string", "enum": ["small", "large"]},
            "zip": {"type": "string", "description": "What is your postcode?"},
        },
        "required": ["zip"],
    }
    assert list(widget.gather_schema["properties"]) == ["age", "size", "zip"]
    page = office.get(page_of(widget)).content.decode()
    assert page.index('value="age"') < page.index('value="size"') < page.index('value="zip"')


@pytest.mark.parametrize("can_be_listed", [True, False])
def test_what_was_required_and_never_asked_is_left_out_and_said(
    office: Client, widget: WidgetConfig, can_be_listed: bool
) -> None:
    """Stored before that was refused: the widget could not be saved at all."""
    asked = {"size": {"type": "string"}} if can_be_listed else NESTED["properties"]
    name = next(iter(asked))
    stored = {"type": "object", "properties": asked, "required": [name, "<b>surname"]}
    WidgetConfig.objects.filter(pk=widget.pk).update(gather_schema=stored)
    assert "Required and not asked" in (page := office.get(page_of(widget)).content.decode())
    assert "<b>surname" not in page

    rows = [row("size", required="on")] if can_be_listed else None
    answer = save(office, widget, rows, volume_threshold="21")

    assert answer.status_code == 302, answer.context["errors"]
    assert widget.volume_threshold == 21
    assert widget.gather_schema == {**stored, "required": [name]}
    assert "Required and not asked" not in office.get(page_of(widget)).content.decode()


def test_what_is_wrong_stands_beside_its_row_and_nothing_is_lost(office: Client, widget: WidgetConfig) -> None:
    before = widget.gather_schema

    answer = save(office, widget, [row("email"), row("email", "email"), row("<b>full name", asked="May I?")])

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Look at the questions marked below: 3." in page
    assert page.count("Another question has this name.") == 2
    assert "Letters, digits and underscores only" in page
    assert 'value="&lt;b&gt;full name"' in page
    assert 'value="May I?"' in page
    assert widget.gather_schema == before
    assert not GatherVersion.objects.exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "Ask at least one question."),
        ([row(f"q{number}") for number in range(41)], "At most 40 questions; there are 41."),
        ([row("a", "object")], "Choose one of the types."),
        ([row("a", "choice", choices="only")], "Give at least two choices"),
        ([row(f"q{number}", asked="x" * 400, place="x") for number in range(40)], None),
        ([row("a", place="9" * 400)], None),
        ([row("a\x00")], "Letters, digits and underscores only"),
    ],
)
def test_clumsy_and_hostile_rows(office: Client, widget: WidgetConfig, rows: list[Row], words: str | None) -> None:
    answer = save(office, widget, rows)

    assert answer.status_code == (302 if words is None else 200)
    if words:
        assert words in answer.content.decode()


def test_questions_beyond_the_list_are_shown_and_survive(office: Client, widget: WidgetConfig) -> None:
    WidgetConfig.objects.filter(pk=widget.pk).update(gather_schema=NESTED)
    widget.refresh_from_db()

    page = office.get(page_of(widget)).content.decode()
    answer = save(office, widget, None, name="Renamed", volume_threshold="x")
    again = answer.content.decode()
    save(office, widget, None, name="Renamed")

    for shown in (page, again):
        assert "“zebra” has a rule that is none of the types here" in shown
        assert "&quot;zebra&quot;" in shown
        assert 'name="gather_schema' not in shown
    assert (widget.name, widget.gather_schema) == ("Renamed", NESTED)
    assert list(widget.gather_schema["properties"]) == ["zebra", "ant"]


def test_each_change_of_the_questions_is_a_version(office: Client, widget: WidgetConfig, admin_user: User) -> None:
    save(office, widget, [row("one", asked="One?")])
    save(office, widget, [row("one", asked="One?")], name="Renamed")
    save(office, widget, [row("two"), row("one", asked="One?")])
    save(office, widget, [row("one", asked="One?"), row("two")])

    kept = GatherVersion.objects.filter(widget=widget)
    assert [(one.number, list(one.schema["properties"])) for one in kept] == [
        (1, ["one"]),
        (2, ["two", "one"]),
        (3, ["one", "two"]),
    ]
    assert {one.created_by for one in kept} == {admin_user}
    assert "Version 3" in office.get(page_of(widget)).content.decode()


def test_a_version_does_not_change(widget: WidgetConfig) -> None:
    version = versions.current(widget, now=timezone.now())
    version.schema = NESTED

    with pytest.raises(TypeError):
        version.save()


def test_an_old_session_reads_with_its_own_questions(office: Client, widget: WidgetConfig) -> None:
    old = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    save(office, widget, [row("roof", required="on")])
    new = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    def read(session: VoiceSession) -> list[tuple[str, bool]]:
        found = selectors.session_for(session.team, session.pk)
        assert found is not None
        return [(one.label, one.is_required) for one in selectors.fields(found)]

    assert read(old) == [("Full name", True), ("Email", True), ("Budget", True), ("Timeline", True)]
    assert read(new) == [("Roof", True)]
    assert versions.required(VoiceSession.objects.get(pk=old.pk)) == ["full_name", "email", "budget", "timeline"]
    assert (old.gather_version, new.gather_version) == tuple(widget.gather_versions.order_by("number"))


def test_questions_changed_past_the_administration_are_a_version_too(widget: WidgetConfig) -> None:
    visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    WidgetConfig.objects.filter(pk=widget.pk).update(gather_schema=NESTED)
    widget.refresh_from_db()

    session = visits.open_visit(widget, recording=True, origin="", now=timezone.now())

    assert session.gather_version is not None
    assert (session.gather_version.number, session.gather_version.schema) == (2, NESTED)


def test_the_preview_is_what_is_sent(office: Client, widget: WidgetConfig, rest: Rest) -> None:
    shown = re.search(
        r"<pre>(\{.*?)</pre>", office.get(page_of(widget)).content.decode().replace("&quot;", '"'), re.DOTALL
    )
    assert shown is not None
    told = json.loads(shown[1].replace("&#x27;", "'"))

    kept = gather_request.arguments(parameters=widget.gather_schema, greeting=widget.greeting, voice=widget.voice)
    client = Telnyx(api_key="KEY", base_url=settings.TELNYX_API_BASE)
    client.start_gather(
        "v3:x",
        **gather_request.keywords(kept, tools=gather_request.tools("TICKET")),
        command_id="c",
        client_state="bWFyaw==",
    )

    (sent,) = rest.asked("gather_using_ai")
    assert sent["assistant"]["tools"][0]["webhook"]["url"].endswith("?ticket=TICKET")
    told = json.loads(json.dumps(told).replace("(signed for each run)", "TICKET"))
    assert sent == told | {"command_id": "c", "client_state": "bWFyaw=="}
