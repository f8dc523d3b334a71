"""Hand-overs as rows: what a test says of one stands in its own row, in its attempt's, in both, or in the measures."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from handoff.machine import TALKING_STATES, State
from handoff.models import Attempt, Handoff, Measures


def create(**values: Any) -> Handoff:
    """A hand-over, with an attempt where something is said of one."""
    known = {name: value for name, value in values.items() if value is not None}
    handoff = Handoff.objects.create(**_of(Handoff, known))
    return change(handoff, **known)


def change(handoff: Handoff, **values: Any) -> Handoff:
    mine, theirs, measured = _of(Handoff, values), _of(Attempt, values), _of(Measures, values)
    assert {*mine, *theirs, *measured} == set(values)
    has_attempt = bool(theirs or measured) or handoff.attempt is not None
    if has_attempt and "state" in values and values["state"] not in TALKING_STATES:
        theirs.setdefault("over_at", timezone.now())
    if (theirs or measured) and handoff.attempt is None:
        mine["attempt"] = handoff.attempt = Attempt.objects.create(handoff=handoff, number=1)
    if mine:
        Handoff.objects.filter(pk=handoff.pk).update(**mine)
    if theirs:
        Attempt.objects.filter(pk=handoff.attempt_id).update(**theirs)
    if measured:
        Measures.objects.update_or_create(attempt=handoff.attempt, defaults=measured)
    handoff.refresh_from_db()
    return handoff


def end_all() -> None:
    """Nobody is in a call, as if all of them had ended long ago."""
    Handoff.objects.update(state=State.COMPLETED, deadline_at=None)
    Attempt.objects.filter(over_at=None).update(over_at=timezone.now())


def _of(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in values.items() if name in names}
