"""A visit of Alice's team, and for every address the request that whoever may can make of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff.models import CallbackPromise, Closer, Handoff, Offer
from sessions_app.answers import captured
from sessions_app.models import TelephonyCredential, VoiceSession
from sessions_app.models.learnt import Source
from sessions_app.models.people import ConnectionMode
from sessions_app.rules import answer_values
from sessions_app.visits import tokens
from tests import handoffs
from tests.people import DOMAIN, make_ready
from tests.visits import Visit

HEARD = "ada@example.com"


@dataclass(frozen=True)
class Asked:
    """A request that would succeed for whoever may make it."""

    name: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    query: str = ""
    method: str = "POST"
    status: int = 200

    @property
    def path(self) -> str:
        return reverse(self.name, kwargs=dict(self.kwargs)) + self.query

    def send(self, client: Client, **headers: str) -> Any:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        return client.generic(self.method, self.path, body, content_type="application/json", headers=headers)


@dataclass
class World:
    visit: Visit
    people: dict[str, Closer]

    @property
    def session(self) -> VoiceSession:
        return self.visit.session

    @property
    def token(self) -> str:
        return tokens.issue(self.visit.session_id)

    def ring(self, owner: Closer) -> Offer:
        now = timezone.now()
        handoff = self.call(None, "ringing")
        return Offer.objects.create(
            handoff=handoff, closer=owner, reason="longest idle", offered_at=now, expires_at=now + timedelta(seconds=25)
        )

    def call(self, owner: Closer | None, state: str = "connected") -> Handoff:
        now = timezone.now()
        return handoffs.create(
            session=self.session,
            trigger="gather_complete",
            state=state,
            method="bridge",
            closer=owner,
            deadline_at=now + timedelta(seconds=25),
            triggered_at=now,
            give_up_at=now + timedelta(seconds=60),
            accepted_at=now if owner else None,
        )

    def promise(self) -> CallbackPromise:
        now = timezone.now()
        return CallbackPromise.objects.create(
            session=self.session,
            team=self.session.team,
            reason="asked_for",
            promised_at=now,
            due_at=now,
            phone="+61400000000",
        )

    def answer(self) -> str:
        """The digest of an answer that was heard."""
        with transaction.atomic():
            captured.record(self.session, {"email": HEARD}, source=Source.PARTIAL, at=timezone.now())
        return answer_values.kept(HEARD).digest

    def waits_for_a_person(self, owner: Closer) -> None:
        """The prospect's leg has ended with the assistant, while a closer is being connected."""
        self.call(owner)
        VoiceSession.objects.filter(pk=self.visit.session_id).update(
            handover_phase="handing_over", current_leg=None, call_control_id=None
        )

    def has_login(self) -> None:
        now = timezone.now()
        TelephonyCredential.objects.create(
            session=self.session,
            telnyx_id="cred-1",
            created_at=now,
            expires_at=now + timedelta(hours=1),
            revoke_at=now + timedelta(hours=1),
        )

    def is_anonymous(self) -> None:
        VoiceSession.objects.filter(pk=self.visit.session_id).update(
            connection_mode=ConnectionMode.ANONYMOUS, current_leg=None, call_control_id=None
        )


def _session(world: World) -> dict[str, Any]:
    return {"session_id": world.visit.session_id}


def _answer(world: World) -> dict[str, Any]:
    return {**_session(world), "name": "email"}


def _of_call(name: str, body: Any = None, *, state: str = "connected") -> Callable[[World, Closer], Asked]:
    return lambda world, owner: Asked(f"dashboard:{name}", {"handoff_id": world.call(owner, state).pk}, body)


def _of_ring(name: str) -> Callable[[World, Closer], Asked]:
    return lambda world, owner: Asked(f"dashboard:{name}", {"offer_id": world.ring(owner).pk})


def _of_visit(name: str, body: Any = None, method: str = "POST") -> Callable[[World, Closer], Asked]:
    return lambda world, owner: Asked(f"dashboard:{name}", _session(world), body, method=method)


def _of_answer(name: str, *digests: str, **body: str) -> Callable[[World, Closer], Asked]:
    def asked(world: World, owner: Closer) -> Asked:
        digest = world.answer()
        return Asked(f"dashboard:{name}", _answer(world), {**body, **dict.fromkeys(digests, digest)})

    return asked


