"""Which files are there after a build, and for how long."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from agileadapt.static_files import KEEP
from tests.agileadapt.conftest import Site

LATE = "dist/chunks/chunk-BBBBBBBB.js"


def test_earlier_files_stay_for_some_days_and_no_longer(site: Site) -> None:
    site.collect()
    first = site.storage.stored_name("dist/widget.js")
    (site.source / LATE).unlink()
    site.change("dist/widget.js", "changed")
    site.collect()
    second = site.storage.stored_name("dist/widget.js")
    now = timezone.now()

    site.storage.retire(set(), now=now + KEEP - timedelta(hours=1))
    kept = {name: (site.root / name).exists() for name in (first, f"{first}.br", f"{first}.gz", LATE, f"{LATE}.br")}
    site.storage.retire(set(), now=now + KEEP + timedelta(hours=1))
    gone = {name: (site.root / name).exists() for name in kept}

    assert first != second
    assert set(kept.values()) == {True}
    assert set(gone.values()) == {False}
    assert (site.root / second).exists()


def test_what_a_build_long_ago_left_is_counted_from_when_it_was_replaced(site: Site) -> None:
    site.collect()
    first = site.storage.stored_name("dist/widget.js")
    site.change("dist/widget.js", "changed")
    site.collect()
    long_after = timezone.now() + 10 * KEEP

    site.storage.retire({first}, now=long_after)

    assert not (site.root / first).exists()  # It was replaced by the second build, long before.
    second = site.storage.stored_name("dist/widget.js")
    site.change("dist/widget.js", "again")
    site.collect()
    site.storage.retire(set(), now=timezone.now() + KEEP / 2)
    assert (site.root / second).exists()


def test_a_build_that_comes_back_is_no_longer_on_its_way_out(site: Site) -> None:
    before = (site.source / "dist" / "widget.js").read_text()
    site.collect()
    first = site.storage.stored_name("dist/widget.js")
    site.change("dist/widget.js", "a bad idea")
    site.collect()
    (site.source / "dist" / "widget.js").write_text(before)
    site.collect()

    site.storage.retire(set(), now=timezone.now() + 2 * KEEP)

    assert site.storage.stored_name("dist/widget.js") == first
    assert (site.root / first).exists()


def test_files_that_no_build_brought_stay(site: Site) -> None:
    site.collect()
    own = site.root / "owners.txt"
    own.write_text("theirs")

    site.storage.retire(set(), now=timezone.now() + 2 * KEEP)

    assert own.exists()


def test_a_front_end_that_was_not_built_is_not_collected(site: Site) -> None:
    (site.source / "dist" / "chunks.json").unlink()

    with pytest.raises(ImproperlyConfigured, match="make setup"):
        site.collect()


def test_a_trial_changes_nothing(site: Site) -> None:
    paths = {"dist/chunks.json": (StaticFilesStorage(location=str(site.source)), "dist/chunks.json")}

    assert list(site.storage.post_process(paths, dry_run=True)) == []
    assert not Path(site.root).exists()
