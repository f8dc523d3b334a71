"""docs/permissions.md shows the table as it is."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts import roles_doc
from accounts.management.commands import draw_permissions
from accounts.roles import TABLE, Action, Role


def test_the_page_in_the_documentation_is_not_stale() -> None:
    call_command("draw_permissions", "--check")


def test_a_stale_page_is_found_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "permissions.md"
    monkeypatch.setattr(draw_permissions, "PAGE", page)
    page.write_text(roles_doc.page().replace("team", "everybody"))
    with pytest.raises(CommandError, match="draw_permissions"):
        call_command("draw_permissions", "--check")

    call_command("draw_permissions")

    call_command("draw_permissions", "--check")


def test_every_action_is_told_once() -> None:
    told = [action for words in roles_doc.WORDS.values() for action in words]

    assert sorted(told) == sorted(Action)


@pytest.mark.parametrize("action", list(Action))
def test_a_row_shows_every_cell(action: Action) -> None:
    (row,) = [line for line in roles_doc.page().splitlines() if f"| `{action}` |" in line]

    cells = row.split(f"| `{action}` |")[1].strip(" |").split(" | ")
    assert cells == [TABLE[action].get(role, "–") for role in Role]
