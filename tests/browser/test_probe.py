"""The probe of an account, whole, against the sandbox: command, page, real sound, report."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.checkout import ROOT, VENV_PYTHON
from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from probe import evidence
from probe.points.catalogue import POINTS, choices, judged
from sandbox.model.platform import CHOICES
from tests.browser.people import PASSWORD, new_page, note_problems
from tests.browser.scene import ANSWERS, PROSPECT_SAYS, Database, OpenContext, Speech

SECONDS = 540
ADDRESS = re.compile(r"http://\S+/probe/[0-9a-f-]{36}/")


@pytest.fixture
def command(stack: Stack, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [VENV_PYTHON, "manage.py", "telnyx_probe", "--yes", "--patience", "4", "--out", str(tmp_path)],
        cwd=ROOT,
        env=stack.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield started
    if started.poll() is None:
        started.terminate()
        started.wait(60)


def address(command: subprocess.Popen[str]) -> str:
    assert command.stdout
    said = []
    for line in command.stdout:
        said.append(line)
        if found := ADDRESS.search(line):
            return found[0]
    raise AssertionError("".join(said))


@pytest.fixture
def model(sandbox: SandboxControl) -> Iterator[None]:
    """What only a language model would decide: it uses the tools that it was given, as it was told to."""
    sandbox.scenario(
        answers=list(ANSWERS.values()),
        tools=[
            {"after": "colour", "name": "save_prospect_details", "door": "webhook", "arguments": {"colour": "blue"}}
        ],
    )
    is_over = threading.Event()

    def transfer_when_told() -> None:
        while not is_over.wait(0.5):
            told = [one for one in sandbox.state()["conversations"] if "target named closer" in str(one["given"])]
            calls = {one["metadata"]["call_control_id"] for one in told}
            for leg in sandbox.legs(state="answered"):
                if leg["call_control_id"] in calls and leg["assistant"]["running"] and not leg["peer"]:
                    sandbox.transfer_by_assistant(leg["call_control_id"], target="closer")
                    return

    thread = threading.Thread(target=transfer_when_told, daemon=True)
    thread.start()
    yield
    is_over.set()
    thread.join(10)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.usefixtures("settled", "model")
def test_the_probe_finds_the_sandbox_as_it_is_and_clears_away(
    stack: Stack,
    sandbox: SandboxControl,
    database: Database,
    open_context: OpenContext,
    speech: Speech,
    command: subprocess.Popen[str],
    tmp_path: Path,
) -> None:
    problems: list[str] = []
    page = new_page(open_context(speech(PROSPECT_SAYS)), width=1000, height=900)
    page.goto(f"{stack.base_url}/admin/login/?next={address(command).removeprefix(stack.base_url)}")
    page.fill("input[name=username]", "admin@agileadapt.example")
    page.fill("input[name=password]", PASSWORD)
    note_problems(page, problems)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Begin").click()

    said, _ = command.communicate(timeout=SECONDS)
    assert command.returncode == 0, said
    page.wait_for_selector("body[data-state=over]", timeout=30_000)
    written = next(tmp_path.glob("*.json")).read_text()
    (stack.folder / "probe.md").write_text(next(tmp_path.glob("*.md")).read_text())
    found = evidence.read(written)

    assert evidence.write(found) == written, "what was masked once stays as it is"
    assert {step.ended for step in found.steps} == {"done"}
    assert choices(found) == {name: values[0] for name, values in CHOICES.items()}
    untried = {
        f"{point.name}: {one.name}" for point in POINTS for one, what in judged(found, point) if what.key == "not_tried"
    }
    assert untried == set()

    # Nothing stays behind, and nothing that names anybody was written down.
    state = sandbox.state()
    assert [one for one in state["credentials"] if one["tag"] == "agile-adapt-probe"] == []
    assert [leg for leg in state["legs"] if leg["state"] != "ended"] == []
    assert "AgileAdapt probe" not in json.dumps(sandbox.account())
    waiting = database.execute("select event_type from sessions_app_webhookdelivery where status = 'parked'").fetchall()
    assert [row["event_type"] for row in waiting] == []
    assert not re.search(r"gencred\w|\+?61\d{6}|eyJ|v3:", written)
    assert problems == []
