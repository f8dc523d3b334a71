"""One visit as far as each story needs it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import respx
from django.conf import settings
from django.test import TestCase
from django.utils import timezone
from nacl.signing import SigningKey
from pytest_django import Settings

from handoff import actions, tasks
from handoff.models import Attempt, Closer, Command, Handoff, Offer
from sessions_app.conversation import runs
from sessions_app.http import limits
from sessions_app.models import CallLeg, Run, VoiceSession, WidgetConfig
from sessions_app.models.people import AssistantRun
from sessions_app.visits import capacity, carrier, tokens, visits
from tests.people import Clock
from tests.telnyx import DYNAMIC_VARIABLES, DoorClient, Leg, Rest, Webhooks

PHONE = "0412 555 018"
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Monday morning in Sydney.
MORNING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
ANSWERS = {"full_name": "Ada Lovelace", "email": "ada@example.com", "budget": "20000", "timeline": "spring"}


@pytest.fixture
def fresh_limits(settings: Settings) -> Iterator[None]:
    """The counters of this test alone, in the real server."""
    settings.REDIS_PREFIX = f"{settings.REDIS_PREFIX}-{time.monotonic_ns()}"
    limits._redis.cache_clear()
    yield
    limits._redis.cache_clear()


@pytest.fixture
def open_door(fresh_limits: None, settings: Settings) -> None:
    """More visitors may come from one address than a test sends."""
    settings.TOKEN_LIMIT_PER_ADDRESS = settings.VISITS_PER_ADDRESS = 1000


@pytest.fixture
def enough_lines(settings: Settings) -> None:
    """The account takes more legs than a test in which nobody hangs up leaves standing."""
    settings.TELNYX_MAX_LEGS = 1_000_000


@pytest.fixture
def client() -> DoorClient:
    return DoorClient()


@pytest.fixture
def webhooks(signing_key: SigningKey) -> Webhooks:
    return Webhooks(DoorClient(), signing_key)


@pytest.fixture
def rest(webhooks: Webhooks) -> Iterator[Rest]:
    """Telnyx's REST interface; the SDK, its HTTP client and our ledger are the real ones."""
    with respx.mock(assert_all_called=False) as router:
        carrier.client.cache_clear()
        yield Rest(router, webhooks.told)
    carrier.client.cache_clear()


@dataclass
class Visit:
    """A prospect on our own leg, what Telnyx says of it, and what the workers do."""

    session_id: Any
    leg: Leg
    rest: Rest
    clock: Clock

    @property
    def session(self) -> VoiceSession:
        return VoiceSession.objects.get(pk=self.session_id)

    @property
    def handoff(self) -> Handoff:
        return Handoff.objects.select_related("attempt__closer", "attempt__leg").get(session_id=self.session_id)

    @property
    def attempt(self) -> Attempt:
        """The newest closer's."""
        return Attempt.objects.filter(handoff__session_id=self.session_id).latest("pk")

    @property
    def state(self) -> str:
        return self.handoff.state

    def work(self) -> None:
        """Send what is due, as the workers do, until nothing is."""
        for _ in range(20):
            now = timezone.now()
            due = Command.objects.filter(due_at__lte=now, send_by__gt=now, state=Command.State.PENDING)
            ids = list(due.order_by("due_at", "created_at").values_list("pk", flat=True))
            if not ids:
                return
            for command_id in ids:
                tasks.run_command(str(command_id))
        raise AssertionError("the ledger never comes to rest")

    def pass_time(self, seconds: float) -> None:
        """Let time pass with the closers' dashboards still alive, then sweep and send what that found due."""
        self.clock.advance(seconds)
        Closer.objects.filter(seen_at__isnull=False).update(seen_at=timezone.now())
        tasks.sweep()
        self.work()

    def finish(self, answers: dict[str, Any]) -> None:
        """The assistant has found out what it was to, and ends by itself."""
        if self.session.runs.get(number=self.session.run_number).mode == AssistantRun.GATHER:
            self.leg.gathered(answers)
            return
        assert self.leg.uses("save_prospect_details", **answers).status_code == 200
        self.leg.ended_conversation()

    def commands(self, kind: str) -> list[Command]:
        return list(Command.objects.filter(session_id=self.session_id, kind=kind).order_by("created_at"))

    def post(self, request: str, /, **body: Any) -> Any:
        """What the prospect's page asks, with its token."""
        headers = {"Authorization": f"Bearer {tokens.issue(self.session_id)}"}
        client = self.leg.webhooks.client
        with TestCase.captureOnCommitCallbacks(execute=True):
            return client.post(
                f"/api/orchestration/{request}", json.dumps(body), content_type="application/json", headers=headers
            )

    def kinds(self) -> list[str]:
        return list(self.session.timeline.values_list("kind", flat=True))

    def ringing(self) -> Offer:
        return self.handoff.offers.get(state=Offer.State.RINGING)

    def accept(self) -> Leg:
        """The closer whose dashboard rings takes the call; the leg that we dial for them is returned."""
        accept(self)
        return self.closer_leg()

    def closer_leg(self) -> Leg:
        made = self.rest.dialled[-1]
        names = ("call_control_id", "call_leg_id", "call_session_id", "client_state", "to", "headers")
        known = {name: made[name] for name in names}
        return Leg(self.leg.webhooks, settings.TELNYX_CALL_CONTROL_APP_ID, **known, platform=self.leg.platform)