def _of_promise(name: str) -> Callable[[World, Closer], Asked]:
    return lambda world, owner: Asked(f"dashboard:{name}", {"promise_id": world.promise().pk})


def _plain(
    name: str, body: Any = None, *, method: str = "POST", status: int = 200, query: str = ""
) -> Callable[[World, Closer], Asked]:
    return lambda world, owner: Asked(name, {}, body, method=method, status=status, query=query)


def _after(
    prepare: Callable[[World], None], asked: Callable[[World, Closer], Asked]
) -> Callable[[World, Closer], Asked]:
    def prepared(world: World, owner: Closer) -> Asked:
        prepare(world)
        return asked(world, owner)

    return prepared


def _rejoin(world: World, owner: Closer) -> Asked:
    world.waits_for_a_person(owner)
    return Asked("rejoin", body={}, status=201)


ACTIONS: dict[str, Callable[[World, Closer], Asked]] = {
    "availability": _plain("dashboard:availability", {"available": True}),
    "back": _plain("dashboard:back"),
    "softphone-login": _plain("dashboard:softphone-login", {}),
    "accept": _of_ring("accept"),
    "decline": _of_ring("decline"),
    "take": _of_visit("take", {"immediately": False}),
    "assign": lambda world, owner: Asked("dashboard:assign", _session(world), {"closer": world.people["ben"].pk}),
    "steer": _of_visit("steer", {"text": "Ask about the roof"}),
    "edit-answer": _of_answer("edit-answer", "seen", value="ada@example.org"),
    "use-answer": _of_answer("use-answer", "heard", "seen"),
    "dismiss-answer": _of_answer("dismiss-answer", "heard"),
    "unlock-answer": _of_answer("unlock-answer"),
    "take-over": _of_call("take-over"),
    "hand-back": _of_call("hand-back", {"instruction": "Ask for the address"}),
    "hang-up": _of_call("hang-up"),
    "notes": _of_call("notes", {"notes": "A roof of slate"}),
    "complete": _of_call("complete", {"disposition": "won"}, state="wrap_up"),
    "quality": _of_call("quality", {"packetsReceived": 1}),
    "call-back": _of_promise("call-back"),
    "keep-promise": _of_promise("keep-promise"),
}

PAGES: dict[str, Callable[[World, Closer], Asked]] = {
    "board": _plain("dashboard:board", method="GET"),
    "session": _of_visit("session", method="GET"),
    "recording": _of_visit("recording", method="GET"),
    "search": _plain("dashboard:search", method="GET", query="?q=ada"),
    "callbacks": _plain("dashboard:callbacks", method="GET"),
    "wallboard": _plain("dashboard:wallboard", method="GET"),
}

OF_THE_PROSPECT: dict[str, Callable[[World, Closer], Asked]] = {
    "message": _plain("message", {"text": "hello"}, status=202),
    "request": _plain("request", {}, status=202),
    "leave": _plain("leave", {}, status=204),
    "report": _plain("report", {"kind": "latency", "data": {"ms": [420]}}, status=202),
    "claim": _after(World.is_anonymous, _plain("claim", {"call_control_id": "v3:abc"}, status=204)),
    "callback": _plain("callback", {"name": "Ada", "phone": "+61 2 5550 1234"}, status=201),
    "rejoin": _rejoin,
    "renew": _after(World.has_login, _plain("renew", {}, status=201)),
    "heard": _plain("heard", {"turns": [{"position": 0, "role": "prospect", "text": "hello"}]}, status=202),
}


def people(alice: Closer, ben: Closer, bob: Closer, carol: Closer) -> dict[str, Closer]:
    """Mia was Alice's colleague, and was moved to Bob's team; Dora supervises Bob."""
    known = {"alice": alice, "ben": ben, "bob": bob, "carol": make_ready(carol, idle_seconds=10)}
    for name, is_supervisor in (("mia", False), ("dora", True)):
        user = User.objects.create(email=f"{name}@{DOMAIN}", name=name.title())
        closer = Closer.objects.create(user=user, team=bob.team, display_name=name.title(), is_supervisor=is_supervisor)
        known[name] = make_ready(closer, idle_seconds=10)
    return known


@pytest.fixture
def world(talking: Visit, alice: Closer, ben: Closer, bob: Closer, carol: Closer) -> World:
    return World(talking, people(alice, ben, bob, carol))
