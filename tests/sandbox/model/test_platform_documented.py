"""Every choice of the platform, and each of its values, stands in the documentation, the usual one first."""

from pathlib import Path

from sandbox.model.platform import CHOICES, Platform

DOCUMENT = Path(__file__).parents[3] / "docs" / "sandbox.md"


def test_the_table_holds_every_choice_with_its_values() -> None:
    rows = [line.split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    table = {
        name.strip(" `"): tuple(value.strip() for value in row[2].split(","))
        for row in rows
        if len(row) == 5
        for name in row[1].split(",")
    }

    assert {name: table.get(name) for name in CHOICES} == CHOICES


def test_the_first_value_is_the_usual_one() -> None:
    assert Platform().as_json() == {name: values[0] for name, values in CHOICES.items()}
