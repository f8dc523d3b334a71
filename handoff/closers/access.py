"""What an account or a closer loses is gone at once, by whichever way it went: the one place that hears of it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils import timezone

from handoff.closers import roster, softphones
from handoff.models import Closer

User = get_user_model()
# What a right hangs on. A closer's row is saved with every sign of life of their page.
_WATCHED = {User: ("is_active", "password"), Closer: ("team_id", "user_id", "is_supervisor")}
_BEFORE = "_watched_before"


def _end(user_id: int) -> None:
    """Ring this closer no more, and have their pages look whether they may stay open."""
    for closer in Closer.objects.filter(user_id=user_id):
        available = Closer.objects.filter(pk=closer.pk, is_available=True)
        available.update(is_available=False, available_since=None, missed_at=None)
        roster.changed(closer.team_id)
    softphones.end_logins(user_id, timezone.now())
    roster.revoked(user_id)


@receiver(user_logged_out)
def _logged_out(user: Model | None, **_: Any) -> None:
    if user is not None:
        _end(user.pk)


@receiver(pre_save, sender=User)
@receiver(pre_save, sender=Closer)
def _remember(sender: type[Model], instance: Model, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    watched = _WATCHED[sender]
    written = {*watched, *(name.removesuffix("_id") for name in watched)}
    if instance.pk and (update_fields is None or not written.isdisjoint(update_fields)):
        rows = sender._default_manager.filter(pk=instance.pk)
        instance.__dict__[_BEFORE] = rows.values(*watched).first()


def _changed(instance: Model) -> dict[str, Any]:
    """What was there before of that which has changed."""
    before = instance.__dict__.pop(_BEFORE, None) or {}
    return {name: value for name, value in before.items() if value != getattr(instance, name)}


@receiver(post_save, sender=User)
def _account_saved(instance: Model, **_: Any) -> None:
    if _changed(instance):
        _end(instance.pk)


@receiver(post_save, sender=Closer)
def _closer_saved(instance: Closer, **_: Any) -> None:
    changed = _changed(instance)
    if {"team_id", "user_id"} & changed.keys():
        _end(changed.get("user_id", instance.user_id))
        _end(instance.user_id)
        roster.changed(changed.get("team_id", instance.team_id))
    elif changed:
        roster.changed(instance.team_id)
        roster.revoked(instance.user_id)


@receiver(pre_delete, sender=Closer)
def _closer_deleted(instance: Closer, **_: Any) -> None:
    """Before, for the logins of an account that is deleted are nobody's afterwards."""
    _end(instance.user_id)
