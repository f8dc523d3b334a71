"""One visit: the session, its call legs, its credentials and the consent given."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from sessions_app.models.people import AssistantRun, ConnectionMode, Prospect, Team, WidgetConfig
from sessions_app.models.questions import GatherVersion


class Phase(models.TextChoices):
    CONNECTING = "connecting", "Connecting"
    ASSISTANT = "assistant", "With the assistant"
    HANDING_OVER = "handing_over", "Being connected to a closer"
    HUMAN = "human", "With a closer"
    CALLBACK = "callback", "Callback promised"
    ENDED = "ended", "Ended"


class VoiceSession(models.Model):
    """One visit of one prospect, whatever call legs it takes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    widget = models.ForeignKey(WidgetConfig, on_delete=models.PROTECT, related_name="sessions")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sessions")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.SET_NULL, related_name="sessions")
    connection_mode = models.CharField(max_length=12, choices=ConnectionMode.choices)
    gather_version = models.ForeignKey(
        GatherVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="sessions",
        help_text="The questions as they stood when the visit began.",
    )
    previous = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="callbacks",
        help_text="The visit called back.",
    )

    # The leg that carries the prospect, which a rejoin replaces; commands need its address, which stands here too.
    current_leg = models.ForeignKey("CallLeg", null=True, on_delete=models.SET_NULL, related_name="+")
    call_control_id = models.CharField(max_length=200, null=True, unique=True)
    # The assistant's newest run; its number and times stand here too, for every card of a call shows them.
    current_run = models.ForeignKey("Run", null=True, on_delete=models.SET_NULL, related_name="+")
    claimed_call_control_id = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="The page's word; binds once Telnyx reports that call."
    )
    system_variables = models.JSONField(default=dict, help_text="What Telnyx said of the call: display text only.")
    visitor_values = models.JSONField(
        default=list, help_text="What the website said of its visitor: display text only."
    )

    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    assistant_started_at = models.DateTimeField(null=True)
    assistant_ended_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=60, blank=True)

    # Written by the hand-over alone, through visits.show.
    handover_phase = models.CharField(max_length=12, blank=True, choices=Phase.choices)
    closer_name = models.CharField(max_length=80, blank=True)
    callback_due_at = models.DateTimeField(null=True)
    run_number = models.PositiveSmallIntegerField(default=0)
    is_leg_tried = models.BooleanField(default=False, help_text="A command of ours went to the assistant's own leg.")
    leg_refused = models.BooleanField(default=False, help_text="The assistant's own leg took none of our commands.")
    page_seen_at = models.DateTimeField(null=True, help_text="Last sign of life of the prospect's page.")
    has_rejoined = models.BooleanField(default=False, help_text="The page placed a second call of its own.")

    # What it holds of the account's legs; `lines.py` counts.
    is_let_in = models.BooleanField(default=False, help_text="It has a line: its own leg, and one kept for its closer.")
    page_leg_by = models.DateTimeField(null=True, help_text="How long the leg that its page may place is waited for.")
    closer_leg_by = models.DateTimeField(null=True, help_text="How long the leg that was dialled is waited for.")
    network = models.CharField(max_length=24, blank=True, help_text="Keyed hash of its origin, while it lasts.")
    met_busy_lines = models.BooleanField(default=False, help_text="Its page says that every line is, or was, busy.")

    last_seq = models.PositiveIntegerField(default=0, help_text="Number of the newest timeline entry.")

    # No column: the answers by the names of their fields, as `answers/captured` wrote them while it held this row.
    answers: dict[str, Any] | None = None

    class Meta:
        indexes = [
            models.Index(fields=["team", "created_at"]),
            models.Index(fields=["team", "ended_at", "created_at"], name="session_board"),
            models.Index(fields=["created_at"], name="session_open", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_anonymous(self) -> bool:
        return self.connection_mode == ConnectionMode.ANONYMOUS

    @property
    def is_assistant_running(self) -> bool:
        """Whether the assistant has the prospect, or was asked to take them."""
        is_asked = self.run_number > 0 or self.assistant_started_at is not None
        return is_asked and self.assistant_ended_at is None and self.ended_at is None

    @property
    def phase(self) -> str:
        """Where the visit stands, told by its facts alone, so that their order cannot matter."""
        if self.ended_at:
            return Phase.ENDED
        if self.handover_phase:
            return self.handover_phase
        if self.assistant_ended_at:
            return Phase.HANDING_OVER
        is_given_back = self.run_number > 1
        return Phase.ASSISTANT if self.assistant_started_at or is_given_back else Phase.CONNECTING


class Run(models.Model):
    """One time that the assistant speaks in a visit: it may be given the call back, or return to book a callback."""

    class Purpose(models.TextChoices):
        QUALIFY = "qualify", "Asks the questions"
        RETURNED = "returned", "Was given the call back by a closer"
        CALLBACK = "callback", "Books a callback, because nobody is free"

    class Transcript(models.TextChoices):
        UNKNOWN = "", "Not read yet"
        KEPT = "kept", "As Telnyx keeps it"
        WITHHELD = "withheld", "Telnyx shows turns without words"
        ABSENT = "absent", "Telnyx keeps none"

    class Insights(models.TextChoices):
        NOT_ASKED = "", "Not asked for yet"
        AWAITED = "awaited", "Telnyx is asked for them"
        CAME = "came", "They came"
        MISSING = "missing", "None came in time"

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveSmallIntegerField(help_text="Counted from 1.")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.QUALIFY)
    mode = models.CharField(max_length=10, choices=AssistantRun.choices, default=AssistantRun.ASSISTANT)
    conversation_id = models.CharField(max_length=100, null=True, unique=True)
    instruction = models.TextField(blank=True, help_text="What the closer asked it to do.")
    offered = models.JSONField(default=list, help_text="The callback slots it may name: label and time.")
    history = models.JSONField(default=list, help_text="The turns it was given to remember.")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=20, blank=True, help_text="What a gather came to, as Telnyx tells it.")
    complete_at = models.DateTimeField(null=True, help_text="All that it had to find out was known.")
    release_at = models.DateTimeField(
        null=True, help_text="A gather's end was told by its conversation alone; what it came to is awaited until then."
    )
    transcript = models.CharField(max_length=10, blank=True, choices=Transcript.choices, default=Transcript.UNKNOWN)
    insights = models.CharField(max_length=10, blank=True, choices=Insights.choices, default=Insights.NOT_ASKED)
    # Written by the transcript alone.
    heard_turns = models.PositiveIntegerField(default=0, help_text="So many turns at its beginning are known.")
    heard_digest = models.CharField(max_length=64, blank=True, help_text="Of those turns as they were told.")
    heard_at = models.DateTimeField(null=True, help_text="Of the newest event that told them.")

    class Meta:
        ordering = ["session", "number"]
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="run_number_once")]
        indexes = [models.Index(fields=["release_at"], name="run_release_due", condition=Q(release_at__isnull=False))]

    def __str__(self) -> str:
        return f"Run {self.number} of {self.session_id}"


