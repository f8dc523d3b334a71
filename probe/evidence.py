"""What a probe saw, as a file that can be read again: steps of points, each with its records in order. Pure.

A record is a JSON object with `kind` and `at` (seconds since its step began):

* `webhook`: `event_type`, `door`, `leg` (caller, closer, far, monitor, anonymous) and the redacted `payload`;
* `rest`: `command`, `leg`, `status` (null: no answer), `code` (Telnyx's own) and the redacted `answer`;
* `tab`: `what` the page saw on a `line`: ready, refused, ringing, active, ended, closed, heard, stats, spoken …;
* `tool`: one use of a webhook tool: `signed`, `names_call`, `again` (the same body before), `anew` (signed anew).

A step's `ended` is done, skipped, time limit, interrupted or failed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probe.redaction import Redactor
from probe.vocabulary import ENDINGS, TRIED
from strict_json import Unreadable, cleaned, decode, mapping, objects, text
from telephony.reason_codes import ACCOUNT_API_CODES, LIMIT_API_CODES, MOMENT_API_CODES

FORMAT = 1
MAX_BYTES = 8_000_000
DONE, SKIPPED, TIME_LIMIT, INTERRUPTED, FAILED = "done", "skipped", "time limit", "interrupted", "failed"
# A share of the readings in which a sound must be there to count as heard; the tab's tones are on for two thirds.
HEARD = 0.15

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One thing that was tried for a point."""

    point: str
    name: str
    ended: str
    records: tuple[Record, ...] = ()

    def as_json(self) -> dict[str, Any]:
        records = [dict(one) for one in self.records]
        return {"point": self.point, "step": self.name, "ended": self.ended, "records": records}

    def webhooks(self, event_type: str = "", *, leg: str = "") -> list[Record]:
        """Return what Telnyx told, of one type (or beginning of types, `call.ai_gather.`) and one leg."""
        return [
            record
            for record in self.records
            if record["kind"] == "webhook" and _is(record["event_type"], event_type) and leg in ("", record["leg"])
        ]

    def payload(self, event_type: str, *, leg: str = "") -> Record | None:
        """Return the payload of the first such webhook."""
        return next((mapping(record.get("payload")) for record in self.webhooks(event_type, leg=leg)), None)

    def rest(self, command: str, *, leg: str = "") -> Record | None:
        """Return the last request of this name, and of this leg."""
        found = [one for one in self.records if one["kind"] == "rest" and one["command"] == command]
        return next((one for one in reversed(found) if leg in ("", one.get("leg"))), None)

    def tab(self, what: str, *, line: str = "", name: str = "") -> list[Record]:
        """Return what the page saw."""
        return [
            record
            for record in self.records
            if record["kind"] == "tab"
            and record["what"] == what
            and line in ("", record.get("line"))
            and name in ("", record.get("name"))
        ]

    def heard(self, line: str, name: str) -> "Heard | None":
        """Return what a line heard during the measurement of that name."""
        found = self.tab("heard", line=line, name=name)
        return Heard.read(found[-1]) if found else None

    def tools(self) -> list[Record]:
        return [record for record in self.records if record["kind"] == "tool"]


def _is(event_type: str, wanted: str) -> bool:
    return event_type == wanted or wanted == "" or (wanted.endswith(".") and event_type.startswith(wanted))


@dataclass(frozen=True)
class Heard:
    """A measurement on one line: how many of the readings were loud, held only a voice, or held a line's tone.

    `span_ms` lies between the first loud reading and the last one.
    """

    readings: int
    loud: int
    voice: int
    tones: Mapping[str, int]
    span_ms: int

    @classmethod
    def read(cls, record: Record) -> "Heard":
        counts = [_count(record.get(name)) for name in ("readings", "loud", "voice", "span_ms")]
        tones = {name: _count(value) for name, value in mapping(record.get("tones")).items()}
        return cls(readings=counts[0], loud=counts[1], voice=counts[2], tones=tones, span_ms=counts[3])

    @property
    def is_silent(self) -> bool:
        return not self._share(self.loud)

    def tone(self, line: str) -> bool:
        """Whether the tone that `line` sends was heard."""
        return self._share(self.tones.get(line, 0))

    @property
    def has_voice(self) -> bool:
        return self._share(self.voice)

    def _share(self, count: int) -> bool:
        return self.readings > 0 and count >= HEARD * self.readings


