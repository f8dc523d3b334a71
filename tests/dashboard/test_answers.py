"""What closers do with answers: edit, lock, take a suggestion, dismiss one, and who may not."""

import json
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from dashboard.render import answers as reading
from handoff import actions
from handoff.models import Closer
from sessions_app.answers import captured
from sessions_app.models import CapturedField, VoiceSession, WidgetConfig

pytestmark = pytest.mark.django_db


def hear(session: VoiceSession, value: Any, source: str = "final", *, name: str = "email", ago: float = 60) -> None:
    with transaction.atomic():
        at = timezone.now() - timedelta(seconds=ago)
        captured.record(session, {name: value}, source=source, at=at)


def post(browser: Client, session: VoiceSession, verb: str, name: str = "email", **body: Any) -> Any:
    url = f"/dashboard/sessions/{session.pk}/{verb}/{name}"
    return browser.post(url, json.dumps(body), content_type="application/json")


def shown(session: VoiceSession, name: str = "email") -> dict[str, Any]:
    session = VoiceSession.objects.select_related("widget", "gather_version").get(pk=session.pk)
    return next(one for one in reading.panel(session) if one["view"].name == name)


def test_an_edit_is_kept_locked_and_told(alices_browser: Client, session: VoiceSession) -> None:
    hear(session, "ada@example")

    answer = post(alices_browser, session, "fields", value=" ada@example.com ", seen=shown(session)["seen"])

    assert answer.status_code == 200, answer.content
    now = shown(session)
    assert (now["text"], now["is_locked"], now["origin"].label) == ("ada@example.com", True, "Alice")
    entry = session.timeline.get(kind="field.edited")
    assert entry.payload == {"fields": ["email"], "closer_name": "Alice"}
    session.refresh_from_db()
    assert session.prospect
    assert session.prospect.email == "ada@example.com"


def test_a_question_without_an_answer_can_be_answered(alices_browser: Client, session: VoiceSession) -> None:
    assert post(alices_browser, session, "fields", name="budget", value="20000", seen="").status_code == 200
    assert shown(session, "budget")["text"] == "20000"


def test_whoever_has_not_seen_the_newest_value_is_told_it(alices_browser: Client, session: VoiceSession) -> None:
    hear(session, "ada@example", ago=60)
    seen = shown(session)["seen"]
    hear(session, "ada@example.net", ago=30)

    answer = post(alices_browser, session, "fields", value="ada@example.com", seen=seen)

    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["value"]) == ("stale", "ada@example.net")
    assert shown(session)["text"] == "ada@example.net"
    assert post(alices_browser, session, "fields", value="ada@example.com", seen=told["seen"]).status_code == 200


def test_the_same_edit_twice_is_one(alices_browser: Client, session: VoiceSession) -> None:
    for _ in range(2):
        assert post(alices_browser, session, "fields", value="a@b.example", seen="").status_code == 200

    assert session.timeline.filter(kind="field.edited").count() == 1


def test_what_is_heard_later_is_suggested_and_can_be_taken(alices_browser: Client, session: VoiceSession) -> None:
    post(alices_browser, session, "fields", value="ada@example.com", seen="")
    hear(session, "ada@example.org", ago=-5)
    (heard,) = shown(session)["suggestions"]
    assert (heard.intro, heard.text) == ("The assistant confirmed", "ada@example.org")

    answer = post(alices_browser, session, "use", heard=heard.digest, seen=shown(session)["seen"])

    assert answer.status_code == 200
    now = shown(session)
    assert (now["text"], now["is_locked"], now["suggestions"]) == ("ada@example.org", True, [])


def test_a_dismissed_suggestion_stays_away(alices_browser: Client, session: VoiceSession) -> None:
    hear(session, "ada@example.com", ago=60)
    hear(session, "ada@example.org", "insight", ago=30)
    (heard,) = shown(session)["suggestions"]

    for _ in range(2):
        assert post(alices_browser, session, "dismiss", heard=heard.digest).status_code == 200
    hear(session, "ada@example.org", "insight", ago=10)

    assert shown(session)["suggestions"] == []
    assert [one.text for one in shown(session)["earlier"]] == ["ada@example.org"]
    assert session.timeline.filter(kind="field.dismissed").count() == 1


