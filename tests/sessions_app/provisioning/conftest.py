"""The command, run against the sandbox's own program."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from launcher.sandbox_control import SandboxControl
from sessions_app.visits import carrier

HOST = "https://talk.example"
THEIR_SECRET = "of-the-owner-s-own-tool"
SECRET = "mcp-very-secret-0123456789abcdef-0123456789"


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxControl]:
    environment = {**os.environ, "SANDBOX_PORT": "0"}
    command = [sys.executable, "-m", "sandbox"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as one:
        assert one.stdout
        url = one.stdout.readline().split()[-1]
        yield SandboxControl(url, os.environ["SANDBOX_CONTROL_TOKEN"])
        one.terminate()


@dataclass
class Office:
    """An operator at a terminal, and the account at Telnyx."""

    sandbox: SandboxControl
    seen: int = 0
    printed: list[str] = field(default_factory=list)
    # What this operator always asks for.
    usual: tuple[str, ...] = ()

    def provision(self, *options: str) -> str:
        """Run the command; return what it printed."""
        self.seen = max((request["n"] for request in self.requests()), default=0)
        out = StringIO()
        try:
            call_command("telnyx_provision", *self.usual, *options, stdout=out)
        finally:
            self.printed.append(out.getvalue())
        return out.getvalue()

    def fail(self, *options: str) -> str:
        """Run the command, which must not succeed; return what it printed and said."""
        with pytest.raises(CommandError) as failure:
            self.provision(*options)
        self.printed.append(str(failure.value))
        assert failure.value.returncode == 1
        return f"{self.printed[-2]}\n{failure.value}"

    def requests(self) -> list[Any]:
        answer: Any = self.sandbox.call("GET", f"/control/requests?since={self.seen}")
        return list(answer["requests"])

    def writes(self) -> list[str]:
        """What the last run sent to be changed, whatever became of it."""
        return [f"{one['method']} {one['path']}" for one in self.requests() if one["method"] != "GET"]

    def account(self) -> dict[str, list[dict[str, Any]]]:
        return self.sandbox.account()

    def only(self, kind: str) -> dict[str, Any]:
        (found,) = self.account()[kind]
        return found


@pytest.fixture
def office(running_sandbox: SandboxControl, settings: Settings, db: None) -> Iterator[Office]:
    """An account that holds nothing, and an installation that names nothing in it."""
    settings.TELNYX_API_BASE = f"{running_sandbox.url}/v2"
    settings.PUBLIC_URL, settings.IS_HTTPS = HOST, True
    settings.TELNYX_CONNECTION_ID = settings.TELNYX_CALL_CONTROL_APP_ID = ""
    settings.MCP_SECRETS = [SECRET, "an older one"]
    carrier.client.cache_clear()
    running_sandbox.reset()
    running_sandbox.set_account()
    office = Office(running_sandbox)
    yield office
    carrier.client.cache_clear()
    printed = "".join(office.printed)
    assert SECRET not in printed
    assert THEIR_SECRET not in printed
    assert settings.TELNYX_API_KEY not in printed
