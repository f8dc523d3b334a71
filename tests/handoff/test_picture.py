"""docs/hand-over.md shows the machine as it is."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from handoff import machine_doc
from handoff.machine import TABLE, TERMINAL_STATES, Fact, State
from handoff.management.commands import draw_machine


def test_the_page_in_the_documentation_is_not_stale() -> None:
    call_command("draw_machine", "--check")


def test_a_stale_page_is_found_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "hand-over.md"
    monkeypatch.setattr(draw_machine, "PAGE", page)
    page.write_text(machine_doc.page().replace("wrap_up", "coffee"))
    with pytest.raises(CommandError, match="draw_machine"):
        call_command("draw_machine", "--check")

    call_command("draw_machine")

    call_command("draw_machine", "--check")


def test_every_fact_has_one_actor() -> None:
    drawn = [fact for facts in machine_doc.ACTORS.values() for fact in facts]

    assert sorted(drawn) == sorted(Fact)


def test_every_move_has_a_row_and_a_line() -> None:
    page = machine_doc.page()

    for (state, fact), move in TABLE.items():
        words = fact.replace("_", " ")
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {state} | {words} | ")]
        assert str(move.state) in row
        assert any(
            line.strip().startswith(f"{state} --> {move.state}: ") and words in line for line in page.splitlines()
        )


@pytest.mark.parametrize("state", list(State))
def test_ends_are_marked_and_all_others_have_a_deadline(state: State) -> None:
    (row,) = [
        line for line in machine_doc.page().splitlines() if line.startswith(f"| {state} |") and line.count("|") == 3
    ]

    assert ("an end" in row) == (state in TERMINAL_STATES)
