"""Rows for a replay: the same widget, policy and people under fresh ids, so that both can stand side by side."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import models

from handoff import client_state
from handoff.models import Closer, Handoff, RoutingPolicy
from sessions_app.conversation import runs
from sessions_app.models import Run, Team, TelephonyCredential, VoiceSession, WidgetConfig
from sessions_app.visits import tokens, visits

Json = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"<(ticket)>|<(login|softphone) (\d+)>|<mark ((?:handoff|run)-\d+) ([\w:.-]+)>")
_ID_NAMES = (
    "call_control_id",
    "call_leg_id",
    "call_session_id",
    "conversation_id",
    "claimed_call_control_id",
    "event_id",
)
_SHORTEST_ID = 8
_NOWHERE = "replay.invalid"


class Ghost:
    """One session of a replay. Everything is made inside the caller's transaction, which is rolled back."""

    def __init__(self, recording: Json) -> None:
        self.nonce = uuid4().hex[:8]
        self.recording = recording
        self.started_at = datetime.fromisoformat(recording["session"]["created_at"])
        # The longest first: one id may begin with another.
        ids = sorted((one for one in _ids(recording) if len(one) >= _SHORTEST_ID), key=len, reverse=True)
        self._ids = re.compile("|".join(map(re.escape, ids))) if ids else None
        self.team = Team.objects.create(name="Replay", slug=f"replay-{self.nonce}")
        RoutingPolicy.objects.create(team=self.team, **_known(RoutingPolicy, recording["policy"]))
        self.closers = {one["closer"]: self._closer(number, one) for number, one in enumerate(recording["closers"], 1)}
        # Whoever assigned calls; the recording says only that somebody did.
        supervisor = get_user_model().objects.create(email=f"replay-{self.nonce}-supervisor@{_NOWHERE}")
        self.supervisor = Closer.objects.create(user=supervisor, team=self.team, is_supervisor=True)
        self.session = self._visit()
        self.legs = {self.text(leg["call_control_id"]): str(leg["leg"]) for leg in recording["legs"]}

    @property
    def closer_names(self) -> dict[int, str]:
        return {closer.pk: name for name, closer in self.closers.items()}

    def text(self, value: str) -> str:
        """A text of the recording with fresh ids, tickets and marks."""
        filled = _PLACEHOLDER.sub(self._placeholder, value)
        return self._ids.sub(lambda found: f"{found[0]}~{self.nonce}", filled) if self._ids else filled

    def body(self, webhook: Json, *, lag: timedelta) -> bytes:
        """The body as it would come in this replay, where it happened so much later than in the recording."""
        if webhook["content_type"].startswith("application/x-www-form-urlencoded"):
            pairs = parse_qsl(webhook["body"], keep_blank_values=True)
            return urlencode([(name, self.text(value)) for name, value in pairs]).encode()
        told = json.loads(self.text(webhook["body"]))
        data = told.get("data", told)
        if lag and isinstance(data, dict) and "occurred_at" in data:
            data["occurred_at"] = (datetime.fromisoformat(webhook["occurred_at"]) + lag).isoformat()
        return json.dumps(told).encode()

    def handoffs(self) -> dict[str, Handoff]:
        rows = Handoff.objects.filter(session=self.session).order_by("triggered_at", "pk")
        return {f"handoff-{number}": row for number, row in enumerate(rows, start=1)}

    def _placeholder(self, found: re.Match[str]) -> str:
        ticket, login, number, asked, subject = found.groups()
        if ticket:
            return tokens.ticket(self.session.pk)
        if login:
            return self._username(login, int(number))
        if asked.startswith("run-"):
            run = Run.objects.filter(session=self.session, number=int(asked.removeprefix("run-"))).first()
            return runs.mark(run) if run else found[0]
        handoff = self.handoffs().get(asked)
        return client_state.write(handoff.pk, subject) if handoff else found[0]

    def _username(self, kind: str, number: int) -> str:
        return f"{kind}-{number}-{self.nonce}"

    def _closer(self, number: int, told: Json) -> Closer:
        email = f"replay-{self.nonce}-{number}@{_NOWHERE}"
        proven = dict.fromkeys(("is_available", "softphone_registered", "microphone_granted", "sound_unlocked"), True)
        closer = Closer(
            user=get_user_model().objects.create(email=email),
            team=self.team,
            **{**_known(Closer, told), **proven},
        )
        closer.sip_username = closer.registered_as = self._username("softphone", number)
        # A line that was looked for in the recording had been quiet; the others are rung unasked.
        looks = {command["handoff"] for command in self.recording["commands"] if command["kind"] == "look_up_line"}
        looked_for = {offer["closer"] for offer in self.recording["offers"] if offer["handoff"] in looks}
        closer.line_proven_at = None if told["closer"] in looked_for else self.started_at + timedelta(days=1)
        # They were rung in this order, so the earlier ones had been idle for longer.
        closer.available_since = self.started_at - timedelta(hours=2) + timedelta(minutes=number)
        closer.seen_at = self.started_at
        closer.save(force_insert=True)
        return closer

    def _visit(self) -> VoiceSession:
        told = {**_known(WidgetConfig, self.recording["widget"]), "slug": f"replay-{self.nonce}"}
        widget = WidgetConfig.objects.create(team=self.team, **told)
        widget.connection_mode = self.recording["session"]["connection_mode"]
        session = visits.open_visit(widget, recording=True, origin="", now=self.started_at)
        session.claimed_call_control_id = self.text(self.recording["session"]["claimed_call_control_id"])
        session.save(update_fields=["claimed_call_control_id"])
        for number in range(1, 4):  # A page may log in anew; each of its logins is proof of the same session.
            TelephonyCredential.objects.create(
                session=session,
                name=f"replay-{self.nonce}-{number}",
                sip_username=self._username("login", number),
                created_at=self.started_at,
                expires_at=self.started_at,
                revoke_at=self.started_at + timedelta(days=1),
            )
        return session


def _known(model: type[models.Model], told: Json) -> dict[str, Any]:
    """Of what was recorded, the columns that the model has."""
    fields = {field.name for field in model._meta.concrete_fields if not (field.primary_key or field.is_relation)}
    return {name: value for name, value in told.items() if name in fields}


def _ids(recording: Json) -> set[str]:
    rows: Iterable[Json] = [
        recording["session"],
        *recording["legs"],
        *recording["runs"],
        *recording["webhooks"],
        *recording["commands"],
        *(command["answer"] for command in recording["commands"]),
    ]
    return {str(row[name]) for row in rows for name in _ID_NAMES if row.get(name)}
