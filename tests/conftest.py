"""What every test may use: people, visits and Telnyx. Servers and environment come from launcher.pytest_services."""

import base64
import os

import pytest
from django.conf import settings as django_settings
from hypothesis import settings
from nacl.signing import SigningKey

# Fixtures that several folders or modules use; those of one folder may stand in its own conftest.py.
pytest_plugins = ["tests.flows.softphones", "tests.people", "tests.permissions.world", "tests.visits", "tests.workers"]

# HYPOTHESIS_PROFILE=slow searches longer, in every test that does not name its own number of examples.
settings.register_profile("quick", deadline=None)
settings.register_profile("slow", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure() -> None:
    """Let pages be rendered without a build; what is built is served by real processes in tests/agileadapt/."""
    django_settings.MIDDLEWARE.remove("agileadapt.static_files.StaticFiles")
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "tests.unbuilt.UnbuiltFiles"}


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """The key whose public half stands in TELNYX_PUBLIC_KEYS."""
    return SigningKey(base64.b64decode(os.environ["SANDBOX_SIGNING_KEY"]))
