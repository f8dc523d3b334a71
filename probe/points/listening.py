"""8: what a leg hears that listens in while the assistant speaks, and what becomes of a switched role."""

from probe.evidence import Evidence, was_taken
from probe.points.joining import mutual
from probe.points.outcomes import NOT_TRIED, Outcome, Point, aspect, bearable, good, refused

NAME = "listen-in"
MONITOR = "monitor"


def supervision(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, MONITOR)
    failure = refused(step.rest("dial", leg="monitor") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    return Outcome("accept") if step.tab("active", line="monitor") else NOT_TRIED


def hears(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, MONITOR)
    listening = step.heard("monitor", "listening") if step else None
    greeting = step.heard("caller", "listening") if step else None
    # Without the assistant's voice on the prospect's own leg there was nothing of it to hear.
    if listening is None or greeting is None or not greeting.has_voice:
        return NOT_TRIED
    caller, assistant = listening.tone("caller"), listening.has_voice
    if caller and assistant:
        return Outcome("both")
    return Outcome("caller" if caller else "assistant" if assistant else "nothing")


def role_switch(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, MONITOR)
    failure = refused(step.rest("switch_supervisor_role", leg="monitor") if step else None)
    if step is None or failure:
        return failure or NOT_TRIED
    caller, monitor = step.heard("caller", "after switch"), step.heard("monitor", "after switch")
    if caller is None or monitor is None:
        return NOT_TRIED
    heard = mutual(caller.tone("monitor"), monitor.tone("caller"))
    return Outcome({"both_hear": "accept", "silence": "silence"}.get(heard, "one_way"))


def commands(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, MONITOR)
    bridge = step.rest("bridge") if step else None
    if bridge is None:
        return NOT_TRIED
    return Outcome("accept") if was_taken(bridge) else refused(bridge) or NOT_TRIED


_OFF = "Listening in stays off; live captions stand in for it."

POINT = Point(
    NAME,
    8,
    "Listening in",
    "two browser legs and the assistant (half a minute of it)",
    (
        aspect(
            "supervision",
            "May a dial supervise a leg?",
            supervision,
            accept=good("It may.", "supervision=accept"),
            refused=bearable(f"It is refused. {_OFF}", "supervision=refuse"),
        ),
        aspect(
            "hears",
            "What does a monitor leg hear while the assistant speaks?",
            hears,
            both=good("Both.", "monitor_hears=both"),
            caller=bearable(f"The prospect alone, not the assistant. {_OFF}", "monitor_hears=caller"),
            assistant=bearable(f"The assistant alone. {_OFF}"),
            nothing=bearable(f"Nothing. {_OFF}"),
        ),
        aspect(
            "role-switch",
            "What follows a switch of the role to barge?",
            role_switch,
            accept=good("Both hear each other.", "role_switch=accept"),
            silence=bearable(
                "It is taken, and nobody hears anybody. A take-over uses a fresh leg.", "role_switch=silence"
            ),
            one_way=bearable(
                "It is taken, and only one of the two hears. A take-over uses a fresh leg.", "role_switch=silence"
            ),
            refused=bearable("It is refused. A take-over uses a fresh leg.", "role_switch=refuse"),
        ),
        aspect(
            "commands",
            "Does a supervising leg take a bridge?",
            commands,
            accept=good("It does.", "supervisor_commands=accept"),
            refused=bearable("It does not. A take-over uses a fresh leg.", "supervisor_commands=refuse"),
        ),
    ),
)
