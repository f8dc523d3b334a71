"""Closers and routing to edit; hand-overs, commands and the inbox of webhooks to read."""

import json
from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.roles import Action
from accounts.staff import ADD, CHANGE, DELETE, VIEW, edited, is_within_reach
from handoff.callbacks import promises
from handoff.closers import readiness, roster
from handoff.models import Attempt, CallbackPromise, Closer, Command, Handoff, Offer, RoutingPolicy
from sessions_app.admin.pages import HISTORY, Page, ReadOnly, ReadOnlyInline, VoiceSessionAdmin, pretty
from sessions_app.admin.widget_form import RowForm, SkillsField
from sessions_app.inbox import intake
from sessions_app.models import VoiceSession, WebhookDelivery

APPOINT, PROCESS = "appoint", "process"


@admin.register(RoutingPolicy)
class RoutingPolicyAdmin(Page):
    """How a team's calls reach its closers."""

    asks = edited(Action.ROUTING_CHANGE)

    list_display = ["team", "strategy", "method", "ring_seconds", "max_wait_seconds", "wrap_up_seconds"]
    list_select_related = ["team"]
    fieldsets = [
        (None, {"fields": ["team"]}),
        (
            "Who is rung",
            {
                "description": "Only closers who are provably ready are rung. A supervisor's choice comes first, "
                "then whoever's line broke, then this:",
                "fields": ["strategy", "prefers_spoken_before", "ring_seconds", "demotes_after_miss"],
            },
        ),
        ("How they are connected", {"fields": ["method", "listens_in"]}),
        ("When nobody comes", {"fields": ["max_wait_seconds", "callback_minutes"]}),
        ("After the call", {"fields": ["wrap_up_seconds"]}),
    ]


class CloserForm(RowForm):
    skills = SkillsField(help_text="One per line, such as “solar”. A widget may ask for some of them.")

    class Meta:
        model = Closer
        exclude: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        fault = _address_fault(str(cleaned.get("reached_by", "")), str(cleaned.get("address", "")))
        if fault and "address" not in self.errors:
            self.add_error("address", fault)
        return cleaned


def _address_fault(reached_by: str, address: str) -> str:
    """What keeps a closer from being reached there; empty when nothing does."""
    if reached_by == Closer.ReachedBy.NUMBER and not address.startswith("+"):
        return "Write the number at which this closer is reached, such as +61255501234."
    if reached_by == Closer.ReachedBy.SIP and not address.startswith("sip"):
        return "Write the address at which this closer is reached, such as sip:anna@example.com."
    return ""


