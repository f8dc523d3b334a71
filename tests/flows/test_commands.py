"""Commands on their way to a real process that stands in for Telnyx, and misbehaves as it does."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from handoff import tasks
from handoff.commands import ledger
from handoff.commands.ledger import Intent
from handoff.models import Command
from launcher import environment, ports, processes
from launcher.checkout import VENV_PYTHON
from launcher.sandbox_control import Request, SandboxControl
from sessions_app.models import VoiceSession
from sessions_app.visits import carrier, credentials, visits

FIRST_PORT = 21_600
DIAL = "POST /v2/calls"
CONTROL_TOKEN = "token-of-the-test"


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ports.reserved(FIRST_PORT) as port:
        url = f"http://127.0.0.1:{port}"
        named = {name: value for name, value in os.environ.items() if name.startswith("SANDBOX_")}
        env = environment.inherited() | named | {"SANDBOX_PORT": str(port), "SANDBOX_CONTROL_TOKEN": CONTROL_TOKEN}
        log = tmp_path_factory.mktemp("sandbox") / "sandbox.log"
        process = processes.start("sandbox", [str(VENV_PYTHON), "-m", "sandbox"], log=log, environment=env)
        try:
            process.wait_until(lambda: is_ready(log), seconds=50)
            yield url
        finally:
            process.stop()


def is_ready(log: Path) -> bool:
    return "sandbox ready" in log.read_text(errors="replace")


@pytest.fixture
def sandbox(sandbox_url: str, settings: Settings) -> Iterator[SandboxControl]:
    control = SandboxControl(sandbox_url, CONTROL_TOKEN)
    control.clear_faults()
    control.reset()
    settings.TELNYX_API_BASE = f"{sandbox_url}/v2"
    carrier.client.cache_clear()
    yield control
    control.clear_faults()
    carrier.client.cache_clear()


@pytest.fixture
def dial(session: VoiceSession) -> Command:
    arguments = {
        "to": "sip:nobody@sip.telnyx.com",
        "ring_seconds": 15,
        "headers": {"X-Handoff-Id": "1"},
        "mark": "bQ==",
    }
    command = ledger.enqueue(session, Intent("dial", "test:1:dial", arguments=arguments), now=timezone.now())
    assert command is not None
    return command


def run(command: Command) -> Command:
    tasks.run_command(str(command.pk))
    command.refresh_from_db()
    return command


def run_when_due(command: Command) -> Command:
    """As the sweep does when the pause is over."""
    Command.objects.filter(pk=command.pk).update(due_at=timezone.now() - timedelta(milliseconds=1))
    return run(command)


def received(sandbox: SandboxControl, path: str = "/v2/calls") -> list[Request]:
    return [request for request in sandbox.requests() if (request["method"], request["path"]) == ("POST", path)]


def test_a_command_is_carried_out_and_confirmed(sandbox: SandboxControl, dial: Command) -> None:
    assert run(dial).state == Command.State.CONFIRMED

    (request,) = received(sandbox)
    assert request["command_id"] == str(dial.pk)
    assert request["body"]["timeout_secs"] == 15
    assert request["body"]["sip_region"] == "Australia"
    leg = dial.session.legs.get()
    assert (leg.role, leg.call_control_id) == ("closer", dial.result["call_control_id"])


def test_running_the_task_again_sends_nothing(sandbox: SandboxControl, dial: Command) -> None:
    for _ in range(3):
        run(dial)

    assert len(received(sandbox)) == 1


def test_a_call_that_has_ended_takes_no_command(sandbox: SandboxControl, dial: Command) -> None:
    call_control_id = run(dial).result["call_control_id"]
    sandbox.wait_for("the end of the leg", lambda control: control.legs(state="ended"))
    hang_up = ledger.enqueue(dial.session, Intent("hang_up", "leg:1:hang_up", call_control_id), now=timezone.now())
    assert hang_up is not None

    assert run(hang_up).state == Command.State.FAILED
    assert hang_up.error == "status 422 code 90018"


def test_a_server_error_is_repeated_under_the_same_id(sandbox: SandboxControl, dial: Command) -> None:
    sandbox.faults({"match": DIAL, "mode": "status", "status": 500, "times": 2})
    assert run(dial).state == Command.State.PENDING
    assert run_when_due(dial).state == Command.State.PENDING

    assert run_when_due(dial).state == Command.State.CONFIRMED

    requests = received(sandbox)
    assert [request["status"] for request in requests] == [500, 500, 200]
    assert {request["command_id"] for request in requests} == {str(dial.pk)}
    assert len(sandbox.legs(role="dialled")) == 1


def test_a_lost_reply_dials_once(sandbox: SandboxControl, dial: Command) -> None:
    sandbox.faults({"match": DIAL, "mode": "lose_reply", "times": 1})
    assert run(dial).state == Command.State.PENDING

    assert run_when_due(dial).state == Command.State.CONFIRMED

    assert [request["effective"] for request in received(sandbox)] == [True, False]
    (leg,) = sandbox.legs(role="dialled")
    assert dial.result["call_control_id"] == leg["call_control_id"]


def test_a_rate_limit_is_waited_out(sandbox: SandboxControl, dial: Command) -> None:
    sandbox.faults({"match": DIAL, "mode": "status", "status": 429, "seconds": 20, "times": 1})

    assert run(dial).state == Command.State.PENDING

    assert dial.due_at is not None
    assert 15 < (dial.due_at - timezone.now()).total_seconds() <= 20
    assert run(dial).attempts == 1


def test_a_slow_answer_is_given_up_after_five_seconds(sandbox: SandboxControl, dial: Command) -> None:
    carrier.client().warm()
    sandbox.faults({"match": DIAL, "mode": "slow", "seconds": 8, "times": 1})
    begin = time.monotonic()

    assert run(dial).state == Command.State.PENDING

    assert 4.5 < time.monotonic() - begin < 7.5
    assert dial.error == "status None code None"


def test_a_connection_that_is_cut_is_tried_again(sandbox: SandboxControl, dial: Command) -> None:
    sandbox.faults({"match": DIAL, "mode": "reset", "times": 1})
    assert run(dial).state == Command.State.PENDING

    assert run_when_due(dial).state == Command.State.CONFIRMED


def test_a_wrong_key_is_final(sandbox: SandboxControl, dial: Command, settings: Settings) -> None:
    settings.TELNYX_API_KEY = "KEYofsomebodyelse"
    carrier.client.cache_clear()

    assert run(dial).state == Command.State.FAILED
    assert dial.error == "status 401 code 10009"


def test_the_credential_of_a_visit_is_made_and_deleted(sandbox: SandboxControl, session: VoiceSession) -> None:
    login = credentials.mint_for_session(session, now=timezone.now())
    (made,) = sandbox.state()["credentials"]
    assert (made["sip_username"], made["tag"]) == (login.username, "agile-adapt-widget")
    assert login.token.count(".") == 2

    visits.end(session, reason="test", now=timezone.now())
    credentials.revoke_due_credentials(now=timezone.now())

    assert sandbox.state()["credentials"] == []
