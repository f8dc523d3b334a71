"""What the assistant asks and says when it has come back to book a callback."""

from typing import Any

from tests.telnyx import Leg
from tests.visits import Visit


def started(visit: Visit) -> dict[str, Any]:
    asked: dict[str, Any] = visit.rest.asked("gather_using_ai")[-1]
    return asked


def offered(visit: Visit) -> list[str]:
    labels: list[str] = started(visit)["parameters"]["properties"]["callback_time"]["enum"]
    return labels


def second_run(visit: Visit) -> Leg:
    """The prospect's leg as it reports the assistant's second run."""
    return Leg(
        visit.leg.webhooks,
        visit.leg.connection_id,
        visit.leg.call_control_id,
        visit.leg.call_leg_id,
        visit.leg.call_session_id,
        client_state=started(visit)["client_state"],
    )


def said(visit: Visit) -> list[str]:
    return [one["payload"] for one in visit.rest.asked("speak")]
