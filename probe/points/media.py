"""10: where signalling and sound of this browser go, and how far that is."""

from probe.evidence import Evidence, Step, was_taken
from probe.points.outcomes import NOT_TRIED, Outcome, Point, aspect, bad, bearable, good, refused, unclear
from strict_json import mapping, objects, text

NAME = "media"
CALL = "call"
# A round trip from Australia to Sydney takes some ten milliseconds, to the United States 150 or more.
NEAR_MS, FAR_MS = 80, 150
# Telnyx's Sydney site is called SY1; the browser SDK's region for it is apac.
_SYDNEY = ("sy", "apac", "australia")


def signalling(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, CALL)
    ready = step.tab("ready", line="caller") if step else []
    if not ready:
        return NOT_TRIED
    told = " ".join(filter(None, (text(ready[-1].get("region")), text(ready[-1].get("dc")))))
    if not told:
        return Outcome("untold")
    is_near = any(text(ready[-1].get(name)).startswith(_SYDNEY) for name in ("region", "dc"))
    return Outcome("apac" if is_near else "elsewhere", told)


def distance(evidence: Evidence) -> Outcome:
    """The median round trip of the sound, of all looks at it."""
    step = evidence.step(NAME, CALL)
    if step is None or not step.tab("stats", line="caller"):
        return NOT_TRIED
    trips = sorted(trip for trip in _trips(step) if trip > 0)
    if not trips:
        return Outcome("unmeasured")
    median = trips[len(trips) // 2]
    key = "near" if median < NEAR_MS else "far" if median >= FAR_MS else "middling"
    last = step.tab("stats", line="caller")[-1]
    way = f"{text(last.get('local')) or '?'} to {text(last.get('remote')) or '?'}"
    return Outcome(key, f"{median:.0f} ms, {way}")


def _trips(step: Step) -> list[float]:
    found = (one.get("rtt_ms") for one in step.tab("stats", line="caller"))
    return [float(one) for one in found if isinstance(one, int | float)]


def reports(evidence: Evidence) -> Outcome:
    step = evidence.step(NAME, CALL)
    asked = step.rest("call_reports") if step else None
    failure = refused(asked)
    if failure:
        return failure
    answer = mapping(asked.get("answer")) if asked and was_taken(asked) else {}
    return Outcome("told" if answer.get("count") or objects(answer.get("data")) else "none")


POINT = Point(
    NAME,
    10,
    "Where the sound goes",
    "one browser call, answered for a few seconds",
    (
        aspect(
            "signalling",
            "To which region does this browser register?",
            signalling,
            apac=good("To Sydney."),
            elsewhere=bearable(
                "Elsewhere; the detail is where.", setting="TELNYX_SIGNALLING_REGION=apac for Australia"
            ),
            untold=unclear("The browser SDK was not told."),
        ),
        aspect(
            "distance",
            "How long does the sound take there and back?",
            distance,
            near=good("It is near."),
            middling=bearable("It is neither near nor far: compare with a browser elsewhere in the country."),
            far=bad(
                "It is anchored far away. Pin the connection's and the application's anchor site, and try again without"
                " the connection's webhook URL once: where a region does not support programmable calls, Telnyx anchors"
                " them elsewhere.",
                setting="anchorsite_override “Sydney, Australia” (telnyx_provision), TELNYX_SIGNALLING_REGION=apac",
            ),
            unmeasured=unclear("The browser did not measure it."),
        ),
        aspect(
            "reports",
            "Does Telnyx keep the browser SDK's call reports?",
            reports,
            told=good("It does, where they are switched on."),
            none=bearable("None is there. The product leaves them off; the page's own measures stand in for them."),
            refused=bearable("They cannot be read; the detail is the status and code."),
        ),
    ),
)
