"""What an assistant is told by its tools, in sentences that it can read out. Pure."""

from collections.abc import Sequence

MOST_NAMED = 6


def too_early() -> str:
    return "The call is only being connected. Please try again in a moment."


def over() -> str:
    return "This conversation has ended, so I cannot do that any more."


def not_running() -> str:
    return "This part of the conversation is over, so I cannot do that now."


def with_person() -> str:
    return "A colleague is talking with the caller now and takes care of everything."


def over_budget() -> str:
    return "I have used my tools too often in this conversation. Please go on without them."


def not_given() -> str:
    return "That tool is not yours in this conversation. Please go on without it."


def failed() -> str:
    return "I am sorry, that did not work just now. Please try once more in a moment."


def unfit(problems: Sequence[str]) -> str:
    return f"The tool was not used correctly: {'; '.join(problems)}."


def left_out(problems: Sequence[str]) -> str:
    return f"I left this out: {'; '.join(problems)}."


def saved(names: Sequence[str]) -> str:
    return f"I have noted {listed(names)}." if names else "I had noted all of that already."


def complete() -> str:
    return "That is all we need. Tell the caller in one short sentence that a colleague joins the call, then wait."


def could_not_use(reasons: Sequence[str]) -> str:
    return f"I could not use this. {' '.join(reasons)}"


def no_such_question(names: Sequence[str], questions: Sequence[str]) -> str:
    known = f" The questions are {listed(questions)}." if questions else ""
    return f"There is no question called {listed(names)}.{known}"


def available(ready: int) -> str:
    if ready == 0:
        return "All of my colleagues are busy at the moment."
    return "One of my colleagues could take the call now." if ready == 1 else f"{ready} of my colleagues are free now."


def closed(opens: str) -> str:
    when = f" We are back on {opens}." if opens else ""
    return f"Our team is not at work at the moment.{when} I can book a callback."


def calling(ready: int) -> str:
    if ready == 0:
        return "I have asked for a colleague. All of them are busy just now; let us go on until one is free."
    return "I am calling a colleague for you. Let us go on until they join us."


def calling_already() -> str:
    return "A colleague is being called already."


def asked_before() -> str:
    return "I have asked my colleagues already and nobody could come. I can book a callback."


def free_times(labels: Sequence[str]) -> str:
    if not labels:
        return "There is no free time for a callback in the next two weeks."
    return f"We could call on {listed(labels, last='or')}."


def booked(label: str, number: str) -> str:
    return f"It is booked. A colleague will call {number} on {label}."


def listed(names: Sequence[str], *, last: str = "and") -> str:
    """“a, b and c”, and of many only the first."""
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown.append(f"{len(names) - MOST_NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"
