"""What must hold all the while in a visit in which anybody does anything at any moment, and the search for a breach."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Max
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    invariant,
    run_state_machine_as_test,
)

from handoff.commands import sending
from handoff.machine import OFFERED_STATES, TALKING_STATES, TERMINAL_STATES
from handoff.models import Attempt, Handoff, Offer
from sessions_app.kinds import Kind
from sessions_app.models import CallLeg, TimelineEntry, VoiceSession
from sessions_app.visits import carrier
from tests.handoff.anybody import ENGAGED, Anybody
from tests.people import Clock


class HandOver(Anybody):
    """The same visit, looked at after every step; time ends it."""

    @invariant()
    def the_rules_hold(self) -> None:
        self.watch.look(now=self.swept_at, step="this")
        assert self.watch.violations == []

    @invariant()
    def two_people_are_brought_together_once_per_attempt(self) -> None:
        assert [key for key, count in self.telnyx.joined.items() if count > 1] == []

    @invariant()
    def nobody_is_brought_to_where_an_assistant_may_speak(self) -> None:
        assert self.telnyx.talked_over == []

    @invariant()
    def the_far_side_of_a_call_to_a_softphone_is_nobody_s(self) -> None:
        """Whatever was done to it would be done to the call itself."""
        assert not CallLeg.objects.filter(call_control_id__in=list(self.telnyx.by_far_side)).exists()

    @invariant()
    def nobody_has_two_calls_and_no_call_two_winners(self) -> None:
        engaged = Handoff.objects.filter(state__in=ENGAGED)
        closers = list(engaged.values_list("attempt__closer_id", flat=True))
        assert len(closers) == len(set(closers)) <= 1
        assert None not in closers

    @invariant()
    def a_closer_is_rung_once_more_and_no_more(self) -> None:
        """Where their softphone was not; a line that is free again is another matter."""
        for handoff in Handoff.objects.all():
            told = TimelineEntry.objects.filter(payload__handoff=str(handoff.pk))
            sought, freed = (
                told.filter(kind=kind).count() for kind in (Kind.HANDOFF_LINE_SOUGHT, Kind.HANDOFF_LINE_FREE)
            )
            accepted = handoff.offers.filter(state=Offer.State.ACCEPTED).count()
            assert sought <= accepted
            assert handoff.attempts.count() <= accepted + sought + freed

    @invariant()
    def nobody_holds_what_is_offered(self) -> None:
        assert not Handoff.objects.filter(state__in=OFFERED_STATES, attempt__isnull=False).exists()

    @invariant()
    def who_has_no_call_is_free(self) -> None:
        holding = set(Handoff.objects.filter(state__in=TALKING_STATES).values_list("attempt_id", flat=True))
        assert set(Attempt.objects.filter(over_at=None).values_list("pk", flat=True)) == holding

    @invariant()
    def a_hand_over_was_joined_when_its_last_attempt_was(self) -> None:
        for handoff in Handoff.objects.annotate(last=Max("attempts__connected_at")):
            assert handoff.connected_at == handoff.last

    @invariant()
    def a_call_changes_hands_through_a_new_search_alone(self) -> None:
        holders = dict(Handoff.objects.filter(state__in=ENGAGED).values_list("pk", "attempt__closer_id"))
        assert [one for one, closer in holders.items() if self.holders.get(one, closer) != closer] == []
        self.holders = holders

    def teardown(self) -> None:
        try:
            if hasattr(self, "telnyx"):
                self.everything_ends()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    def everything_ends(self) -> None:
        """Time alone is enough, even if no webhook ever comes again."""
        for pause in (timedelta(hours=7), timedelta(hours=1)):
            self.clock.advance(pause.total_seconds())
            self._sweep()
        assert set(Handoff.objects.values_list("state", flat=True)) <= TERMINAL_STATES
        assert VoiceSession.objects.get(pk=self.session_id).ended_at is not None
        self.the_rules_hold()


def search(clock: Clock, monkeypatch: pytest.MonkeyPatch, profile: settings) -> None:
    monkeypatch.setattr(sending, "perform", sending.perform)  # Puts the real one back at the end.
    monkeypatch.setattr(carrier, "client", lambda: None)
    machine = type("HandOver", (HandOver,), {"clock": clock})
    run_state_machine_as_test(machine, settings=profile)


QUICK = settings(deadline=None, max_examples=25, stateful_step_count=40, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=60, stateful_step_count=50)
