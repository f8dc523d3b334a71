"""Beyond the ten: two clients of the browser SDK in one tab, and a page that lost its socket during a call."""

from probe.evidence import Evidence, Heard
from probe.points.outcomes import NOT_TRIED, Outcome, Point, aspect, bad, bearable, good

CLIENTS = "two-clients"
BOTH = "both"
REATTACH = "reattach"
LOSE = "lose-socket"


def clients(evidence: Evidence) -> Outcome:
    step = evidence.step(CLIENTS, BOTH)
    if step is None or not step.tab("ready", line="caller"):
        return NOT_TRIED
    second = step.tab("refused", line="newcomer")
    if second and not step.tab("ready", line="newcomer"):
        return Outcome("second_refused", str(second[0].get("code") or ""))
    if not step.tab("ready", line="newcomer"):
        return NOT_TRIED
    measured = step.tab("heard", line="caller", name="second")
    if not measured:
        return NOT_TRIED
    since, until = step.tab("ready", line="newcomer")[0]["at"], measured[-1]["at"]
    gone = [one for what in ("ended", "closed") for one in step.tab(what, line="caller") if since <= one["at"] < until]
    return Outcome("first_dropped" if gone or Heard.read(measured[-1]).is_silent else "both_live")


def reattached(evidence: Evidence) -> Outcome:
    step = evidence.step(REATTACH, LOSE)
    if step is None or not step.tab("lost", line="caller"):
        return NOT_TRIED
    if step.tab("not reattached", line="caller"):
        return Outcome("refuse")
    heard = step.heard("caller", "after")
    if heard is None:
        return NOT_TRIED
    return Outcome("refuse" if heard.is_silent else "keep")


TWO = Point(
    CLIENTS,
    0,
    "Two clients in one tab",
    "one browser call, and a second login beside it",
    (
        aspect(
            "clients",
            "May two clients of the browser SDK live in one tab for the change from one leg to the next?",
            clients,
            both_live=good("They may."),
            first_dropped=bad("The first loses its call: the visitor hears a gap while the page changes legs."),
            second_refused=bearable("The second cannot log in: the page tries again when the first call is over."),
        ),
    ),
)

COMING_BACK = Point(
    REATTACH,
    0,
    "A page that lost its socket",
    "one browser call whose signalling is cut",
    (
        aspect(
            "reattach",
            "Does it get its call back?",
            reattached,
            keep=good("It does.", "reattach=keep"),
            refuse=bearable("It does not (48501): the page places its call anew.", "reattach=refuse"),
        ),
    ),
)
