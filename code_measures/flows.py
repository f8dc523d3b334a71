"""The flows that matter most, followed from call to call: how often they cross apps, and return to a file."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from code_measures.source import Codebase, FunctionNode, Module

# Where each flow begins, and where it goes on after a call that the text does not show: a table of functions, a
# task, a webhook. When a function is moved or renamed, this table is all that has to follow.
FLOWS: Mapping[str, Sequence[str]] = {
    "a visit begins": ["sessions_app.visitor_page.views.TokenView.post"],
    "an answer is heard": [
        "sessions_app.inbox.door.Door.__call__",
        "sessions_app.inbox.service.InboxService.keep",
        "sessions_app.inbox.folder.Folder._work",
        "handoff.events.hooks.introduce",
        "sessions_app.inbox.fold._[GatherPartialResults]",
        "handoff.events.reactions._[GatherPartialResults]",
        "handoff.routing.offers.offer",
    ],
    "the assistant ends": [
        "sessions_app.inbox.door.Door.__call__",
        "sessions_app.inbox.service.InboxService.keep",
        "sessions_app.inbox.folder.Folder._work",
        "handoff.events.hooks.introduce",
        "sessions_app.inbox.fold._[ConversationEnded]",
        "handoff.events.reactions._[ConversationEnded]",
        "handoff.routing.offers.offer",
        "handoff.legs.connection.free_prospect",
        "handoff.legs.connection.join",
    ],
    "a closer accepts": [
        "dashboard.actions.calls.Accept.post",
        "handoff.legs.connection.connect",
        "handoff.legs.connection.seat",
    ],
    "two are joined": [
        "handoff.tasks.run_command",
        "handoff.commands.sending.bridge",
        "sessions_app.inbox.door.Door.__call__",
        "sessions_app.inbox.service.InboxService.keep",
        "sessions_app.inbox.folder.Folder._work",
        "handoff.events.hooks.introduce",
        "sessions_app.inbox.fold._[CallBridged]",
        "handoff.events.reactions._[CallBridged]",
    ],
}


# Pure, and below all that uses them: to call them is to use a library, not to enter another app.
GROUND = ("strict_json", "sessions_app.rules.")


class MissingEntryPoint(LookupError):
    """Functions that FLOWS names and that are not there."""


@dataclass
class Walk:
    """One flow: calls from one app into another, entries into a file that was left before, and the files entered.

    Detours are the ways from one file to another beyond the first that led there, however often each is taken.
    """

    crossings: int = 0
    returns: int = 0
    detours: int = 0
    files: set[str] = field(default_factory=set)


def measure(codebase: Codebase, flows: Mapping[str, Sequence[str]]) -> dict[str, Walk]:
    """Walk every flow. Raises MissingEntryPoint, with all that are missing."""
    missing = [
        f"{dotted} ({flow})" for flow, starts in flows.items() for dotted in starts if codebase.find(dotted) is None
    ]
    if missing:
        raise MissingEntryPoint(f"no such function: {', '.join(missing)}; correct FLOWS in code_measures/flows.py")
    return {flow: walk(codebase, starts) for flow, starts in flows.items()}


def walk(codebase: Codebase, starts: Sequence[str]) -> Walk:
    """Follow the calls of the starts, each function once; to begin at a start is neither a crossing nor a return."""
    result = Walk()
    done: set[tuple[str, str]] = set()
    ways: set[tuple[str, str]] = set()

    def enter(module: Module, name: str) -> None:
        done.add((module.name, name))
        result.files.add(module.name)
        for other, called in calls(codebase, module, name):
            if other.name.startswith(GROUND):
                continue
            result.crossings += other.app != module.app
            way = (module.name, other.name)
            if other is not module and way not in ways:
                ways.add(way)
                result.detours += other.name in result.files
            if (other.name, called) not in done:
                result.returns += other is not module and other.name in result.files
                enter(other, called)

    for start in starts:
        found = codebase.find(start)
        if found and (found[0].name, found[1]) not in done:
            enter(*found)
    return result


def calls(codebase: Codebase, module: Module, name: str) -> Iterator[tuple[Module, str]]:
    """The functions of this code that one calls in its body, in the order in which the calls are evaluated."""
    function = module.by_name[name]
    types = _types(function)
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    for node in sorted((node for node in nodes if isinstance(node, ast.Call)), key=_end):
        dotted = _dotted(node.func)
        first, dot, rest = dotted.partition(".")
        if first in {"self", "cls"}:
            dotted = f"{name.rpartition('.')[0]}{dot}{rest}"
        elif first in types:
            dotted = f"{types[first]}{dot}{rest}"
        found = codebase.find(f"{module.name}.{dotted}") if dotted else None
        if found and found != (module, name):
            yield found


def _types(function: FunctionNode) -> dict[str, str]:
    """The class of each argument that the text says it of; `A | None` is an A."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    classes = {one.arg: _class(one.annotation) for one in every if one.annotation is not None}
    return {name: dotted for name, dotted in classes.items() if dotted}


def _class(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.BinOp):
        return _class(annotation.left) or _class(annotation.right)
    return _dotted(annotation)


def _end(node: ast.Call) -> tuple[int, int]:
    """Arguments end before the call that they are for, and so does what a method is called on."""
    return node.end_lineno or 0, node.end_col_offset or 0


def _dotted(node: ast.expr) -> str:
    """`a.b.c`, or nothing for what is called on a value."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
