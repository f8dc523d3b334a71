"""The repository's Python, read as text: modules, their functions, and what a name in them stands for."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Names that are only handed on, one after the other, before one is given up as a circle.
MOST_ALIASES = 8


@dataclass
class Module:
    """One file. `aliases` maps a name to the dotted name that it was imported or assigned from."""

    name: str
    path: Path
    text: str
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> list[tuple[str, FunctionNode]]:
        """Functions and methods, each with its name; those within a function belong to it."""
        return list(_functions(self.tree, prefix=""))

    @cached_property
    def by_name(self) -> dict[str, FunctionNode]:
        return dict(self.functions)


@dataclass(frozen=True)
class Codebase:
    """All modules of some packages by their dotted names."""

    modules: dict[str, Module]

    def find(self, dotted: str, *, aliases_left: int = MOST_ALIASES) -> tuple[Module, str] | None:
        """The function that a dotted name leads to, through imports and `other = this`; a class is its `__init__`."""
        home = dotted
        while home and home not in self.modules:
            home = home.rpartition(".")[0]
        module = self.modules.get(home)
        if module is None or not aliases_left:
            return None
        rest = dotted[len(module.name) + 1 :]
        for name in (rest, f"{rest}.__init__"):
            if name in module.by_name:
                return module, name
        first, dot, others = rest.partition(".")
        target = module.aliases.get(first)
        if target is None:
            return None
        return self.find(f"{target}{dot}{others}", aliases_left=aliases_left - 1)

    def imports(self) -> dict[str, set[str]]:
        """Which module names which in an import, wherever in its text that stands."""
        return {name: set(self._imported_by(module)) - {name} for name, module in self.modules.items()}

    def _imported_by(self, module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.modules)
            elif isinstance(node, ast.ImportFrom):
                base = _base(module, node)
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    if full in self.modules:
                        yield full
                    elif base in self.modules:
                        yield base


def packages(root: Path) -> list[str]:
    """The packages beside each other in a checkout, without the tests."""
    return sorted(path.parent.name for path in root.glob("*/__init__.py") if path.parent.name != "tests")


def read(root: Path, names: Iterable[str]) -> Codebase:
    """Read all modules of these packages but migrations, which are written once and never read again."""
    modules: dict[str, Module] = {}
    for path in sorted(path for name in names for path in (root / name).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if "migrations" not in parts:
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            modules[name] = Module(name, path, path.read_text())
    for module in modules.values():
        module.aliases.update(_aliases(module))
    return Codebase(modules)


def _functions(parent: ast.Module | ast.ClassDef, *, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for node in parent.body:
        if isinstance(node, FunctionNode):
            yield f"{prefix}{_name(node)}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, prefix=f"{prefix}{node.name}.")


def _name(node: FunctionNode) -> str:
    """Functions registered under `_` are told apart by the type that each is for: `_[CallBridged]`."""
    first = node.args.args[0].annotation if node.args.args else None
    return f"_[{ast.unparse(first).rpartition('.')[2]}]" if node.name == "_" and first else node.name


def _aliases(module: Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{_base(module, node)}.{alias.name}") for alias in node.names)
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            source = f"{module.name}.{ast.unparse(node.value)}"
            yield from ((target.id, source) for target in node.targets if isinstance(target, ast.Name))


def _base(module: Module, node: ast.ImportFrom) -> str:
    """The package or module that a `from … import` names, also relative to the importing one."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    package = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*package, *([node.module] if node.module else [])])
