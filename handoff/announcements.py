"""What the prospect hears from us between the assistant and the closer. Pure."""

from collections.abc import Sequence


def calling() -> str:
    return "Thank you. I am calling a colleague for you now. Please stay on the line."


def still_calling() -> str:
    """Said again a while after each sentence has ended, until somebody accepts: `events/reactions.py`."""
    return "Thank you for waiting. I am still calling."


def calling_another() -> str:
    return "I am sorry, that did not connect. I am calling somebody else for you. Please stay on the line."


def lines_busy() -> str:
    return "All our lines are busy at the moment. I keep trying. Please stay on the line."


def dropped() -> str:
    return "One moment, please. The line to my colleague broke off. I am calling again."


# For the assistant that returns; the words for the prospect stand in its greeting and its questions.
BOOKING_INSTRUCTION = (
    "Nobody of the team can talk now, and a callback is promised. Ask only for what the schema lacks, offer no times "
    "but those named there, promise nothing else, and answer no other questions."
)


def booking_by_tool(labels: Sequence[str], *, asks_number: bool) -> str:
    """What the configured assistant is told that returns for a callback."""
    lines = [BOOKING_BY_TOOL]
    if labels:
        lines += ["Let the caller choose one of these times and offer no others:", *(f"- {label}" for label in labels)]
    if asks_number:
        lines.append("Ask for the number to call and save it at once as phone with save_prospect_details.")
    if labels:
        lines.append("Then use book_callback with the chosen time and the number.")
    return "\n".join([*lines, "When that is done, thank the caller in one short sentence and say nothing more."])


def once_more() -> str:
    return "I am sorry, I did not hear you well. Let us go on."


BOOKING_BY_TOOL = (
    "Nobody of the team can talk now, and a callback is promised. Ask only for what is named here, promise nothing "
    "else, and answer no other questions."
)


def sorry(reason: str) -> str:
    if reason == "closed":
        return "I am sorry, our team is not at work at the moment."
    if reason == "lines_busy":
        return "I am sorry, all our lines are busy at the moment."
    return "I am sorry, none of my colleagues is free right now."


def will_call_back(reason: str) -> str:
    return f"{sorry(reason)} One of them will call you back. Let me write down what is needed for it."


def which_number() -> str:
    return "On which number may we call you?"


def which_time(labels: Sequence[str]) -> str:
    listed = ", ".join(labels[:-1])
    return f"When shall we call? There is {listed} or {labels[-1]}?" if listed else f"Shall we call on {labels[0]}?"


def thanks() -> str:
    return "Thank you."


def goodbye(when: str) -> str:
    return f"One of my colleagues will call you {when}. Thank you, and goodbye."


def taking_over(closer: str) -> str:
    return f"One moment, please. {closer} is joining us now."


def returned() -> str:
    return "Hello again, this is the AI assistant. I am back with you."
