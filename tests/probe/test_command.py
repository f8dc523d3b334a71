"""The command asks before it does anything, judges a file without doing anything, and writes what it saw."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from probe import report, running, tab
from probe.evidence import Evidence, Step, read, write
from probe.management.commands import telnyx_probe
from probe.models import Order, Probe, Told
from probe.points.catalogue import POINTS, judged
from probe.tab import Tab
from sessions_app.models import WidgetConfig
from tests.telnyx import Rest

EVIDENCE = Path(__file__).parent / "evidence"
FILES = sorted(EVIDENCE.glob("*.json"))


def run(out: Path, **options: Any) -> None:
    call_command("telnyx_probe", out=str(out), **options)


def test_the_report_names_the_browser_sdk_that_is_installed() -> None:
    wanted = json.loads((Path(__file__).parents[2] / "package.json").read_text())

    assert wanted["dependencies"]["@telnyx/webrtc"] == running.BROWSER_SDK


@pytest.mark.django_db
def test_a_file_is_judged_again_without_a_page_or_a_request(tmp_path: Path, rest: Rest) -> None:
    shutil.copy(EVIDENCE / "listening-seen-live.json", tmp_path)
    run(tmp_path, evidence=str(tmp_path / "listening-seen-live.json"))

    written = (tmp_path / "listening-seen-live.md").read_text()
    assert "`monitor_hears=caller`" in written
    assert '"role_switch": "silence"' in written
    assert rest.router.calls.call_count == 0
    assert Probe.objects.count() == 0


@pytest.mark.parametrize("content", ["", "{}", "\ud800", '{"format": 7}'])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))

    with pytest.raises(CommandError, match="is not evidence"):
        run(tmp_path, evidence=str(path))


def test_nothing_is_tried_where_nobody_can_agree(tmp_path: Path, rest: Rest) -> None:
    with pytest.raises(CommandError, match="Nobody is there to agree"):
        run(tmp_path)

    assert rest.router.calls.call_count == 0


@pytest.mark.parametrize(
    ("only", "names"), [("media", ["media"]), (" media , updates", ["media", "updates"]), ("", None)]
)
def test_points_are_chosen_by_name_and_tried_in_their_order(only: str, names: list[str] | None) -> None:
    found = [point.name for point in telnyx_probe.chosen(only)]

    assert found == (names or [point.name for point in POINTS])


def test_a_point_that_is_none_is_named() -> None:
    with pytest.raises(CommandError, match="No point is named medai"):
        telnyx_probe.chosen("medai")


@pytest.mark.django_db
def test_only_a_widget_whose_calls_are_ours_will_do(anonymous_widget: WidgetConfig) -> None:
    with pytest.raises(CommandError, match="no active widget"):
        telnyx_probe.widget_of("")
    with pytest.raises(CommandError, match="named anonymous"):
        telnyx_probe.widget_of("anonymous")


@pytest.mark.django_db(transaction=True)
def test_each_point_is_agreed_to_by_itself(
    tmp_path: Path, widget: WidgetConfig, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    monkeypatch.setattr(Tab, "is_open", True)

    run(tmp_path, only="parked-call,media")

    evidence = read(next(tmp_path.glob("*.json")).read_text())
    assert len(asked) == 2
    assert [(step.point, step.ended) for step in evidence.steps] == [("parked-call", "skipped"), ("media", "skipped")]
    assert rest.router.calls.call_count == 0
    assert Probe.objects.filter(ended_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_page_that_nobody_opens_ends_the_probe(
    tmp_path: Path, widget: WidgetConfig, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telnyx_probe, "PAGE_SECONDS", 0)

    with pytest.raises(CommandError, match="not opened"):
        run(tmp_path, yes=True)
    assert not Probe.objects.filter(ended_at=None).exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_what_was_asked_and_told_is_forgotten_with_the_end() -> None:
    probe = tab.begin(now=timezone.now())
    Tab(probe).order("show", text="…")
    Told.objects.create(probe=probe, source="tab", at=timezone.now(), data={"what": "ready"})
    tab.end(probe, now=timezone.now())

    assert (Order.objects.count(), Told.objects.count()) == (0, 0)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_report_says_what_each_outcome_means(path: Path) -> None:
    evidence = read(path.read_text())
    written = report.written(evidence, evidence_name=path.name)

    for name in json.loads(path.read_text())["expects"]:
        point = next(point for point in POINTS if point.name == name)
        for aspect, outcome in judged(evidence, point):
            assert aspect.meaning(outcome).says in written
    assert not re.search(r"gencred\w", written)


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("account-level-1", ["below level 2, by what was heard", "2 calls at once"]),
        ("account-level-2", ["level 2 or above, by what was heard", "10 calls at once"]),
        ("not-tried", ["its level is not known"]),
    ],
)
def test_a_report_says_what_the_accounts_level_may_be(name: str, hints: list[str]) -> None:
    written = report.written(read((EVIDENCE / f"{name}.json").read_text()))

    assert [hint for hint in hints if f"* Account: {hint}" not in written] == []


def test_a_report_tells_what_telnyx_tells_of_the_account() -> None:
    told = {"balance": "positive", "connections": 3, "connection_limit": 10, "turned_away": 2}
    evidence = read(write(Evidence({"account": told})))

    assert evidence.about == {"account": told}
    assert "* Account: 3 connections of 10" in report.written(evidence)


@pytest.mark.parametrize(
    "told", [{"balance": "Jordan"}, {"owner": 1}, {"balance": 61255501234}, "+61255501234", {"connections": []}]
)
def test_it_tells_nothing_else_of_the_account(told: Any) -> None:
    assert read(write(Evidence({"account": told}))).about == {}


def test_a_report_of_nothing_says_so() -> None:
    written = report.written(Evidence(steps=(Step("media", "all", "skipped"),)))

    assert "0 of 53 questions have an answer." in written


@pytest.mark.django_db
def test_a_probe_that_died_leaves_the_next_one_free() -> None:
    first = tab.begin(now=timezone.now())
    second = tab.begin(now=timezone.now())

    assert first.pk != second.pk
