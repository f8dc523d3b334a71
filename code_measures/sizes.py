"""How long functions and modules are, and how many private helpers are used once."""

import ast
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from code_measures.source import Codebase, FunctionNode, Module

LONG_MODULE_LINES = 400


@dataclass(frozen=True)
class Sizes:
    """Of all packages together. `long_modules` are dotted names with their lines, the longest first."""

    modules: int
    functions: int
    p50_lines: int
    p90_lines: int
    p99_lines: int
    private_used_once: int
    long_modules: dict[str, int]

    @property
    def share_used_once(self) -> float:
        return self.private_used_once / self.functions if self.functions else 0.0


def measure(codebase: Codebase) -> Sizes:
    modules = codebase.modules.values()
    lengths = sorted(length(node) for module in modules for _, node in module.functions)
    too_long = [module for module in modules if module.lines > LONG_MODULE_LINES]
    return Sizes(
        modules=len(modules),
        functions=len(lengths),
        p50_lines=percentile(lengths, 50),
        p90_lines=percentile(lengths, 90),
        p99_lines=percentile(lengths, 99),
        private_used_once=sum(len(used_once(module)) for module in modules),
        long_modules={module.name: module.lines for module in sorted(too_long, key=lambda one: -one.lines)},
    )


def length(node: FunctionNode) -> int:
    """Lines from the first decorator to the end."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or node.lineno) - first + 1


def percentile(ordered: list[int], percent: int) -> int:
    """The smallest value that at least so many percent do not exceed (nearest rank)."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else 0


def used_once(module: Module) -> list[str]:
    """Private functions and methods whose name stands at one other place of the module.

    A row of a table is none: there the name is what the table needs, and nothing could be written in its place. A row
    is a value of a dict, list, tuple or set that is written out, or an argument of a call that is such a value.
    """
    nodes = list(ast.walk(module.tree))
    places = Counter(_name(node) for node in nodes)
    rows = {_name(row) for node in nodes for row in _rows(node)}
    return [
        name
        for name, node in module.functions
        if _is_private(node.name) and places[node.name] == 1 and node.name not in rows
    ]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _rows(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        values = node.values
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        values = node.elts
    else:
        return
    for value in values:
        if isinstance(value, ast.Call):
            yield from (*value.args, *(keyword.value for keyword in value.keywords))
        else:
            yield value


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
