"""Within an app imports go one way: its folders, and the files beside them, form no circle."""

from pathlib import Path

import pytest

from code_measures import source
from code_measures.circles import folder_circles

ROOT = Path(__file__).resolve().parent.parent

# Those that stand today, by app. Nothing may be added; what is gone must go here too.
KNOWN_CIRCLES: dict[str, list[set[str]]] = {
    "handoff": [
        {
            "callbacks",
            "commands",
            "door",
            "effects",
            "joining",
            "leaving",
            "measures",
            "reactions",
            "reconciling",
            "record",
            "release",
            "ringing",
            "runs",
            "services",
            "silence",
            "taking",
            "telling",
            "transferring",
        }
    ],
    "sandbox": [
        {
            "assistant",
            "brief",
            "calls",
            "capacity",
            "captions",
            "destinations",
            "dialogue",
            "events",
            "frames",
            "orders",
            "receivers",
            "sessions",
            "switchboard",
            "webhooks",
        }
    ],
    "sessions_app": [{"gather", "models", "tool_catalogue"}],
}


@pytest.mark.parametrize("app", sorted({*source.packages(ROOT), *KNOWN_CIRCLES}))
def test_an_app_has_no_folder_circle_but_the_known_ones(app: str) -> None:
    found, known = folder_circles(ROOT / app), KNOWN_CIRCLES.get(app, [])

    assert [one for one in found if one not in known] == [], f"{app}: its folders import each other in a circle"
    assert [one for one in known if one not in found] == [], f"{app}: this circle is gone; take it off KNOWN_CIRCLES"
