"""Writes down one session as one JSON document: all that came in, all that was asked of Telnyx, and how it ended."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q

from flight_recorder.record import endings
from flight_recorder.record.names import Names, columns, legs_in_order
from flight_recorder.record.redaction import Redactor
from handoff import client_state, policies
from handoff.models import Attempt, CallbackPromise, Closer, Command, Handoff, Measures, Offer
from sessions_app.answers import versions
from sessions_app.conversation import runs
from sessions_app.models import CallLeg, Run, TelephonyCredential, VoiceSession, WebhookDelivery

FORMAT = "agileadapt.recording"
VERSION = 1

_CONFIGURATION = frozenset({"widget", "policy"})
_NOT_OF_A_DELIVERY = frozenset({"body", "content_type", "next_attempt_at"})
# Told of each attempt alone.
_NOT_OF_A_HANDOFF = frozenset({"number", "broke_at", "over_at"})
_NOT_OF_A_CLOSER = frozenset(
    {
        *("seen_at", "is_available", "available_since", "last_call_ended_at", "missed_at"),
        *("registered_as", "lost_username", "line_proven_at"),
    }
)


def record(session: VoiceSession, *, now: datetime, is_masking: bool = False) -> dict[str, Any]:
    """The session as plain JSON values, without secrets; masked, also without what people said and who they are."""
    return _Recorder(session, now, is_masking=is_masking).document()


class _Recorder:
    def __init__(self, session: VoiceSession, now: datetime, *, is_masking: bool) -> None:
        self.session, self.now, self.is_masking = session, now, is_masking
        self.names = Names(session, legs_in_order(session))
        self.handoffs = list(
            Handoff.objects.filter(session=session)
            .select_related("attempt__closer", "broken")
            .order_by("triggered_at", "pk")
        )
        made = (
            Attempt.objects.filter(handoff__session=session)
            .select_related("measures")
            .order_by("handoff__triggered_at", "handoff", "number")
        )
        self.attempts = list(made)
        self.newest = {attempt.handoff_id: attempt for attempt in self.attempts}
        self.offers = list(Offer.objects.filter(handoff__session=session).order_by("offered_at", "pk"))
        self.closers = self._closers()
        self.closer_names = {closer.pk: f"closer-{number}" for number, closer in enumerate(self.closers, start=1)}
        self.logins = self._logins()

    def document(self) -> dict[str, Any]:
        head = {"format": FORMAT, "version": VERSION, "exported_at": self.now.isoformat(), "masked": self.is_masking}
        plain, masking = self._redactor(is_masking=False), self._redactor(is_masking=self.is_masking)
        written = {
            name: (plain if name in _CONFIGURATION else masking).clean(_plain(part), name)
            for name, part in self._parts().items()
        }
        return head | written | {"webhooks": [self._webhook(row, masking) for row in self._deliveries()]}

    def _redactor(self, *, is_masking: bool) -> Redactor:
        return Redactor(
            secrets=_secrets(), replaced=self.logins, read_mark=self._placeholder_of_mark, is_masking=is_masking
        )

    def _parts(self) -> dict[str, Any]:
        session = self.session
        return {
            "session": {"id": session.pk, "phase": session.phase, **columns(session)},
            "widget": columns(session.widget) | {"gather_schema": versions.schema(session)},
            "policy": columns(policies.of(session)),
            "closers": [self._closer(closer) for closer in self.closers],
            "legs": [{"leg": self.names.legs[leg.pk], **columns(leg)} for leg in self._rows(CallLeg)],
            "runs": [columns(run) for run in self._rows(Run)],
            "handoffs": [self._handoff(handoff) for handoff in self.handoffs],
            "attempts": [self._attempt(attempt) for attempt in self.attempts],
            "offers": [self._offer(offer) for offer in self.offers],
            "commands": [self._command(command) for command in self._rows(Command, "created_at", "attempt")],
            "timeline": [self._entry(entry) for entry in session.timeline.order_by("seq")],
            "transcript": [columns(turn) for turn in session.turns.order_by("position")],
            "fields": [{"field": kept.pop("name"), **kept} for kept in map(columns, session.fields.order_by("pk"))],
            "insights": [columns(insight) for insight in session.insights.order_by("pk")],
            "promises": [columns(promise) for promise in self._rows(CallbackPromise)],
            "end": endings.of(session, self.closer_names),
        }

    def _rows(self, model: Any, order: str = "pk", *related: str) -> list[Any]:
        return list(model.objects.filter(session=self.session).select_related(*related).order_by(order, "pk"))

    def _closers(self) -> list[Closer]:
        """Those who had to do with it, in the order in which they came in: earlier ones had been idle for longer."""
        rung = [offer.closer_id for offer in self.offers]
        others = [
            pk
            for row in self.handoffs
            for pk in (row.assigned_to_id, row.closer_id, row.broken.closer_id if row.broken else None)
            if pk is not None
        ]
        everybody = dict.fromkeys([*rung, *others, *(one.closer_id for one in self.attempts if one.closer_id)])
        rows = Closer.objects.in_bulk(everybody)
        return [rows[pk] for pk in everybody if pk in rows]

    def _logins(self) -> dict[str, str]:
        """Each login's name and what stands for it: a name is half a credential."""
        mine = TelephonyCredential.objects.filter(session=self.session).order_by("pk")
        names = [name for name in mine.values_list("sip_username", flat=True) if name]
        softphones = {
            name: f"<softphone {number}>" for number, closer in enumerate(self.closers, 1) for name in _names_of(closer)
        }
        return softphones | {name: f"<login {number}>" for number, name in enumerate(names, start=1)}

    def _deliveries(self) -> list[WebhookDelivery]:
        """Those that were folded in, and those that name its calls without having been."""
        calls = [leg.call_control_id for leg in self._rows(CallLeg)]
        mine = Q(session=self.session) | Q(session=None, call_control_id__in=calls)
        return list(WebhookDelivery.objects.filter(mine).order_by("received_at", "pk"))

    def _webhook(self, row: WebhookDelivery, redactor: Redactor) -> dict[str, Any]:
        kept = columns(row, leave_out=_NOT_OF_A_DELIVERY)
        body = redactor.body(bytes(row.body).decode(), row.content_type)
        return {**_plain(kept), "content_type": row.content_type, "body": body}

    def _closer(self, closer: Closer) -> dict[str, Any]:
        return {"closer": self.closer_names[closer.pk], **columns(closer, leave_out=_NOT_OF_A_CLOSER)}

    def _handoff(self, handoff: Handoff) -> dict[str, Any]:
        """With what its newest attempt says: recordings told only of that at first."""
        broken = handoff.broken
        people = {
            "closer": self._name_of(handoff.closer_id),
            "assigned_to": self._name_of(handoff.assigned_to_id),
            "dropped_by": self._name_of(broken.closer_id if broken else None),
            "dropped_at": broken.broke_at if broken else None,
        }
        newest = self.newest.get(handoff.pk, Attempt(number=0))
        attempt = columns(newest, leave_out=_NOT_OF_A_HANDOFF) | {"attempt": newest.number}
        measured = columns(getattr(newest, "measures", None) or Measures())
        return {"handoff": self.names.handoffs[handoff.pk], **people, **attempt, **measured, **columns(handoff)}

    def _attempt(self, attempt: Attempt) -> dict[str, Any]:
        whose = {"handoff": self.names.handoffs[attempt.handoff_id], "closer": self._name_of(attempt.closer_id)}
        return {**whose, **columns(attempt), **columns(getattr(attempt, "measures", None) or Measures())}

    def _offer(self, offer: Offer) -> dict[str, Any]:
        whose = {"handoff": self.names.handoffs[offer.handoff_id], "closer": self._name_of(offer.closer_id)}
        return {**whose, **columns(offer)}

    def _command(self, command: Command) -> dict[str, Any]:
        handoff = self.names.handoffs.get(command.handoff_id) if command.handoff_id else None
        kept = columns(command)
        attempt = command.attempt.number if command.attempt else None
        told = {"key": self.names.key(command), "command_id": command.pk, "handoff": handoff, "attempt": attempt}
        answer = kept.pop("result")  # What an insight says is called a result as well, and is masked.
        return {**kept, **told, "answer": answer}

    def _entry(self, entry: Any) -> dict[str, Any]:
        return {**columns(entry), "payload": {name: self._named(name, value) for name, value in entry.payload.items()}}

    def _named(self, name: str, value: Any) -> Any:
        """An entry's references to rows, by their names."""
        if name == "leg":
            return self.names.legs.get(value, value)
        if name == "handoff":
            known = {str(pk): handoff for pk, handoff in self.names.handoffs.items()}
            return known.get(value, value)
        return self.closer_names.get(value, value) if name in {"closer", "by", "to"} else value

    def _name_of(self, closer_id: int | None) -> str | None:
        return self.closer_names.get(closer_id) if closer_id else None

    def _placeholder_of_mark(self, text: str) -> str | None:
        mark, run = client_state.read(text), runs.read_mark(text)
        if mark is not None:
            return f"<mark {self.names.handoffs.get(mark.handoff_id, 'handoff-0')} {mark.subject}>"
        return f"<mark {self.names.runs.get(run, 'run-0')} start>" if run is not None else None


def _names_of(closer: Closer) -> list[str]:
    """Every login that this closer's pages had; a ring may have gone to a former one."""
    former = TelephonyCredential.objects.filter(user_id=closer.user_id).values_list("sip_username", flat=True)
    return [name for name in (closer.sip_username, *former) if name]


def _plain(value: Any) -> Any:
    """What JSON can hold, with the ids and instants as texts."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if isinstance(value, datetime) else DjangoJSONEncoder().default(value)


def _secrets() -> list[str]:
    database = settings.DATABASES["default"]
    own = [settings.SECRET_KEY, settings.TELNYX_API_KEY, str(database.get("PASSWORD") or ""), settings.REDIS_URL]
    return [*own, *settings.MCP_SECRETS]
