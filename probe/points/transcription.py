"""9: whether live text of a browser leg comes, by engine."""

from collections.abc import Callable

from probe.evidence import Evidence
from probe.points.outcomes import NOT_TRIED, NOTHING_CAME, Aspect, Outcome, Point, aspect, bearable, good, refused

NAME = "transcription"
ENGINES = ("deepgram", "telnyx", "google")


def by_engine(engine: str) -> Callable[[Evidence], Outcome]:
    def classify(evidence: Evidence) -> Outcome:
        step = evidence.step(NAME, engine)
        failure = refused(step.rest("transcription_start", leg="caller") if step else None)
        if step is None or failure:
            return failure or NOT_TRIED
        came = step.webhooks("call.transcription")
        if came:
            started = step.rest("transcription_start")
            seconds = came[0]["at"] - (started["at"] if started else 0.0)
            return Outcome("came", f"after {seconds:.1f} s")
        # Without a word that was said, no text proves nothing.
        return NOTHING_CAME if step.tab("spoken") else NOT_TRIED

    return classify


def _aspect(engine: str) -> Aspect:
    return aspect(
        engine,
        f"Does live text come with the engine {engine.capitalize()}?",
        by_engine(engine),
        came=good("It does; the detail is how soon."),
        nothing_came=bearable(
            "It is taken and nothing comes, as third parties saw in 2026: another engine, or text after the call."
        ),
        refused=bearable("It is refused; the detail is the status and code."),
    )


POINT = Point(
    NAME,
    9,
    "Live text of the human part",
    "one browser call in which you speak three sentences, each transcribed by another engine",
    tuple(_aspect(engine) for engine in ENGINES),
)
