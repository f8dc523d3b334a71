"""Where both pages' phones register: by the widget's zone, by the dashboard's, or where a setting says."""

from typing import Any

import pytest

from dashboard.pages import views
from dashboard.render import desk, snapshot
from handoff.models import Closer
from sessions_app.models import WidgetConfig
from sessions_app.visitor_page import page


def of_dashboard(closer: Closer) -> dict[str, Any]:
    return views.config(closer, snapshot.take(closer.team, None), desk.desk(closer))


def test_a_page_registers_in_the_region_of_its_zone(widget: WidgetConfig, alice: Closer, settings: Any) -> None:
    settings.TELNYX_SIGNALLING_REGION = ""
    widget.time_zone = "Europe/Vienna"
    settings.TIME_ZONE = "Australia/Perth"

    assert page.page_config(widget)["region"] == ""
    assert of_dashboard(alice)["region"] == "apac"


@pytest.mark.parametrize(("chosen", "region"), [("us-west", "us-west"), ("auto", "")])
def test_a_setting_goes_before_the_zone(
    widget: WidgetConfig, alice: Closer, settings: Any, chosen: str, region: str
) -> None:
    settings.TELNYX_SIGNALLING_REGION = chosen

    assert page.page_config(widget)["region"] == of_dashboard(alice)["region"] == region


def test_addresses_are_looked_for_early_only_where_that_is_wanted(
    widget: WidgetConfig, alice: Closer, settings: Any
) -> None:
    assert page.page_config(widget)["ice_prefetch"] is of_dashboard(alice)["ice_prefetch"] is False

    settings.TELNYX_ICE_PREFETCH = True

    assert page.page_config(widget)["ice_prefetch"] is of_dashboard(alice)["ice_prefetch"] is True
