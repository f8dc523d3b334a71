"""The people and the visit of the flows, for what has to pass through the real door."""

import pytest
from django.test import Client
from nacl.signing import SigningKey

from tests.flows.conftest import rest
from tests.flows.telnyx import Webhooks
from tests.people import clock, sales, widget

__all__ = ["clock", "rest", "sales", "widget"]


@pytest.fixture
def webhooks(db: None, signing_key: SigningKey) -> Webhooks:
    return Webhooks(Client(), signing_key)
