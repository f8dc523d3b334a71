"""The hands and eyes of a probe: place calls, ring, command, listen; everything that happens is written down."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from probe.evidence import DONE, FAILED, INTERRUPTED, TIME_LIMIT, Record, Step
from probe.redaction import Redactor
from probe.tab import News, Tab, TabGone
from probe.watching import Expected, Leg, Watch
from sessions_app.models import TelephonyCredential, WidgetConfig
from strict_json import mapping, text, whole
from telephony.attempts import Attempt, Attempts

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.15
# What stands on the lines of a dial's leg, should nobody be left to hang it up.
LEG_SECONDS = 300
CALL_HEADER, TIER_HEADER = "X-Probe-Call", "X-Probe-Tier"
TIER = "Enterprise"


class OutOfTime(Exception):
    """A step took longer than it may."""


@dataclass
class Site:
    """Where this installation is reached and what it runs with; `patience` is how long nothing is waited for, in s."""

    public_url: str
    widget: WidgetConfig
    patience: float

    @property
    def webhook_url(self) -> str:
        return f"{self.public_url}/webhooks/telnyx/call-control"


@dataclass
class Scene:
    """One probe. A step is tried inside `step`, which keeps its time and clears its legs away."""

    tab: Tab
    telnyx: Attempts
    site: Site
    watch: Watch = field(default_factory=Watch)
    tool_url: str = ""
    settling: float = 2.0
    done: list[Step] = field(default_factory=list)
    logins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ours: set[str] = {TIER}
        self._clean = Redactor(lambda value: value in self._ours)
        self._records: list[Record] = []
        self._news: list[News] = []
        self._began = timezone.now()
        self._deadline = float("inf")
        self._tool_bodies: dict[str, str] = {}

    @contextmanager
    def step(self, point: str, name: str, *, seconds: float) -> Iterator[None]:
        """Try one thing, for at most so long; what was seen is kept however it ends."""
        self._records, self._news, self._began = [], [], timezone.now()
        self._deadline = time.monotonic() + seconds
        ended = INTERRUPTED
        try:
            yield
            ended = DONE
        except OutOfTime:
            ended = TIME_LIMIT
        except TabGone:
            ended = FAILED
            raise
        finally:
            self._deadline = time.monotonic() + 15
            self.clear_away()
            self.done.append(Step(point, name, ended, tuple(sorted(self._records, key=lambda one: one["at"]))))

    # Looking.

    def look(self) -> None:
        """Take in what the page told and what came to our doors. Raises OutOfTime and TabGone."""
        for news in self.tab.news():
            self._news.append(news)
            if news.source == "tool":
                self._keep("tool", news.at, **self._use(news.data))
            elif news.what not in {"login", "known", "placed"}:
                self._keep("tab", news.at, **news.data)
        for delivery, leg in self.watch.fresh():
            self._keep(
                "webhook",
                delivery.received_at,
                event_type=delivery.event_type,
                door=delivery.door,
                leg=leg.role,
                payload=delivery.payload,
            )
        if time.monotonic() > self._deadline:
            raise OutOfTime

    def until(self, is_there: Callable[[], Any], seconds: float | None = None) -> Any:
        """Look until something is there, and return it; None when it did not come in time."""
        ends = time.monotonic() + (self.site.patience if seconds is None else seconds)
        while True:
            self.look()
            found = is_there()
            if found or time.monotonic() > ends:
                return found or None
            time.sleep(LOOK_SECONDS)

    def wait(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def told(self, leg: Leg | None, *kinds: str, seconds: float | None = None) -> bool:
        """Wait until Telnyx has told one of these events of a leg."""
        if leg is None:
            return False
        role = leg.role

        def is_told() -> bool:
            events = (one["event_type"] for one in self._records if one["kind"] == "webhook" and one["leg"] == role)
            return any(event_type.startswith(kinds) for event_type in events)

        return bool(self.until(is_told, seconds))

    def seen(self, line: str, what: str, *, seconds: float | None = None, name: str = "") -> News | None:
        """Wait until the page has told something of a line during this step."""

        def find() -> News | None:
            found = (one for one in self._news if (one.line, one.what) == (line, what))
            return next((one for one in found if name in ("", one.data.get("name"))), None)

        found: News | None = self.until(find, seconds)
        return found

    def has_told(self, line: str, *whats: str) -> bool:
        """Whether the page has told one of these of a line during this step."""
        return any(one.line == line and one.what in whats for one in self._news)

    @property
    def tool_uses(self) -> int:
        return sum(1 for one in self._records if one["kind"] == "tool")

    # Acting.

    def login(self, line: str, *, anew: bool = False, assistant: str = "") -> bool:
        """Let a line of the page log in, unless it is."""
        if line in self.logins and not anew:
            return True
        self.logins.pop(line, None)
        self._news = [one for one in self._news if one.line != line]
        self.tab.order("login", line=line, **({"assistant": assistant} if assistant else {}))
        settled = self.until(
            lambda: [one for one in self._news if one.line == line and one.what in {"ready", "refused", "failed"}], 25
        )
        if not settled or settled[0].what != "ready":
            return False
        self.logins[line] = self._username(line)
        return True

    def _username(self, line: str) -> str:
        minted = [one for one in self._news if (one.what, one.line) == ("login", line)]
        row = (
            TelephonyCredential.objects.filter(pk=whole(minted[-1].data.get("credential")) or 0).first()
            if minted
            else None
        )
        username = text(row.sip_username) if row else ""
        if username:
            self.watch.usernames[username] = line
        return username

    def place(self, line: str = "caller", *, destination: str = "", caller_number: str = "") -> Leg | None:
        """Let a line place a call, and find the leg that Telnyx tells of."""
        if not self.login(line):
            return None
        nonce, since = uuid4().hex, timezone.now()
        self._ours.add(nonce)
        headers = [{"name": CALL_HEADER, "value": nonce}, {"name": TIER_HEADER, "value": TIER}]
        self.tab.order(
            "call", line=line, destination=destination or number_to_dial(), caller_number=caller_number, headers=headers
        )
        expected = Expected("caller", nonce, self.logins.get(line, ""), since=since)

        def find() -> Leg | None:
            expected.call_control_id = self._call_of(line) or expected.call_control_id
            return self.watch.expected(expected)

        leg: Leg | None = self.until(find)
        self.look()
        return leg

    def _call_of(self, line: str) -> str:
        told = [text(mapping(one.data.get("ids")).get("call")) for one in self._news if one.line == line]
        return next((call for call in reversed(told) if call), "")

    def anonymous(self, assistant: str) -> Leg | None:
        """Let the page call an assistant without a login; the page alone knows which leg that is."""
        if not self.login("anonymous", anew=True, assistant=assistant):
            return None
        headers = [{"name": TIER_HEADER, "value": TIER}]
        self.tab.order("call", line="anonymous", destination="", caller_number="", headers=headers)
        self.seen("anonymous", "active", seconds=20)
        call_control_id = self._call_of("anonymous")
        return self.watch.add(Leg("anonymous", call_control_id)) if call_control_id else None

    def ring(
        self, line: str, *, role: str = "closer", answers: bool = True, username: str = "", **more: Any
    ) -> Leg | None:
        """Dial the softphone of a line, as a closer is dialled."""
        self.tab.order("expect", line=line, answers=answers)
        address = f"sip:{username or self.logins.get(line, '')}@{settings.TELNYX_SIP_DOMAIN}"
        attempt = self.telnyx.dial(
            connection_id=settings.TELNYX_CALL_CONTROL_APP_ID,
            to=address,
            from_=settings.TELNYX_CALLER_NUMBER,
            timeout_secs=max(5, min(30, round(self.site.patience) + 5)),
            time_limit_secs=LEG_SECONDS,
            sip_region=settings.TELNYX_SIP_REGION,
            webhook_url=self.site.webhook_url,
            **more,
        )
        self.note("dial", role, attempt)
        data = mapping(mapping(attempt.answer).get("data"))
        if not attempt.was_taken or not data.get("call_control_id"):
            return None
        leg = self.watch.leg(text(data["call_control_id"])) or self.watch.add(Leg(role, text(data["call_control_id"])))
        leg.role = role
        leg.call_leg_id, leg.call_session_id = text(data.get("call_leg_id")), text(data.get("call_session_id"))
        return leg

    def seat(self, line: str = "closer", **more: Any) -> Leg | None:
        """Ring a line's softphone and wait until it has answered; None when it did not."""
        if not self.login(line):
            return None
        leg = self.ring(line, **more)
        if leg is None or not self.seen(line, "active") or not self.told(leg, "call.answered"):
            return None
        return leg

    def command(self, name: str, leg: Leg | None, **parameters: Any) -> Attempt | None:
        """Send a command to a leg, by the name that it has in the documents."""
        if leg is None:
            return None
        attempt = self.telnyx.command(_SDK_NAMES.get(name, name), leg.call_control_id, **parameters)
        self.note(name, leg.role, attempt)
        if attempt.was_taken and not leg.conversation_id:
            leg.conversation_id = text(mapping(mapping(attempt.answer).get("data")).get("conversation_id"))
        return attempt

    def answered(self, leg: Leg | None, *, with_url: bool = True, **parameters: Any) -> bool:
        """Answer a parked leg; False when it could not be."""
        url = {"webhook_url": self.site.webhook_url} if with_url else {}
        attempt = self.command("answer", leg, **url, **parameters)
        return attempt is not None and attempt.was_taken and self.seen("caller", "active") is not None

    def caller(self) -> Leg | None:
        """A browser call that is parked and answered, as a visitor's is."""
        leg = self.place()
        return leg if self.answered(leg) else None

    def measure(self, name: str, *lines: str, seconds: float, first_voice: bool = False) -> None:
        """Let lines of the page listen at the same time, and wait for what they heard."""
        for line in lines:
            self.tab.order("measure", line=line, name=name, ms=round(seconds * 1000), first_voice=first_voice)
        for line in lines:
            self.seen(line, "heard", name=name, seconds=seconds + 8)

    def speak_now(self, line: str, words: str, *, seconds: float = 6) -> None:
        """Ask the person in front of the page to say something into a line."""
        self.tab.order("speak", line=line, text=f"Please say, once or twice: {words}", ms=round(seconds * 1000))

    def show(self, words: str) -> None:
        self.tab.order("show", text=words)

    # Writing down.

    def note(self, command: str, leg: str, attempt: Attempt, *, answer: Any = None, **more: Any) -> None:
        told = attempt.answer if answer is None else answer
        self._keep(
            "rest",
            timezone.now(),
            command=command,
            leg=leg,
            status=attempt.status,
            code=attempt.code or "",
            answer=told,
            **more,
        )

    def _use(self, data: dict[str, Any]) -> dict[str, Any]:
        """Whether the same body came before, and whether under another signature."""
        before = self._tool_bodies.get(text(data.get("body")))
        self._tool_bodies.setdefault(text(data.get("body")), text(data.get("signature")))
        proofs = {name: data.get(name) is True for name in ("signed", "names_call", "bearer")}
        return proofs | {"again": before is not None, "anew": before not in (None, data.get("signature"))}

    def _keep(self, kind: str, at: datetime, **record: Any) -> None:
        seconds = round((at - self._began).total_seconds(), 3)
        self._records.append(
            self._clean.record({**_EMPTY.get(kind, {}), **record, "kind": kind, "at": max(0.0, seconds)})
        )

    # Clearing away.

    def clear_away(self) -> None:
        """End every leg of the step. Whatever fails here is tried again by the end of the probe."""
        for leg in self.watch.legs:
            if not leg.is_over:
                leg.is_over = self.telnyx.command("hangup", leg.call_control_id).status is not None
        for line in ("caller", "closer", "newcomer", "monitor", "anonymous"):
            self.tab.order("hang_up", line=line)
        # What Telnyx and the page say of the ends still belongs to this step.
        ends = time.monotonic() + self.settling
        try:
            while time.monotonic() < ends:
                self.look()
                time.sleep(LOOK_SECONDS)
        except (OutOfTime, TabGone):
            logger.info("probe: the page did not say that it had hung up")


_EMPTY: dict[str, dict[str, Any]] = {"tab": {"line": "", "name": ""}, "rest": {"code": ""}}
_SDK_NAMES = {
    "ai_assistant_start": "start_ai_assistant",
    "ai_assistant_stop": "stop_ai_assistant",
    "ai_assistant_add_messages": "add_ai_assistant_messages",
    "transcription_start": "start_transcription",
    "transcription_stop": "stop_transcription",
}


def number_to_dial() -> str:
    """What the widget's page dials where it dials digits."""
    return settings.TELNYX_PAGE_DESTINATION or "101"
