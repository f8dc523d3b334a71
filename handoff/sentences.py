"""What the prospect hears from us between the assistant and the closer. Pure."""


def calling() -> str:
    return "Thank you. I am calling a colleague for you now. Please stay on the line."


def still_calling() -> str:
    return "Thank you for waiting. I am still calling."


def dropped() -> str:
    return "One moment, please. The line to my colleague broke off. I am calling again."


def callback(minutes: int) -> str:
    return (
        "I am sorry, none of my colleagues is free right now. "
        f"One of them will call you back within {minutes} minutes. Thank you, and goodbye."
    )


def gathered() -> str:
    return "Thank you, that is all I need."


def taking_over(closer: str) -> str:
    return f"One moment, please. {closer} is joining us now."


def returned() -> str:
    return "Hello again, this is the AI assistant. I am back with you."
