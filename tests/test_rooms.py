"""Within an app imports go one way: its folders, and the files beside them, form no circle."""

from pathlib import Path

import pytest

from code_measures import source
from code_measures.circles import folder_circles

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("app", sorted(source.packages(ROOT)))
def test_an_app_has_no_folder_circle(app: str) -> None:
    assert folder_circles(ROOT / app) == [], f"{app}: its folders import each other in a circle"
