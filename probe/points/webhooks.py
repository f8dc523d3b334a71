"""3: which events of a leg come where, with and without a `webhook_url` of its own."""

from probe.evidence import Evidence, Step
from probe.points.outcomes import NOT_TRIED, NOTHING_CAME, Outcome, Point, aspect, bad, bearable, good, refused

NAME = "webhook-url"
PLAIN, GIVEN = "plain", "given"

# What the sentence and the gather bring about, and nothing else can. A connection's own URL gets the call's beginning
# and end at any rate (https://support.telnyx.com/en/articles/4351104-sip-connection-settings), and its cost.
_OF_COMMANDS = ("call.speak.", "call.ai_gather.", "call.conversation.")


def plain(evidence: Evidence) -> Outcome:
    return _told(evidence.step(NAME, PLAIN))


def given(evidence: Evidence) -> Outcome:
    return _told(evidence.step(NAME, GIVEN))


def _told(step: Step | None) -> Outcome:
    if step is None:
        return NOT_TRIED
    failure = refused(step.rest("answer", leg="caller"))
    if failure:
        return failure
    # What other doors get was sent there by the account, and what was looked up was not sent at all.
    came = (record for record in step.webhooks(leg="caller") if record["door"] == "call-control")
    told = {str(record["event_type"]) for record in came} - {"call.initiated"}
    of_commands = sorted(kind for kind in told if kind.startswith(_OF_COMMANDS))
    if of_commands:
        return Outcome("all", f"{len(of_commands)} kinds beside those of the connection")
    return Outcome("answered_only") if told else NOTHING_CAME


POINT = Point(
    NAME,
    3,
    "Which events reach us",
    "two browser calls, on each a sentence and a short gather by the AI (about a minute of it)",
    (
        aspect(
            "without-url",
            "What is told of an answered browser leg when no webhook_url is given?",
            plain,
            all=good("Everything, also of speech and of the AI.", "command_events=connection"),
            answered_only=bearable(
                "Only what the connection itself tells: the product gives its webhook_url with every answer.",
                "command_events=webhook_url",
            ),
            nothing_came=bearable(
                "Nothing more: the product gives its webhook_url with every answer.", "command_events=webhook_url"
            ),
            refused=bad("The leg could not be answered; the detail is the status and code."),
        ),
        aspect(
            "with-url",
            "And with a webhook_url on answer?",
            given,
            all=good("Everything, also of speech and of the AI. The product gives it with every answer."),
            answered_only=bad(
                "Still only what the connection itself tells: no answer of a prospect would be seen live."
            ),
            nothing_came=bad("Nothing: the URL is not reached. Check PUBLIC_URL, the certificate and the proxy."),
            refused=bad("Telnyx refuses answer with a webhook_url; the detail is the status and code."),
        ),
    ),
)
