"""Circles of imports within one app: between its modules, and between its folders."""

from collections.abc import Callable, Mapping
from pathlib import Path

from code_measures import source
from code_measures.source import Codebase

Graph = Mapping[str, set[str]]


def module_circles(codebase: Codebase, app: str) -> list[set[str]]:
    """Modules of an app that all import each other in the end."""
    return strong_components(_within(codebase, app, lambda name: name))


def folder_circles(package_dir: Path) -> list[set[str]]:
    """Immediate children of a package that all import each other in the end: its folders, and the files beside them."""
    return folder_circles_of(source.read(package_dir.parent, [package_dir.name]), package_dir.name)


def folder_circles_of(codebase: Codebase, app: str) -> list[set[str]]:
    return strong_components(_within(codebase, app, lambda name: name.split(".")[1] if name != app else "__init__"))


def strong_components(graph: Graph) -> list[set[str]]:
    """The strongly connected components of two nodes or more, the largest first."""
    reached = {node: _reach(graph, node) for node in graph}
    found = {
        frozenset(other for other in reached[node] if node in reached[other]) for node in graph if node in reached[node]
    }
    return sorted((set(one) for one in found if len(one) > 1), key=lambda one: (-len(one), sorted(one)))


def _within(codebase: Codebase, app: str, node_of: Callable[[str], str]) -> dict[str, set[str]]:
    """An app's imports of its own modules, with several modules drawn as one node."""
    graph: dict[str, set[str]] = {}
    for name, targets in codebase.imports().items():
        if codebase.modules[name].app == app:
            inside = {node_of(target) for target in targets if codebase.modules[target].app == app}
            node = node_of(name)
            graph.setdefault(node, set()).update(inside - {node})
    return graph


def _reach(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph[node])
    return seen