@admin.register(Closer)
class CloserAdmin(Page):
    """Who takes calls. What their dashboard proves of itself is shown, not set."""

    asks = {**edited(Action.CLOSER_CHANGE), DELETE: Action.CLOSER_DELETE, APPOINT: Action.SUPERVISOR_APPOINT}

    form = CloserForm
    list_display = ["display_name", "user", "team", "is_supervisor", "is_available", "seen_at", "still_missing"]
    list_filter = ["team", "is_supervisor", "is_available"]
    list_select_related = ["team", "user"]
    search_fields = ["display_name", "user__email", "user__name", "sip_username"]
    autocomplete_fields = ["user"]
    readonly_fields = [
        *("is_available", "available_since", "seen_at", "softphone_registered", "microphone_granted"),
        *("sound_unlocked", "sip_username", "registered_as", "lost_username", "line_proven_at", "last_call_ended_at"),
        "missed_at",
    ]
    fieldsets = [
        (None, {"fields": ["user", "team", "display_name", "is_supervisor"]}),
        ("Calls", {"fields": ["skills", "capacity"]}),
        (
            "Phone",
            {
                "description": "A closer with a softphone has to prove it, the microphone and the sound before being "
                "rung; one with a phone of their own needs only the open dashboard.",
                "fields": ["reached_by", "address"],
            },
        ),
        ("As the dashboard last reported", {"fields": [*readonly_fields]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Closer | None = None) -> list[str]:
        readonly = super().get_readonly_fields(request, obj)
        return [*readonly, *([] if self.may(request, APPOINT) else ["is_supervisor"])]

    def has_change_permission(self, request: HttpRequest, obj: Closer | None = None) -> bool:
        # Whose row becomes that of another account, or of another team, makes a supervisor of it.
        is_theirs = obj is not None and (
            obj.is_supervisor or obj.user_id == request.user.pk or not is_within_reach(request.user, obj.user)
        )
        return super().has_change_permission(request, obj) and (not is_theirs or self.may(request, APPOINT))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user" and not self.may(request, APPOINT):
            kwargs["queryset"] = get_user_model().objects.exclude(pk=request.user.pk or 0)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Closer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        roster.changed(obj.team_id)

    @admin.display(description="missing")
    def still_missing(self, closer: Closer) -> str:
        return ", ".join(readiness.missing(closer)) or "nothing"


class PromiseForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields.get("owner")
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = Closer.objects.filter(team=self.instance.team)


@admin.register(CallbackPromise)
class CallbackPromiseAdmin(Page):
    # A promise is made to a prospect, never here.
    asks = {
        VIEW: Action.CALLBACK_SEE,
        ADD: Action.HISTORY_CHANGE,
        CHANGE: Action.CALLBACK_CHANGE,
        DELETE: Action.CALLBACK_DELETE,
    }
    form = PromiseForm
    list_display = [
        "name",
        "phone",
        "team",
        "owner",
        "reason",
        "due_at",
        "is_booked",
        "attempts",
        "missed_at",
        "kept_at",
    ]
    list_filter = [
        ("kept_at", admin.EmptyFieldListFilter),
        ("missed_at", admin.EmptyFieldListFilter),
        *("team", "owner", "is_booked", "reason"),
    ]
    list_select_related = ["team", "owner"]
    search_fields = ["name", "phone", "session__id"]
    date_hierarchy = "due_at"
    readonly_fields = ["session", "team", "reason", "promised_at", "attempts", "missed_at"]

    def save_model(self, request: HttpRequest, obj: CallbackPromise, form: RowForm, change: bool) -> None:
        if "due_at" in form.changed_data:
            promises.move(obj, now=timezone.now())
        super().save_model(request, obj, form, change)
        roster.changed(obj.team_id)


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ["number", "closer", "accepted_at", "seated_at", "connected_at", "broke_at", "over_at"]
    ordering = ["number"]
    fk_name = "handoff"


class OfferInline(ReadOnlyInline):
    model = Offer
    fields = ["closer", "state", "reason", "offered_at", "expires_at", "answered_at"]


@admin.register(Handoff)
class HandoffAdmin(ReadOnly):
    list_display = ["id", "triggered_at", "trigger", "state", "outcome", "method", "closer", "connected_at"]
    list_filter = ["state", "outcome", "method", "trigger", "attempt__closer"]
    list_select_related = ["attempt__closer"]
    search_fields = ["id", "session__id", "conference_id"]
    date_hierarchy = "triggered_at"
    inlines = [OfferInline, AttemptInline]
    words = ["notes", "instruction"]


@admin.register(Command)
class CommandAdmin(ReadOnly):
    list_display = ["id", "kind", "state", "created_at", "sent_at", "finished_at", "attempts", "error"]
    list_filter = ["state", "kind"]
    search_fields = ["id", "key", "call_control_id", "session__id"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    exclude = ["result"]
    readonly_fields = ["answered"]
    words = ["asked"]

    @admin.display(description="arguments")
    def asked(self, command: Command) -> SafeString:
        return pretty(command.arguments)

    @admin.display(description="result")
    def answered(self, command: Command) -> SafeString:
        return pretty(command.result)


class HandoffInline(ReadOnlyInline):
    model = Handoff
    fields = ["state", "trigger", "outcome", "method", "closer", "triggered_at", "connected_at", "released_at"]
    readonly_fields = ["closer"]
    show_change_link = True


class CommandInline(ReadOnlyInline):
    model = Command
    fields = ["kind", "state", "created_at", "sent_at", "finished_at", "attempts", "error"]
    ordering = ["created_at"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("handoff")


class DeliveryInline(ReadOnlyInline):
    model = WebhookDelivery
    fields = ["event_type", "status", "reason", "occurred_at", "received_at", "attempts", "duplicates", "error"]
    ordering = ["received_at"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")


@admin.register(VoiceSession)
class SessionAdmin(VoiceSessionAdmin):
    inlines = [*VoiceSessionAdmin.inlines, HandoffInline, CommandInline, DeliveryInline]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    """The inbox: what Telnyx delivered, and what became of it."""

    asks = {**HISTORY, PROCESS: Action.DELIVERY_PROCESS}

    list_display = ["event_type", "status", "reason", "received_at", "attempts", "session", "error"]
    list_filter = ["status", "door", "event_type", ("reason", admin.EmptyFieldListFilter)]
    list_select_related = ["session"]
    date_hierarchy = "received_at"
    ordering = ["-received_at"]
    show_full_result_count = False
    search_fields = ["event_id", "call_control_id", "call_session_id", "call_leg_id", "conversation_id", "session__id"]
    actions = ["process_again"]
    words = ["content"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def content(self, delivery: WebhookDelivery) -> SafeString:
        text = bytes(delivery.body).decode(errors="replace")
        if delivery.content_type.startswith("application/x-www-form-urlencoded"):
            return pretty(dict(parse_qsl(text)))
        return pretty(json.loads(text))

    def has_process_permission(self, request: HttpRequest) -> bool:
        is_permitted = request.user.has_perm("sessions_app.change_webhookdelivery")
        return self.may(request, PROCESS, is_permitted=is_permitted)

    @admin.action(description="Process again", permissions=[PROCESS])
    def process_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Only what was not processed is taken; processing it can do no harm twice."""
        now = timezone.now()
        taken = [intake.process_again(pk, now=now) for pk in queryset.values_list("pk", flat=True)]
        tried = [delivery for delivery in taken if delivery is not None]
        done = sum(delivery.next_attempt_at is None and not delivery.error for delivery in tried)
        level = messages.SUCCESS if done == len(taken) else messages.WARNING
        self.message_user(
            request, f"{done} processed, {len(tried) - done} not, {len(taken) - len(tried)} left alone.", level
        )