class CallLeg(models.Model):
    """One leg at Telnyx: the prospect's, a closer's, or the one on which a waiting closer hears the prospect."""

    class Role(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        CLOSER = "closer", "Closer"
        LISTENER = "listener", "Closer, listening in"

    session = models.ForeignKey(VoiceSession, on_delete=models.CASCADE, related_name="legs")
    role = models.CharField(max_length=10, choices=Role.choices)
    call_control_id = models.CharField(max_length=200, unique=True)
    call_leg_id = models.CharField(max_length=100, blank=True, db_index=True)
    call_session_id = models.CharField(max_length=100, blank=True, db_index=True)
    connection_id = models.CharField(max_length=100, blank=True)
    initiated_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    bridged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    hang_up_at = models.DateTimeField(
        null=True, help_text="When its hang-up, which was put off or whose end was not told, is asked for again."
    )
    refused_at = models.DateTimeField(
        null=True, help_text="The assistant on it could not be stopped: the page comes back on another one."
    )
    hangup_cause = models.CharField(max_length=40, blank=True)
    hangup_source = models.CharField(max_length=20, blank=True)
    sip_cause = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=8, blank=True, help_text="Telnyx's own reason of the end, such as D1.")
    quality = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["session"], name="leg_living", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.role} leg {self.pk}"


class TelephonyCredential(models.Model):
    """A credential that stands at Telnyx. The password and the login token are never stored."""

    session = models.ForeignKey(VoiceSession, null=True, on_delete=models.SET_NULL, related_name="credentials")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=100, unique=True)
    telnyx_id = models.CharField(max_length=100, null=True, unique=True)
    sip_username = models.CharField(max_length=100, null=True, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    page = models.UUIDField(null=True, help_text="The open dashboard that logs in with it, by the name it gave itself.")
    page_seen_at = models.DateTimeField(null=True, help_text="Last sign of life of that dashboard.")
    revoke_at = models.DateTimeField(db_index=True, help_text="Deleted at Telnyx from then on.")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Consent(models.Model):
    """What the prospect agreed to, in which words, and when."""

    session = models.OneToOneField(VoiceSession, on_delete=models.CASCADE, related_name="consent")
    version = models.CharField(max_length=40)
    text = models.TextField()
    recording = models.BooleanField()
    origin = models.CharField(max_length=200, blank=True)
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Consent {self.version}"
