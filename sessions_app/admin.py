"""Widgets and teams to edit, and the record to read. What happened cannot be changed here."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Q, QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin_import import AssistantImport
from sessions_app.gather import validate_schema
from sessions_app.hours import validate_hours
from sessions_app.models import CallLeg, Team, TelephonyCredential, TimelineEntry, VoiceSession, WidgetConfig
from sessions_app.origins import validate_origin

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    Page = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
    RowForm = forms.ModelForm[Any]
else:
    Page, Inline, RowForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm

admin.site.site_header = "AgileAdapt"
admin.site.site_title = "AgileAdapt"
admin.site.index_title = "Administration"


def pretty(value: Any) -> SafeString:
    """JSON to read."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


def to_the_millisecond(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%d %b %H:%M:%S.%f")[:-3]


class ReadOnly:
    """History: whoever may see it may not change it, superusers neither."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(ReadOnly, Inline):
    extra = 0
    can_delete = False
    show_change_link = False


class LinesField(SimpleArrayField):
    """A list, one item per line; empty lines do not count."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["delimiter"] = "\n"
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value
        return super().to_python([line.strip() for line in lines or [] if line.strip()])


class SkillsField(LinesField):
    """Skills as they are compared: in lower case, each once."""

    def __init__(self, *, help_text: str) -> None:
        super().__init__(forms.CharField(max_length=40), required=False, help_text=help_text)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value or []
        return list(dict.fromkeys(super().to_python([" ".join(line.split()).lower() for line in lines])))


class PrettyJSONField(forms.JSONField):
    """JSON over several lines, in the order in which it was written."""

    widget = forms.Textarea(attrs={"rows": 18, "class": "vLargeTextField", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class WidgetForm(RowForm):
    allowed_origins = LinesField(
        forms.CharField(max_length=200, validators=[validate_origin]),
        required=False,
        help_text="Websites that may start a call, one per line, such as https://www.example.com. "
        "This server is always allowed.",
    )
    gather_schema = PrettyJSONField(
        validators=[validate_schema],
        help_text="A JSON Schema object. The assistant asks the properties in this order; "
        "a property's description is how it is asked, and “required” says what a closer needs.",
    )
    required_skills = SkillsField(help_text="One per line. Closers must have all of these to be rung.")
    business_hours = PrettyJSONField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField", "spellcheck": "false"}),
        validators=[validate_hours],
        help_text='Such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}, in the time zone below. '
        "A day that is not named is closed; {} is always open. Outside these hours a callback is offered.",
    )
    custom_headers = PrettyJSONField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text='Sent with the call: [{"name": "X-User-Tier", "value": "Enterprise"}]',
    )

    class Meta:
        model = WidgetConfig
        exclude: tuple[str, ...] = ()
        labels = {
            "volume_threshold": "Volume threshold (0–255)",
            "silence_duration_ms": "Silence duration (ms)",
            "min_speech_duration_ms": "Shortest speech (ms)",
            "max_latency_ms": "Longest latency (ms)",
        }
        help_texts = {
            "volume_threshold": "RMS energy above which sound is speech. Higher ignores more noise. "
            "Telnyx’s default is 10, ours 15.",
            "silence_duration_ms": "Milliseconds of silence that end a turn. "
            "Longer lets people think, shorter answers faster. Telnyx’s default is 1000, ours 1500.",
            "min_speech_duration_ms": "Milliseconds that a sound must last to be speech. "
            "Telnyx’s default is 100, ours 150.",
            "max_latency_ms": "Milliseconds; longer measurements are thrown away. Empty keeps all.",
            "assistant_id": "From Mission Control, AI, Assistants: “assistant-…”.",
            "connection_mode": "With a credential we own the call and can hand it over after the assistant has ended.",
            "consent_version": "Change it together with the text: pages that show the old text must ask again.",
        }

    def clean_custom_headers(self) -> Any:
        return self.cleaned_data["custom_headers"] or []

    def clean_business_hours(self) -> dict[str, Any]:
        return self.cleaned_data["business_hours"] or {}


@admin.register(WidgetConfig)
class WidgetConfigAdmin(AssistantImport, Page):
    form = WidgetForm
    list_display = ["name", "slug", "team", "connection_mode", "assistant_run", "is_active"]
    list_filter = ["is_active", "connection_mode", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "slug", "assistant_id"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["team", "name", "slug", "is_active"]}),
        ("Where it may be used", {"fields": ["allowed_origins"]}),
        ("Connection", {"fields": ["connection_mode", "caller_name", "custom_headers"]}),
        ("Assistant", {"fields": ["assistant_id", "assistant_run", "greeting", "voice", "gather_schema"]}),
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


@admin.register(Team)
class TeamAdmin(Page):
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


class TimelineInline(ReadOnlyInline):
    model = TimelineEntry
    verbose_name_plural = "timeline"
    fields = ["seq", "kind", "happened", "recorded", "details"]
    readonly_fields = ["happened", "recorded", "details"]

    @admin.display(description="happened")
    def happened(self, entry: TimelineEntry) -> str:
        return to_the_millisecond(entry.occurred_at)

    @admin.display(description="recorded")
    def recorded(self, entry: TimelineEntry) -> str:
        return to_the_millisecond(entry.recorded_at)

    @admin.display(description="details")
    def details(self, entry: TimelineEntry) -> str:
        # What a tool was given and answered holds what the prospect said; those who may see it find it with the call.
        hidden = {"arguments", "text"} if entry.kind == "tool.called" else set()
        return ", ".join(f"{name}: {value}" for name, value in entry.payload.items() if name not in hidden)


class LegInline(ReadOnlyInline):
    model = CallLeg
    fields = [
        *("role", "call_control_id", "initiated_at", "answered_at", "bridged_at", "ended_at"),
        *("hangup_cause", "hangup_source", "sip_cause"),
    ]


class VoiceSessionAdmin(ReadOnly, Page):
    """One visit with all that happened in it. The hand-over registers it, with what it knows itself."""

    list_display = ["id", "created_at", "team", "widget", "connection_mode", "where", "end_reason"]
    list_filter = ["connection_mode", "team", "widget", "end_reason"]
    list_select_related = ["team", "widget"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False
    search_fields = ["id", "call_control_id", "call_session_id", "conversation_id"]
    search_help_text = "Any id: of the session, a call leg, a call session or a conversation."
    inlines = [LegInline, TimelineInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[VoiceSession], search_term: str
    ) -> tuple[QuerySet[VoiceSession], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        # Not by a join, which would need DISTINCT: the widget's `json` column cannot be compared.
        wanted = Q(call_control_id=search_term) | Q(call_leg_id=search_term) | Q(call_session_id=search_term)
        by_leg = queryset.filter(pk__in=CallLeg.objects.filter(wanted).values("session_id"))
        return (found | by_leg if search_term else found), has_duplicates

    @admin.display(description="phase")
    def where(self, session: VoiceSession) -> str:
        return session.phase


@admin.register(TelephonyCredential)
class TelephonyCredentialAdmin(ReadOnly, Page):
    list_display = ["name", "sip_username", "created_at", "expires_at", "revoke_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "sip_username", "telnyx_id"]
    date_hierarchy = "created_at"
