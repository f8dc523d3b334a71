"""State folders are used by one run at a time."""

import os
from pathlib import Path

import pytest

from launcher import places
from launcher.places import PlaceError


def test_a_claimed_folder_is_refused_to_a_second_run() -> None:
    with (
        places.claim("trial-claim", shared=False),
        pytest.raises(PlaceError, match="already running"),
        places.claim("trial-claim", shared=False),
    ):
        pass


def test_a_shared_name_gives_every_run_a_folder_of_its_own() -> None:
    with places.claim("trial-shared", shared=True) as one, places.claim("trial-shared", shared=True) as two:
        assert one != two


def test_a_folder_is_free_again_afterwards() -> None:
    with places.claim("trial-again", shared=False) as first:
        pass
    with places.claim("trial-again", shared=False) as second:
        assert first == second


def test_a_public_folder_made_by_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = places.private_folder(tmp_path)
    assert places.private_folder(tmp_path) == ours

    ours.rename(tmp_path / "elsewhere")
    ours.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PlaceError, match="belongs to somebody else"):
        places.private_folder(tmp_path)


def test_a_folder_below_a_closed_one_is_not_reachable_by_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    inner = closed / "inner"
    inner.mkdir(parents=True)
    closed.chmod(0o700)

    assert not places.is_reachable_by_others(inner)
    assert places.is_reachable_by_others(Path("/usr/bin"))


def test_only_root_needs_another_account_for_the_database() -> None:
    account = places.database_account()

    assert (account is not None) == (os.geteuid() == 0)
