"""Which version of the questions a widget asks, and which one a session was asked."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from sessions_app.models import GatherVersion, VoiceSession, WidgetConfig


@transaction.atomic
def current(widget: WidgetConfig, *, now: datetime, by: AbstractBaseUser | None = None) -> GatherVersion:
    """The version that holds the widget's questions as they are; made when they were changed, whoever changed them."""
    newest = _newest(widget)
    if newest is not None and is_same(newest.schema, widget.gather_schema):
        return newest
    WidgetConfig.objects.select_for_update(of=("self",), no_key=True).get(pk=widget.pk)
    newest = _newest(widget)  # Somebody else may have made it while we waited.
    if newest is not None and is_same(newest.schema, widget.gather_schema):
        return newest
    return GatherVersion.objects.create(
        widget=widget,
        number=newest.number + 1 if newest else 1,
        schema=widget.gather_schema,
        created_at=now,
        created_by_id=by.pk if by else None,
    )


def schema(session: VoiceSession) -> dict[str, Any]:
    """The questions that a session was asked."""
    version = session.gather_version
    asked = version.schema if version else session.widget.gather_schema
    return asked if isinstance(asked, dict) else {}


def rule(session: VoiceSession, name: str) -> Any:
    """The JSON Schema of one answer; None for a field that nobody asks for."""
    return schema(session).get("properties", {}).get(name)


def required(session: VoiceSession) -> list[str]:
    """The questions that must be answered. A name that is not asked, as older schemas may have, is not waited for."""
    asked = schema(session)
    questions = asked.get("properties", {})
    return [name for name in asked.get("required", []) if name in questions]


def is_same(one: Any, other: Any) -> bool:
    """Equal in content and in the order of the questions."""
    return json.dumps(one) == json.dumps(other)


def _newest(widget: WidgetConfig) -> GatherVersion | None:
    return GatherVersion.objects.filter(widget=widget).order_by("-number").first()