def test_an_unlocked_answer_takes_what_was_heard_since(alices_browser: Client, session: VoiceSession) -> None:
    post(alices_browser, session, "fields", value="ada@example.com", seen="")
    hear(session, "ada@example.org", ago=-5)

    assert post(alices_browser, session, "unlock").status_code == 200

    now = shown(session)
    assert (now["text"], now["is_locked"]) == ("ada@example.org", False)
    session.refresh_from_db()
    assert session.prospect
    assert session.prospect.email == "ada@example.org"


def test_an_edit_after_unlocking_locks_again(alices_browser: Client, session: VoiceSession) -> None:
    for verb in ("fields", "unlock", "fields"):
        body = {"value": f"{session.timeline.count()}@example.com", "seen": shown(session)["seen"]}
        assert post(alices_browser, session, verb, **(body if verb == "fields" else {})).status_code == 200

    assert shown(session)["is_locked"]


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [
        ({"type": "string", "format": "email"}, "ada at example", "Not an e-mail address."),
        ({"type": "string", "format": "phone"}, "call me", "Not a phone number."),
        (
            {"type": "string", "format": "phone"},
            "415 555 0100",
            "Not a complete phone number. One of another country begins with + and its code.",
        ),
        ({"type": "string", "format": "phone"}, "02 5550 1234 x7", "A number without an extension is needed."),
        ({"type": "string", "format": "date"}, "31.3.2026", "Not a date such as 2026-03-31."),
        ({"type": "integer"}, "a few", "Not a whole number."),
        ({"type": "integer"}, "2.5", "Not a whole number."),
        ({"type": "number"}, "lots", "Not a number."),
        ({"type": "boolean"}, "perhaps", "Neither yes nor no."),
        ({"type": "string", "enum": ["small", "large"]}, "medium", "Not one of the choices: small, large."),
        ({"$ref": "http://127.0.0.1:9/x"}, "x", "The question's own rule cannot be read."),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_a_value_that_came_so_is_shown(
    alices_browser: Client, widget: WidgetConfig, session: VoiceSession, rule: Any, value: str, words: str
) -> None:
    ask(session, {"odd": rule})
    answer = post(alices_browser, session, "fields", name="odd", value=value, seen="")
    hear(session, value, name="odd")

    assert (answer.status_code, answer.json()["message"]) == (400, words)
    assert (shown(session, "odd")["text"], shown(session, "odd")["problem"]) == (value, words)
    page = alices_browser.get(f"/dashboard/sessions/{session.pk}/").content.decode()
    assert "field-problem" in page


@pytest.mark.parametrize(
    ("rule", "value", "kept"),
    [
        ({"type": "integer"}, "20,000", 20000),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "no", False),
        ({"type": "string", "enum": ["small", "large"]}, "large", "large"),
        ({"type": "string", "format": "date"}, "2026-03-31", "2026-03-31"),
        ({"type": "string", "format": "phone"}, "+61 400 000 000", "+61 400 000 000"),
        ({"type": "string", "format": "phone"}, "(02) 5550 1234", "(02) 5550 1234"),
        ({"type": "string"}, "{{7*7}} <script>", "{{7*7}} <script>"),
        (True, "anything", "anything"),
    ],
)
def test_a_closer_s_words_become_an_answer(
    alices_browser: Client, session: VoiceSession, rule: Any, value: str, kept: Any
) -> None:
    ask(session, {"asked": rule})

    assert post(alices_browser, session, "fields", name="asked", value=value, seen="").status_code == 200
    assert CapturedField.objects.get().value == kept


