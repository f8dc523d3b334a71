"""The database is prepared again when anything that shaped it changed."""

from pathlib import Path

import pytest

from launcher import prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for package in prepared.SOURCES:
        (tmp_path / package).mkdir()
    (tmp_path / "handoff" / "models.py").write_text("one")
    return tmp_path


def test_unchanged_sources_match(root: Path) -> None:
    stamp = root / "prepared"
    stamp.write_text(prepared.fingerprint("db", root))

    assert prepared.matches(stamp, prepared.fingerprint("db", root))


def test_a_changed_a_new_and_a_renamed_source_do_not(root: Path) -> None:
    seen = {prepared.fingerprint("db", root)}
    models = root / "handoff" / "models.py"

    models.write_text("two")
    seen.add(prepared.fingerprint("db", root))
    (root / "handoff" / "0002.py").write_text("")
    seen.add(prepared.fingerprint("db", root))
    models.rename(root / "handoff" / "tables.py")
    seen.add(prepared.fingerprint("db", root))

    assert len(seen) == 4


def test_another_database_is_not_taken_for_this_one(root: Path) -> None:
    assert prepared.fingerprint("one", root) != prepared.fingerprint("two", root)


def test_a_missing_stamp_does_not_match(root: Path) -> None:
    assert not prepared.matches(root / "none", prepared.fingerprint("db", root))
