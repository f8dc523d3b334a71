"""What happened in a recording, as facts that can be told in any order that causes allow. Pure.

A fact waits for the commands that Telnyx had carried out before it happened: a closer's leg cannot answer before it was
dialled. Nothing else orders facts: a webhook may come however late, and a click comes when its desk shows the button.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sessions_app.kinds import Kind

FactKind = Literal[
    "webhook",
    "answer",
    "take",
    "assign",
    "take_over",
    "steer",
    "request",
    "hang_up",
    "hand_back",
    "complete",
    "register",
]
Json = Mapping[str, Any]

# What puts a call into the state in which later facts happened.
_SHAPING = {
    *("answer", "start_gather", "start_assistant", "stop_assistant", "dial", "listen", "transfer", "bridge"),
    *("create_conference", "join_conference", "leave_conference"),
}
_STATES = {
    Kind.HANDOFF_TRIGGERED: "reserved",
    Kind.HANDOFF_OFFERED: "ringing",
    Kind.HANDOFF_DECLINED: "reserved",
    Kind.HANDOFF_UNANSWERED: "reserved",
    Kind.HANDOFF_FAILED: "reserved",
    Kind.HANDOFF_ACCEPTED: "accepted",
    Kind.HANDOFF_QUEUED: "queued",
    Kind.HANDOFF_LINE_FREE: "accepted",
    Kind.HANDOFF_SEATED: "seated",
    Kind.HANDOFF_BRIDGING: "bridging",
    Kind.HANDOFF_CONNECTED: "connected",
    Kind.HANDOFF_DROPPED: "dropped",
    Kind.HANDOFF_RELEASED: "wrap_up",
    Kind.HANDOFF_HANDED_BACK: "wrap_up",
    Kind.HANDOFF_COMPLETED: "completed",
    Kind.HANDOFF_ABANDONED: "abandoned",
    Kind.CALLBACK_PROMISED: "unanswered",
}


class NotReadable(Exception):
    """The document is no recording that this version can read. The message says why."""


@dataclass(frozen=True)
class Fact:
    """One webhook or click. `at` is when it happened, `arrived_at` when we were told; `needs` are keys of commands."""

    name: str
    kind: FactKind
    at: datetime
    arrived_at: datetime
    needs: frozenset[str] = frozenset()
    # Clicks that made their closer free for what came later.
    after: frozenset[str] = frozenset()
    # Of a webhook
    webhook: Json = field(default_factory=dict)
    # Of a click
    closer: str = ""
    handoff: str = ""
    state: str = ""
    number: int = 0
    text: str = ""


@dataclass(frozen=True)
class Sent:
    """A command that Telnyx was sent."""

    key: str
    kind: str
    call_control_id: str
    sent_at: datetime
    leg: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Script:
    recording: Json
    facts: tuple[Fact, ...]
    commands: Mapping[str, Json]

    def lag(self, fact: Fact, sent: Mapping[str, datetime]) -> timedelta:
        """How much later than recorded the assistant was last started again before this fact; `sent` is the replay's.

        An event that names no conversation belongs to the run that was on, so it must not seem to be older.
        """
        starts = [self.commands[key] for key in fact.needs if key.startswith("run-") and not key.startswith("run-1:")]
        if not starts:
            return timedelta()
        newest = max(starts, key=lambda command: _instant(command["sent_at"]))
        return max(timedelta(), sent[newest["key"]] - _instant(newest["sent_at"]))

    @property
    def is_over(self) -> bool:
        """Whether nothing was left to happen when the recording was made."""
        return bool(self.recording["end"]["is_over"]) and all(
            handoff["deadline_at"] is None for handoff in self.recording["handoffs"]
        )


def read(recording: Any, *, format_name: str, version: int) -> Script:
    """Raises NotReadable."""
    is_known = isinstance(recording, Mapping) and recording.get("format") == format_name
    if not is_known or recording.get("version") != version:
        raise NotReadable(f"not a {format_name} of version {version}")
    try:
        sent = [_sent(command) for command in recording["commands"] if command["sent_at"]]
        facts = [*_webhooks(recording, sent), *_rings(recording, sent), *_clicks(recording, sent)]
        commands = {command["key"]: command for command in recording["commands"]}
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadable(f"incomplete: {type(error).__name__} {error}") from error
    facts.sort(key=lambda fact: (fact.arrived_at, fact.at))
    return Script(recording, tuple(_after_notes(fact, facts) for fact in facts), commands)


def _after_notes(fact: Fact, facts: list[Fact]) -> Fact:
    """A click is never late, and whoever still writes notes is not rung: what came after the notes stays after them."""
    done = frozenset(other.name for other in facts if other.kind == "complete" and other.at < fact.at)
    return replace(fact, after=done)


def _sent(command: Json) -> Sent:
    answer = command["answer"]
    return Sent(
        key=command["key"],
        kind=command["kind"],
        call_control_id=command["call_control_id"],
        sent_at=_instant(command["sent_at"]),
        leg=str(answer.get("call_control_id") or ""),
        mark=str(command["arguments"].get("mark") or ""),
    )


# --- webhooks


def _webhooks(recording: Json, sent: list[Sent]) -> Iterable[Fact]:
    for number, webhook in enumerate(recording["webhooks"]):
        at = _instant(webhook["occurred_at"])
        yield Fact(
            name=f"{webhook['event_type']} #{number}",
            kind="webhook",
            at=at,
            arrived_at=max(at, _instant(webhook["received_at"])),
            needs=_shaping(sent, at) | _causes(webhook, sent, at),
            webhook=webhook,
        )


def _shaping(sent: list[Sent], at: datetime) -> frozenset[str]:
    return frozenset(command.key for command in sent if command.kind in _SHAPING and command.sent_at < at)


def _causes(webhook: Json, sent: list[Sent], at: datetime) -> frozenset[str]:
    """What this very event follows from, even where two clocks disagree about the order."""
    leg, kind = webhook["call_control_id"], webhook["event_type"]
    causes = {command.key for command in sent if _made(command, leg, webhook["body"])}
    if kind == "call.hangup":
        causes |= {one.key for one in sent if (one.kind, one.call_control_id) == ("hang_up", leg) and one.sent_at < at}
    if kind == "call.bridged":
        joining = sorted((one for one in sent if one.kind in {"bridge", "transfer"}), key=lambda one: one.sent_at)
        before = [one.key for one in joining if one.sent_at < at] or [one.key for one in joining]
        causes |= set(before[-1:])
    if kind.startswith("call.speak."):
        causes |= {one.key for one in sent if one.kind == "speak" and one.mark and one.mark in webhook["body"]}
    return frozenset(causes)


def _made(command: Sent, leg: str, body: str) -> bool:
    """Whether the command made this leg; a transfer's leg is known by our mark alone."""
    if command.kind in {"dial", "listen"}:
        return bool(leg) and command.leg == leg
    return command.kind == "transfer" and bool(command.mark) and command.mark in body