def ask(session: VoiceSession, properties: dict[str, Any]) -> None:
    session.widget.gather_schema = {"type": "object", "properties": properties}
    session.widget.save()


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("email", {"value": "x" * 2_001, "seen": ""}, 400),
        ("email", {"value": ["a@b.example"], "seen": ""}, 400),
        ("email", {"value": "a@b.example"}, 400),
        ("email", {"value": "a@b.example", "seen": "x" * 17}, 400),
        ("email", {"value": "a@b.example", "seen": {}}, 400),
        ("email", [], 400),
        ("nobody_asked", {"value": "x", "seen": ""}, 404),
        ("x" * 3_000, {"value": "x", "seen": ""}, 404),
        ("%00", {"value": "x", "seen": ""}, 404),
        ("a/b/%2e%2e", {"value": "x", "seen": ""}, 404),
        ("';--", {"value": "x", "seen": ""}, 404),
    ],
)
def test_hostile_edits_change_nothing(
    alices_browser: Client, session: VoiceSession, name: str, body: Any, status: int
) -> None:
    url = f"/dashboard/sessions/{session.pk}/fields/{name}"

    assert alices_browser.post(url, json.dumps(body), content_type="application/json").status_code == status
    assert not CapturedField.objects.exists()


def test_a_name_with_slashes_can_be_edited(alices_browser: Client, session: VoiceSession) -> None:
    hear(session, "x", name="a/b?c")

    answer = post(alices_browser, session, "fields", name="a%2Fb%3Fc", value="y", seen=shown(session, "a/b?c")["seen"])

    assert answer.status_code == 200
    assert shown(session, "a/b?c")["text"] == "y"


def test_bob_of_another_team_finds_no_such_call(bobs_browser: Client, session: VoiceSession) -> None:
    hear(session, "ada@example.com")

    for verb, body in (
        ("fields", {"value": "b@b.example", "seen": shown(session)["seen"]}),
        ("use", {"heard": shown(session)["seen"], "seen": ""}),
        ("dismiss", {"heard": shown(session)["seen"]}),
        ("unlock", {}),
    ):
        assert post(bobs_browser, session, verb, **body).status_code == 404, verb
        assert bobs_browser.post(f"/dashboard/sessions/{uuid4()}/{verb}/email").status_code in {400, 404}
    assert (shown(session)["text"], shown(session)["is_locked"]) == ("ada@example.com", False)


@pytest.mark.django_db(transaction=True)
def test_of_two_closers_at_once_one_wins_and_the_other_is_told(
    session: VoiceSession, alice: Closer, ben: Closer
) -> None:
    hear(session, "ada@example.com")
    seen = shown(session)["seen"]
    ready, refused = threading.Barrier(2), []

    def edit(closer: Closer) -> None:
        ready.wait(timeout=10)
        try:
            text = f"{closer.display_name.lower()}@example.com"
            actions.edit_answer(session.pk, "email", closer=closer, text=text, seen=seen, now=timezone.now())
        except actions.ActionRefused as refusal:
            refused.append((closer.display_name, refusal.code, refusal.told["value"]))
        finally:
            connection.close()

    people = [threading.Thread(target=edit, args=[closer]) for closer in (alice, ben)]
    for one in people:
        one.start()
    for one in people:
        one.join(timeout=30)

    ((loser, code, value),) = refused
    assert (code, value) == ("stale", shown(session)["text"])
    assert value == ("ben@example.com" if loser == "Alice" else "alice@example.com")
    assert session.timeline.filter(kind="field.edited").count() == 1


def test_values_of_any_shape_never_break_the_page(alices_browser: Client, session: VoiceSession) -> None:
    odd = [{"a": {"b": [1, None, True]}}, "x" * 100_000, "<script>alert(1)</script>", -1e308, [[]] * 50]
    for number, value in enumerate(odd):
        hear(session, value, name=f"odd <b>{number}</b>")
        hear(session, value, name="email", ago=50 - number)

    page = alices_browser.get(f"/dashboard/sessions/{session.pk}/")

    assert page.status_code == 200
    text = page.content.decode()
    assert "<script>alert(1)" not in text
    assert "odd <b>" not in text
    assert "Too long: of 100,000 characters" in text
