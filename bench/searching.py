"""The part of `bench.search` that looks at the rows: fills an empty database, searches, prints. Started by it alone."""

import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import django

django.setup()

# These import models, which only works once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from sessions_app.models import (  # noqa: E402
    Prospect,
    SearchDocument,
    Team,
    TranscriptTurn,
    VoiceSession,
    WidgetConfig,
)
from sessions_app.search import indexing, queries  # noqa: E402
from sessions_app.search.words import identities  # noqa: E402

NEWEST = datetime(2026, 11, 22, tzinfo=UTC)
AT_ONCE = 2_000
REPEATS = 40
WARM = 3

NAMES = [
    "Ada",
    "Ben",
    "Chloe",
    "Dinesh",
    "Emily",
    "Farid",
    "Grace",
    "Hannah",
    "Isla",
    "Jack",
    "Kiri",
    "Liam",
    "Mia",
    "Noah",
    "Olivia",
    "Priya",
    "Quinn",
    "Ruby",
    "Sam",
]
FAMILIES = [
    "Nguyen",
    "Smith",
    "Jones",
    "Williams",
    "Brown",
    "Wilson",
    "Taylor",
    "Singh",
    "Chen",
    "Kelly",
    "Rossi",
    "Martin",
    "Walker",
    "Young",
    "King",
]
SUBJECTS = [
    "roof",
    "gutter",
    "solar panels",
    "battery",
    "heat pump",
    "kitchen",
    "bathroom",
    "deck",
    "pool fence",
    "insulation",
    "skylight",
]
PLACES = [
    "Marrickville",
    "Fremantle",
    "Geelong",
    "Parramatta",
    "Hobart",
    "Cairns",
    "Ballarat",
    "Newcastle",
    "Darwin",
    "Mildura",
]
WHENS = [
    "next month",
    "before Christmas",
    "in autumn",
    "as soon as possible",
    "after the holidays",
    "by the end of June",
]
RARE = "xylophone"
ASKED = (
    "Hello, I am the AI assistant of AgileAdapt. May I have your full name?",
    "Thank you. What is the best email address for you?",
    "Great. What budget do you have in mind, and when would you like to start?",
    "Got it. Is there anything else that I should tell my colleague?",
)
# What people look for: a word that almost everybody said, one that few said, several, a beginning, parts of a number.
QUERIES = {
    "a word in every call": "assistant",
    "a word in one of ten": "gutter",
    "two words": "solar Fremantle",
    "three words": "heat pump Hobart christmas",
    "a word said once": RARE,
    "a word never said": "zeppelin",
    "beginning of a name": "pri",
    "name and word": "singh battery",
    "e-mail address": "ada.nguyen77@",
    "part of a number": "0412 77",
    "the last page but many": "roof",
}


@dataclass(frozen=True)
class Timing:
    name: str
    found: int
    milliseconds: list[float]

    def at(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, round(share * len(ordered)))]


