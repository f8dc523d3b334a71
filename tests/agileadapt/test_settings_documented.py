"""docs/settings.md has a row for every variable that is read, and no row for one that is not."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \|(.*)\|$", re.MULTILINE)


def documented(section: str) -> dict[str, list[str]]:
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(section)}


APPLICATION, SANDBOX = (documented(part) for part in PAGE.split("## The sandbox"))


def calls(path: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.Call)]


def read_by_settings() -> dict[str, str | None]:
    """Every variable that settings.py asks `env` for, with its default where that is a constant."""
    found = {}
    for call in calls("agileadapt/settings.py"):
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "env":
            name = ast.literal_eval(call.args[0])
            found[name] = ast.unparse(call.args[1]).strip("'\"") if len(call.args) > 1 else None
    return found


def read_by_sandbox() -> set[str]:
    constants = (
        node.value for call in calls("sandbox/config.py") for node in call.args if isinstance(node, ast.Constant)
    )
    return {value for value in constants if isinstance(value, str) and re.fullmatch(r"SANDBOX_[A-Z_]+", value)}


def test_every_variable_of_the_application_has_a_row_and_every_row_a_variable() -> None:
    assert set(APPLICATION) == set(read_by_settings())


def test_every_variable_of_the_sandbox_has_a_row_and_every_row_a_variable() -> None:
    assert set(SANDBOX) == read_by_sandbox()


@pytest.mark.parametrize("name", sorted(APPLICATION))
def test_a_row_says_what_in_which_unit_by_default_and_whether_needed(name: str) -> None:
    meaning, unit, default, needed = APPLICATION[name]

    assert len(meaning) > 10
    assert unit
    assert default
    assert needed


@pytest.mark.parametrize("name", sorted(APPLICATION))
def test_a_default_is_the_one_in_the_code(name: str) -> None:
    shown, read = APPLICATION[name][2], read_by_settings()[name]
    if shown.startswith("`") and read is not None:
        plain = read.replace("_", "")
        assert shown.strip("`") == (plain if plain.isdigit() else read)
    if shown == "none":
        assert read is None


@pytest.mark.parametrize(
    "path",
    ["accounts", "sessions_app", "handoff", "flight_recorder", "dashboard", "assistant_tools", "probe", "telephony"],
)
def test_the_environment_is_read_in_the_settings_alone(path: str) -> None:
    commands = ROOT / "handoff" / "management"
    for module in (ROOT / path).rglob("*.py"):
        if commands not in module.parents:
            assert "os.environ" not in module.read_text(), module
