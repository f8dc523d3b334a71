"""All that is counted, as tables to read and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from code_measures import circles, flows, sizes, source
from code_measures.flows import Walk
from code_measures.sizes import Sizes


@dataclass(frozen=True)
class App:
    modules: int
    lines: int
    module_circles: list[set[str]]
    folder_circles: list[set[str]]


@dataclass(frozen=True)
class Report:
    sizes: Sizes
    apps: dict[str, App]
    flows: dict[str, Walk]


def measure(root: Path) -> Report:
    """Count the checkout at `root`. Raises MissingEntryPoint."""
    names = source.packages(root)
    codebase = source.read(root, names)
    apps: dict[str, App] = {}
    for name in names:
        modules = [module for module in codebase.modules.values() if module.app == name]
        apps[name] = App(
            modules=len(modules),
            lines=sum(module.lines for module in modules),
            module_circles=circles.module_circles(codebase, name),
            folder_circles=circles.folder_circles_of(codebase, name),
        )
    return Report(sizes.measure(codebase), apps, flows.measure(codebase, flows.FLOWS))


def text(report: Report) -> str:
    found = report.sizes
    return "\n\n".join(
        [
            _table(
                ("modules", "functions", "p50 lines", "p90 lines", "p99 lines", "private, used once"),
                [
                    (
                        *(found.modules, found.functions, found.p50_lines, found.p90_lines, found.p99_lines),
                        f"{found.private_used_once} ({found.share_used_once:.1%})",
                    )
                ],
            ),
            _table(
                (f"module over {sizes.LONG_MODULE_LINES} lines", "lines"), found.long_modules.items() or [("none", "")]
            ),
            _table(
                ("app", "modules", "lines", "module circles", "folder circles"),
                [
                    (name, app.modules, app.lines, _members(app.module_circles), _members(app.folder_circles))
                    for name, app in report.apps.items()
                ],
            ),
            _table(
                ("flow", "crossings", "returns", "detours", "files"),
                [
                    (name, walk.crossings, walk.returns, walk.detours, len(walk.files))
                    for name, walk in report.flows.items()
                ]
                + [("together", *_together(report.flows.values()), "")],
            ),
        ]
    )


def as_json(report: Report) -> dict[str, Any]:
    crossings, returns, detours = _together(report.flows.values())
    return {
        "sizes": {**vars(report.sizes), "share_used_once": round(report.sizes.share_used_once, 4)},
        "apps": {
            name: {
                **vars(app),
                "module_circles": [sorted(one) for one in app.module_circles],
                "folder_circles": [sorted(one) for one in app.folder_circles],
            }
            for name, app in report.apps.items()
        },
        "flows": {name: {**vars(walk), "files": sorted(walk.files)} for name, walk in report.flows.items()},
        "together": {"crossings": crossings, "returns": returns, "detours": detours},
    }


def _together(walks: Iterable[Walk]) -> tuple[int, int, int]:
    every = list(walks)
    return (
        sum(walk.crossings for walk in every),
        sum(walk.returns for walk in every),
        sum(walk.detours for walk in every),
    )


def _members(found: list[set[str]]) -> str:
    return "; ".join(f"{len(one)}: {' '.join(sorted(one))}" for one in found) or "none"


def _table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heading, ["---"] * len(heading), *(list(map(str, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
