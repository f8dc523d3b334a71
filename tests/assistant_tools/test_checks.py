"""A server with a weak secret does not start, and one without any is said to have no tools."""

import pytest
from pytest_django import Settings

from assistant_tools import checks


@pytest.mark.parametrize("secret", ["", "weak", "x" * 31, "é" * 40])
def test_a_weak_secret_is_an_error_that_does_not_show_it(settings: Settings, secret: str) -> None:
    settings.MCP_SECRETS = ["a" * 40, secret]

    (error,) = checks.secrets_are_long()

    assert (error.id, error.level) == ("assistant_tools.E001", 40)
    assert error.msg.startswith("Secret 2 of MCP_SECRETS")
    assert len(secret) < 2 or secret not in error.msg


def test_strong_secrets_are_fine(settings: Settings) -> None:
    settings.MCP_SECRETS = ["a" * 32, "b" * 64]

    assert checks.secrets_are_long() == checks.tools_can_be_used() == []


def test_a_deployment_without_a_secret_is_told_so(settings: Settings) -> None:
    settings.MCP_SECRETS = []

    (warning,) = checks.tools_can_be_used()

    assert (warning.id, checks.secrets_are_long()) == ("assistant_tools.W001", [])
