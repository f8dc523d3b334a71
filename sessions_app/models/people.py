"""Teams, the widgets they own and the prospects who visit."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from sessions_app.rules import phone_numbers
from sessions_app.rules.headers import MAX_HEADERS, validate_headers, validate_value_name
from sessions_app.rules.hours import validate_hours, validate_time_zone
from sessions_app.rules.ordered_json import OrderedJSONField
from sessions_app.rules.origins import validate_origin
from sessions_app.rules.plain_values import MAX_NAME
from sessions_app.rules.question_schema import validate_schema

ASSISTANT_ID = RegexValidator(r"^assistant-[0-9a-zA-Z-]{1,80}$", "An assistant id looks like “assistant-…”.")


class Team(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    max_legs = models.PositiveSmallIntegerField(
        "call legs at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(2)],
        help_text="Of the account's legs this team uses so many at most: two for each visit, the visitor's own and one "
        "that is kept for the closer. Whoever comes when all are taken is asked for a number to call back. "
        "Empty: as many as the account has (TELNYX_MAX_LEGS).",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ConnectionMode(models.TextChoices):
    CREDENTIAL = "credential", "Credential: we own the call"
    ANONYMOUS = "anonymous", "Anonymous: the assistant's own call"


class AssistantRun(models.TextChoices):
    ASSISTANT = "assistant", "Run the assistant as configured at Telnyx"
    GATHER = "gather", "Gather the questions below, without the configured assistant"


def default_gather_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "full_name": {"type": "string", "description": "May I have your full name?"},
            "email": {"type": "string", "description": "What is the best email address for you?"},
            "budget": {"type": "string", "description": "What budget do you have in mind?"},
            "timeline": {"type": "string", "description": "When would you like to start?"},
        },
        "required": ["full_name", "email", "budget", "timeline"],
    }


class WidgetConfig(models.Model):
    """One talking button on one customer's website."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="widgets")
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True, help_text="Used in the page address and in the embed line.")
    is_active = models.BooleanField(default=True)
    allowed_origins = ArrayField(
        models.CharField(max_length=200, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="Websites that may start a call, such as https://www.example.com. This server is always allowed.",
    )
    connection_mode = models.CharField(max_length=12, choices=ConnectionMode.choices, default=ConnectionMode.CREDENTIAL)

    assistant_id = models.CharField(max_length=100, validators=[ASSISTANT_ID])
    assistant_run = models.CharField(max_length=10, choices=AssistantRun.choices, default=AssistantRun.ASSISTANT)
    greeting = models.CharField(
        max_length=400,
        default="Hello, I am the AI assistant of AgileAdapt. I have a few short questions for you.",
        help_text="Spoken first. Say here that an AI is speaking.",
    )
    voice = models.CharField(max_length=80, default="Telnyx.KokoroTTS.af_heart")
    gather_schema = OrderedJSONField(default=default_gather_schema, validators=[validate_schema])

    pre_alert_percent = models.PositiveSmallIntegerField(
        default=75,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Share of the required answers at which a closer is rung while the assistant speaks; empty: never.",
    )
    required_skills = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Closers must have all of these."
    )
    business_hours = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_hours],
        help_text='Such as {"mon": [["09:00", "17:30"]]}. A day that is not named is closed; empty: always open.',
    )
    time_zone = models.CharField(max_length=40, default="Australia/Sydney", validators=[validate_time_zone])
    slot_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(240)], help_text="Length of a callback slot."
    )

    volume_threshold = models.PositiveSmallIntegerField(
        default=15, validators=[MaxValueValidator(255)], help_text="RMS energy, 0 to 255, above which sound is speech."
    )
    silence_duration_ms = models.PositiveIntegerField(default=1500, validators=[MaxValueValidator(10_000)])
    min_speech_duration_ms = models.PositiveIntegerField(default=150, validators=[MaxValueValidator(5_000)])
    max_latency_ms = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Longer latencies are thrown away."
    )
    caller_name = models.CharField(max_length=80, default="AgileAdapt Premium Prospect")
    custom_headers = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_headers],
        help_text='A list such as [{"name": "X-User-Tier", "value": "Enterprise"}].',
    )
    value_names = ArrayField(
        models.CharField(max_length=MAX_NAME, validators=[validate_value_name]),
        default=list,
        blank=True,
        size=MAX_HEADERS,
        help_text="What the website may pass beside the headers, such as order_number.",
    )

    consent_version = models.CharField(max_length=40, default="2026-11")
    consent_text = models.TextField(
        default=(
            "You will talk with an AI assistant and then with a person of our team. "
            "The conversation is recorded and written down so that you need not repeat yourself."
        )
    )
    is_recorded = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def country(self) -> str:
        """Where a telephone number that names no country is meant to be; "" where the time zone does not tell."""
        return phone_numbers.country_of(self.time_zone)

    @property
    def vad(self) -> dict[str, int]:
        """The `vad` attribute of the element: RMS on 0–255, durations in milliseconds."""
        values = {
            "volumeThreshold": self.volume_threshold,
            "silenceDurationMs": self.silence_duration_ms,
            "minSpeechDurationMs": self.min_speech_duration_ms,
        }
        return values | ({"maxLatencyMs": self.max_latency_ms} if self.max_latency_ms else {})


class Prospect(models.Model):
    """A visitor as far as we know them; filled from captured fields."""

    name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or f"Prospect {self.pk}"
