"""What the hand-over, which stands above, lends to the inbox: registered once, when the applications are ready."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured

from sessions_app.inbox import binding
from sessions_app.inbox.situation import Situation
from telephony.events import Event

Reaction = Callable[[Event, Situation, datetime], None]


@dataclass(frozen=True)
class Hooks:
    """Whose leg it is that no row knows yet, what a fact sets off, and what a call for which there is no line left."""

    introduce: binding.Introduce
    react: Reaction
    turn_away: Reaction


_registered: list[Hooks] = []


def register(hooks: Hooks) -> None:
    """Make these the ones that count; what was registered before counts no more."""
    _registered[:] = [hooks]


def registered() -> Hooks:
    if not _registered:
        raise ImproperlyConfigured("no application has registered what follows a webhook")
    return _registered[0]
