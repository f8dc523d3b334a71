"""What the other browser tests rely on: a stack that runs, a microphone that speaks, a network that ends here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Browser

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack

LOUDEST_SAMPLE = """async () => {
  const heard = await navigator.mediaDevices.getUserMedia({ audio: true });
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  audio.createMediaStreamSource(heard).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let round = 0; round < 60; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  return loudest;
}"""
REACHES = """async (url) => {
  try { await fetch(url, { mode: "no-cors" }); return true; } catch { return false; }
}"""


def test_every_process_runs_and_takes_memory(stack: Stack) -> None:
    assert stack.dead() == []
    assert {"sandbox", "web", "worker", "beat"} <= set(stack.processes)
    assert all(memory.pss > 0 for memory in stack.processes.values())


def test_the_sandbox_starts_without_calls(sandbox: SandboxControl) -> None:
    assert sandbox.state()["legs"] == []


def test_the_account_is_set_up_whatever_a_test_did_to_it(sandbox: SandboxControl) -> None:
    sandbox.set_account()
    sandbox.reset()

    (assistant,) = sandbox.account()["assistants"]
    assert assistant["mcp_servers"] or assistant["tools"]
    assert assistant["insight_settings"]["insight_group_id"]


def test_the_demo_data_is_loaded(database: psycopg.Connection[dict[str, Any]]) -> None:
    emails = [row["email"] for row in database.execute("SELECT email FROM accounts_user").fetchall()]

    assert {f"{name}@agileadapt.example" for name in ("alice", "bob", "carol")} <= set(emails)


def test_the_microphone_speaks_the_sentence(
    stack: Stack, open_browser: Callable[[Path | None], Browser], speech: Callable[[str], Path]
) -> None:
    page = open_browser(speech("My name is Grace Hopper and I live in Melbourne")).new_page()
    page.goto(f"{stack.base_url}/w/demo/")

    assert page.evaluate(LOUDEST_SAMPLE) > 0.05


def test_nothing_leaves_this_machine(stack: Stack, open_browser: Callable[[Path | None], Browser]) -> None:
    context = open_browser(None).new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{stack.base_url}/w/demo/")

    assert page.evaluate(REACHES, stack.base_url)
    assert not page.evaluate(REACHES, "https://example.com/")
