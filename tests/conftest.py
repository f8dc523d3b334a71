"""What every test may use. Servers and environment come from launcher.pytest_services."""

import base64
import os

import pytest
from nacl.signing import SigningKey


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """The key whose public half stands in TELNYX_PUBLIC_KEYS."""
    return SigningKey(base64.b64decode(os.environ["SANDBOX_SIGNING_KEY"]))
