"""2: the account's level: is every sentence prefixed, and how many calls may there be at once."""

from probe.evidence import Evidence, was_taken
from probe.points.outcomes import (
    NOT_TRIED,
    NOTHING_CAME,
    REFUSED,
    Outcome,
    Point,
    aspect,
    bad,
    bearable,
    good,
    refused,
    unclear,
)
from telephony.reason_codes import LIMIT_API_CODES, LIMIT_SIP_CODES

NAME = "account-level"
NOTICE, CALLS = "notice", "calls"

# The notice of abuse takes seven seconds to say, the one word that the probe has said less than one.
PREFIXED_MS = 3_500
# What Telnyx answers where a limit is reached: REST codes, and the SIP reasons of the same.
LIMIT_CODES = LIMIT_API_CODES | LIMIT_SIP_CODES
TO_TRY = 11


def notice(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, NOTICE)
    failure = refused(step.rest("speak") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    heard = step.heard("caller", "notice")
    if heard is None:
        return NOT_TRIED
    if heard.loud == 0:
        return NOTHING_CAME
    return Outcome("prefixed" if heard.span_ms >= PREFIXED_MS else "clean", f"{heard.span_ms / 1000:.1f} s heard")


def calls(evidence: Evidence) -> Outcome:
    """How many legs stood at the same time when the next one was refused for a limit."""
    step = evidence.step(NAME, CALLS)
    if step is None:
        return NOT_TRIED
    dials = [record for record in step.records if record["kind"] == "rest" and record["command"] == "dial"]
    taken = sum(1 for record in dials if was_taken(record))
    # A leg that a limit ends is told at once, by the reason of its end.
    limited = [one for one in step.tab("ended") if one.get("reason") in LIMIT_CODES]
    codes = [record.get("code") for record in dials if record.get("code") in LIMIT_CODES]
    if not dials:
        return NOT_TRIED
    if not codes and not limited:
        return Outcome("no_limit_met", f"{taken} at once") if taken == len(dials) else _refused_otherwise(dials, taken)
    standing = taken - len(limited)
    for most, key in ((2, "two"), (5, "five"), (10, "ten")):
        if standing <= most:
            return Outcome(key, f"{standing} at once, then {codes[0] if codes else limited[0]['reason']}")
    return Outcome("more", f"{standing} at once")


def _refused_otherwise(dials: list, taken: int) -> Outcome:  # type: ignore[type-arg]
    failure = next(record for record in dials if not was_taken(record))
    return refused(failure) or Outcome(REFUSED, f"after {taken}")


POINT = Point(
    NAME,
    2,
    "The account's level",
    f"one sentence of speech, and up to {TO_TRY} legs at once to this tab's own softphone, none of them answered",
    (
        aspect(
            "notice",
            "Is what a machine says prefixed by the notice of abuse?",
            notice,
            clean=good("It is not: level 2 or above.", "account level=2"),
            prefixed=bad(
                "It is: the account is not verified for level 2. No prospect should hear this; verify first.",
                "account level=1",
            ),
            refused=bad("Speech was refused; the detail is the status and code."),
            nothing_came=bad("Nothing was heard, though speech was taken: see point 10 for the way of the sound."),
        ),
        aspect(
            "at-once",
            "How many calls may stand at the same time?",
            calls,
            two=bad("Two: one visitor and one closer, nobody else.", "account concurrent_calls=2", "TELNYX_MAX_LEGS=2"),
            five=bearable("Up to five, as on level 1.", "account concurrent_calls=5", "TELNYX_MAX_LEGS=4"),
            ten=good("Up to ten, as on level 2: four hand-overs at once.", "account concurrent_calls=10"),
            more=good("More than ten.", setting="TELNYX_MAX_LEGS two below the number in the detail"),
            no_limit_met=good("No limit was met with as many as were tried."),
            refused=unclear("A call was refused for another reason; the detail is the status and code."),
        ),
    ),
)
