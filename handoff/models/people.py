"""Who takes calls, and by which rules a team's calls reach them."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from sessions_app.models import Team
from sessions_app.rules import phone_numbers

# A dashboard says that it is alive every 10 s; two missed beats and the closer is no longer ready.
HEARTBEAT_TIMEOUT = timedelta(seconds=25)


SIP_ADDRESS = re.compile(r"sips?:[\w.+-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?(;[\w.=-]+)*", re.ASCII)


def validate_address(value: str) -> None:
    if not phone_numbers.is_e164(value) and not SIP_ADDRESS.fullmatch(value):
        raise ValidationError("Write a number such as +61255501234 or an address such as sip:anna@example.com.")


class RoutingPolicy(models.Model):
    """How one team's calls reach a person."""

    class Method(models.TextChoices):
        BRIDGE = "bridge", "Dial the closer, then bridge"
        TRANSFER = "transfer", "Transfer the call"
        CONFERENCE = "conference", "Meet in a conference"

    class Strategy(models.TextChoices):
        LONGEST_IDLE = "longest_idle", "One after the other, who has waited longest first"
        ALL_AT_ONCE = "all_at_once", "Everybody at once, who answers first"

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="routing_policy")
    method = models.CharField(
        max_length=12,
        choices=Method.choices,
        default=Method.BRIDGE,
        help_text="How a closer is connected who accepts after the assistant has ended.",
    )
    strategy = models.CharField(max_length=12, choices=Strategy.choices, default=Strategy.LONGEST_IDLE)
    prefers_spoken_before = models.BooleanField(
        default=True,
        help_text="One after the other: who has talked with this prospect before comes first.",
    )
    listens_in = models.BooleanField(
        default=False,
        help_text="A closer who waits on a softphone while the assistant speaks hears the prospect, on a second line. "
        "Telnyx does not carry the assistant's voice there: its words stand in the live captions, which need no line. "
        "Each listener takes one more of the account's lines.",
    )
    demotes_after_miss = models.BooleanField(
        default=True, help_text="A closer who lets a ring pass takes no more calls until they say that they are back."
    )
    ring_seconds = models.PositiveSmallIntegerField(
        default=25, validators=[MinValueValidator(3), MaxValueValidator(120)], help_text="Then the next closer is rung."
    )
    max_wait_seconds = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(3), MaxValueValidator(600)], help_text="Then a callback is promised."
    )
    wrap_up_seconds = models.PositiveSmallIntegerField(
        default=120,
        validators=[MaxValueValidator(3600)],
        help_text="Time for the notes after a call; choosing an outcome ends it early.",
    )
    callback_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1)], help_text="A promised callback is due after this."
    )

    class Meta:
        verbose_name_plural = "routing policies"

    def __str__(self) -> str:
        return f"Routing of {self.team}"


class Closer(models.Model):
    """A person who takes calls. Ready means proven, not claimed."""

    class ReachedBy(models.TextChoices):
        SOFTPHONE = "softphone", "The dashboard's softphone"
        SIP = "sip", "A SIP address"
        NUMBER = "number", "A phone number"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="closer")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="closers")
    display_name = models.CharField(max_length=80, help_text="The prospect reads and hears this name.")
    is_supervisor = models.BooleanField(default=False)
    skills = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="A widget may ask for them, such as “solar”.",
    )
    capacity = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="Calls at once, those counted whose notes are still being written. Nobody talks in two.",
    )
    reached_by = models.CharField(max_length=10, choices=ReachedBy.choices, default=ReachedBy.SOFTPHONE)
    address = models.CharField(
        max_length=200, blank=True, validators=[validate_address], help_text="A SIP URI or a number in +E.164."
    )

    is_available = models.BooleanField(default=False, help_text="The closer wants calls.")
    available_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="Last sign of life of the dashboard.")
    softphone_registered = models.BooleanField(default=False)
    microphone_granted = models.BooleanField(default=False)
    sound_unlocked = models.BooleanField(default=False)
    sip_username = models.CharField(max_length=100, blank=True, help_text="Of the softphone that registered last.")
    registered_as = models.CharField(max_length=100, blank=True, help_text="The login on which a page is registered.")
    lost_username = models.CharField(max_length=100, blank=True, help_text="The login that was rung and was not there.")
    line_proven_at = models.DateTimeField(
        null=True, help_text="When the softphone last registered anew, or had a call on its line."
    )
    last_call_ended_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True, help_text="Let a ring pass, and has not said since that they are back.")

    class Meta:
        ordering = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_line_lost(self) -> bool:
        """Whether the present login was rung in vain, so that its page has to register anew."""
        return bool(self.lost_username) and self.lost_username == self.sip_username

    def is_alive(self, now: datetime) -> bool:
        return self.seen_at is not None and now - self.seen_at <= HEARTBEAT_TIMEOUT
