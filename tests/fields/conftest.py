"""A visit that was asked the usual questions."""

import pytest
from django.utils import timezone

from sessions_app.models import VoiceSession, WidgetConfig
from sessions_app.visits import visits


@pytest.fixture
def session(widget: WidgetConfig) -> VoiceSession:
    return visits.open_visit(widget, recording=True, origin="", now=timezone.now())