# --- clicks


def _rings(recording: Json, sent: list[Sent]) -> Iterable[Fact]:
    """What each closer did at each of their rings: `number` counts a closer's rings, `text` is the answer.

    Who took a call that did not ring has a ring in the rows all the same, answered as it began.
    """
    rings: dict[str, int] = defaultdict(int)
    for offer in recording["offers"]:
        closer, at = offer["closer"], _instant(offer["answered_at"] or offer["offered_at"])
        rings[closer] += 1
        kind: FactKind = "take" if offer["answered_at"] == offer["offered_at"] else "answer"
        fact = Fact(
            name=f"{closer} {offer['state']} ring {rings[closer]}",
            kind=kind,
            at=at,
            arrived_at=at,
            needs=_shaping(sent, at),
            closer=closer,
            handoff=offer["handoff"],
            number=rings[closer],
            text=offer["state"],
        )
        if offer["state"] in {"accepted", "declined"}:
            yield fact


def _clicks(recording: Json, sent: list[Sent]) -> Iterable[Fact]:
    state: dict[str, str] = defaultdict(lambda: "none")
    for entry in recording["timeline"]:
        handoff = _handoff_of(entry, recording)
        name = str(handoff.get("handoff", ""))
        kind = _click(entry)
        if kind is not None:
            yield _clicked(kind, entry, handoff, state[name], sent)
        if name and entry["kind"] in _STATES:
            state[name] = _STATES[entry["kind"]]
    for handoff in recording["handoffs"]:
        if handoff["trigger"] == "requested":
            at = _instant(handoff["triggered_at"])
            yield Fact("request", "request", at, at, needs=_shaping(sent, at), handoff=handoff["handoff"])


def _handoff_of(entry: Json, recording: Json) -> Json:
    """The hand-over that an entry names, or the one that was on."""
    named = entry["payload"].get("handoff")
    begun = [
        one
        for one in recording["handoffs"]
        if named == one["handoff"] or (named is None and one["triggered_at"] <= entry["occurred_at"])
    ]
    return begun[-1] if begun else {}


def _click(entry: Json) -> FactKind | None:
    by_kind: dict[str, FactKind] = {
        Kind.ASSISTANT_STEERED: "steer",
        Kind.HANDOFF_ASSIGNED: "assign",
        Kind.HANDOFF_TAKEN_OVER: "take_over",
        Kind.HANDOFF_LINE_FOUND: "register",
    }
    by_reason: dict[str, FactKind] = {"released": "hang_up", "wrapped_up": "complete", "handed_back": "hand_back"}
    if entry["kind"] in by_kind:
        return by_kind[entry["kind"]]
    if not entry["kind"].startswith("handoff."):
        return None
    return by_reason.get(str(entry["payload"].get("reason")))


def _clicked(kind: FactKind, entry: Json, handoff: Json, state: str, sent: list[Sent]) -> Fact:
    payload, at = entry["payload"], _instant(entry["occurred_at"])
    text = handoff.get("instruction") if kind == "hand_back" else payload.get("text")
    return Fact(
        name=f"{payload.get('closer') or 'closer'} {kind} #{entry['seq']}",
        kind=kind,
        at=at,
        arrived_at=at,
        needs=_shaping(sent, at),
        closer=str(payload.get("closer") or handoff.get("closer") or ""),
        handoff=str(handoff.get("handoff") or ""),
        state="wrap_up" if kind == "complete" else state,
        text=str(text or ""),
    )


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
