"""Every point, in the order in which they are tried: the ten of the first quarter of an hour, then the others. Pure."""

from collections.abc import Iterator

from probe.evidence import Evidence
from probe.points import (
    account,
    anonymous,
    assistant,
    gather,
    joining,
    listening,
    media,
    objects,
    pages,
    parked,
    softphone,
    tools,
    transcription,
    webhooks,
)
from probe.points.outcomes import Aspect, Outcome, Point

POINTS: tuple[Point, ...] = (
    parked.POINT,
    account.POINT,
    webhooks.POINT,
    gather.ENDING,
    gather.COMMANDING,
    softphone.POINT,
    joining.POINT,
    listening.POINT,
    transcription.POINT,
    media.POINT,
    assistant.STARTING,
    assistant.TRANSFERRING,
    anonymous.POINT,
    tools.POINT,
    pages.TWO,
    pages.COMING_BACK,
    objects.UPDATING,
    objects.LISTING,
)
BY_NAME = {point.name: point for point in POINTS}


def judged(evidence: Evidence, point: Point) -> Iterator[tuple[Aspect, Outcome]]:
    """Say what became of each aspect of a point."""
    for aspect in point.aspects:
        yield aspect, aspect.classify(evidence)


def choices(evidence: Evidence) -> dict[str, str]:
    """What the sandbox's `platform` should be told, by what was seen; of two that differ, the first."""
    found: dict[str, str] = {}
    for point in POINTS:
        for aspect, outcome in judged(evidence, point):
            name, _, value = aspect.meaning(outcome).choice.partition("=")
            if value and not name.startswith("account "):
                found.setdefault(name, value)
    return found
