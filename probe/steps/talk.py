"""What the AI is asked to do in a probe, and what the person in front of the page is asked to say."""

from typing import Any

from probe.points import gather as points
from probe.scene import Scene
from probe.watching import Leg
from telephony.attempts import Attempt

MaybeLeg = Leg | None

# Long enough to be stopped, bridged or listened to in the middle: about half a minute of speech.
LONG = " ".join(
    f"This is sentence number {number} of a long greeting, which goes on so that it can be measured."
    for number in ("one", "two", "three", "four", "five", "six", "seven", "eight")
)
SHORT = "Hello. I have a short question for you."
# Until an assistant that was just started is heard, in seconds.
FIRST_WORD = 4.0

COLOUR = "“Blue. My favourite colour is blue.”"
ANIMAL = "“A horse. My favourite animal is a horse.”"
_QUESTIONS = {
    points.REQUIRED: {"type": "string", "description": "What is your favourite colour?"},
    points.OPTIONAL: {"type": "string", "description": "What is your favourite animal?"},
}


def gather(
    scene: Scene, leg: MaybeLeg, *, required: tuple[str, ...] = (points.REQUIRED,), greeting: str = SHORT, **more: Any
) -> Attempt | None:
    """Let the AI ask for a colour and an animal."""
    return scene.command(
        "gather_using_ai",
        leg,
        parameters={"type": "object", "properties": _QUESTIONS, "required": list(required)},
        greeting=greeting,
        voice=scene.site.widget.voice,
        send_partial_results=True,
        send_message_history_updates=True,
        **more,
    )


def assistant(scene: Scene, leg: MaybeLeg, *, greeting: str = SHORT, **overrides: Any) -> Attempt | None:
    """Let the widget's assistant take the call."""
    return scene.command(
        "ai_assistant_start",
        leg,
        assistant={"id": scene.site.widget.assistant_id, **overrides},
        greeting=greeting,
        send_message_history_updates=True,
    )
