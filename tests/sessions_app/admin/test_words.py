"""What people said is read in the administration by superusers alone, and no list can be asked about it."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import fields
from django.test import Client

from accounts.models import User
from handoff.models import CallbackPromise, Closer, Command, Handoff
from sessions_app import timeline
from sessions_app.admin import words
from sessions_app.kinds import Kind
from sessions_app.models import TimelineEntry, ToolCall, VoiceSession, WebhookDelivery
from tests.sessions_app.admin.test_admin import address, clerk, finished
from tests.visits import Visit

__all__ = ["clerk", "finished"]

# Of the columns that may hold anything, what is set in the administration, and what Telnyx says of account and call.
NO_WORDS = {
    "handoff.command.result",
    "sessions_app.accountlook.told",
    "sessions_app.callleg.quality",
    "sessions_app.voicesession.system_variables",
    "sessions_app.voicesession.visitor_values",
    "sessions_app.widgetconfig.business_hours",
    "sessions_app.widgetconfig.consent_text",
    "sessions_app.widgetconfig.custom_headers",
    "sessions_app.widgetconfig.gather_schema",
}


def test_what_stands_in_the_timeline_and_on_a_hand_over_is_words_too(
    office: Client, clerk: Client, finished: Visit, carol: Closer
) -> None:
    said = ("wish they typed", "told the assistant", "went on with", "wrote a page", "noted down")
    with transaction.atomic():
        for kind, payload in (
            (Kind.SESSION_TYPED, {"text": said[0]}),
            (Kind.ASSISTANT_STEERED, {"text": said[1], "closer_name": "Carol"}),
            (Kind.HANDOFF_HANDED_BACK, {"reason": "handed_back", "instruction": said[2]}),
            (Kind.MEDIA_REPORTED, {"side": "prospect", "kind": "media", "data": {"note": said[3]}}),
            (Kind.MEDIA_REPORTED, {"side": "closer", "what nobody thought of": said[3]}),
        ):
            timeline.append(finished.session, kind, payload)
    Handoff.objects.update(notes=said[4], instruction=said[2])
    pages = [
        address(VoiceSession, "change", finished.session_id),
        address(Handoff, "change", finished.handoff.pk),
    ]

    seen_by = {browser: "".join(browser.get(page).content.decode() for page in pages) for browser in (office, clerk)}

    assert [one for one in said if one not in seen_by[office]] == []
    assert [one for one in said if one in seen_by[clerk]] == []
    assert "closer_name: Carol" in seen_by[clerk]
    assert "kind: media, side: prospect" in seen_by[clerk]


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (ToolCall, "arguments__phone__startswith"),
        (ToolCall, "text__icontains"),
        (Command, "arguments__text__icontains"),
        (Command, "result__icontains"),
        (Handoff, "notes__icontains"),
        (Handoff, "instruction__icontains"),
        (Handoff, "closer__user__password__startswith"),
        (WebhookDelivery, "body__contains"),
        (VoiceSession, "visitor_values__icontains"),
        (VoiceSession, "timeline__payload__text__icontains"),
        (VoiceSession, "prospect__name__startswith"),
        (CallbackPromise, "session__handoffs__notes__icontains"),
        (User, "password__startswith"),
        (User, "groups__permissions__codename"),
    ],
)
def test_no_list_can_be_asked_letter_by_letter(office: Client, model: Any, lookup: str) -> None:
    assert office.get(address(model), {lookup: "0"}).status_code == 400


@pytest.mark.parametrize(
    ("model", "lookup", "value"),
    [
        (ToolCall, "outcome__exact", "done"),
        (Command, "created_at__year", "2026"),
        (Handoff, "attempt__closer__id__exact", "1"),
        (VoiceSession, "team__id__exact", "1"),
        (CallbackPromise, "kept_at__isempty", "1"),
        (User, "groups__id__exact", "1"),
    ],
)
def test_a_list_is_asked_by_its_own_filters(office: Client, model: Any, lookup: str, value: str) -> None:
    assert office.get(address(model), {lookup: value}).status_code == 200


def test_every_column_that_may_hold_words_is_listed_as_such_or_as_none() -> None:
    known = {f"{model}.{name}" for model, names in words.COLUMNS.items() for name in names} | NO_WORDS
    inlined = {inline.model for page in admin.site._registry.values() for inline in page.inlines}

    free = {
        f"{model._meta.label_lower}.{column.name}"
        for model in {*admin.site._registry, *inlined} - {TimelineEntry}
        for column in model._meta.concrete_fields
        if isinstance(column, fields.TextField | fields.json.JSONField | fields.BinaryField)
    }

    assert free == known