@pytest.fixture
def gathering(widget: WidgetConfig) -> None:
    """The widget gathers its questions without the configured assistant."""
    WidgetConfig.objects.filter(pk=widget.pk).update(assistant_run=AssistantRun.GATHER)
    widget.refresh_from_db()


@pytest.fixture
def session(widget: WidgetConfig) -> VoiceSession:
    """Consent is given; nothing else has happened, and Telnyx knows nothing of it."""
    return visits.open_visit(widget, recording=True, origin="", now=timezone.now())


@pytest.fixture
def visit(widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock) -> Visit:
    """Consent is given; the page is about to place its call."""
    return open_visit(widget, webhooks, rest, clock, connection_id=settings.TELNYX_CONNECTION_ID)


def open_visit(widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock, *, connection_id: str) -> Visit:
    session = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
    return Visit(session.pk, Leg(webhooks, connection_id), rest, clock)


@pytest.fixture
def talking(visit: Visit) -> Visit:
    """The call was answered by us and the assistant speaks."""
    visit.leg.initiated(ticket=tokens.ticket(visit.session_id))
    visit.work()
    visit.leg.answered()
    visit.work()
    visit.leg.conversation_created(visit.rest.conversation_id)
    return visit


@pytest.fixture
def anonymous(anonymous_widget: WidgetConfig, webhooks: Webhooks, rest: Rest, clock: Clock) -> Visit:
    """The call of a page without a credential is the assistant's own."""
    return open_visit(anonymous_widget, webhooks, rest, clock, connection_id="texml-app")


def initialise(visit: Visit, assistant_id: str = "") -> Any:
    return visit.leg.says(
        "assistant.initialization",
        path=DYNAMIC_VARIABLES,
        assistant_id=assistant_id or visit.session.widget.assistant_id,
        telnyx_conversation_channel="web_call",
        telnyx_agent_target="assistant",
        telnyx_end_user_target="anonymous",
        telnyx_conversation_id=visit.rest.conversation_id,
    )


@pytest.fixture
def claimed(anonymous: Visit) -> Visit:
    """The page has told which call is its own."""
    initialise(anonymous)
    assert anonymous.post("claim", call_control_id=anonymous.leg.call_control_id).status_code == 204
    return anonymous


@pytest.fixture
def waiting(talking: Visit) -> Visit:
    """The assistant has ended with all that it needs; a closer is looked for."""
    talking.finish(ANSWERS)
    talking.work()
    return talking


@pytest.fixture
def waiting_for_alice(alice: Closer, waiting: Visit) -> Visit:
    """Alice's dashboard rings."""
    assert waiting.ringing().closer == alice
    return waiting


@pytest.fixture
def left_to_its_page(talking: Visit, carol: Closer) -> Visit:
    """Nobody was free, a call is promised, and no leg stands; the page is still open."""
    CallLeg.objects.update(ended_at=timezone.now())
    talking.finish(ANSWERS)
    talking.work()
    VoiceSession.objects.update(page_seen_at=timezone.now())
    assert talking.session.handover_phase == "callback"
    assert capacity.usage(now=timezone.now()).held(None) == 0
    return talking


def turns_as_of(session: VoiceSession) -> list[tuple[Any, ...]]:
    """Each turn with the newest event that told it, which for those that are known stands on their run."""
    known = {run.number: run for run in session.runs.all()}
    told = []
    for turn in session.turns.order_by("position"):
        number, place = divmod(turn.position, runs.POSITIONS)
        run = known.get(number + 1)
        as_of = max(turn.as_of, run.heard_at) if run and run.heard_at and place < run.heard_turns else turn.as_of
        told.append((turn.position, turn.speaker, turn.text, turn.spoken_at, as_of))
    return told


def accept(visit: Visit) -> None:
    offer = visit.ringing()
    actions.accept(offer.pk, closer=offer.closer, now=timezone.now())
    visit.work()


def connect(visit: Visit) -> Leg:
    """From a ringing dashboard to two people talking; returns the closer's leg."""
    closer_leg = visit.accept()
    closer_leg.initiated(direction="outgoing")
    closer_leg.answered()
    visit.work()
    closer_leg.bridged()
    visit.leg.bridged()
    return closer_leg


@pytest.fixture
def promised(visit: Visit, alice: Closer) -> Visit:
    """The prospect left a number and has gone; Alice is there again."""
    actions.promise_callback(visit.session_id, name="Ada Lovelace", phone=PHONE, when=None, now=timezone.now())
    return visit


@pytest.fixture
def monday(clock: Clock, widget: WidgetConfig) -> datetime:
    """The team works from nine to five, and it is ten o'clock."""
    WidgetConfig.objects.filter(pk=widget.pk).update(business_hours=OFFICE)
    clock.moment = MORNING
    return MORNING


@pytest.fixture
def booking(monday: datetime, carol: Closer, talking: Visit) -> Visit:
    """Nobody is ready; the assistant is back and asks."""
    talking.finish(ANSWERS)
    talking.work()
    assert talking.session.runs.get(number=2).purpose == Run.Purpose.CALLBACK
    return talking