def _count(value: Any) -> int:
    return max(0, round(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def was_taken(record: Record | None) -> bool:
    """Whether a request was carried out, as far as its answer tells."""
    status = record.get("status") if record else None
    return isinstance(status, int) and status < 300


def was_refused(record: Record) -> bool:
    """Whether Telnyx refuses what was asked for, as far as its answer tells.

    No answer, a fault of the server, a limit, the key and the wrong moment say nothing of it.
    """
    status = record.get("status")
    is_ours = isinstance(status, int) and 400 <= status < 500 and status not in _BESIDE_THE_POINT
    return is_ours and record.get("code") not in _CODES_BESIDE_THE_POINT


# A key, a bill, a right, a proxy; silence, a resource in use, too early, too often.
_BESIDE_THE_POINT = frozenset({401, 402, 403, 407, 408, 409, 425, 429})
_CODES_BESIDE_THE_POINT = LIMIT_API_CODES | ACCOUNT_API_CODES | MOMENT_API_CODES


def how_answered(record: Record) -> str:
    """HTTP status and Telnyx's code of a request that was not carried out."""
    return "/".join(str(part) for part in (record.get("status") or "no answer", record.get("code")) if part)


@dataclass(frozen=True)
class Evidence:
    """All that one run saw. `about` says when, with what and on which account, without naming it."""

    about: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def step(self, point: str, name: str) -> Step | None:
        """Return a step that was tried; None for one that was not, was skipped, or holds nothing to judge."""
        found = [one for one in self.steps if (one.point, one.name) == (point, name)]
        return found[-1] if found and found[-1].ended != SKIPPED else None

    def of(self, point: str) -> list[Step]:
        return [one for one in self.steps if one.point == point]

    def as_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "about": dict(self.about), "steps": [step.as_json() for step in self.steps]}


def write(evidence: Evidence) -> str:
    return json.dumps(evidence.as_json(), indent=1, ensure_ascii=False) + "\n"


def read(content: str) -> Evidence:
    """Read a file, taking out once more whatever must not be in it. Raises Unreadable."""
    if len(content) > MAX_BYTES:
        raise Unreadable("longer than any evidence")
    told = decode(content)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise Unreadable(f"not evidence of format {FORMAT}")
    clean = Redactor()
    return Evidence(
        about=clean.about(mapping(told.get("about"))),
        steps=tuple(_step(item, clean) for item in objects(told.get("steps"))),
    )


def _step(item: Mapping[str, Any], clean: Redactor) -> Step:
    point, name, ended = (text(item.get(key)) for key in ("point", "step", "ended"))
    return Step(
        point=point if point in TRIED else "",
        name=name if name in TRIED else "",
        ended=ended if ended in ENDINGS else DONE,
        records=tuple(records(objects(item.get("records")), clean)),
    )


_NEEDED = {"webhook": ("event_type", "leg"), "rest": ("command",), "tab": ("what",), "tool": ()}


def records(found: Iterable[Mapping[str, Any]], clean: Redactor) -> Iterable[Record]:
    """Return records in the order of their time, redacted; what is not a record is left out."""
    kept = [one for one in found if one.get("kind") in _NEEDED]
    whole: Sequence[Mapping[str, Any]] = [
        {**dict.fromkeys(_NEEDED[one["kind"]], ""), "at": 0.0, **cleaned(dict(one))} for one in kept
    ]
    return [clean.record(one) for one in sorted(whole, key=_moment)]


def _moment(record: Record) -> float:
    at = record.get("at")
    return float(at) if isinstance(at, int | float) and not isinstance(at, bool) else 0.0
