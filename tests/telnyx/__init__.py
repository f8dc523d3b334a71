"""Telnyx as tests of the application in this process have it; what else imitates it, and why, stands in CONTRIBUTING.

* A test plays what happens outside: `Leg` has a method for whatever Telnyx says of a leg, and `Webhooks` delivers it,
  signed, at the addresses that Telnyx knows. `Platform` holds what the documents leave open. Within
  `webhooks.nothing_arrives()` all of it is lost.
* `Rest` answers the real SDK. It takes every command and makes nothing happen by itself: what follows is the test's to
  say. What it was asked is in `requests`, `asked(…)`, `dialled`, `credentials`, `hang_ups`.
* It refuses what the platform refuses whatever the test is about: a second hang-up of a leg (90018). A leg whose
  `call.hangup` was sent is no longer alive. The account's lists of events and conversations are out of reach until a
  test sets `lists`: they hold what was sent, also what was lost.
* A test makes it fail: `rest.refusals["dial"] = 422, "90018"` until it is deleted; `rest.answers["hangup"] = …` for
  anything else, an exception of httpx among it; `alive`, `registered` for what is looked up.
"""

from tests.telnyx.door import DOOR, DoorClient
from tests.telnyx.legs import CALLER_NUMBER, OTHERWISE, USUAL, Leg, Platform, alternatives, named
from tests.telnyx.rest import OK, Rest, public_key, refusal
from tests.telnyx.webhooks import (
    CALL_CONTROL,
    DOORS,
    DYNAMIC_VARIABLES,
    INSIGHTS,
    Webhooks,
    envelope,
    signature,
)

__all__ = [
    "CALLER_NUMBER",
    "CALL_CONTROL",
    "DOOR",
    "DOORS",
    "DYNAMIC_VARIABLES",
    "INSIGHTS",
    "OK",
    "OTHERWISE",
    "USUAL",
    "DoorClient",
    "Leg",
    "Platform",
    "Rest",
    "Webhooks",
    "alternatives",
    "envelope",
    "named",
    "public_key",
    "refusal",
    "signature",
]
