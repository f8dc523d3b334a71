"""A probe finds its own legs, keeps what it saw, and leaves nothing behind, however a step ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from probe import running, watching
from probe.models import Probe, Told
from probe.points.catalogue import BY_NAME
from probe.scene import OutOfTime
from probe.tab import TabGone
from sessions_app.inbox import binding, intake
from sessions_app.models import TelephonyCredential, VoiceSession, WebhookDelivery
from sessions_app.visits import credentials
from sessions_app.visits.visits import open_visit
from tests.probe.conftest import Stage
from tests.telnyx import Leg

pytestmark = pytest.mark.django_db(transaction=True)


def username() -> str:
    return str(TelephonyCredential.objects.latest("pk").sip_username)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"custom_headers": [], "from": "sip:{user}@sip.telnyx.com"},
        {"custom_headers": [], "from": "+61255501234", "sip_username": "{user}"},
        {"custom_headers": [], "from": "+61255501234", "from_sip_uri": "{user}@sip.telnyx.com"},
        {"custom_headers": None, "from": "+61255501234"},
    ],
    ids=["by our header", "by its login", "by sip_username", "by from_sip_uri", "as the only one"],
)
def test_it_finds_the_call_that_its_page_placed(stage: Stage, told: dict[str, Any]) -> None:
    def play(order: dict[str, Any]) -> None:
        named = {key: value.format(user=username()) if isinstance(value, str) else value for key, value in told.items()}
        stage.parks(**named)(order)

    stage.page.plays["call"] = play
    with stage.scene.step("parked-call", "number", seconds=10):
        leg = stage.scene.place()

    assert leg is not None
    assert leg.role == "caller"
    assert [one["event_type"] for one in stage.scene.done[0].webhooks(leg="caller")] == ["call.initiated"]


def test_it_takes_nobody_elses_call_for_its_own(stage: Stage) -> None:
    def play(order: dict[str, Any]) -> None:
        stage.parks(**{"custom_headers": [], "from": "gencredSomebodyElse"})(order)
        stage.parks(**{"custom_headers": [], "from": "gencredAnother"})(order)

    stage.page.plays["call"] = play
    with stage.scene.step("parked-call", "number", seconds=10):
        assert stage.scene.place() is None

    assert stage.scene.done[0].webhooks() == []
    assert stage.rest.hang_ups == []


def test_it_leaves_the_calls_of_visits_alone(stage: Stage, visit_row: VoiceSession) -> None:
    def play(order: dict[str, Any]) -> None:
        visits.initiated(from_=visit_username)
        stage.parks(**{"custom_headers": [], "from": "+61255501234"})(order)

    visits, visit_username = Leg(stage.webhooks, settings.TELNYX_CONNECTION_ID), username()
    stage.page.plays["call"] = play
    with stage.scene.step("parked-call", "number", seconds=10):
        mine = stage.scene.place()

    assert mine is not None
    assert mine.call_control_id != visits.call_control_id
    assert len(stage.rest.hang_ups) == 1


@pytest.fixture
def visit_row(stage: Stage) -> VoiceSession:
    session = open_visit(stage.scene.site.widget, recording=True, origin="", now=timezone.now())
    credentials.mint_for_session(session, now=timezone.now())
    return session


def test_a_leg_that_arrives_at_its_softphone_is_the_far_side(stage: Stage) -> None:
    with stage.scene.step("softphone", "open", seconds=10):
        stage.scene.login("closer")
        near = stage.scene.ring("closer")
        far = Leg(stage.webhooks, settings.TELNYX_CONNECTION_ID)
        far.says("call.initiated", direction="incoming", state="parked", **{"from": "+61255501234", "to": username()})
        stage.scene.wait(0.2)

    assert near is not None
    assert stage.dialled[0]["to"] == f"sip:{username()}@{settings.TELNYX_SIP_DOMAIN}"
    assert [one["leg"] for one in stage.scene.done[0].webhooks()] == ["far"]
    hung_up = {request.url.path.split("/")[-3] for request in stage.rest.hang_ups}
    assert len(hung_up) == 2, "both ends are ended"


def test_a_step_that_takes_too_long_ends_and_is_told_so(stage: Stage) -> None:
    stage.page.plays["call"] = stage.parks()
    with stage.scene.step("parked-call", "number", seconds=2):
        stage.scene.place()
        stage.scene.wait(5)

    assert stage.scene.done[0].ended == "time limit"
    assert len(stage.rest.hang_ups) == 1


def test_out_of_time_is_not_swallowed_by_a_wait(stage: Stage) -> None:
    with stage.scene.step("parked-call", "number", seconds=0.1), pytest.raises(OutOfTime):
        stage.scene.wait(5)


def test_an_interrupt_clears_away_and_keeps_what_was_seen(stage: Stage) -> None:
    def interrupted(scene: object) -> None:
        with stage.scene.step("parked-call", "number", seconds=10):
            stage.scene.place()
            stage.scene.look()
            raise KeyboardInterrupt

    stage.page.plays["call"] = stage.parks()
    running.TRIES["parked-call"], kept = interrupted, running.TRIES["parked-call"]
    said: list[str] = []
    try:
        points = [BY_NAME["parked-call"], BY_NAME["media"]]
        found = running.run(stage.scene, points, agree=lambda _: True, say=said.append)
    finally:
        running.TRIES["parked-call"] = kept
        running.clear(stage.scene)

    assert [(step.name, step.ended) for step in found.steps] == [("number", "interrupted")]
    assert found.steps[0].payload("call.initiated", leg="caller")
    assert "Interrupted: clearing up." in said
    assert len(stage.rest.hang_ups) == 1
    assert not TelephonyCredential.objects.filter(revoked_at=None).exists()
    assert [row.status for row in WebhookDelivery.objects.all()] == ["ignored"]


def test_a_page_that_is_gone_ends_the_probe(stage: Stage) -> None:
    def gone(scene: object) -> None:
        with stage.scene.step("parked-call", "number", seconds=10):
            Probe.objects.update(tab_seen_at=timezone.now() - timedelta(minutes=1))
            stage.scene.wait(5)

    running.TRIES["parked-call"], kept = gone, running.TRIES["parked-call"]
    said: list[str] = []
    try:
        found = running.run(stage.scene, [BY_NAME["parked-call"]], agree=lambda _: True, say=said.append)
    finally:
        running.TRIES["parked-call"] = kept

    assert found.steps[0].ended == "failed"
    assert said == ["The page has gone, so the probe ends here."]


def test_what_is_not_agreed_to_is_not_tried(stage: Stage) -> None:
    found = running.run(stage.scene, [BY_NAME["media"]], agree=lambda _: False, say=lambda _: None)

    assert [(step.point, step.ended) for step in found.steps] == [("media", "skipped")]
    assert stage.page.asked == []
    assert stage.rest.requests == []


def test_what_is_committed_late_is_seen_all_the_same(stage: Stage) -> None:
    near = Leg(stage.webhooks, settings.TELNYX_CONNECTION_ID)
    stage.scene.watch.add(watching.Leg("caller", near.call_control_id))
    near.answered()
    late = WebhookDelivery.objects.get()
    WebhookDelivery.objects.all().delete()
    stage.page.tells("ready")
    late_told = Told.objects.get()
    Told.objects.all().delete()
    with stage.scene.step("parked-call", "number", seconds=10):
        near.says("call.speak.ended")
        stage.page.tells("active")
        stage.scene.look()
        late.save(force_insert=True)
        late_told.save(force_insert=True)
        stage.scene.look()

    step = stage.scene.done[0]
    assert {one["event_type"] for one in step.webhooks()} == {"call.answered", "call.speak.ended"}
    assert [bool(step.tab(what)) for what in ("ready", "active")] == [True, True]


def test_deliveries_that_somebody_waits_for_are_not_set_aside(stage: Stage) -> None:
    stranger = Leg(stage.webhooks, settings.TELNYX_CONNECTION_ID)
    stranger.answered()
    stage.page.plays["call"] = stage.parks()
    with stage.scene.step("parked-call", "number", seconds=10):
        stage.scene.place()
        stage.scene.look()
    running.clear(stage.scene)

    statuses = dict(WebhookDelivery.objects.values_list("event_type", "status"))
    assert statuses == {"call.answered": "parked", "call.initiated": "ignored"}


def test_the_evidence_holds_no_login_number_or_token(stage: Stage) -> None:
    stage.page.plays["call"] = stage.parks(**{"from": "+61 2 5550 1234", "caller_id_name": "Jordan Blake"})
    with stage.scene.step("parked-call", "number", seconds=10):
        stage.scene.place()
        stage.scene.look()

    written = str(stage.scene.done[0].as_json())
    secrets = [username(), "5550", "Jordan", *stage.rest.tokens, settings.TELNYX_CONNECTION_ID]
    assert [secret for secret in secrets if secret in written] == []


def test_its_calls_are_not_ended_as_strangers(stage: Stage) -> None:
    stage.page.plays["call"] = stage.parks(**{"custom_headers": [], "from": "+61255501234"})
    with stage.scene.step("parked-call", "number", seconds=10):
        stage.scene.place()
        probes = WebhookDelivery.objects.get()
        intake.process_again(probes.pk, now=timezone.now() + 2 * intake.STRANGER_PATIENCE)
        probes.refresh_from_db()
        assert (probes.status, probes.hang_up_at) == ("parked", None)
    running.clear(stage.scene)
    Leg(stage.webhooks, settings.TELNYX_CONNECTION_ID).initiated(from_="gencredSomebody")

    probes.refresh_from_db()
    strangers = WebhookDelivery.objects.latest("pk")
    assert (probes.status, probes.reason, probes.hang_up_at) == ("ignored", binding.OF_PROBE, None)
    assert (strangers.status, strangers.reason) == ("parked", binding.WITHOUT_PROOF)


def test_a_probe_says_that_it_goes_on_until_its_credentials_are_gone(stage: Stage) -> None:
    assert not credentials.is_probing(now=timezone.now())
    with stage.scene.step("softphone", "open", seconds=10):
        stage.scene.login("closer")
    assert credentials.is_probing(now=timezone.now())

    running.clear(stage.scene)
    assert not credentials.is_probing(now=timezone.now())


def test_a_tab_that_is_gone_is_noticed(stage: Stage) -> None:
    Probe.objects.update(tab_seen_at=timezone.now() - timedelta(minutes=1))

    with pytest.raises(TabGone):
        list(stage.page.news())
