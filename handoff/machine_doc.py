"""Draws the machine's table as a page for people. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from handoff import machine
from handoff.machine import STATES, TABLE, TERMINAL_STATES, Fact, Move, OfPolicy, State

HEAD = """# The hand-over

<!-- Written by `python manage.py draw_machine` from handoff/machine.py; a test compares the two. -->

One table decides what becomes of a hand-over: a fact comes in, the next state and the effects come out. A fact
without a line changes nothing in that state: it is late, early, or of no matter there. Every state but the last ones
has a deadline, which is a row in the database, so none can last for ever.
"""

# Who brings a fact about. The clock and the routing are ours; everything else happens outside.
ACTORS: dict[str, tuple[Fact, ...]] = {
    "The assistant and the carrier": (
        *(Fact.TRIGGERED, Fact.PROSPECT_FREE, Fact.CLOSER_ANSWERED, Fact.JOINED, Fact.CLOSER_LOST),
        *(Fact.CLOSING, Fact.UNREACHED, Fact.COMMAND_FAILED, Fact.LINES_BUSY),
    ),
    "The closer": (
        *(Fact.ACCEPTED, Fact.DECLINED, Fact.TAKEN_OVER, Fact.RELEASED, Fact.HANDED_BACK, Fact.WRAPPED_UP),
        Fact.REGISTERED,
    ),
    "The prospect": (Fact.PROSPECT_READY, Fact.PROSPECT_LEFT),
    "The clock and the routing": (Fact.OFFERED, Fact.LINE_FREE, Fact.NOBODY_LEFT, Fact.DEADLINE),
}

_OF_POLICY = {OfPolicy.RING: "the policy's ring time", OfPolicy.WRAP_UP: "the policy's wrap-up time"}


def page() -> str:
    """The whole page as Markdown."""
    pictures = [_picture(actor, facts) for actor, facts in ACTORS.items()]
    return "\n".join([HEAD, _overview(), *pictures, _states(), _moves()])


def _overview() -> str:
    """Every way from one state to another, without saying why; the pictures by actor say it."""
    ways = dict.fromkeys((state, move.state) for (state, _), move in TABLE.items() if state != move.state)
    drawn = [f"    {state} --> {following}" for state, following in ways]
    reached = sorted({following for _, following in ways} & TERMINAL_STATES)
    ends = [f"    {state} --> [*]" for state in reached]
    style = ["    classDef over font-weight:bold,stroke-width:3px", f"    class {','.join(reached)} over"]
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> none", *drawn, *ends, *style, "```"]
    return "\n".join(["## Every way through it", "", *lines, "", "What leads along a way, by who acts:", ""])


def _picture(actor: str, facts: Iterable[Fact]) -> str:
    """What one side's facts do. Lines between the same two states are drawn as one."""
    labels: dict[tuple[State, State], list[str]] = defaultdict(list)
    for (state, fact), move in TABLE.items():
        if fact in facts:
            labels[state, move.state].append(_words(fact))
    drawn = [f"    {state} --> {following}: {', '.join(names)}" for (state, following), names in labels.items()]
    ends = sorted({following for _, following in labels} & TERMINAL_STATES)
    finals = [f"    {state} --> [*]" for state in ends]
    first = ["    [*] --> none"] if any(state == State.NONE for state, _ in labels) else []
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR", *first, *drawn, *finals, "```"]
    return "\n".join([f"## {actor}", "", *lines, ""])


def _states() -> str:
    rows = [f"| {state} | {_lasting(state)} |" for state in State]
    return "\n".join(["## States and their deadlines", "", "| state | lasts at most |", "|---|---|", *rows, ""])


def _lasting(state: State) -> str:
    lasts = STATES[state].lasts
    if lasts is None:
        return "for ever: an end"
    if state == State.SEATED:
        return f"{_duration(machine.LONGEST_SEAT)}; {_duration(machine.FREEING)} once the closer takes over"
    if state == State.ACCEPTED:
        return f"{_duration(machine.LEG_SETUP)}; {_duration(machine.REGISTERING)} while the softphone registers anew"
    return _OF_POLICY[lasts] if isinstance(lasts, OfPolicy) else _duration(lasts)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _moves() -> str:
    rows = [_row(state, fact, move) for (state, fact), move in TABLE.items()]
    head = ["## Every move", "", "| state | fact | next state | effects, in order |", "|---|---|---|---|"]
    note = "\n↻ The state's time begins anew although the state stays the same.\n"
    return "\n".join([*head, *rows, note])


def _row(state: State, fact: Fact, move: Move) -> str:
    effects = ", ".join(_words(effect) for effect in move.effects) or "–"
    following = f"**{move.state}**" if move.state in TERMINAL_STATES else str(move.state)
    return f"| {state} | {_words(fact)} | {following}{' ↻' if move.restarts else ''} | {effects} |"


def _words(name: str) -> str:
    return str(name).replace("_", " ")
