"""Every answer and every webhook of the sandbox, against the pinned SDK's own models, strictly."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from telephony import parsing
from tests.sandbox.contract import documented
from tests.sandbox.contract.allowed import ALLOWED, MOST_ALLOWED
from tests.sandbox.contract.recording import Answer, Record, Refusal, unanswered
from tests.sandbox.contract.stories import STORIES
from tests.sandbox.contract.strict import Extra, extras, mistakes
from tests.sandbox.contract.webhook_models import MODELS
from tests.sandbox.stage import API_KEY, Received, Theatre

# Which the SDK does not know; its body is looked at by itself.
BY_HAND = ("GET", "/v2/public_key")
# The same news under several names; it is told under one of them.
ONE_OF = (
    frozenset(("call.conversation.insights.generated", "call.conversation_insights.generated")),
    frozenset(("conversation_insight_result", "conversation.insights.completed")),
)


@dataclass
class Findings:
    """What was looked at, and what is wrong with it."""

    looked_at: int = 0
    clean: int = 0
    wrong: list[str] = field(default_factory=list)
    extra: list[Extra] = field(default_factory=list)

    def look(self, what: str, model: Any, body: Any) -> None:
        found, wrong = extras(model, body), mistakes(model, body)
        self.looked_at += 1
        self.clean += not found and not wrong
        self.wrong += [f"{what}: {mistake}" for mistake in wrong]
        self.extra += found

    def __str__(self) -> str:
        return f"{self.clean} of {self.looked_at} clean ({100 * self.clean / max(1, self.looked_at):.0f} %)"


def of_answers(answers: Iterable[Answer]) -> Findings:
    findings = Findings()
    for answer in answers:
        if isinstance(answer.model, type) and issubclass(answer.model, BaseModel):
            findings.look(f"{answer.method} {answer.path}", answer.model, answer.body)
        for event in answer.body["data"] if answer.path == "/v2/call_events" else ():
            findings.look("metadata of a call event", documented.CallEventMetadata, event["metadata"])
    return findings


def of_refusals(refusals: Iterable[Refusal]) -> Findings:
    findings = Findings()
    for refusal in refusals:
        what = f"{refusal.status} of {refusal.method} {refusal.path}"
        shapes = (documented.Errors, documented.ExpiredCredential, documented.AiMistakes)
        shape = next((shape for shape in shapes if not mistakes(shape, refusal.body)), documented.Errors)
        findings.look(what, shape, refusal.body)
    return findings


def of_webhooks(received: Iterable[Received]) -> Findings:
    findings = Findings()
    for item in received:
        body = json.loads(item.raw)
        if "meta" in body:
            envelope = body.pop("meta")
            findings.look(f"envelope of {item.type}", documented.Meta, envelope)
        findings.look(item.type, MODELS[item.type], body)
    return findings


def untold(received: Iterable[Received]) -> set[str]:
    """Return what the product reads and was not told, of alternatives all of them or none."""
    told = {item.type for item in received}
    known = {*parsing._READERS, *parsing._PLAIN}
    missing = known - told
    return {name for name in missing if not any(name in group and group & told for group in ONE_OF)}


@pytest.mark.timeout(300)
async def test_the_sandbox_answers_and_tells_what_the_sdk_knows(
    record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record()
    theatre = Theatre(witness=record.middleware)
    stage = await theatre.open()
    stage.client = record.client(base_url=f"{stage.url}/v2", api_key=API_KEY)
    try:
        for story in STORIES:
            await story(stage)
        public_key = await stage.get("public_key")
    finally:
        await theatre.close()

    findings = {
        "answers": of_answers(record.answers),
        "refusals": of_refusals(record.refusals),
        "webhooks": of_webhooks(stage.received),
    }
    findings["answers"].look("public key", documented.PublicKey, public_key)
    for name, found in findings.items():
        record_property(name, str(found))
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(f"{name}: {found}" for name, found in findings.items()) + "\n")

    wrong = [one for found in findings.values() for one in found.wrong]
    assert not wrong, wrong
    places = Counter(extra.place for found in findings.values() for extra in found.extra)
    assert set(places) <= set(ALLOWED), {place: count for place, count in places.items() if place not in ALLOWED}
    assert set(ALLOWED) <= set(places), "allowed and not met"
    assert not [extra for found in findings.values() for extra in found.extra if extra.is_whole_object]
    assert len(ALLOWED) <= MOST_ALLOWED
    assert all(source.strip() for source in ALLOWED.values())
    assert unanswered(theatre.app, record.answers) == {BY_HAND}
    assert untold(stage.received) == set()
