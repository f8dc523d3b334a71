"""A visit in which anybody does anything at any moment."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from assistant_tools import calls
from flight_recorder.replay.watch import Watch
from handoff import actions, tasks
from handoff.actions import steering
from handoff.actions.calls import assign, take, take_over
from handoff.commands import sending
from handoff.errors import ActionRefused
from handoff.models import Closer, Command, Handoff, Offer, RoutingPolicy
from launcher.environment import ASSISTANT_ID
from sessions_app.conversation.tool_calls import Caller
from sessions_app.inbox import intake
from sessions_app.models import Team, TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.models.people import AssistantRun
from sessions_app.visitor_page import page
from sessions_app.visits import tokens, visits
from telephony import inbound
from tests.handoff.small_telnyx import FAULTS, SmallTelnyx
from tests.people import Clock, make_ready, person

NAMES = ("Alice", "Ben", "Cleo")
ANSWERS = {"full_name": "Ada", "email": "ada@example.com", "budget": "20000", "timeline": "spring"}
BEGINNINGS = (
    *("with the assistant", "ringing", "sought", "seated", "joined unheard", "joined unanswered", "talking", "notes"),
)
# Where a closer has somebody on the line, or is about to.
ENGAGED = ("accepted", "queued", "seated", "bridging", "connected", "dropped")

someone = st.sampled_from(NAMES)
numbers = st.integers(0, 30)


class Anybody(RuleBasedStateMachine):
    """One visit, three closers and their supervisor. Rules are what anybody can do at any moment."""

    clock: Clock
    telnyx: SmallTelnyx

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()

    @initialize(
        method=st.sampled_from(RoutingPolicy.Method.values),
        strategy=st.sampled_from(RoutingPolicy.Strategy.values),
        listens_in=st.booleans(),
        demotes=st.booleans(),
        mode=st.sampled_from(AssistantRun.values),
        stops=st.booleans(),
        begins=numbers.map(lambda number: BEGINNINGS[number % len(BEGINNINGS)]),
    )
    def a_prospect_calls(
        self, method: str, strategy: str, listens_in: bool, demotes: bool, mode: str, stops: bool, begins: str
    ) -> None:
        self.telnyx = SmallTelnyx(timezone.now, stops=stops)
        # Only one test runs here at a time, and `perform` is put back after it.
        sending.perform = self.telnyx.perform
        team = Team.objects.create(name="Sales", slug="sales")
        rules = {"method": method, "strategy": strategy, "listens_in": listens_in, "demotes_after_miss": demotes}
        RoutingPolicy.objects.create(team=team, **rules)
        settings_of = {"name": "Home", "slug": "home", "assistant_id": ASSISTANT_ID, "assistant_run": mode}
        widget = WidgetConfig.objects.create(team=team, **settings_of)
        self.is_gather = mode == AssistantRun.GATHER
        self.closers = {name: make_ready(person(name, team), idle_seconds=60).pk for name in NAMES}
        self.carol = person("Carol", team, is_supervisor=True).pk
        session = visits.open_visit(widget, recording=True, origin="", now=timezone.now())
        self.session_id = session.pk
        self.prospect = self.telnyx.call(tokens.ticket(session.pk))
        self.delivered = 0
        self.is_quick = True
        self.swept_at = timezone.now()
        self.watch = Watch(session)
        self.holders: Mapping[UUID, int | None] = {}
        self._catch_up()
        self._bring_to(begins)

    def _bring_to(self, begins: str) -> None:
        """A search that began at the call alone would seldom come as far as a talk."""
        if begins == "seated":
            self._click_at_visit("take", "Alice")
        elif begins != "with the assistant":
            self.the_assistant_is_done()
        if begins in {"sought", "joined unheard", "joined unanswered", "talking", "notes"}:
            self.a_ring_is_answered(number=0, is_accepting=True)
        if begins == "sought" and self.telnyx.ringing():
            self.a_softphone_is_not_where_it_is_rung()
        if begins.startswith("joined"):
            self._join_unheard("reply lost" if begins == "joined unanswered" else "")
        elif begins not in {"with the assistant", "ringing", "sought"} and self.telnyx.ringing():
            self.a_phone_is_answered()
        if begins == "notes":
            self.the_closer_clicks("hang_up")

    def _join_unheard(self, fault: str) -> None:
        """The closer's phone is answered and the two are joined, of which no webhook comes any more."""
        self.telnyx.fault = fault
        for leg in self.telnyx.ringing()[-1:]:
            told = len(self.telnyx.mail)
            self.telnyx.pick_up(leg)
            # That it was answered comes first; what its far end tells, and a transfer's joining, are lost.
            self._deliver(self.telnyx.mail[told])
        self._work()
        self.delivered = len(self.telnyx.mail)

    # --- things run their course, or do not

    @rule(is_quick=st.sampled_from([True, True, False]))
    def telnyx_and_the_workers_are_quick_or_slow(self, is_quick: bool) -> None:
        self.is_quick = is_quick

    @rule()
    def they_catch_up(self) -> None:
        self._catch_up()

    def _goes_on(self) -> None:
        if self.is_quick:
            self._catch_up()

    def _catch_up(self) -> None:
        for _ in range(4):
            self._work()
            while self.delivered < len(self.telnyx.mail):
                self._deliver(self.telnyx.mail[self.delivered])
                self.delivered += 1

    @rule(number=numbers)
    def a_webhook_comes_early_late_or_again(self, number: int) -> None:
        mail = self.telnyx.mail
        self._deliver(mail[-1 - number % len(mail)])

    @rule(number=st.integers(1, 3))
    def webhooks_are_lost(self, number: int) -> None:
        self.delivered = min(self.delivered + number, len(self.telnyx.mail))

    def _deliver(self, body: bytes) -> None:
        now = timezone.now()
        told = inbound.reread(body, content_type="application/json", received_at=now)
        intake.take(told, body=body, content_type="application/json", door="call-control", now=now)

    def _work(self, limit: int = 50) -> None:
        now = timezone.now()
        due = Command.objects.filter(state=Command.State.PENDING, due_at__lte=now).order_by("due_at", "created_at")
        for command_id in list(due.values_list("pk", flat=True)[:limit]):
            tasks.run_command(str(command_id))

    @rule(fault=st.sampled_from(FAULTS))
    def the_next_command_goes_wrong(self, fault: str) -> None:
        self.telnyx.fault = fault

    @rule(seconds=st.sampled_from([16, 25, 65, 130]))
    def nobody_does_anything_for_long(self, seconds: float) -> None:
        """Deadlines are what a search of many other things seldom comes to."""
        self.time_passes(seconds)

    @rule(seconds=st.sampled_from([0.4, 1.5, 4, 9, 21, 30, 70, 400]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        Closer.objects.update(seen_at=self.clock.moment)
        self._sweep()
        self._goes_on()

    def _sweep(self) -> None:
        self.swept_at = timezone.now()
        tasks.sweep()

    # --- the prospect, the assistant and the closers' phones

    @rule(patience=st.integers(0, 3))
    def the_prospect_may_hang_up(self, patience: int) -> None:
        if patience == 0:
            self.telnyx.hang_up(self.prospect)
            self._goes_on()

    @precondition(lambda self: self.prospect.conversation)
    @rule(known=st.integers(1, 4))
    def the_assistant_learns(self, known: int) -> None:
        self._learn(dict(list(ANSWERS.items())[:known]))
        self._goes_on()

    def _learn(self, answers: dict[str, str]) -> None:
        if self.is_gather:
            self.telnyx.partial(self.prospect, answers)
            return
        caller = Caller("webhook", call_control_id=self.prospect.call_control_id)
        calls.use("save_prospect_details", answers, caller=caller, now=timezone.now())

    @precondition(lambda self: self.prospect.conversation)
    @rule()
    def the_assistant_is_done(self) -> None:
        if self.is_gather:
            self.telnyx.gathered(self.prospect, ANSWERS)
        else:
            self._learn(ANSWERS)
            self.telnyx.end_conversation(self.prospect, "completed")
        self._goes_on()

    @precondition(lambda self: page.state(self._session())["rejoin"] and not self.prospect.is_over)
    @rule()
    def the_page_comes_back(self) -> None:
        """With a credential of its own; the call that it leaves ends when the new one is up, or is left to us."""
        name = f"gencred{uuid4().hex}"
        now = timezone.now()
        minted = {"telnyx_id": name, "sip_username": name, "expires_at": now, "revoke_at": now + timedelta(hours=1)}
        TelephonyCredential.objects.create(session_id=self.session_id, name=name, created_at=now, **minted)
        self.prospect = self.telnyx.call(credential=name)
        self._goes_on()

    def _session(self) -> VoiceSession:
        return visits.by_id(self.session_id)

    @precondition(lambda self: self.telnyx.ringing())
    @rule()
    def a_phone_is_answered(self) -> None:
        self.telnyx.pick_up(self.telnyx.ringing()[-1])
        self._goes_on()

    @precondition(lambda self: self.telnyx.ringing())
    @rule()
    def a_softphone_is_not_where_it_is_rung(self) -> None:
        self.telnyx.hang_up(self.telnyx.ringing()[-1], source="callee", cause="unspecified", status="480")
        self._goes_on()

    @rule(is_registered=st.booleans())
    def nothing_has_proven_for_long_that_the_lines_are_up(self, is_registered: bool) -> None:
        self.telnyx.is_registered = is_registered
        Closer.objects.update(line_proven_at=None)

    @precondition(lambda self: Closer.objects.filter(lost_username=F("sip_username")).exists())
    @rule(is_registered=st.booleans())
    def a_page_that_was_told_to_logs_in_anew(self, is_registered: bool) -> None:
        closer = Closer.objects.filter(lost_username=F("sip_username"))[0]
        self.telnyx.is_registered = is_registered
        page, now, name = uuid4(), timezone.now(), f"gencred{uuid4().hex}"
        ends = {"created_at": now, "expires_at": now, "revoke_at": now + timedelta(hours=12)}
        TelephonyCredential.objects.create(user=closer.user, name=name, sip_username=name, page=page, **ends)
        Closer.objects.filter(pk=closer.pk).update(sip_username=name)
        proven = {"softphone": True, "microphone": True, "sound": True}
        actions.report_presence(closer, **proven, page=page, username=name, now=now)
        self._goes_on()

    @precondition(lambda self: self.telnyx.closers())
    @rule(number=st.integers(0, 2), is_lucky=st.booleans())
    def a_line_may_break(self, number: int, is_lucky: bool) -> None:
        legs = self.telnyx.closers()
        if not is_lucky:
            self.telnyx.hang_up(legs[-1 - number % len(legs)], source="callee")
            self._goes_on()

    # --- clicks where there is something to click on

    @precondition(lambda self: Offer.objects.filter(state=Offer.State.RINGING).exists())
    @rule(number=st.integers(0, 2), is_accepting=st.sampled_from([True, True, False]))
    def a_ring_is_answered(self, number: int, is_accepting: bool) -> None:
        ringing = list(Offer.objects.filter(state=Offer.State.RINGING).order_by("closer_id"))
        offer = ringing[number % len(ringing)]
        self._click(actions.accept if is_accepting else actions.decline, offer.pk, closer=offer.closer)

    @precondition(lambda self: Handoff.objects.filter(state__in=ENGAGED).exists())
    @rule(what=st.sampled_from(["take_over", "hang_up", "hand_back"]))
    def the_closer_clicks(self, what: str) -> None:
        self._click_in_call(what, Handoff.objects.filter(state__in=ENGAGED).get())

    @precondition(lambda self: Handoff.objects.filter(state="wrap_up").exists())
    @rule()
    def the_notes_are_done(self) -> None:
        self._click_in_call("complete", Handoff.objects.filter(state="wrap_up").order_by("triggered_at")[0])

    @precondition(lambda self: self.prospect.conversation)
    @rule(name=someone, what=st.sampled_from(["take", "take at once", "steer", "assign", "request"]))
    def somebody_wants_the_call(self, name: str, what: str) -> None:
        self._click_at_visit(what, name)

    # --- clicks on what a page still shows although it is over, or does not show at all

    @rule(number=numbers, what=st.sampled_from(["accept", "decline"]))
    def an_old_ring_is_answered(self, number: int, what: str) -> None:
        offers = list(Offer.objects.order_by("-offered_at"))
        for offer in offers[number % (len(offers) or 1) :][:1]:
            self._click(getattr(actions, what), offer.pk, closer=offer.closer)

    @rule(name=someone, what=st.sampled_from(["take_over", "hang_up", "hand_back", "complete"]))
    def an_old_call_is_clicked_on(self, name: str, what: str) -> None:
        for handoff in Handoff.objects.filter(attempt__closer=self.closers[name]).order_by("-triggered_at")[:1]:
            self._click_in_call(what, handoff)

    @rule(name=someone, what=st.sampled_from(["take", "take at once", "steer", "assign", "request"]))
    def somebody_clicks_at_a_bad_moment(self, name: str, what: str) -> None:
        self._click_at_visit(what, name)

    @rule(name=someone)
    def a_closer_comes_back(self, name: str) -> None:
        actions.back(self._closer(name), now=timezone.now())

    @rule(name=someone, is_available=st.booleans())
    def a_closer_comes_or_goes(self, name: str, is_available: bool) -> None:
        actions.set_available(self._closer(name), is_available, now=timezone.now())

    def _click_in_call(self, what: str, handoff: Handoff) -> None:
        closer = handoff.closer
        assert closer is not None
        acts: dict[str, Callable[..., Any]] = {
            "take_over": take_over,
            "hang_up": actions.hang_up,
            "hand_back": partial(steering.hand_back, instruction="Ask for the roof's size."),
            "complete": partial(actions.complete, disposition="won"),
        }
        self._click(acts[what], handoff.pk, closer=closer)

    def _click_at_visit(self, what: str, name: str) -> None:
        closer, carol = self._closer(name), Closer.objects.get(pk=self.carol)
        acts: dict[str, Callable[..., Any]] = {
            "take": partial(take, closer=closer, immediately=False),
            "take at once": partial(take, closer=closer, immediately=True),
            "steer": partial(steering.steer, closer=closer, text="Ask about the budget."),
            "assign": partial(assign, to=closer.pk, by=carol),
            "request": partial(steering.request_handoff, reason="requested"),
        }
        self._click(acts[what], self.session_id)

    def _click(self, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        try:
            with transaction.atomic():
                act(*given, now=timezone.now(), **named)
        except ActionRefused:
            return  # That is what the page would show.
        self._goes_on()

    def _closer(self, name: str) -> Closer:
        return Closer.objects.get(pk=self.closers[name])
