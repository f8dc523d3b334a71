"""The team as its pages show it: once for everybody, and afterwards row by row as closers change."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import count

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dashboard.render import callbacks, presenters
from dashboard.render.frames import encode
from handoff import selectors as handoffs
from sessions_app.models import Team

# A closer with one of these has a ring or a call of their own to be shown.
CONCERNED = frozenset({"ringing", "busy", "wrap_up"})

_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """All that is shown of one closer."""

    pk: int
    name: str
    status: str
    missing: tuple[str, ...]
    missed_at: datetime | None
    is_available: bool
    is_supervisor: bool
    must_register: bool

    @property
    def is_concerned(self) -> bool:
        return self.status in CONCERNED or self.must_register

    @property
    def initials(self) -> str:
        return presenters.initials(self.name)

    @property
    def label(self) -> str:
        return presenters.STATUS_LABELS.get(self.status, presenters.words(self.status))

    @property
    def why_not(self) -> str:
        return presenters.why_not(self.status, self.missing)

    @property
    def lacks(self) -> list[str]:
        return [presenters.MISSING_LABELS.get(name, presenters.words(name).lower()) for name in self.missing]


@dataclass(frozen=True)
class Piece:
    """A part of the page, and the same as text of a frame."""

    html: SafeString
    text: str


@dataclass(frozen=True)
class Rows:
    """One closer in the list of the team, in the supervisors' list for assigning, and on their own page."""

    team: Piece
    assign: Piece
    me: Piece


@dataclass(frozen=True, eq=False)
class State:
    """The team at one moment. A socket keeps the one that it told last, and is told what differs from it."""

    people: dict[int, Person]
    rows: dict[int, Rows]
    promises: Piece
    number: int = field(default_factory=lambda: next(_numbers))
    _differences: dict[tuple[int, bool], list[str]] = field(default_factory=dict)

    def page(self, closer_id: int) -> dict[str, str]:
        """What stands in a closer's page that is opened, by its place."""
        is_supervisor = closer_id in self.people and self.people[closer_id].is_supervisor
        return {
            "roster": self._team.html,
            "promises": self.promises.html,
            "me": self.rows[closer_id].me.html if closer_id in self.rows else "",
            "assign": self._assign.html if is_supervisor else "",
        }

    def is_concerned(self, closer_id: int) -> bool:
        """Whether there is anything on this closer's desk."""
        return closer_id in self.people and self.people[closer_id].is_concerned

    def frame(self, closer_id: int, told: "State | None") -> str:
        """What a closer's page has to be told that shows what was `told`; "" when nothing."""
        person = self.people.get(closer_id)
        shared = self._difference(told, is_supervisor=person is not None and person.is_supervisor)
        me = self.rows[closer_id].me.text if person else ""
        is_told = told is not None and closer_id in told.rows and told.rows[closer_id].me.text == me
        pieces = shared if is_told or not me else [*shared, me]
        return f'{{"type":"roster","fragments":[{",".join(pieces)}]}}' if pieces else ""

    def _difference(self, told: "State | None", *, is_supervisor: bool) -> list[str]:
        """Nearly all sockets were told the same, so it is worked out once. By number, for states must not be kept."""
        key = (told.number if told else 0, is_supervisor)
        if key not in self._differences:
            self._differences[key] = self._differ(told, is_supervisor=is_supervisor)
        return self._differences[key]

    def _differ(self, told: "State | None", *, is_supervisor: bool) -> list[str]:
        if told is None or list(told.rows) != list(self.rows):
            return [self._team.text, self.promises.text, *([self._assign.text] if is_supervisor else ())]
        changed = [(rows, told.rows[pk]) for pk, rows in self.rows.items() if rows is not told.rows[pk]]
        return [
            *(now.team.text for now, before in changed if now.team != before.team),
            *(now.assign.text for now, before in changed if is_supervisor and now.assign != before.assign),
            *([self.promises.text] if self.promises != told.promises else ()),
        ]

    @cached_property
    def _team(self) -> Piece:
        return _piece("roster", "dashboard/_roster.html", rows=[rows.team.html for rows in self.rows.values()])

    @cached_property
    def _assign(self) -> Piece:
        return _piece("assign-people", "dashboard/_assign.html", rows=[rows.assign.html for rows in self.rows.values()])


def read(team: Team, now: datetime) -> State:
    people = {person.pk: person for person in map(_person, handoffs.roster(team, now))}
    inbox = callbacks.inbox(team, now)
    promises = Piece(SafeString(inbox["html"]), encode(inbox))
    return State(people, {pk: _rows(person) for pk, person in people.items()}, promises)


def _person(row: handoffs.RosterEntry) -> Person:
    return Person(
        pk=row.closer.pk,
        name=row.closer.display_name,
        status=row.status,
        missing=row.missing,
        missed_at=row.closer.missed_at,
        is_available=row.closer.is_available,
        is_supervisor=row.closer.is_supervisor,
        must_register=row.must_register,
    )


@lru_cache(maxsize=4000)
def _rows(person: Person) -> Rows:
    """Rendered once, for as long as nothing about this closer changes."""
    return Rows(
        team=_piece(f"person-{person.pk}", "dashboard/_person.html", person=person),
        assign=_piece(f"assign-{person.pk}", "dashboard/_assign_person.html", person=person),
        me=_piece("me", "dashboard/_me.html", person=person),
    )


def _piece(target: str, template: str, **context: object) -> Piece:
    html = render_to_string(template, context)
    return Piece(html, encode({"target": target, "html": html}))
