"""A probe's report in Markdown: what each outcome means, what to set, and what was seen. Pure."""

import json
from collections.abc import Iterator, Mapping

from probe.evidence import SKIPPED, Evidence, Record, Step
from probe.points import account
from probe.points.catalogue import POINTS, choices, judged
from probe.points.outcomes import Bearing, Outcome, Point
from strict_json import mapping, text

_SHOWN = (
    "direction",
    "state",
    "from",
    "status",
    "reason",
    "hangup_cause",
    "sip_hangup_cause",
    "telnyx_end_user_target",
)
_MOST_LINES = 40


def written(evidence: Evidence, *, evidence_name: str = "") -> str:
    """Return the whole report; `evidence_name` is the file beside it."""
    parts = [*_head(evidence, evidence_name), *_meaning(evidence)]
    for point in POINTS:
        parts += _point(evidence, point)
    return "\n".join(parts) + "\n"


def _head(evidence: Evidence, evidence_name: str) -> Iterator[str]:
    about = evidence.about
    began = text(about.get("began_at"))
    yield f"# Telnyx, tried on {began[:10] or 'an unknown day'}"
    yield ""
    if began:
        yield f"* From {began} to {text(about.get('ended_at')) or 'an unknown time'}"
    for name, title in (("python_sdk", "Telnyx's Python SDK"), ("browser_sdk", "@telnyx/webrtc")):
        if about.get(name):
            yield f"* {title} {about[name]}"
    yield from (f"* Account: {hint}" for hint in _hints(evidence))
    if evidence_name:
        yield f"* Evidence: `{evidence_name}`; `manage.py telnyx_probe --evidence {evidence_name}` judges it again"
    yield ""
    yield "Numbers, logins, names, tokens and addresses are masked; what belongs together bears the same number."
    yield ""


def _hints(evidence: Evidence) -> Iterator[str]:
    """What is known of the account's level, which no address of Telnyx tells."""
    outcomes = {aspect.name: outcome for aspect, outcome in judged(evidence, account.POINT)}
    yield {
        "clean": "level 2 or above, by what was heard",
        "prefixed": "below level 2, by what was heard: every machine sentence is prefixed",
    }.get(outcomes["notice"].key, "its level is not known: no sentence was heard")
    limit = outcomes["at-once"].figures.get("limit")
    if limit is not None:
        yield f"{limit} calls at once"
    standing = mapping(evidence.about.get("account"))
    if standing:
        yield f"its balance is {standing.get('balance')}"
        limit = standing.get("connection_limit")
        yield f"{standing.get('connections')} connections" + (f" of {limit}" if limit is not None else "")
        yield f"{standing.get('turned_away')} dials of the last day were turned away by a limit per hour, day or second"


def _meaning(evidence: Evidence) -> Iterator[str]:
    yield "## What it means"
    yield ""
    found = [
        (point, outcome, aspect.meaning(outcome)) for point in POINTS for aspect, outcome in judged(evidence, point)
    ]
    tried = [one for one in found if one[1].key != "not_tried"]
    yield f"{len(tried)} of {len(found)} questions have an answer."
    for bearing in (Bearing.BAD, Bearing.OPEN):
        told = [one for one in tried if one[2].bearing == bearing]
        if told:
            yield f"\n**{bearing.capitalize()}:**\n"
            yield from (f"* {point.title}: {meaning.says}{_in_brackets(outcome)}" for point, outcome, meaning in told)
    settings = dict.fromkeys(meaning.setting for _, _, meaning in tried if meaning.setting)
    if settings:
        yield "\n**To be set here:**\n"
        yield from (f"* {setting}" for setting in settings)
    chosen = choices(evidence)
    if chosen:
        yield "\n**For the sandbox**, so that it behaves as this account does (`SandboxControl.platform(**…)`):\n"
        yield f"```json\n{json.dumps(chosen, indent=1)}\n```"
    yield ""


def _in_brackets(outcome: Outcome) -> str:
    return f" ({outcome.detail})" if outcome.detail else ""


def _point(evidence: Evidence, point: Point) -> Iterator[str]:
    steps = evidence.of(point.name)
    yield f"## {f'{point.number}. ' if point.number else ''}{point.title}"
    yield ""
    if not steps:
        yield "Not tried."
        yield ""
        return
    yield "| question | outcome | means | for the sandbox |"
    yield "|---|---|---|---|"
    for aspect, outcome in judged(evidence, point):
        meaning = aspect.meaning(outcome)
        choice = f"`{meaning.choice}`" if meaning.choice else ""
        cells = (aspect.asks, f"**{outcome.key}**{_in_brackets(outcome)}", meaning.says, choice)
        yield f"| {' | '.join(cells)} |"
    yield ""
    for step in steps:
        yield f"<details><summary>{step.name}: {step.ended}</summary>\n\n```"
        yield from _lines(step)
        yield "```\n\n</details>\n"


def _lines(step: Step) -> Iterator[str]:
    if step.ended == SKIPPED:
        return
    for record in step.records[:_MOST_LINES]:
        yield f"{record['at']:7.2f}  {_line(record)}"
    if len(step.records) > _MOST_LINES:
        yield f"… and {len(step.records) - _MOST_LINES} more in the evidence"


def _line(record: Record) -> str:
    kind = record["kind"]
    if kind == "webhook":
        payload = mapping(record.get("payload"))
        told = ", ".join(f"{name} {payload[name]}" for name in _SHOWN if payload.get(name) is not None)
        return f"webhook {record['event_type']} ({record['leg'] or 'no leg'}) {told}".rstrip()
    if kind == "rest":
        status = record.get("status") or "no answer"
        return f"command {record['command']} ({record.get('leg') or '-'}) {status} {record.get('code', '')}".rstrip()
    if kind == "tool":
        proofs = [name for name in ("signed", "names_call", "again", "anew") if record.get(name)]
        return f"tool used: {', '.join(proofs) or 'without any proof'}"
    left_out = {"kind", "at", "what", "line"}
    figures = ", ".join(
        f"{name} {json.dumps(value) if isinstance(value, Mapping) else value}"
        for name, value in record.items()
        if name not in left_out and value not in ("", None, {})
    )
    return f"page {record['what']} ({record.get('line') or '-'}) {figures}".rstrip()
