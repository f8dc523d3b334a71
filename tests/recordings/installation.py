"""Runs inside an installation: `teams N` makes N teams with a closer each, `judge` tells how visits ended."""

import json
import sys

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django has to be set up first

from accounts.models import User  # noqa: E402
from flight_recorder.record import endings  # noqa: E402
from flight_recorder.replay.watch import Watch  # noqa: E402
from handoff.models import Closer, RoutingPolicy  # noqa: E402
from launcher.environment import ASSISTANT_ID  # noqa: E402
from sessions_app.models import Team, VoiceSession, WidgetConfig  # noqa: E402
from sessions_app.models.people import AssistantRun  # noqa: E402
from tests.faults.people import DOMAIN, PASSWORD  # noqa: E402


def teams(number: int) -> None:
    password = make_password(PASSWORD)
    for name in (f"lane-{one}" for one in range(number)):
        team = Team.objects.create(name=name, slug=name)
        RoutingPolicy.objects.create(team=team)
        # The visits were recorded while the gather asked the questions.
        WidgetConfig.objects.create(
            team=team, name=name, slug=name, assistant_id=ASSISTANT_ID, assistant_run=AssistantRun.GATHER
        )
        user = User.objects.create(email=f"{name}@{DOMAIN}", name=name, password=password)
        Closer.objects.create(user=user, team=team, display_name=name)


def judge(session_ids: list[str]) -> None:
    """One line of JSON: by session, its end and what it violates."""
    told = {}
    for session in VoiceSession.objects.filter(pk__in=session_ids):
        closers = dict.fromkeys(Closer.objects.filter(team=session.team).values_list("pk", flat=True), "closer-1")
        watch = Watch(session)
        watch.look(now=session.created_at, step="the end")
        told[str(session.pk)] = {"end": endings.of(session, closers), "violations": watch.violations}
    print(json.dumps(told))  # noqa: T201 - this is what the caller reads


if __name__ == "__main__":
    if sys.argv[1] == "teams":
        teams(int(sys.argv[2]))
    else:
        judge(json.load(sys.stdin))
