"""System checks: the doors of the tools are locked well, or known to be shut."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

SHORTEST_SECRET = 32


@register()
def secrets_are_long(**_: Any) -> Sequence[CheckMessage]:
    return [
        Error(
            f"Secret {number} of MCP_SECRETS is shorter than {SHORTEST_SECRET} characters or not plain text",
            hint='python -c "import secrets; print(secrets.token_urlsafe(32))" makes one.',
            id="assistant_tools.E001",
        )
        for number, secret in enumerate(settings.MCP_SECRETS, start=1)
        if len(secret) < SHORTEST_SECRET or not secret.isascii()
    ]


@register(deploy=True)
def tools_can_be_used(**_: Any) -> Sequence[CheckMessage]:
    """Run by `check --deploy`: without a secret the assistant gets 503 from its tools."""
    if settings.MCP_SECRETS:
        return []
    message = "MCP_SECRETS is empty: the assistant can use no tools"
    hint = "Set MCP_SECRETS and give the same secret to the assistant; docs/assistant-tools.md says where."
    return [checks.Warning(message, hint=hint, id="assistant_tools.W001")]
