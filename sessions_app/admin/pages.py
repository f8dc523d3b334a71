"""Widgets and teams to edit, and the record to read. What happened cannot be changed here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.roles import Action
from accounts.staff import ADD, CHANGE, DELETE, VIEW, Asks, edited, may
from sessions_app.admin import words
from sessions_app.admin.assistant_import import IMPORT, AssistantImport
from sessions_app.admin.widget_form import WidgetForm
from sessions_app.answers import versions
from sessions_app.conversation import gather_request
from sessions_app.models import (
    AccountLook,
    CallLeg,
    LegRefusal,
    Run,
    Team,
    TelephonyCredential,
    TimelineEntry,
    VoiceSession,
    WidgetConfig,
)
from sessions_app.provisioning import wanted
from sessions_app.rules import plain_values

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    ModelAdmin = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, Inline = admin.ModelAdmin, admin.TabularInline

admin.site.site_header = "AgileAdapt"
admin.site.site_title = "AgileAdapt"
admin.site.index_title = "Administration"


SHOWN_VERSIONS = 20


def pretty(value: Any) -> SafeString:
    """JSON to read."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


def to_the_millisecond(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%d %b %H:%M:%S.%f")[:-3]


class Page(Asks, ModelAdmin):
    """A model of the administration. What holds words is left out, but for those who may read them."""

    # What shows the words: fields, or methods of the page.
    words: ClassVar[Sequence[str]] = ()

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*(super().get_exclude(request, obj) or ()), *words.columns(self.model)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = self.words if may(request.user, Action.WORDS_READ) else ()
        return [*super().get_readonly_fields(request, obj), *shown]


# Whoever may see history may not change it, superusers neither.
HISTORY = {VIEW: Action.VISIT_INSPECT, **dict.fromkeys((ADD, CHANGE, DELETE), Action.HISTORY_CHANGE)}


class ReadOnly(Page):
    asks = HISTORY


class ReadOnlyInline(Asks, Inline):
    asks = HISTORY
    extra = 0
    can_delete = False
    show_change_link = False


@admin.register(WidgetConfig)
class WidgetConfigAdmin(AssistantImport, Page):
    asks = {**edited(Action.WIDGET_CHANGE), IMPORT: Action.ASSISTANT_IMPORT}
    form = WidgetForm
    list_display = ["name", "slug", "team", "connection_mode", "assistant_run", "is_active"]
    list_filter = ["is_active", "connection_mode", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "slug", "assistant_id"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["versions", "request", "told"]
    fieldsets = [
        (None, {"fields": ["team", "name", "slug", "is_active"]}),
        ("Where it may be used", {"fields": ["allowed_origins"]}),
        ("Connection", {"fields": ["connection_mode", "caller_name"]}),
        ("What the website says of its visitor", {"fields": ["custom_headers", "value_names"]}),
        ("Assistant", {"fields": ["assistant_id", "assistant_run", "greeting", "voice", "told"]}),
        ("Questions", {"fields": ["gather_schema", "versions", "request"]}),
        (
            "Hearing (voice activity detection)",
            {
                "description": "When the page takes sound for speech, and when for the end of a turn.",
                "fields": ["volume_threshold", "silence_duration_ms", "min_speech_duration_ms", "max_latency_ms"],
            },
        ),
        (
            "Hand-over",
            {
                "description": "Who is rung for this widget's visitors, and when. The team's routing policy says how.",
                "fields": ["pre_alert_percent", "required_skills", "business_hours", "time_zone", "slot_minutes"],
            },
        ),
        ("Consent", {"fields": ["consent_version", "consent_text", "is_recorded"]}),
    ]

    def save_model(self, request: HttpRequest, obj: WidgetConfig, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        versions.current(obj, now=timezone.now(), by=request.user if request.user.pk else None)

    @admin.display(description="versions")
    def versions(self, widget: WidgetConfig) -> SafeString:
        """Each state of the questions that was saved or asked; a session keeps its own."""
        rows = widget.gather_versions.select_related("created_by").order_by("-number")[:SHOWN_VERSIONS]
        told = (
            (
                version.number,
                to_the_millisecond(version.created_at),
                f" by {version.created_by.name}" if version.created_by else "",
                ", ".join(version.schema.get("properties", {})) if isinstance(version.schema, dict) else "",
            )
            for version in rows
        )
        return format_html_join("\n", "<p>Version {}, {}{}: {}</p>", told) or SafeString("None yet.")

    @admin.display(description="request of a gather")
    def request(self, widget: WidgetConfig) -> SafeString:
        """As it is sent when a gather starts, by what is saved."""
        return pretty(gather_request.preview(widget)) if widget.pk else SafeString("Save first.")

    @admin.display(description="to be told")
    def told(self, widget: WidgetConfig) -> SafeString:
        """What the instructions of an assistant need that provisioning must not change: to copy and paste."""
        if not widget.pk:
            return SafeString("Save first.")
        text = wanted.instructions(widget.gather_schema.get("properties", {}), has_tools=True)
        hint = "telnyx_provision writes this into a new assistant. Paste what your own instructions lack of it."
        return format_html('<p class="help">{}</p><pre tabindex="0">{}</pre>', hint, text)


def _lines(told: Iterable[tuple[str, str]]) -> SafeString:
    return format_html_join("\n", "<p>{}: {}</p>", told) or SafeString("Nothing.")


def _said(row: plain_values.Row) -> str:
    """“Enterprise (page), Basic (call)”: the first holds."""
    said = row["said"]
    return ", ".join(f"{said[source]['value']} ({source})" for source in plain_values.SOURCES if source in said)


@admin.register(Team)
class TeamAdmin(Page):
    asks = edited(Action.TEAM_CHANGE)
    list_display = ["name", "slug", "max_legs"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


class TimelineInline(ReadOnlyInline):
    model = TimelineEntry
    verbose_name_plural = "timeline"
    readonly_fields = ["happened", "recorded", "details", "everything"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        details = "everything" if may(request.user, Action.WORDS_READ) else "details"
        return ["seq", "kind", "happened", "recorded", details]

    @admin.display(description="happened")
    def happened(self, entry: TimelineEntry) -> str:
        return to_the_millisecond(entry.occurred_at)

    @admin.display(description="recorded")
    def recorded(self, entry: TimelineEntry) -> str:
        return to_the_millisecond(entry.recorded_at)

    @admin.display(description="details")
    def details(self, entry: TimelineEntry) -> str:
        return _listed(words.without(entry.payload))

    @admin.display(description="details")
    def everything(self, entry: TimelineEntry) -> str:
        return _listed(entry.payload)


def _listed(payload: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in payload.items())


class LegInline(ReadOnlyInline):
    model = CallLeg
    fields = [
        *("role", "call_control_id", "initiated_at", "answered_at", "bridged_at", "ended_at"),
        *("hangup_cause", "hangup_source", "sip_cause", "code"),
    ]


class VoiceSessionAdmin(ReadOnly):
    """One visit with all that happened in it. The hand-over registers it, with what it knows itself."""

    list_display = ["id", "created_at", "team", "widget", "connection_mode", "where", "end_reason"]
    list_filter = ["connection_mode", "team", "widget", "end_reason"]
    list_select_related = ["team", "widget"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False
    search_fields = ["id"]
    search_help_text = "Any id: of the session, a call leg, a call session or a conversation."
    inlines = [LegInline, TimelineInline]
    exclude = ["visitor_values", "system_variables"]
    readonly_fields = ["from_website", "from_telnyx"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[VoiceSession], search_term: str
    ) -> tuple[QuerySet[VoiceSession], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        # Not by a join, which would need DISTINCT: the widget's `json` column cannot be compared.
        wanted = Q(call_control_id=search_term) | Q(call_leg_id=search_term) | Q(call_session_id=search_term)
        by_leg = queryset.filter(pk__in=CallLeg.objects.filter(wanted).values("session_id"))
        by_run = queryset.filter(pk__in=Run.objects.filter(conversation_id=search_term).values("session_id"))
        return (found | by_leg | by_run if search_term else found), has_duplicates

    @admin.display(description="the website says")
    def from_website(self, session: VoiceSession) -> SafeString:
        """Each value that holds, and where a source says otherwise."""
        return _lines((row["name"], _said(row)) for row in session.visitor_values)

    @admin.display(description="Telnyx says")
    def from_telnyx(self, session: VoiceSession) -> SafeString:
        told = {name: value for name, value in session.system_variables.items() if value}
        return _lines(told.items())

    @admin.display(description="phase")
    def where(self, session: VoiceSession) -> str:
        return session.phase


@admin.register(AccountLook)
class AccountLookAdmin(ReadOnly):
    """What the account at Telnyx said of itself when it was last asked; `telnyx_provision` says it in words."""

    list_display = ["name", "said", "told_at", "asked_at", "error"]
    ordering = ["name"]
    exclude = ["told"]
    readonly_fields = ["said"]

    @admin.display(description="told")
    def said(self, look: AccountLook) -> SafeString:
        return pretty(look.told)


@admin.register(LegRefusal)
class LegRefusalAdmin(ReadOnly):
    """How often a leg was refused, by hour: “own_cap” by us, “page:…” as a visitor's page said, others by Telnyx."""

    list_display = ["hour", "team", "code", "count", "last_at"]
    list_filter = ["team", "code"]
    list_select_related = ["team"]
    date_hierarchy = "hour"
    ordering = ["-hour", "code"]


@admin.register(TelephonyCredential)
class TelephonyCredentialAdmin(ReadOnly):
    list_display = ["name", "sip_username", "created_at", "expires_at", "revoke_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "sip_username", "telnyx_id"]
    date_hierarchy = "created_at"