def report(sessions: int) -> None:
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    team = fill(sessions)
    print(f"{sessions} sessions filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"| {'query':24} | {'found':>5} | p50 ms | p95 ms | p99 ms |")
    print("|---|---|---|---|---|")
    everything: list[float] = []
    for name, text in QUERIES.items():
        timing = measure(team, name, text)
        everything += timing.milliseconds
        print(line(timing))
    print(line(Timing("all of them", 0, everything)))
    print(f"mean {statistics.fmean(everything):.1f} ms")
    for text in ("singh battery", RARE, "assistant"):
        print(f"\n{text}\n{plan(team, text)}")


def line(timing: Timing) -> str:
    figures = " | ".join(f"{timing.at(share):6.1f}" for share in (0.5, 0.95, 0.99))
    return f"| {timing.name:24} | {timing.found:5} | {figures} |"


def measure(team: Team, name: str, text: str) -> Timing:
    before = f"{'2026-06-01T00:00:00+00:00'}_{'0' * 32}" if name.startswith("the last") else ""
    taken, found = [], 0
    for number in range(REPEATS + WARM):
        began = time.perf_counter()
        found = len(queries.find(team, text, before=before).found)
        if number >= WARM:
            taken.append((time.perf_counter() - began) * 1000)
    return Timing(name, found, taken)


def plan(team: Team, text: str) -> str:
    query = queries._query(text)
    assert query is not None
    rows = queries.newest(SearchDocument.objects.filter(team=team, words__holds=query.all), query.all)
    return str(rows.values_list("session_id", "began_at")[: queries.PAGE + 1].explain(analyze=True, buffers=True))


# --- what is searched


def fill(sessions: int) -> Team:
    team = Team.objects.create(name="Bench", slug="bench")
    widget = WidgetConfig.objects.create(team=team, name="Bench", slug="bench", assistant_id="assistant-bench")
    chance = random.Random(1)
    for first in range(0, sessions, AT_ONCE):
        write(widget, [visit(chance, number) for number in range(first, min(sessions, first + AT_ONCE))])
    with connection.cursor() as cursor:
        for table in ("searchdocument", "transcriptturn", "voicesession", "prospect"):
            cursor.execute(f"VACUUM ANALYZE sessions_app_{table}")
    return team


@dataclass(frozen=True)
class Visited:
    number: int
    name: str
    email: str
    phone: str
    said: list[str]


def visit(chance: random.Random, number: int) -> Visited:
    first, last = chance.choice(NAMES), chance.choice(FAMILIES)
    email = f"{first}.{last}{chance.randrange(100)}@example.com".lower()
    phone = f"+614{chance.randrange(10_000_000, 99_999_999)}"
    wants, place, when = chance.choice(SUBJECTS), chance.choice(PLACES), chance.choice(WHENS)
    answers = [
        f"Hi, this is {first} {last}, I am calling about a {wants} for our house in {place}.",
        f"It is {first} dot {last} at example dot com, thanks.",
        f"Around {chance.randrange(2, 90)} thousand dollars I suppose, and we would like to start {when}.",
        f"My neighbour in {chance.choice(PLACES)} had the {chance.choice(SUBJECTS)} done {chance.choice(WHENS)}.",
    ]
    if number == 70_000:
        answers.append(f"And there is a {RARE} in the attic.")
    turns = [text for pair in zip(ASKED, answers, strict=False) for text in pair]
    return Visited(number, f"{first} {last}", email, phone, [*turns, *answers[len(ASKED) :]])


def write(widget: WidgetConfig, visits: list[Visited]) -> None:
    people = Prospect.objects.bulk_create(Prospect(name=v.name, email=v.email, phone=v.phone) for v in visits)
    sessions = VoiceSession.objects.bulk_create(
        VoiceSession(
            widget=widget,
            team=widget.team,
            prospect=person,
            connection_mode="credential",
            created_at=NEWEST - timedelta(minutes=5 * one.number),
            ended_at=NEWEST,
        )
        for one, person in zip(visits, people, strict=True)
    )
    TranscriptTurn.objects.bulk_create(turns(visits, sessions))
    SearchDocument.objects.bulk_create(
        SearchDocument(session=one, team_id=one.team_id, began_at=one.created_at) for one in sessions
    )
    # As `indexing.write` does it, but without reading back what was only just written.
    words = [
        (indexing_words(one), "\n".join([one.name, *one.said]), session.pk)
        for one, session in zip(visits, sessions, strict=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(indexing.WRITE, words)


def indexing_words(one: Visited) -> list[str]:
    return identities(name=one.name, texts=[one.email, one.phone])


def turns(visits: list[Visited], sessions: list[VoiceSession]) -> Iterator[TranscriptTurn]:
    for one, session in zip(visits, sessions, strict=True):
        for position, text in enumerate(one.said):
            speaker = "assistant" if position % 2 == 0 else "prospect"
            yield TranscriptTurn(
                session=session, position=position, speaker=speaker, text=text, spoken_at=NEWEST, as_of=NEWEST
            )


if __name__ == "__main__":
    report(int(sys.argv[1]))
