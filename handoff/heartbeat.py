"""When periodic work was last done, so that its silence can be told from having nothing to do."""

from datetime import datetime

from handoff.models import Pulse

SWEEP = "sweep"
# Not a work but an event worth an operator's attention; it is over when a later command succeeds.
KEY_REFUSED = "telnyx_key_refused"


def beat(name: str, *, now: datetime) -> None:
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def last(name: str) -> datetime | None:
    return Pulse.objects.filter(name=name).values_list("at", flat=True).first()
