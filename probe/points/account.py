"""2: the account's level: is every sentence prefixed, and how many calls may there be at once."""

from probe.evidence import Evidence, Record, Step, was_taken
from probe.points.outcomes import (
    NOT_TRIED,
    NOTHING_CAME,
    UNCLEAR,
    Outcome,
    Point,
    aspect,
    bad,
    bearable,
    good,
    refused,
    unclear,
)
from telephony.reason_codes import AT_ONCE_CODES, LIMIT_SIP_CODES

NAME = "account-level"
NOTICE, CALLS = "notice", "calls"

# The notice of abuse takes seven seconds to say, the one word that the probe has said less than one.
PREFIXED_MS = 3_500
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
    """How many legs stood at the same time when the next one was refused for that."""
    step = evidence.step(NAME, CALLS)
    dials = [one for one in step.records if one["kind"] == "rest" and one["command"] == "dial"] if step else []
    if step is None or not dials:
        return NOT_TRIED
    taken = sum(1 for record in dials if was_taken(record))
    # A leg that a limit ends is told at once, by the reason of its end.
    limited = [one for one in step.tab("ended") if one.get("reason") in AT_ONCE_CODES]
    codes = [record.get("code") for record in dials if record.get("code") in AT_ONCE_CODES]
    if not codes and not limited:
        return _beside_limits(step, dials, taken)
    standing = taken - len(limited)
    detail = f"{standing} at once, then {codes[0] if codes else limited[0]['reason']}"
    key = next((key for most, key in _UP_TO if standing <= most), "more")
    return Outcome(key, detail, {"limit": standing, "legs": legs_within(standing)})


# Up to how many calls at once an outcome stands for.
_UP_TO = ((1, "one"), (2, "two"), (5, "five"), (9, "nine"), (10, "ten"))


def legs_within(limit: int) -> int:
    """What TELNYX_MAX_LEGS may be: two for each visit, and at least one free for a line that is being replaced."""
    return max(2, (limit - 1) // 2 * 2)


def _beside_limits(step: Step, dials: list[Record], taken: int) -> Outcome:
    """What it means that no limit of calls at once was met."""
    failure = next((refused(record) for record in dials if not was_taken(record)), None)
    # Too many in an hour or a second.
    hurried = [one["reason"] for one in step.tab("ended") if one.get("reason") in LIMIT_SIP_CODES]
    if hurried:
        return Outcome(UNCLEAR, str(hurried[0]))
    return failure or Outcome("no_limit_met", f"{taken} at once")


_ADVICE = "TELNYX_MAX_LEGS={legs}"

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
            one=bad(
                "Fewer than two: nobody could be handed to a closer. Have the limit raised; the detail is what it is."
            ),
            two=bad("Two: one visitor and one closer, nobody else.", "account concurrent_calls={limit}", _ADVICE),
            five=bearable("{limit}, as below level 2.", "account concurrent_calls={limit}", _ADVICE),
            nine=bearable("{limit}, fewer than the ten of level 2.", "account concurrent_calls={limit}", _ADVICE),
            ten=good("Ten, as on level 2: four hand-overs at once.", "account concurrent_calls={limit}"),
            more=good("{limit}, more than the ten of level 2.", setting=_ADVICE),
            no_limit_met=good("No limit was met with as many as were tried."),
            refused=unclear("A call was refused for another reason; the detail is the status and code."),
        ),
    ),
)
